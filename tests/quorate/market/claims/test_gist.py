from quorate.market.claims import _names, refuted
from quorate.market.claims.gist import gists
from quorate.market.claims.lexer import sentences
from quorate.market.claims.rules import Scene
from tests.quorate.market.claims.written import SCENES

KNOWN = SCENES["gpu", "gpu"]


def read(text):
    return [gist for sentence in sentences(text, _names(KNOWN)) for gist in gists(Scene(sentence, KNOWN))]


def test_many_words_for_giving_room_are_one_concept():
    for verb in ("seat", "host", "serve", "accommodate", "place", "handle"):
        (gist,) = read(f"We can {verb} the job")
        assert gist.concepts == " SELF CAN FIT w JOB "


def test_a_number_that_is_the_jobs_is_told_from_another():
    assert read(f"{KNOWN.job_nodes} nodes")[0].concepts == " ASKED NODE "
    assert read(f"{KNOWN.job_nodes + 1} nodes")[0].concepts == " N NODE "


def test_negations_count_and_those_that_deny_nothing_do_not():
    assert read("We cannot host the job")[0].denies
    assert not read("Without doubt we can host the job")[0].denies
    assert not read("It is not true that we cannot host the job")[0].denies


def test_what_is_only_supposed_has_no_gist():
    for text in (
        "We might host the job",
        "If it were smaller",
        "Another cluster would be better",
        "I cannot verify a match",
    ):
        assert read(text) == []


def test_nothing_is_refuted_in_an_empty_text():
    assert refuted("", KNOWN) == ()

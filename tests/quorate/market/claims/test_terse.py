import pytest

from quorate.market.claims import refuted
from quorate.market.claims.lexer import names, sentences
from quorate.market.claims.rules import Scene
from quorate.market.claims.terse import segments
from tests.quorate.market.claims.written import SCENES, TERSE


def cut(text):
    (sentence,) = sentences(text, names(None, ()))
    return [segment.tags.strip() for segment in segments(Scene(sentence, SCENES["gpu", "ai"]))]


def test_a_sentence_is_cut_at_marks_and_linking_words():
    assert cut("type ok; 60/320 (19%), so fits") == ["TYPEN ok", "N / N", "Q:pct", "FITV"]


def test_a_head_that_says_nothing_is_left_off():
    assert cut("Step 2: 40 free") == ["N FREE"]
    assert cut("feasible: yes") == ["feasible : TRUE"]


@pytest.mark.parametrize("template", TERSE["pair_match"])
def test_two_types_side_by_side_are_the_two_types(template):
    for (own, asked), known in SCENES.items():
        assert bool(refuted(template.format(a=asked), known)) == (own != asked), (own, asked)


@pytest.mark.parametrize("around", ["{}; go", "nodes fine; {}", "Fine. {}. Bid."])
def test_a_segment_says_the_same_among_others(around):
    known = SCENES["gpu", "ai"]
    for text in ("type match", "no penalty", "298 free", "share 32%", "no gpus", "mixed nodes", "not feasible"):
        assert refuted(around.format(text), known), text
    for text in (
        "type mismatch",
        "penalty applied",
        "305 free",
        "share 19%",
        "4 gpus/node",
        "uniform nodes",
        "feasible",
    ):
        assert refuted(around.format(text), known) == (), text

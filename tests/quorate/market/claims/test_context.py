from quorate.market.claims.context import around, cues, denied, elsewhere, supposed
from quorate.market.claims.lexer import names, sentences
from quorate.market.claims.rules import Scene
from tests.quorate.market.claims.written import SCENES


def near(text):
    known = SCENES["gpu", "ai"]
    (sentence,) = sentences(text, names(known.cluster, ("HPC_RESOURCE_00",)))
    index = next(at for at, token in enumerate(sentence.tokens) if token.quantity)
    return around(Scene(sentence, known), index)


def test_words_give_roles_wherever_they_stand():
    assert {role for _, role in cues(near("That leaves 12 nodes").left)} == {"left"}
    assert {role for _, role in cues(near("12 nodes are idle").right)} == {"free"}
    assert {role for _, role in cues(near("12 nodes are not free").right)} == {"busy"}


def test_mostly_idle_gives_no_role():
    assert list(cues(near("12 nodes are mostly idle").right)) == []


def test_the_words_of_a_figure_end_at_the_next_one_and_at_marks():
    assert [token.tag for token in near("We have 12 nodes, and the job is long").right] == ["NODE"]
    assert [token.tag for token in near("We have 12 nodes against the 5 asked").right] == ["NODE"]


def test_conditions_denials_and_others_are_seen():
    assert supposed(near("If we had 12 nodes"))
    assert not supposed(near("Once it starts, 12 nodes stay free"))
    assert denied(near("We do not have 12 nodes"))
    assert elsewhere(near("HPC_RESOURCE_00 has 12 nodes"))
    assert not elsewhere(near("Other jobs hold 12 nodes"))

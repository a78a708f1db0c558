import pytest

from quorate.market.claims.clauses import clauses
from quorate.market.claims.lexer import names, sentences
from quorate.market.claims.rules import Scene
from tests.quorate.market.claims.written import SCENES


def cut(text):
    known = SCENES["gpu", "ai"]
    (sentence,) = sentences(text, names(known.cluster, ("HPC_RESOURCE_00",)))
    return [*clauses(Scene(sentence, known))]


def test_a_clause_ends_at_marks_openers_and_an_and_with_a_subject():
    assert [clause.words.strip() for clause in cut("the types match, so no penalty is due and the job fits")] == [
        "the types match",
        "no penalty is due",
        "the job fits",
    ]


@pytest.mark.parametrize(
    ("text", "denies"),
    [
        ("the types match", False),
        ("the types do not match", True),
        ("not without a match", False),
        ("no doubt it fits", False),
    ],
)
def test_negations_are_counted(text, denies):
    assert cut(text)[0].denies == denies


@pytest.mark.parametrize(
    "text", ["if the types match", "it would fit", "HPC_RESOURCE_00 fits", "I cannot verify that the types match"]
)
def test_what_is_supposed_asked_or_of_others_is_not_stated(text):
    assert not cut(text)[0].stated

import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import OPEN, SCENES, kept


@pytest.mark.parametrize("section", ["own", "special", "job", "match", "mismatch", "penalty", "no_penalty"])
def test_types_and_penalties_are_judged_in_open_wordings(section):
    kept(section, OPEN[section])


@pytest.mark.parametrize("fact", ["another_name", "own_name"])
def test_names_are_judged_in_open_wordings(fact):
    kept(fact, OPEN["facts"][fact])


def test_of_a_job_without_a_type_neither_match_nor_mismatch_is_true():
    known = SCENES["gpu", "hpc"].model_copy(update={"job_type": None, "job_untyped": True})
    assert refuted("The types match.", known)
    assert refuted("There is a type mismatch.", known)
    assert refuted("It is a gpu job on a gpu cluster.", known)
    assert refuted("The job states no type.", known) == ()
    assert refuted("The types match.", known.model_copy(update={"job_untyped": False})) == ()


def test_what_cannot_be_verified_is_not_claimed():
    assert refuted("I cannot verify a type match.", SCENES["gpu", "gpu"]) == ()

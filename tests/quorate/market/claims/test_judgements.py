import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import OPEN, SCENES, kept


@pytest.mark.parametrize("fact", sorted(set(OPEN["facts"]) - {"another_name", "own_name"}))
def test_what_is_there_and_whether_it_fits_is_judged_in_open_wordings(fact):
    kept(fact, OPEN["facts"][fact])


@pytest.mark.parametrize("figure", sorted(OPEN["figures"]))
def test_figures_are_judged_in_open_wordings(figure):
    kept(figure, OPEN["figures"][figure])


def test_what_claims_nothing_is_left_alone():
    kept("neutral", OPEN["neutral"])


def test_a_fit_of_something_else_is_no_claim():
    assert refuted("There is room for improvement.", SCENES["gpu", "memory"]) == ()

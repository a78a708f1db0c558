import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES

KNOWN = SCENES["gpu", "ai"]


@pytest.mark.parametrize("text", ["60/320 nodes", "60 of our 320 nodes", "305 of 320 free", "60 out of 305 idle nodes"])
def test_both_numbers_of_a_pair_are_right(text):
    assert refuted(text, KNOWN) == ()


@pytest.mark.parametrize("text", ["60/290 nodes", "75 of our 320 nodes are needed", "250 of 320 are free"])
def test_one_number_of_a_pair_is_wrong(text):
    assert refuted(text, KNOWN)


def test_a_ratio_of_small_numbers_counts_nothing():
    assert refuted("Ratio of GPUs used on the chosen nodes: 1/4.", KNOWN) == ()


def test_the_operands_of_a_sum_are_not_judged_as_figures():
    assert refuted("48 GPUs / 2 = 24 nodes", KNOWN) == ()

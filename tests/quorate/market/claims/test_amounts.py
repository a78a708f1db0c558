import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES, TEMPLATES, TERSE, judge_figure, listed

NAMES = (
    "share_percent",
    "occupancy_percent",
    "walltime_min",
    "walltime_h",
    "walltime_s",
    "memory_gib_per_node",
    "job_memory_gib_per_node",
    "memory_tib",
    "link_gbps",
    "storage_pb",
)


@pytest.mark.parametrize(("figure", "template"), listed(TEMPLATES["figures"], NAMES))
def test_a_wrong_amount_is_refuted_and_the_right_one_is_not(figure, template):
    judge_figure(figure, template)


@pytest.mark.parametrize(("figure", "template"), listed(TERSE["figures"], NAMES))
def test_a_wrong_amount_in_few_words_is_refuted_and_the_right_one_is_not(figure, template):
    judge_figure(figure, template)


def test_a_unit_misread_is_refuted_even_in_a_forecast():
    known = SCENES["gpu", "hpc"]
    assert refuted("I expect it to finish after 480 seconds.", known)
    assert refuted("I expect it to finish after 300 minutes.", known) == ()


def test_a_part_of_something_else_is_no_share_of_the_cluster():
    assert refuted("256 GiB is half of what our nodes have.", SCENES["gpu", "ai"]) == ()

import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES, TEMPLATES, TERSE, judge_figure, listed

NAMES = (
    "nodes",
    "nodes_free",
    "job_nodes",
    "nodes_background",
    "nodes_allocated",
    "gpus_per_node",
    "gpus",
    "job_gpus_per_node",
    "cores",
    "cores_per_node",
    "busy",
    "left",
)


@pytest.mark.parametrize(("figure", "template"), listed(TEMPLATES["figures"], NAMES))
def test_a_wrong_count_is_refuted_and_the_right_one_is_not(figure, template):
    judge_figure(figure, template)


@pytest.mark.parametrize(("figure", "template"), listed(TERSE["figures"], NAMES))
def test_a_wrong_count_in_few_words_is_refuted_and_the_right_one_is_not(figure, template):
    judge_figure(figure, template)


def test_a_number_without_a_noun_counts_what_was_counted_before():
    known = SCENES["gpu", "ai"]
    assert refuted("The job asks for 4 GPUs per node. We have 8 on each.", known)
    assert refuted("The job asks for 4 GPUs per node. We have 4 on each.", known) == ()
    assert refuted("The job takes 60 nodes and we have 1200.", known)
    assert refuted("The job takes 60 nodes and we have 320.", known) == ()


def test_the_first_of_two_numbers_may_be_the_jobs_where_the_second_is_free():
    known = SCENES["gpu", "ai"]
    assert refuted("60 of 305 free", known) == ()
    assert refuted("90 of 305 free", known)

import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES, TEMPLATES, TERSE, judge_figure, listed

NAMES = (
    "nodes",
    "nodes_free",
    "job_nodes",
    "nodes_background",
    "nodes_allocated",
    "busy",
    "left",
)


@pytest.mark.parametrize(("figure", "template"), listed(TEMPLATES["figures"], NAMES))
def test_a_wrong_count_is_refuted_and_the_right_one_is_not(figure, template):
    judge_figure(figure, template)


@pytest.mark.parametrize(("figure", "template"), listed(TERSE["figures"], NAMES))
def test_a_wrong_count_in_few_words_is_refuted_and_the_right_one_is_not(figure, template):
    judge_figure(figure, template)


def test_the_first_of_two_numbers_may_be_the_jobs_where_the_second_is_free():
    known = SCENES["gpu", "ai"]
    assert refuted("60 of 305 free", known) == ()
    assert refuted("90 of 305 free", known)


def test_kinds_of_nodes_are_no_nodes():
    assert refuted("The cluster has two node classes.", SCENES["hybrid", "ai"]) == ()
    assert refuted("The cluster has three node classes.", SCENES["hybrid", "ai"])


def test_how_many_are_lacking_is_a_difference():
    short = SCENES["gpu", "ai"].model_copy(update={"nodes_free": 50})
    assert refuted("We are 10 nodes short.", short) == ()
    assert refuted("We are 14 nodes short.", short)


def test_nodes_of_another_cluster_or_of_an_if_are_not_judged():
    known = SCENES["gpu", "ai"]
    assert refuted("A larger cluster with 2000 nodes might be quicker.", known) == ()
    assert refuted("If we had 700 nodes free, it would be easy.", known) == ()

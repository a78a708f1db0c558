import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES, TEMPLATES, TERSE, judge_figure, listed

NAMES = ("gpus_per_node", "gpus", "job_gpus_per_node", "cores", "cores_per_node")


@pytest.mark.parametrize(("figure", "template"), listed(TEMPLATES["figures"], NAMES))
def test_a_wrong_count_is_refuted_and_the_right_one_is_not(figure, template):
    judge_figure(figure, template)


@pytest.mark.parametrize(("figure", "template"), listed(TERSE["figures"], NAMES))
def test_a_wrong_count_in_few_words_is_refuted_and_the_right_one_is_not(figure, template):
    judge_figure(figure, template)


def test_the_sign_tells_what_is_there_and_what_is_asked():
    known = SCENES["gpu", "ai"]
    assert refuted("memory per node: 256 GiB <= 512 GiB", known) == ()
    assert refuted("memory per node: 512 GiB >= 256 GiB", known) == ()
    assert refuted("GPUs per node: 8 >= 4", known)


def test_what_is_left_over_on_a_node_is_a_difference():
    assert refuted("256 GiB per node stay unused.", SCENES["gpu", "ai"]) == ()
    assert refuted("96 GiB per node stay unused.", SCENES["gpu", "ai"])

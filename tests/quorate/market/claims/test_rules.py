import pytest

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES, TEMPLATES, TERSE, written


@pytest.mark.parametrize("template", TEMPLATES["neutral"] + TERSE["neutral"])
def test_hypotheses_comparisons_opinions_and_others_are_left_alone(template):
    for known in SCENES.values():
        for said in CLUSTER_TYPES:
            assert refuted(written(template, known, said), known) == ()


def test_what_is_taken_back_is_not_said():
    known = SCENES["gpu", "ai"]
    assert refuted("We have 512 nodes, sorry, 320 nodes.", known) == ()
    assert refuted("We have 320 nodes, sorry, 512 nodes in total.", known)


def test_it_beside_i_is_the_job():
    assert refuted("The job runs for 75 minutes and I am gpu and it is storage.", SCENES["gpu", "storage"])  # 5 h
    assert refuted("The job is here. I am gpu and it is storage.", SCENES["gpu", "storage"]) == ()

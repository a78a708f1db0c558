import pytest

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES, TEMPLATES, TERSE, judge_fact, listed, written


@pytest.mark.parametrize("template", TEMPLATES["own"] + TERSE["own"])
def test_a_type_that_is_not_its_own_is_refuted_and_its_own_is_not(template):
    for own in CLUSTER_TYPES:
        for said in CLUSTER_TYPES:
            known = SCENES[own, "hpc"]
            assert bool(refuted(written(template, known, said), known)) == (own != said), (own, said)


@pytest.mark.parametrize("template", TEMPLATES["not_own"])
def test_denying_its_own_type_is_refuted(template):
    for own in CLUSTER_TYPES:
        for said in CLUSTER_TYPES:
            known = SCENES[own, "hpc"]
            assert bool(refuted(written(template, known, said), known)) == (own == said), (own, said)


@pytest.mark.parametrize("template", TEMPLATES["job"])
def test_a_wrong_job_type_is_refuted(template):
    for (own, asked), known in SCENES.items():
        for said in CLUSTER_TYPES:
            assert bool(refuted(written(template, known, said), known)) == (asked != said), (own, asked, said)


@pytest.mark.parametrize(("fact", "template"), listed(TEMPLATES["facts"], ("another_name", "own_name")))
def test_names_are_judged_on_facts(fact, template):
    judge_fact(fact, template)


def test_a_rivals_name_is_not_its_own():
    known = SCENES["gpu", "hpc"]
    assert refuted("HPC_RESOURCE_05 is a storage cluster.", known) == ()
    assert [found.kind for found in refuted("I am HPC_RESOURCE_05.", known)] == ["identity"]

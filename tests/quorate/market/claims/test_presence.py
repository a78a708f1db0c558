import pytest

from quorate.market.claims import Known, KnownGroup, refuted
from tests.quorate.market.claims.written import SCENES, TEMPLATES, TERSE, judge_fact, listed

NAMES = (
    "no_gpus",
    "has_gpus",
    "mixed",
    "alike",
    "high_memory",
    "idle",
    "full",
    "half_busy",
    "half_idle",
    "mostly_idle",
    "mostly_busy",
)


@pytest.mark.parametrize(("fact", "template"), listed(TEMPLATES["facts"], NAMES) + listed(TERSE["facts"], NAMES))
def test_what_is_there_is_judged_on_facts(fact, template):
    judge_fact(fact, template)


def test_what_a_group_lacks_is_judged_by_group():
    known = Known(cluster="c", type="hybrid", gpus=8, groups=(KnownGroup(nodes=4, gpus=2), KnownGroup(nodes=4, gpus=0)))
    assert refuted("Some nodes have no GPUs.", known) == ()
    assert refuted("Every node has 2 GPUs.", known)


def test_nodes_without_gpus_are_a_kind_of_node():
    for known in SCENES.values():
        assert refuted("Nodes without GPUs suit a solver.", known) == ()
    assert refuted("The nodes without GPUs are of no use here.", SCENES["ai", "ai"]) == ()


def test_every_node_is_more_than_some_node():
    assert refuted("Each node has GPUs.", SCENES["ai", "ai"])
    assert refuted("Each node has GPUs.", SCENES["gpu", "ai"]) == ()


@pytest.mark.parametrize("text", ["No node is without GPUs.", "Not a single node lacks GPUs."])
def test_two_negations_make_none(text):
    assert refuted(text, SCENES["gpu", "ai"]) == ()

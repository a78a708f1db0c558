"""Facts are counted node by node, and nodes are chosen so that nothing is wasted. docs/protocol.md P-41, P-42."""

from hypothesis import given, settings

from quorate.domain.bidding import FACT_NAMES, Claim
from quorate.domain.clusters import snapshot
from quorate.market.facts import facts, place, share_percent, suitable, suitable_free, suits
from tests.quorate.ledger.build import cluster, group, job
from tests.quorate.market.places import JOBS, snapshots


def nodes_one_by_one(taken):
    """(GPUs, memory, free) of every single node."""
    return [
        (each.gpus, each.memory_gib, number < free)
        for each, free in zip(taken.cluster.groups, taken.free, strict=True)
        for number in range(each.nodes)
    ]


@given(JOBS, snapshots())
def test_suitable_nodes_are_those_that_each_have_what_is_asked(wanted, taken):
    fit = [
        free
        for gpus, memory, free in nodes_one_by_one(taken)
        if gpus >= wanted.gpus_per_node and memory >= wanted.memory_gib_per_node
    ]
    assert suitable(wanted, taken) == len(fit)
    assert suitable_free(wanted, taken) == sum(fit)


@settings(max_examples=300)
@given(JOBS, snapshots())
def test_a_placement_takes_exactly_the_nodes_asked_from_free_suitable_ones(wanted, taken):
    nodes = place(wanted, taken)
    assert (nodes is None) == (suitable_free(wanted, taken) < wanted.nodes)
    if nodes is not None:
        assert sum(nodes) == wanted.nodes
        for count, free, each in zip(nodes, taken.free, taken.cluster.groups, strict=True):
            assert 0 <= count <= free
            assert count == 0 or suits(wanted, each)


@given(JOBS, snapshots())
def test_no_placement_leaves_a_plainer_suitable_node_free(wanted, taken):
    nodes = place(wanted, taken)
    if nodes is None:
        return
    groups = taken.cluster.groups
    left = [free - count for free, count in zip(taken.free, nodes, strict=True)]
    for i, used in enumerate(groups):
        for j, idle in enumerate(groups):
            if nodes[i] and left[j] and suits(wanted, idle):
                assert (used.gpus, used.memory_gib, i) <= (idle.gpus, idle.memory_gib, j)


@given(JOBS, snapshots())
def test_every_fact_of_the_vocabulary_can_be_claimed(wanted, taken):
    known = facts(wanted, taken)
    assert set(known) == set(FACT_NAMES)
    for name, value in known.items():
        assert Claim(fact=name, value=value).value == value


def test_a_job_without_gpus_leaves_the_gpu_nodes_to_others():
    made = snapshot(cluster(groups=[group(10, gpus=4), group(5), group(5, memory_gib=256)]), 0)
    assert place(job("a", 7), made) == (0, 5, 2)
    assert place(job("a", 12), made) == (2, 5, 5)
    assert place(job("a", 3, gpus_per_node=1), made) == (3, 0, 0)
    assert place(job("a", 21), made) is None


def test_the_share_is_rounded_half_up():
    made = snapshot(cluster(groups=[group(200)]), 0)
    assert [share_percent(job("a", n), made) for n in (1, 2, 3, 200)] == [1, 1, 2, 100]

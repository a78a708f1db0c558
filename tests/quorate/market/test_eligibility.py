"""A cluster may bid exactly if the job fits its free suitable nodes; else the first reason is given. P-40."""

import pytest
from hypothesis import given, settings

from quorate.domain.bidding import AbstentionCode
from quorate.domain.clusters import snapshot
from quorate.market.eligibility import abstention, ineligible
from quorate.market.facts import place, suitable
from tests.quorate.ledger.build import cluster, group, job
from tests.quorate.market.places import JOBS, snapshots


@settings(max_examples=300)
@given(JOBS, snapshots())
def test_who_may_bid_can_place_the_job_and_who_may_not_cannot(wanted, taken):
    assert (ineligible(wanted, taken) is None) == (place(wanted, taken) is not None)


@given(JOBS, snapshots())
def test_busy_now_is_said_exactly_when_waiting_helps(wanted, taken):
    reason = ineligible(wanted, taken)
    if reason is not None:
        assert (reason[0] == AbstentionCode.BUSY_NOW) == (suitable(wanted, taken) >= wanted.nodes)
        assert (reason[0] in AbstentionCode.NEVER) != (reason[0] == AbstentionCode.BUSY_NOW)


@given(JOBS, snapshots())
def test_an_abstention_from_facts_carries_their_reason(wanted, taken):
    told, reason = abstention(wanted, taken), ineligible(wanted, taken)
    assert (told is None) == (reason is None)
    if told is not None:
        assert (told.code, told.detail) == reason
        assert (told.job, told.cluster, told.author) == (wanted.id, taken.cluster.id, None)
        assert str(wanted.nodes) in told.detail


MIXED = cluster(groups=[group(10, memory_gib=64, gpus=4), group(20, memory_gib=512)])


@pytest.mark.parametrize(
    ("wanted", "code", "sentence"),
    [
        (job("a", 31), "too_few_nodes", "30 nodes in all, 31 asked"),
        (job("a", 11, gpus_per_node=4), "gpus_per_node", "10 nodes have 4 GPUs each, 11 asked"),
        (job("a", 21, memory_gib_per_node=512), "memory_per_node", "20 nodes have 512 GiB each, 21 asked"),
        (
            job("a", 5, gpus_per_node=4, memory_gib_per_node=512),
            "gpus_per_node",
            "0 nodes have both 4 GPUs and 512 GiB, 5 asked",
        ),
        (job("a", 16, memory_gib_per_node=512), "busy_now", "15 of 20 suitable nodes free now, 16 asked"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_reason_names_what_there_is_and_what_was_asked(wanted, code, sentence):
    assert ineligible(wanted, snapshot(MIXED, 5)) == (code, sentence)


def test_totals_never_make_a_cluster_eligible():
    # 80 GPUs and 20 TiB in all would do on paper; no single node has both.
    apart = snapshot(cluster(groups=[group(10, memory_gib=64, gpus=8), group(10, memory_gib=2_048)]), 0)
    assert ineligible(job("a", 10, gpus_per_node=8, memory_gib_per_node=1_024), apart) is not None

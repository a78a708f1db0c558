"""The rule's score: within bounds, monotone in what a scheduler would like, and as worked by hand. P-43."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quorate.domain.clusters import CLUSTER_TYPES, ClusterSnapshot, snapshot
from quorate.domain.errors import MisuseError
from quorate.market.check import refuted_claims
from quorate.market.eligibility import ineligible
from quorate.market.rule import LINK_WANTED_GBPS, MATCH, WEIGHTS, Parts, parts, rule_bid, rule_forecast, rule_score_bp
from tests.quorate.ledger.build import cluster, group, job
from tests.quorate.market.places import JOBS, fitting, snapshots


@settings(max_examples=400)
@given(fitting())
def test_every_part_and_the_score_lie_within_0_and_1(case):
    wanted, taken = case
    found = parts(wanted, taken)
    assert all(0 <= value <= 10_000 for value in found.model_dump().values())
    assert 0 <= found.score_bp <= 10_000


@given(JOBS, snapshots())
def test_what_does_not_fit_has_no_score(wanted, taken):
    assume(ineligible(wanted, taken) is not None)
    with pytest.raises(MisuseError):
        rule_score_bp(wanted, taken)


@settings(max_examples=300)
@given(fitting())
def test_a_rule_bid_cites_only_facts_and_signs_its_own_score(case):
    wanted, taken = case
    bid = rule_bid(wanted, taken)
    assert refuted_claims(bid.evidence, wanted, taken) == ()
    assert bid.score_bp == bid.wanted_bp == rule_score_bp(wanted, taken)
    assert (bid.author.kind, bid.author.provider, bid.forecast.author) == ("rule", "rule", "rule")
    numbers = {str(value) for value in (wanted.nodes, taken.cluster.link_gbps, *[c.value for c in bid.evidence])}
    words = bid.reasoning.replace(";", " ").replace("(", " ").replace(")", " ").replace(",", " ").split()
    assert {word for word in words if word.isdigit()} <= numbers


@given(fitting(1), st.data())
def test_freeing_nodes_never_lowers_the_score_of_equal_nodes(case, data):
    wanted, taken = case
    fewer = data.draw(st.integers(0, taken.nodes_allocated))
    freer = ClusterSnapshot(cluster=taken.cluster, taken_at_s=0, allocated=(fewer,), background=taken.background)
    assert rule_score_bp(wanted, freer) >= rule_score_bp(wanted, taken)


@pytest.mark.parametrize("kind", CLUSTER_TYPES)
def test_the_same_type_matches_best_and_every_pair_is_given(kind):
    assert set(MATCH[kind]) == set(CLUSTER_TYPES)
    assert MATCH[kind][kind] == 10_000
    assert all(value < 10_000 for other, value in MATCH[kind].items() if other != kind)
    assert kind in LINK_WANTED_GBPS


def test_the_weights_are_percents():
    assert sum(WEIGHTS.values()) == 100
    assert set(WEIGHTS) == set(Parts.model_fields)


def test_the_worked_example_of_an_idle_cluster():
    # 100 equal nodes (64 GiB, no GPU), 40 asked with 31 GiB: all free, 60 of 100 left, 60 % of the cluster untouched,
    # the link as wanted, and fit = mean(1/1, 32/65): (10000 + 4923) // 2 = 7461, kept whole per group: 40 * 14923 // 2.
    made = snapshot(cluster(groups=[group(100)]), 0)
    found = parts(job("a", 40, memory_gib_per_node=31), made)
    assert found == Parts(match=10_000, available=10_000, headroom=6_000, share=6_000, interconnect=10_000, fit=7_461)
    assert found.score_bp == (70 * 10_000 + 15 * 6_000 + 15 * 7_461) // 100 == 9_019


def test_the_worked_example_of_a_busy_cluster_of_another_type():
    made = snapshot(cluster(type_="memory", groups=[group(100)], link_gbps=28), 50)
    found = parts(job("a", 40, memory_gib_per_node=31), made)
    assert found == Parts(match=6_000, available=5_000, headroom=2_000, share=6_000, interconnect=2_800, fit=7_461)
    assert found.score_bp == 5_349


def test_gpu_nodes_are_a_poor_fit_for_a_job_without_gpus():
    plain, rich = (snapshot(cluster(groups=[group(10, gpus=gpus)]), 0) for gpus in (0, 4))
    assert parts(job("a", 2), rich).fit < parts(job("a", 2), plain).fit


@given(st.integers(1, 10**7))
def test_a_forecast_is_ordered_and_within_the_limit(walltime_s):
    told = rule_forecast(job("a", 1, walltime_s=walltime_s))
    assert told.start_p50_s <= told.start_p90_s
    assert 1 <= told.run_p50_s <= told.run_p90_s == walltime_s

"""A signed bid counts unless it contradicts shared facts; free text is never judged. docs/protocol.md P-46."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.domain.bidding import FACT_NAMES, Claim
from quorate.domain.clusters import snapshot
from quorate.market.check import INTERVAL_BP, allowed_interval, findings, into_interval, refuted_claims
from quorate.market.facts import facts
from quorate.market.rule import rule_bid, rule_score_bp
from tests.quorate.ledger.build import cluster, group, job
from tests.quorate.market.places import JOBS, fitting, snapshots

VALUES = st.booleans() | st.integers(-10, 2_000) | st.text(max_size=20)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_allowed_interval_holds_the_rule_and_stays_within_0_and_1(rule_bp, q_bp):
    low, high = allowed_interval(rule_bp, q_bp)
    assert 0 <= low <= rule_bp <= high <= 10_000
    assert high - low <= 2 * q_bp


@settings(max_examples=300)
@given(fitting(), st.integers(0, 10_000), st.integers(0, 10_000))
def test_what_was_moved_into_the_interval_counts_and_is_the_nearest(case, score, q_bp):
    wanted, taken = case
    moved = into_interval(score, wanted, taken, q_bp)
    bid = rule_bid(wanted, taken).model_copy(update={"score_bp": moved, "wanted_bp": score})
    assert findings(bid, wanted, taken, q_bp) == ()
    low, high = allowed_interval(rule_score_bp(wanted, taken), q_bp)
    assert all(abs(moved - score) <= abs(other - score) for other in (low, high))


@settings(max_examples=300)
@given(fitting(), st.integers(0, 10_000))
def test_a_score_outside_is_found_out_and_one_inside_is_not(case, score):
    wanted, taken = case
    bid = rule_bid(wanted, taken).model_copy(update={"score_bp": score})
    low, high = allowed_interval(rule_score_bp(wanted, taken))
    assert bool(findings(bid, wanted, taken)) == (not low <= score <= high)


@settings(max_examples=300)
@given(JOBS, snapshots(), st.lists(st.builds(Claim, fact=st.sampled_from(FACT_NAMES), value=VALUES), max_size=6))
def test_exactly_the_false_claims_are_refuted(wanted, taken, claims):
    known = facts(wanted, taken)
    false = [c for c in claims if (type(c.value), c.value) != (type(known[c.fact]), known[c.fact])]
    told = refuted_claims(tuple(claims), wanted, taken)
    assert len(told) == len(false)
    assert all(sentence.startswith(claim.fact) for sentence, claim in zip(told, false, strict=True))


@given(fitting(), st.text(max_size=300))
def test_free_text_is_never_judged(case, text):
    wanted, taken = case
    bid = rule_bid(wanted, taken).model_copy(update={"reasoning": text})
    assert findings(bid, wanted, taken) == ()


def test_a_bid_for_what_cannot_run_is_a_finding_by_itself():
    taken = snapshot(cluster(groups=[group(10)]), 0)
    bid = rule_bid(job("a", 2), taken)
    assert findings(bid, job("a", 11), taken) == ("bids for a job it cannot run: 10 nodes in all, 11 asked",)


@pytest.mark.parametrize(("value", "sentence"), [(1, "nodes_free is 10, not 1"), ("10", "nodes_free is 10, not 10")])
def test_a_number_in_quotes_is_no_number(value, sentence):
    taken = snapshot(cluster(groups=[group(10)]), 0)
    assert refuted_claims((Claim(fact="nodes_free", value=value),), job(), taken) == (sentence,)


def test_one_and_true_are_different_facts():
    taken = snapshot(cluster(groups=[group(10, gpus=1)]), 0)
    assert refuted_claims((Claim(fact="gpus_per_node", value=True),), job(), taken)
    assert refuted_claims((Claim(fact="type_match", value=1),), job(), taken)
    assert INTERVAL_BP == 2_500

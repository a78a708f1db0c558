"""What a lying driver signs is found out by anybody who holds the facts. docs/protocol.md P-46, P-53."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from faults.drivers import DRIVERS, unknown_driver
from quorate.domain.bidding import Bid
from quorate.market.check import findings, refuted_claims
from quorate.market.eligibility import abstention
from quorate.market.rule import rule_bid
from tests.quorate.ledger.build import Plainly, genesis, honest, job
from tests.quorate.market.places import JOBS, fitting, snapshots

LIARS = ["false-occupancy", "false-capability"]


def answer(name, wanted, taken):
    return DRIVERS[name].answer(wanted, taken, abstention(wanted, taken) or rule_bid(wanted, taken))


@settings(max_examples=200)
@given(st.sampled_from(LIARS), JOBS, snapshots())
def test_a_false_statement_is_refuted_on_any_facts(name, wanted, taken):
    told = answer(name, wanted, taken)
    assert findings(told, wanted, taken)
    assert refuted_claims(told.evidence, wanted, taken)


@settings(max_examples=200)
@given(fitting())
def test_an_inflated_bid_is_found_out_unless_it_lies_in_the_allowed_interval(case):
    wanted, taken = case
    told = answer("inflated-bid", wanted, taken)
    assert told.score_bp == 10_000
    assert bool(findings(told, wanted, taken)) == (rule_bid(wanted, taken).score_bp < 7_500)


BIDDING = (*LIARS, "inflated-bid", "highest-allowed", "stand-aside")


@given(st.sampled_from([name for name in DRIVERS if name not in BIDDING]), JOBS, snapshots())
def test_every_other_driver_answers_as_an_honest_member(name, wanted, taken):
    assert answer(name, wanted, taken) == (abstention(wanted, taken) or rule_bid(wanted, taken))


@given(JOBS, snapshots(), st.sampled_from(["inflated-bid", *LIARS]))
def test_a_cluster_that_cannot_run_a_job_can_be_made_to_bid_for_it(wanted, taken, name):
    assume(abstention(wanted, taken) is not None)
    assert isinstance(answer(name, wanted, taken), Bid)


@given(JOBS, snapshots())
def test_the_highest_allowed_bid_is_never_refuted_and_never_made_for_a_job_that_cannot_run(wanted, taken):
    told = answer("highest-allowed", wanted, taken)
    if abstention(wanted, taken) is not None:
        assert told == abstention(wanted, taken)
    else:
        assert findings(told, wanted, taken) == ()
        assert told.score_bp == min(10_000, rule_bid(wanted, taken).score_bp + 2_500)


@given(JOBS, snapshots())
def test_who_stands_aside_never_bids(wanted, taken):
    assert not isinstance(answer("stand-aside", wanted, taken), Bid)


@pytest.mark.parametrize("name", LIARS)
def test_one_lie_takes_full_trust_to_six_tenths(name):
    life = Plainly(genesis(6))
    life.open(job())
    told = {seat: [honest(life.state, seat, "j1")] for seat in range(6)}
    told[0] = [answer(name, job(), life.state.calls["j1"].snapshots[0])]
    record = life.settle(told)
    assert [(found.cluster, found.class_, found.after) for found in record.findings] == [("c0", "B", 600)]
    assert record.decisions[0].outcome == "allocated"
    assert record.decisions[0].winner != "c0"


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_has_a_line_of_its_own_for_people(name):
    assert DRIVERS[name].name == name
    assert DRIVERS[name].says.isprintable()


def test_an_unknown_driver_is_answered_with_the_known_ones():
    said = unknown_driver("gremlin")
    assert "'gremlin'" in said
    assert all(name in said for name in DRIVERS)

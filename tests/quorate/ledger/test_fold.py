"""The report is a fold of ledger and trace: what a screen shows follows from these two and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.bidding import Answer, Effort
from quorate.domain.trace import (
    Answered,
    Decided,
    FaultActs,
    JobCalled,
    Proposed,
    RunEnded,
    RunStarted,
    Undecided,
    Voted,
)
from quorate.ledger import acts as a
from quorate.ledger.fold import _median, fold, occupancy_row, vote_rows
from quorate.ledger.state import founded
from quorate.ledger.verify import verify_lines
from tests.quorate.ledger.build import Chain, bid, commit, genesis, honest, job, owned, reveal, submit


class Told:
    """A chain with the trace that a run over it would leave."""

    def __init__(self, members=6):
        self.chain = Chain(genesis(members, background={0: 3}))
        self.events = []
        self.number = 0
        self.say(
            RunStarted(run="r1", seed=7, profile="rehearsal", provider="scripted", model="m", jobs=2, deadline_s=45.0)
        )

    def say(self, event):
        self.events.append(event.model_copy(update={"seq": len(self.events) + 1, "at_ms": 100 * len(self.events)}))

    def vote(self, skip=(), round_=0, names=()):
        height = int(self.chain.application.height)
        leader = self.chain.names[0]
        self.say(Proposed(height=height, round=round_, cluster=leader, value="0" * 64, jobs=names))
        for seat, name in enumerate(self.chain.names):
            kind = "skip" if seat in skip else "approve"
            self.say(
                Voted(height=height, round=round_, cluster=name, vote=kind, value=None if seat in skip else "0" * 64,
                      grounds="results follow", power=1_000)
            )  # fmt: skip

    def place(self, wanted, answers=None, skip=(), efforts=None):
        """One job through call, seals, answers and decision."""
        chain = self.chain
        self.number += 1
        chain.decide({0: [submit(chain.application.chain, wanted)]})
        opened = chain.state.calls[wanted.id].opened
        self.say(JobCalled(job=wanted, number=self.number, of=2, opened=opened))
        told = {seat: honest(chain.state, seat, wanted.id) for seat in range(len(chain.names))}
        told |= {seat: make(chain.state, seat, wanted.id) for seat, make in (answers or {}).items()}
        for seat, outcome in told.items():
            effort = (efforts or {}).get(seat, Effort())
            self.say(
                Answered(
                    job=wanted.id,
                    cluster=chain.names[seat],
                    opened=opened,
                    answer=Answer(outcome=outcome, effort=effort),
                )
            )
        chain.decide({seat: [commit(chain.state, seat, answer)] for seat, answer in told.items()})
        self.vote(skip, names=(wanted.id,))
        height = int(chain.application.height)
        chain.decide({seat: [reveal(chain.state, answer)] for seat, answer in told.items()})
        self.say(Decided(height=height, round=0, value="0" * 64, jobs=(wanted.id,)))

    def report(self, submitted=2):
        heights = list(verify_lines(self.chain.lines()))
        return fold("test", founded(self.chain.genesis), heights, self.events, submitted)


def lie(state, seat, name):
    return bid(state, seat, name, 9_000, evidence=[{"fact": "nodes_free", "value": 99}])


def a_run():
    told = Told()
    told.place(owned("a", 2))
    told.say(FaultActs(driver="false-occupancy", cluster="c0", job="b", says="signs more than it has"))
    told.place(
        owned("b", 3), {0: lie}, skip=(0,), efforts={1: Effort(calls=2, repaired=True, tokens_in=10, cost_usd_micro=5)}
    )
    told.say(RunEnded(status="done"))
    return told


def test_a_run_with_a_lie_is_told_as_it_was():
    report = a_run().report()
    first, second = report.decisions
    assert [row.job.id for row in report.decisions] == ["a", "b"]
    assert (first.outcome, first.how, first.calls, first.rounds) == ("allocated", "unanimous", 1, 1)
    assert (second.outcome, second.how, second.approvals, second.members) == ("allocated", "contested", 5, 6)
    assert (second.weight_approving, second.weight_total, second.weight_needed) == (5.0, 6.0, 4.0)
    assert second.bids[0].void == ("nodes_free is 7, not 99",)
    assert second.bids[0].weighted is None
    assert second.cluster != "c0"
    assert (first.cluster, first.nodes) == (first.ranking[0], 2)
    assert first.bids_s is not None
    assert first.votes_s is not None
    assert report.findings[0].model_dump(by_alias=True) == {
        "cluster": "c0", "class": "B", "job": "b", "height": 6, "what": "nodes_free is 7, not 99",
        "before": 1.0, "after": 0.6,
    }  # fmt: skip
    assert [row.status for row in report.status_by_cluster.values()] == ["BYZANTINE", *["HEALTHY"] * 5]
    assert report.reputation["c0"] == 0.6
    assert [(row.name, row.jobs, row.allocated) for row in report.summary.scenarios] == [
        ("normal", 1, 1),
        ("under fault", 1, 1),
    ]
    assert (report.run, report.seed, report.status, report.at_s) == ("r1", 7, "done", report.decisions[-1].at_s)


def test_the_summary_counts_what_the_rows_say():
    report = a_run().report()
    summary, rows = report.summary, report.decisions
    assert (summary.submitted, summary.allocated, summary.unallocated, summary.undecided) == (2, 2, 0, 0)
    assert summary.nodes_allocated == sum(row.nodes for row in rows) == 5
    assert (summary.unanimous, summary.contested, summary.findings) == (1, 1, 1)
    assert (summary.model_calls, summary.repaired, summary.tokens_in, summary.tokens_out) == (2, 1, 10, None)
    assert summary.cost_usd == 5 / 1_000_000
    assert summary.eligible == 12
    assert summary.fallback_share == 1.0
    assert summary.decision_s_max >= summary.decision_s_median > 0


def test_occupancy_is_jobs_background_and_free_and_adds_up():
    report = a_run().report()
    for name, row in report.occupancy.items():
        assert row.jobs + row.background + row.free == row.nodes
        assert row.gpus_jobs + row.gpus_background + row.gpus_free == row.gpus
        assert sum(nodes for _, nodes in row.running) == row.jobs
        assert row.background == (3 if name == "c0" else 0)
    assert sum(row.jobs for row in report.occupancy.values()) == report.summary.nodes_allocated
    assert report.federation.totals.background == 3


def test_what_ran_and_ended_is_told_with_its_trust():
    told = a_run()
    told.chain.run(told.chain.state.running["a"].job, 1_800)
    report = told.report()
    (end,) = report.ended
    assert (end.job, end.run_s, end.succeeded, end.ended_at_s - end.started_at_s) == ("a", 1_800, True, 1_800)
    assert report.summary.jobs_ended == 1
    assert report.occupancy != report.after.occupancy
    assert report.at_s < report.after.at_s
    for change in report.reputation_changes:
        assert change.before != change.after or change.cause


def test_a_job_without_a_quorum_is_undecided_with_the_votes_that_there_were():
    told = Told(4)
    wanted = job("j1")
    told.chain.decide({0: [submit(told.chain.application.chain, wanted)]})
    told.say(JobCalled(job=wanted, number=1, of=1, opened=1))
    for round_ in range(3):
        told.vote(skip=(0, 1), round_=round_)
    told.say(Undecided(job="j1", height=2, rounds=3))
    (row,) = told.report(1).decisions
    assert (row.outcome, row.how, row.reasons, row.rounds) == ("undecided", "no quorum", ("no quorum in 3 rounds",), 3)
    assert (row.approvals, row.members, row.cluster, row.value) == (2, 4, None, "")


def test_a_job_that_had_to_wait_counts_its_calls():
    told = Told(4)
    told.place(owned("full", 8))
    busy = told.chain.state.running["full"].seat
    others = {seat: [a.Declare(background=9)] for seat in range(4) if seat != busy}
    told.chain.decide(others)
    told.place(owned("late", 5))
    assert [row.job.id for row in told.report().decisions] == ["full"]
    told.chain.decide({(busy + 1) % 4: [a.Declare(background=0)]})
    seats = range(4)
    answers = {seat: honest(told.chain.state, seat, "late") for seat in seats}
    told.chain.decide({seat: [commit(told.chain.state, seat, answers[seat])] for seat in seats})
    told.chain.decide({seat: [reveal(told.chain.state, answers[seat])] for seat in seats})
    row = told.report().decisions[-1]
    assert (row.job.id, row.outcome, row.calls) == ("late", "allocated", 2)


def test_without_a_trace_the_decisions_stand_and_times_are_unknown():
    told = a_run()
    told.events = []
    report = told.report()
    assert [row.outcome for row in report.decisions] == ["allocated"] * 2
    assert [row.bids_s for row in report.decisions] == [None, None]
    assert {vote.vote for vote in report.decisions[0].votes} == {"none"}
    assert report.status == "running"


def test_a_run_of_no_heights_is_a_report_too():
    report = Told().chain and fold("test", founded(genesis(4)), [], [], 0)
    assert (report.decisions, report.heights, report.summary.allocated) == ((), 0, 0)


@pytest.mark.parametrize(
    ("votes", "vote", "approves"),
    [
        ([], "none", None),
        (["a"], "approve", True),
        (["-"], "skip", False),
        (["a", "-"], "skip", False),
        (["a", "b"], "equivocated", False),
    ],
    ids=str,
)
def test_a_members_vote_is_the_one_of_the_deciding_round(votes, vote, approves):
    said = [
        Voted(
            height=1,
            round=0,
            cluster="c0",
            vote="skip" if said == "-" else "approve",
            value=None if said == "-" else said * 64,
            grounds="",
            power=1_000,
        )
        for said in votes
    ]
    said.append(Voted(height=1, round=1, cluster="c0", vote="approve", value="f" * 64, grounds="", power=1_000))
    row = vote_rows(said, 1, 0, founded(genesis(4)))[0]
    assert (row.vote, row.approves) == (vote, approves)


@given(st.lists(st.floats(0, 100), max_size=9))
def test_the_median_is_the_middle(values):
    middle = _median(values)
    if not values:
        assert middle is None
    else:
        assert sum(v < middle for v in values) <= len(values) // 2
        assert sum(v > middle for v in values) <= len(values) // 2


def test_an_occupancy_row_names_the_running_jobs():
    chain = Chain(genesis(4))
    chain.place(owned("a", 2))
    seat = chain.state.running["a"].seat
    assert occupancy_row(chain.state, seat).running == (("a", 2),)

"""What time and evidence do: closings, waiting, overdue jobs, presence. P-44, P-49, P-50, P-53, P-55, P-56."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.bidding import Abstention
from quorate.ledger import acts as a
from quorate.ledger.height import OVERDUE_END_S
from quorate.market.rank import tie_draw
from quorate.reputation.standing import Standing
from tests.quorate.ledger.build import (
    Plainly,
    bid,
    cluster,
    commit,
    genesis,
    group,
    honest,
    job,
    owned,
    reveal,
)


def reputations(life):
    return [member.standing.reputation for member in life.state.members]


def trusting(life, *values):
    """Set the reputations by hand."""
    members = tuple(
        replace(m, standing=Standing(cluster=m.cluster.id, reputation=v))
        for m, v in zip(life.state.members, values, strict=True)
    )
    life.state = replace(life.state, members=members, answered=())
    return life


# -- ties ------------------------------------------------------------------------------------------------------


def test_over_many_jobs_each_of_six_equals_wins_one_sixth():
    life, wins = Plainly(genesis([cluster(f"c{i}", groups=[group(1_000)]) for i in range(6)])), [0] * 6
    for batch in range(15):
        record = life.place(*(job(f"j{batch}-{i}", 1) for i in range(40)))
        for decision in record.decisions:
            wins[life.state.seat_of(decision.winner)] += 1
        life.state = replace(life.state, running={})
    expected = sum(wins) / 6
    assert sum(wins) == 600
    assert sum((count - expected) ** 2 / expected for count in wins) < 20.515  # chi square, 5 degrees, 1 in 1,000


# -- presence --------------------------------------------------------------------------------------------------


def test_answer_and_vote_together_earn_trust_and_neither_does_alone():
    life = trusting(Plainly(genesis(4)), 700, 700, 700, 700)
    life.open(job())
    told = {seat: [honest(life.state, seat, "j1")] for seat in range(3)}  # seat 3 is silent
    life.settle(told)
    before = reputations(life)
    record = life.height(signers=[0, 1, 3])  # seat 2 answered and did not vote, seat 3 voted and did not answer
    assert [now - then for now, then in zip(reputations(life), before, strict=True)] == [2, 2, 0, 0]
    assert {credit.cluster for credit in record.credits} == {"c0", "c1"}


def test_presence_is_credited_once_at_the_next_height_only():
    life = trusting(Plainly(genesis(4)), *[700] * 4)
    life.place(job())
    life.height(signers=[])
    life.height()
    assert reputations(life) == [700] * 4


def test_a_refuted_answer_earns_nothing_by_being_there():
    life = trusting(Plainly(genesis(4)), *[700] * 4)
    life.open(job())
    told = {seat: [honest(life.state, seat, "j1")] for seat in range(4)}
    told[0] = [bid(life.state, 0, "j1", 10_000, evidence=[{"fact": "nodes_free", "value": 99}])]
    life.settle(told)
    life.height()
    assert reputations(life) == [420, 702, 702, 702]


# -- class B and absence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lie", "says"),
    [
        ({"score_bp": 1}, "score 1 lies outside the allowed 6461 to 10000 basis points"),
        ({"evidence": [{"fact": "nodes_free", "value": 11}]}, "nodes_free is 10, not 11"),
        ({"evidence": [{"fact": "gpus_per_node", "value": 4}]}, "gpus_per_node is 0, not 4"),
    ],
    ids=["score", "free nodes", "capability"],
)
def test_one_signed_contradiction_takes_full_trust_to_six_tenths_and_the_bid_is_void(lie, says):
    life = Plainly(genesis(4))
    life.open(job())
    told = {seat: [honest(life.state, seat, "j1")] for seat in range(4)}
    told[0] = [bid(life.state, 0, "j1", lie.get("score_bp", 9_000), evidence=lie.get("evidence", []))]
    record = life.settle(told)
    (found,) = record.findings
    assert (found.cluster, found.class_, found.what, found.before, found.after) == ("c0", "B", says, 1_000, 600)
    decision = record.decisions[0]
    assert decision.answers[0].void == (says,)
    assert decision.answers[0].weighted_bp is None
    assert "c0" not in decision.ranking
    assert life.state.members[0].standing.power(life.state.height) == 600


def test_a_bid_for_a_job_that_cannot_run_there_is_a_contradiction():
    mixed = [cluster("c0"), *(cluster(f"c{i}", groups=[group(30)]) for i in range(1, 4))]
    life = Plainly(genesis(mixed))
    life.open(job("j1", 20))
    told = {seat: [honest(life.state, seat, "j1")] for seat in range(4)}
    told[0] = [bid(life.state, 0, "j1", 10_000)]
    record = life.settle(told)
    assert [(f.cluster, f.after) for f in record.findings] == [("c0", 600)]


def test_an_answer_that_is_sealed_and_never_shown_costs_and_the_call_goes_on_without_it():
    life = Plainly(genesis(4))
    life.open(job())
    told = {seat: honest(life.state, seat, "j1") for seat in range(4)}
    life.height({seat: [commit(life.state, seat, answer)] for seat, answer in told.items()}, at_s=10)
    record = life.height({seat: [reveal(life.state, told[seat])] for seat in range(1, 4)}, at_s=11)
    assert not record.decisions
    assert not life.height(at_s=10 + 59).decisions
    record = life.height(at_s=10 + 60)
    assert [(f.cluster, f.class_, f.what, f.after) for f in record.findings] == [
        ("c0", "B", "sealed an answer and never showed it", 600)
    ]
    assert record.decisions[0].answers[0].answer.code == "not_revealed"
    assert record.decisions[0].outcome == "allocated"


def test_an_answer_that_its_seal_does_not_open_costs_once_and_holds_nobody_up():
    life = Plainly(genesis(4))
    life.open(job())
    told = {seat: honest(life.state, seat, "j1") for seat in range(4)}
    life.height({seat: [commit(life.state, seat, answer)] for seat, answer in told.items()})
    wrong = reveal(life.state, told[0], salt="00" * 16)
    shown = {seat: [reveal(life.state, told[seat])] for seat in (1, 2, 3)}
    record = life.height({**shown, 0: [wrong, wrong, reveal(life.state, told[0])]})
    assert [(f.cluster, f.class_, f.after) for f in record.findings] == [("c0", "B", 600)]
    assert record.ignored[0] == "c0 reveal: the answer does not open the seal"
    answer = record.decisions[0].answers[0].answer
    assert (answer.code, answer.detail) == ("not_revealed", "showed an answer that its seal does not open")
    assert reputations(life) == [600, 1_000, 1_000, 1_000]


def test_silence_costs_little_and_never_takes_anybody_below_the_floor():
    life = Plainly(genesis(4))
    for number in range(30):
        life.place(job(f"j{number}", 20), answers={})
    assert reputations(life) == [800] * 4


def test_a_free_text_abstention_is_an_answer_and_costs_nothing():
    life = Plainly(genesis(4))
    life.open(job())
    none = [Abstention(job="j1", cluster="c0", code="rate_limited", detail="too many calls")]
    record = life.settle({0: none, **{seat: [honest(life.state, seat, "j1")] for seat in range(1, 4)}})
    assert not record.findings
    assert record.decisions[0].reasons == ()


# -- waiting ---------------------------------------------------------------------------------------------------


def test_a_job_that_nobody_can_start_now_waits_and_is_called_again_when_nodes_come_free():
    life = Plainly(genesis(4))
    life.place(*(job(f"full{i}", 8) for i in range(4)))
    assert len(life.state.running) == 4
    record = life.place(job("late", 5))
    assert record.decisions[0].outcome == "waiting"
    told = [reason.split(": ")[1] for reason in record.decisions[0].reasons]
    assert told == ["2 of 10 suitable nodes free now, 5 asked"] * 4
    assert life.height().opened == ()
    seat = life.state.running["full0"].seat
    life.height({seat: [a.Start(job="full0")]})
    assert life.height({seat: [a.End(job="full0", run_s=1, succeeded=True)]}).opened == ("late",)
    record = life.settle()
    assert (record.decisions[0].outcome, record.decisions[0].winner) == ("allocated", f"c{seat}")


def test_of_two_jobs_of_one_height_that_want_the_same_nodes_one_waits():
    life = Plainly(genesis([cluster("c0", groups=[group(50)]), *(cluster(f"c{i}") for i in range(1, 4))]))
    record = life.place(job("a", 30), job("b", 30))
    assert [decision.outcome for decision in record.decisions] == ["allocated", "waiting"]
    assert record.decisions[1].reasons[0] == "c0: bid stood, but its nodes were taken by another job"
    assert list(life.state.running) == ["a"]


def test_a_5_000_node_job_is_unallocated_takes_nothing_and_never_comes_back():
    life = Plainly(genesis(6))
    record = life.place(job("huge", 5_000))
    assert record.decisions[0].outcome == "unallocated"
    assert record.decisions[0].reasons == tuple(f"c{i}: 10 nodes in all, 5000 asked" for i in range(6))
    assert (life.state.running, life.state.waiting, life.state.calls) == ({}, {}, {})


def test_a_refused_job_is_called_again_without_the_cluster_that_refused_it():
    life = Plainly(genesis(4))
    life.place(owned())
    first = life.state.running["j1"].seat
    record = life.height({first: [a.Refuse(job="j1", reason="node down")]})
    assert record.opened == ("j1",)
    assert not record.findings
    decision = life.settle().decisions[0]
    assert decision.outcome == "allocated"
    assert decision.winner != f"c{first}"
    assert "dropped this job" in decision.answers[first].void[0]


def test_a_job_that_everybody_refused_is_unallocated_in_the_end():
    life = Plainly(genesis(4))
    life.place(job())
    for _ in range(3):
        life.height({life.state.running["j1"].seat: [a.Refuse(job="j1", reason="no")]})
        assert life.settle().decisions[0].outcome == "allocated"
    life.height({life.state.running["j1"].seat: [a.Refuse(job="j1", reason="no")]})
    decision = life.settle().decisions[0]
    assert decision.outcome == "unallocated"
    assert len(decision.reasons) == 4
    assert (life.state.waiting, life.state.calls) == ({}, {})


def test_nobody_waits_for_a_jailed_cluster_and_no_call_is_opened_for_it_over_and_over():
    big = [cluster("c0", groups=[group(50)]), cluster("c1", groups=[group(50)]), cluster("c2"), cluster("c3")]
    life = Plainly(genesis(big))
    life.place(job("full", 40))
    busy, free = (0, 1) if life.state.running["full"].seat == 0 else (1, 0)
    members = list(life.state.members)
    members[free] = replace(members[free], standing=members[free].standing.model_copy(update={"jailed": True}))
    life.state = replace(life.state, members=tuple(members))
    life.open(job("late", 30))
    assert life.settle().decisions[0].outcome == "waiting"
    assert [life.height().opened for _ in range(3)] == [()] * 3
    life.height({busy: [a.Start(job="full")]})
    assert life.height({busy: [a.End(job="full", run_s=1, succeeded=True)]}).opened == ("late",)


def test_a_job_waits_for_background_to_go():
    life = Plainly(genesis(4, background=dict.fromkeys(range(4), 9)))
    assert life.place(job("j1", 5)).decisions[0].outcome == "waiting"
    assert life.height({2: [a.Declare(background=0)]}).opened == ("j1",)
    assert life.settle().decisions[0].winner == "c2"


# -- overdue ---------------------------------------------------------------------------------------------------


def test_an_awarded_job_that_is_never_started_costs_and_goes_to_another():
    life = Plainly(genesis(4, start_window_s=100))
    life.place(job())
    seat, at_s = life.state.running["j1"].seat, life.state.head_at_s
    assert not life.height(at_s=at_s + 99).findings
    record = life.height(at_s=at_s + 100)
    assert [(f.cluster, f.class_, f.job) for f in record.findings] == [(f"c{seat}", "B", "j1")]
    assert record.opened == ("j1",)
    assert life.state.snapshot(seat).nodes_allocated == 0
    assert life.settle().decisions[0].winner != f"c{seat}"


def test_a_start_in_the_last_moment_counts():
    life = Plainly(genesis(4, start_window_s=100))
    life.place(job())
    seat, at_s = life.state.running["j1"].seat, life.state.head_at_s
    record = life.height({seat: [a.Start(job="j1")]}, at_s=at_s + 100)
    assert (record.started, record.findings) == (("j1",), ())


def test_a_job_whose_end_is_never_reported_ends_an_hour_after_its_limit():
    life = Plainly(genesis(4))
    life.place(job())
    seat = life.state.running["j1"].seat
    life.height({seat: [a.Start(job="j1")]})
    begun = life.state.head_at_s
    assert not life.height(at_s=begun + 3_600 + OVERDUE_END_S - 1).ended
    record = life.height(at_s=begun + 3_600 + OVERDUE_END_S)
    assert [(end.job, end.run_s, end.succeeded) for end in record.ended] == [("j1", 3_600, False)]
    assert [(f.cluster, f.class_, f.after) for f in record.findings] == [(f"c{seat}", "absence", 990)]
    assert life.state.snapshot(seat).nodes_free == 10


def test_a_receipt_that_comes_too_late_is_not_awaited():
    life = Plainly(genesis(4, receipt_window_s=50))
    life.place(owned())
    seat = life.state.running["j1"].seat
    life.height({seat: [a.Start(job="j1")]})
    life.height({seat: [a.End(job="j1", run_s=1, succeeded=True)]})
    at_s = life.state.head_at_s
    life.height(at_s=at_s + 49)
    assert list(life.state.ended) == ["j1"]
    life.height(at_s=at_s + 50)
    assert life.state.ended == {}


# -- closing ---------------------------------------------------------------------------------------------------


@given(st.sets(st.integers(0, 3)), st.integers(0, 120))
def test_a_call_closes_when_all_with_power_have_sealed_or_its_time_is_up(seats, later):
    life = Plainly(genesis(4))
    life.open(job())
    told = {seat: [commit(life.state, seat, honest(life.state, seat, "j1"))] for seat in seats}
    record = life.height(told, at_s=life.state.head_at_s + later)
    assert (record.closed == ("j1",)) == (len(seats) == 4 or later >= 60)


def test_bids_are_judged_by_the_facts_of_the_opening():
    life = Plainly(genesis(4))
    life.open(job())
    told = {seat: [honest(life.state, seat, "j1")] for seat in range(4)}
    life.height({seat: [commit(life.state, seat, answer) for answer in mine] for seat, mine in told.items()})
    life.height({0: [a.Declare(background=5)]})
    record = life.height({seat: [reveal(life.state, answer) for answer in mine] for seat, mine in told.items()})
    assert not record.findings
    assert record.decisions[0].answers[0].snapshot.nodes_free == 10


def test_a_job_that_no_longer_fits_its_best_bidder_goes_to_the_next():
    life = Plainly(genesis(4))
    life.open(job("j1", 6))
    told = {seat: [honest(life.state, seat, "j1")] for seat in range(4)}
    life.height({seat: [commit(life.state, seat, answer) for answer in mine] for seat, mine in told.items()})
    draw = life.state.calls["j1"].draw
    best = min(range(4), key=lambda seat: tie_draw(draw, "j1", f"c{seat}"))
    life.height({best: [a.Declare(background=9)]})
    record = life.height({seat: [reveal(life.state, answer) for answer in mine] for seat, mine in told.items()})
    assert record.decisions[0].ranking[0] == f"c{best}"
    assert record.decisions[0].winner == record.decisions[0].ranking[1]


def test_trust_ranks_and_a_liar_of_yesterday_loses_to_an_equal():
    life = trusting(Plainly(genesis(4)), 600, 1_000, 600, 600)
    record = life.place(job())
    assert record.decisions[0].winner == "c1"
    assert record.decisions[0].answers[0].weighted_bp == record.decisions[0].answers[0].answer.score_bp * 600 // 1_000

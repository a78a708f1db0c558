"""From shown answers to a ranking: void bids are out, the powerless are out, each seat has a reason. P-46, P-49."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.domain.bidding import Abstention, Bid
from quorate.ledger.auction import judge, outcome_without_winner, reasons
from quorate.market.rule import rule_score_bp
from tests.quorate.ledger.build import Plainly, bid, cluster, genesis, group, honest, job


def called(wanted=None, clusters=6, answers=(), background=None, **changes):
    plain = Plainly(genesis(clusters, background=background))
    plain.open(wanted or job())
    call = plain.state.calls[(wanted or job()).id]
    given_ = {seat: answer(plain.state, seat) if callable(answer) else answer for seat, answer in dict(answers).items()}
    return replace(call, answers=given_, seals=dict.fromkeys(given_, "0" * 64), **changes)


def scored(score):
    return lambda state, seat: bid(state, seat, "j1", score)


@settings(max_examples=200)
@given(
    st.dictionaries(st.integers(0, 5), st.integers(0, 10_000), max_size=6),
    st.lists(st.integers(0, 1_000), min_size=6, max_size=6),
    st.integers(0, 10_000),
)
def test_the_ranking_holds_exactly_the_bids_that_count(scores, trust, interval):
    call = called(answers={seat: scored(score) for seat, score in scores.items()})
    judged = judge(call, tuple(trust), interval)
    rule = rule_score_bp(call.job, call.snapshots[0])
    inside = {seat for seat, score in scores.items() if abs(score - rule) <= interval}
    assert {bid.cluster for bid in judged.ranking} == {f"c{seat}" for seat in inside if trust[seat] > 0}
    assert set(judged.contradicted) == set(scores) - inside
    assert [record.cluster for record in judged.answers] == [f"c{seat}" for seat in range(6)]
    for record in judged.answers:
        assert (record.weighted_bp is None) == bool(record.void or isinstance(record.answer, Abstention))


@given(st.dictionaries(st.integers(0, 5), st.just(honest), max_size=6))
def test_a_seat_without_an_answer_has_a_reason(answers):
    call = called(answers={seat: lambda state, seat: honest(state, seat, "j1") for seat in answers})
    judged = judge(call, (1_000,) * 6, 2_500)
    for seat, record in enumerate(judged.answers):
        assert isinstance(record.answer, Bid) == (seat in answers)
        if seat not in answers:
            assert record.answer.code == "no_answer"


def test_sealed_and_never_shown_is_told_from_shown_and_not_opening():
    call = replace(called(), broken=frozenset({1}), seals={0: "0" * 64, 1: "0" * 64})
    details = [record.answer.detail for record in judge(call, (1_000,) * 6, 2_500).answers]
    assert details[:3] == [
        "sealed an answer and never showed it",
        "showed an answer that its seal does not open",
        "no sealed answer before the call closed",
    ]


def test_a_5_000_node_job_is_unallocated_with_each_clusters_reason():
    call = called(job("j1", 5_000))
    judged = judge(call, (1_000,) * 6, 2_500)
    assert outcome_without_winner(call, judged) == "unallocated"
    assert reasons(call, judged) == tuple(f"c{i}: 10 nodes in all, 5000 asked" for i in range(6))


def test_a_job_waits_only_for_somebody_whose_bid_would_count():
    mixed = [cluster("c0", groups=[group(20)]), *(cluster(f"c{i}") for i in range(1, 6))]
    wanted = job("j1", 15)
    call = called(wanted, mixed, background={0: 10})
    everybody, without_c0 = (1_000,) * 6, (0, *(1_000,) * 5)
    assert outcome_without_winner(call, judge(call, everybody, 2_500)) == "waiting"
    assert outcome_without_winner(call, judge(call, without_c0, 2_500)) == "unallocated"


def test_nobody_is_held_up_by_a_free_cluster_that_has_no_vote():
    mixed = [cluster("c0", groups=[group(20)]), cluster("c1", groups=[group(20)]), *(cluster(f"c{i}") for i in (2, 3))]
    call = called(job("j1", 15), mixed, background={0: 10})
    assert outcome_without_winner(call, judge(call, (1_000, 0, 1_000, 1_000), 2_500)) == "waiting"


def test_a_bid_of_a_cluster_that_dropped_the_job_is_void_but_no_contradiction():
    call = called(answers={0: scored(8_000), 1: scored(8_000)}, excluded=frozenset({0}))
    judged = judge(call, (1_000,) * 6, 10_000)
    assert [bid.cluster for bid in judged.ranking] == ["c1"]
    assert judged.contradicted == ()
    assert "dropped this job" in judged.answers[0].void[0]

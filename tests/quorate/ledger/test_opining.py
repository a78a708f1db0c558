"""P-70: a member's opinions leave with its own answer, or as soon after as they are there, and at most twice."""

import pytest

from quorate.consensus.inclusion import payload_bytes_max
from quorate.domain.bidding import Abstention
from quorate.ledger import acts as a
from quorate.ledger.opining import Opining
from quorate.ledger.participant import Called
from tests.quorate.ledger.build import Chain, Plainly, bid, commit, genesis, honest, job, reveal, submit
from tests.quorate.ledger.test_participant import Seat

KEY = ("j1", 1)


def called(assessments=True, sealed=True):
    """Seat 0 of four, called; the call closes with everybody's seal."""
    seat = Seat(chain=Chain(genesis(4, assessments=assessments, sealed=sealed)))
    effects = seat.decided({0: [submit(seat.chain.application.chain, job())]})
    return seat, effects


def sealed(seat):
    """Everybody's seals are in, and the others' answers as they will show them."""
    answers = {other: honest(seat.chain.state, other, "j1") for other in range(4)}
    seat.member.answer("j1", 1, answers[0], 0)
    seals = {other: [commit(seat.chain.state, other, answers[other])] for other in (1, 2, 3)}
    seat.decided({**seat.acts(), **seals})
    return answers


def opinions(acts):
    return {act.cluster: act.score_bp for act in acts if isinstance(act, a.Assess)}


def test_who_is_called_is_told_its_rivals_facts_where_opinions_are_heard_and_not_elsewhere():
    seat, effects = called()
    mine, *rivals = seat.chain.state.calls["j1"].snapshots
    assert effects == [Called(job(), 1, mine, tuple(rivals))]
    assert called(assessments=False)[1][0].rivals == ()


def test_opinions_leave_with_the_answer_and_are_heard_in_the_block_that_decides():
    seat, _ = called()
    assert seat.member.opine("j1", 1, {"c1": 4_000, "c2": 5_000}, 0) == []
    answers = sealed(seat)
    mine = seat.machine.drain()
    assert [act.act for act in mine] == ["reveal", "assess", "assess"]
    assert opinions(mine) == {"c1": 4_000, "c2": 5_000}
    shown = {other: [reveal(seat.chain.state, answers[other])] for other in (1, 2, 3)}
    seat.decided({0: mine, **shown})
    (decision,) = seat.chain.application.record.decisions
    assert [answer.assessed_bp is not None for answer in decision.answers] == [False, True, True, False]
    assert seat.machine.drain() == []


def test_opinions_that_come_after_the_answer_leave_at_once_and_once():
    seat, _ = called()
    sealed(seat)
    assert [act.act for act in seat.machine.drain()] == ["reveal"]
    seat.member.opine("j1", 1, {"c1": 4_000}, 0)
    assert opinions(seat.machine.drain()) == {"c1": 4_000}
    seat.member.start(0)
    assert opinions(seat.machine.drain()) == {}


def test_what_was_not_heard_with_the_answer_is_said_once_more_and_of_abstentions_not_again():
    seat, _ = called()
    seat.member.opine("j1", 1, {"c1": 4_000, "c2": 5_000, "c3": 6_000, "stranger": 1}, 0)
    answers = sealed(seat)
    mine = seat.machine.drain()
    assert opinions(mine) == {"c1": 4_000, "c2": 5_000, "c3": 6_000}
    seat.decided({0: mine, 1: [reveal(seat.chain.state, answers[1])]})
    assert opinions(seat.machine.drain()) == {"c2": 5_000, "c3": 6_000}
    seat.decided()
    assert seat.machine.drain() == []


def test_of_who_said_that_it_does_not_bid_there_is_no_opinion():
    life = Plainly(genesis(4, assessments=True))
    life.open(job("j1"))
    none = Abstention(job="j1", cluster="c1", code="busy_now", detail="full")
    given = {0: honest(life.state, 0, "j1"), 1: none, 2: bid(life.state, 2, "j1", 7_000)}
    life.height({seat: [commit(life.state, seat, answer)] for seat, answer in given.items()}, at_s=100)
    life.height({seat: [reveal(life.state, given[seat])] for seat in (0, 1)})
    thinking = Opining(0)
    thinking.think(KEY, {"c1": 1_000, "c2": 2_000})
    assert opinions(thinking.due(life.state, set())) == {"c2": 2_000}


@pytest.mark.parametrize("sealed_", [True, False])
def test_where_a_chain_hears_none_and_when_it_has_no_power_a_member_says_none(sealed_):
    seat, _ = called(assessments=False, sealed=sealed_)
    seat.member.opine("j1", 1, {"c1": 4_000}, 0)
    seat.member.answer("j1", 1, honest(seat.chain.state, 0, "j1"), 0)
    assert opinions(seat.machine.drain()) == {}


def test_on_a_chain_that_does_not_seal_they_leave_with_the_answer_too():
    seat, _ = called(sealed=False)
    seat.member.opine("j1", 1, {"c1": 4_000}, 0)
    seat.member.answer("j1", 1, honest(seat.chain.state, 0, "j1"), 0)
    assert [act.act for act in seat.machine.drain()] == ["reveal", "assess"]


def test_opinions_beyond_what_one_item_holds_are_left_unsaid():
    life = Plainly(genesis(4, assessments=True))
    names = [f"j{number:03}" for number in range(250)]
    life.height({0: [submit(life.state.chain, job(name)) for name in names]})
    thinking, calls = Opining(0), life.state.calls
    for name in names:
        thinking.think((name, calls[name].opened), {"c1": 1, "c2": 2, "c3": 3})
    said = thinking.due(life.state, {(name, calls[name].opened) for name in names})
    assert len(a.payloads(said, payload_bytes_max(4))) == 1
    assert 400 < len(said) < 750


def test_a_call_that_is_over_is_forgotten():
    thinking = Opining(0)
    thinking.think(KEY, {"c1": 1})
    thinking.forget("j1")
    assert thinking.due(Plainly(genesis(4, assessments=True)).state, {KEY}) == []

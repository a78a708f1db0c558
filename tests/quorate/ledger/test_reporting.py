"""P-23: a member that refused a false block reports it in its turn, in one item, or not at all if it does not fit."""

from dataclasses import replace

from quorate.consensus.effects import Refuted
from quorate.consensus.evidence import FalseBlock
from quorate.consensus.inclusion import payload_bytes_max
from quorate.consensus.signing import sign_vote
from quorate.domain.deciding import Kind
from quorate.ledger.application import LedgerApplication
from tests.quorate.ledger.build import Chain, Plainly, genesis, key
from tests.quorate.ledger.test_participant import Seat


def accused(chain, seat=3, **changes):
    """A block of the next height that claims another state than follows, proposed by a seat."""
    block = chain.block([], chain.state.head_at_s + 1)
    false = replace(block, results={**block.results, "root": "00" * 32, **changes})
    name = chain.names[seat]
    vote = sign_vote(chain.application.chain, key(name), Kind.PROPOSE, false.height, 0, seat, value=false.digest)
    return FalseBlock(false, (), (vote,))


def refusing(me, charge=None):
    """A member whose replica refuses a block at the height that is decided next."""
    seat = Seat(me, Chain(genesis(4)))
    seat.decided()
    seat.machine.next = [Refuted(charge or accused(seat.chain))]
    seat.member.timer("x", 0)
    assert seat.machine.drain() == [], "nothing is said while the height is open"
    return seat


def test_whoever_is_next_after_the_accused_reports_it_when_the_height_is_decided_and_it_pays():
    seat = refusing(0)
    seat.decided()
    said = seat.machine.drain()
    assert [act.act for act in said] == ["report"]
    seat.decided({0: said})
    assert seat.chain.application.due([], 0), "a report that waits is tried at once"
    seat.decided()
    (finding,) = seat.chain.application.record.findings
    assert (finding.cluster, finding.class_, finding.after) == ("c3", "A'", 600)
    assert not seat.chain.application.due([], 0)


def test_who_is_later_in_turn_speaks_only_if_nobody_else_did():
    seat = refusing(2)
    for _ in range(2):
        seat.decided()
        assert seat.machine.drain() == []
    seat.decided()
    assert [act.act for act in seat.machine.drain()] == ["report"]
    other, first = refusing(2), refusing(0)
    first.decided()
    other.decided()
    report = first.machine.drain()
    for acts in ({0: report}, {}, {}):
        other.decided(acts)
    assert other.machine.drain() == []


def test_a_block_that_does_not_fit_an_item_is_not_reported():
    """P-8: it cost its leader the round all the same."""
    chain = Chain(genesis(4))
    chain.decide()
    large = accused(chain, awards=["x" * payload_bytes_max(4)])
    seat = refusing(0, large)
    seat.decided()
    assert seat.machine.drain() == []


def test_nothing_is_due_for_reports_while_none_waits():
    life = Plainly(genesis(4))
    assert not LedgerApplication(life.state).due([], 10**6)

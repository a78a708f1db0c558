"""Second opinions of a process: asked once for each placement, beside the vote, and told to its trace alone."""

import asyncio
from types import SimpleNamespace

from federation.seconding import Seconding, judged
from quorate.consensus import effects as e
from quorate.ledger.application import LedgerApplication
from tests.federation.test_peer import peer
from tests.graph.table import Memory
from tests.quorate.ledger.build import Plainly, bid, commit, genesis, job, reveal

__all__ = ["peer"]


def decided():
    """A height that places j1 with c0, and the application after it."""
    life = Plainly(genesis(4))
    life.open(job("j1"))
    given = {seat: bid(life.state, seat, "j1", 9_000 - seat) for seat in range(4)}
    life.height({seat: [commit(life.state, seat, answer)] for seat, answer in given.items()})
    record = life.height({seat: [reveal(life.state, answer)] for seat, answer in given.items()})
    return record, LedgerApplication(life.state, record=record)


class Voter:
    def __init__(self, wait_s=0.0):
        self.wait_s, self.asked = wait_s, []

    async def opinion(self, wanted, voter, winner, ranked):
        self.asked.append((wanted.id, voter, winner.cluster.id, [each.cluster for each in ranked]))
        await asyncio.sleep(self.wait_s)
        return SimpleNamespace(approves=True, sentence="m agrees: fine")


def seconding(voter, trace, deadline_s=1.0):
    return Seconding(voter, trace, deadline_s, lambda: 7)


async def test_a_placement_is_asked_about_once_and_told_with_whose_opinion_it_is():
    record, _ = decided()
    voter, trace = Voter(), Memory()
    ours = seconding(voter, trace)
    wanted = ours.wanted(record.height, record.decisions)
    await ours.give(2, wanted)
    assert voter.asked == [("j1", "c2", "c0", ["c0", "c1", "c2", "c3"])]
    (told,) = trace.events
    assert (told.kind, told.job, told.cluster, told.approves, told.at_s) == ("opined", "j1", "c2", True, 7)
    assert ours.wanted(record.height, record.decisions) == []
    unplaced = record.decisions[0].model_copy(update={"winner": None})
    assert ours.wanted(record.height + 1, [unplaced]) == []


async def test_an_opinion_that_takes_too_long_is_none():
    record, _ = decided()
    trace = Memory()
    await seconding(Voter(wait_s=30.0), trace, 0.05).give(0, record.decisions)
    assert trace.events == []


def test_what_was_judged_is_found_before_and_after_its_height_is_decided():
    record, application = decided()
    assert judged(application, record.height) == record.decisions
    assert judged(application, record.height + 1) == ()
    waiting = SimpleNamespace(record=None, state=SimpleNamespace(height=3), executed=[])
    assert judged(waiting, 3) == ()
    waiting.executed.append(SimpleNamespace(done=SimpleNamespace(record=record)))
    assert judged(waiting, 3) == record.decisions
    assert judged(waiting, 4) == ()


async def test_a_process_asks_when_it_has_approved_a_proposal_and_not_when_it_refused_one(peer):
    record, application = decided()
    voter, trace = Voter(), Memory()
    peer._seconding = seconding(voter, trace)
    peer.conduct.application = SimpleNamespace(
        state=application.state, record=record, executed=[], sequences=(0,) * 4, chain="chain"
    )
    peer.carry_out([e.Judged(record.height, 0, False, "no")])
    peer.carry_out([e.Judged(record.height, 1, True, ""), e.Broadcast(b"vote"), e.Judged(record.height, 1, True, "")])
    assert voter.asked == [], "the vote has left, and no model was asked yet"
    assert ("send", 0, b"vote") in peer.world.did
    await asyncio.sleep(0.05)
    assert [asked[:2] for asked in voter.asked] == [("j1", "c1")]
    assert [event.kind for event in trace.events] == ["opined"]

"""A process around a member: what must be durable is before anything leaves, and what breaks stops the member.

docs/protocol.md P-20.
"""

import asyncio
from types import SimpleNamespace

import pytest

from federation.pace import Pace
from federation.peer import UNSAID_MAX, Peer, needed
from quorate.consensus import effects as e
from quorate.domain.bidding import Abstention, AbstentionCode, Answer
from quorate.domain.errors import BackendRefused, LedgerBroken, WorldError
from quorate.ledger import participant as p
from quorate.ledger.acts import Receipt, Start
from quorate.ports import JobEnd
from tests.quorate.ledger.build import Plainly, genesis, job


class Conduct:
    """A member that returns what the test puts in, and notes what it is told."""

    def __init__(self):
        self.next, self.told, self.unsaid, self.said = [], [], 0, []
        life = Plainly(genesis(4))
        life.open(job())
        self.state = life.state
        self.application = SimpleNamespace(state=life.state, sequences=(0, 0, 0, 0), chain="chain")

    def unsettled(self):
        return self.said

    def __getattr__(self, name):
        def told(*args):
            self.told.append((name, *args))
            effects, self.next = self.next, []
            return effects

        return told


class World:
    """Disk, links, ledger and scheduler in one list of what happened."""

    def __init__(self):
        self.did, self.fails, self.refuses, self.over = [], False, False, []
        self.unsynced, self.long, self.many = False, False, False

    def persist(self, record, *, fresh):
        if self.fails:
            raise WorldError("cannot write wal.log: No space left on device; the member stops before it signs")
        self.did.append(("persist", record))

    def keep(self, keep):
        self.did.append(("keep", keep))

    def flush(self):
        self.did.append(("flush",))

    def close(self):
        pass

    def send(self, to, data):
        self.did.append(("send", to, data))

    def append(self, entry, *, durable=True):
        self.did.append(("ledger", entry))
        self.unsynced = not durable

    def sync(self):
        if self.unsynced:
            self.did.append(("sync",))
        self.unsynced = False

    def keep_only(self, keeps):
        self.did.append(("keep only", keeps))
        self.many = False

    def submit(self, cluster, wanted, at_s):
        if self.refuses:
            raise BackendRefused(f"{cluster} is being drained")
        self.did.append(("run", wanted.id))

    def ended(self, _at_s):
        over, self.over = self.over, []
        return over

    def lines(self, height, count):
        return []

    def names(self):
        return [what for what, *_ in self.did if what not in ("flush", "sync")]


class Agent:
    def __init__(self, wait_s=0.0):
        self.wait_s = wait_s

    async def answers(self, calls):
        full = [
            Answer(outcome=Abstention(job=wanted.id, cluster=facts.cluster.id, code="busy_now", detail="full"))
            for wanted, facts in calls
        ]
        yield list(enumerate(full))[:1]
        await asyncio.sleep(self.wait_s)
        if calls[1:]:
            yield list(enumerate(full))[1:]


@pytest.fixture
async def peer():
    world, conduct = World(), Conduct()
    made = Peer(1, conduct, Agent(), world, world, world, 0.2, Pace(50, 1_000), now_ms=lambda: 5_000)
    made._carrier = world
    made.world = world
    yield made
    for task in made._asking:
        task.cancel()
    for timer in made._timers.values():
        timer.cancel()


async def test_what_is_persisted_is_on_the_disk_before_the_vote_leaves(peer):
    peer.carry_out([e.Persist(b"vote"), e.Broadcast(b"vote"), e.Send(2, b"more")])
    assert peer.world.did[:3] == [("persist", b"vote"), ("flush",), ("send", 0, b"vote")]
    assert [what for what in peer.world.did if what[0] == "send"] == [
        *(("send", to, b"vote") for to in range(4)), ("send", 2, b"more")
    ]  # fmt: skip


async def test_a_member_that_stops_before_a_fork_shows_first_what_convicts(peer):
    def broken(*_):
        raise LedgerBroken("height 3 is certified, but its parent is another", height=3)

    peer.conduct.receive = broken
    peer.conduct.next = [e.Broadcast(b"both votes")]
    peer.received(b"decided", 2)
    assert peer.conduct.told[-1] == ("drain",)
    assert [what for what in peer.world.did if what[0] == "send"] == [("send", to, b"both votes") for to in range(4)]
    assert isinstance(peer.failed.exception(), LedgerBroken)


async def test_a_disk_that_fails_lets_nothing_leave_and_stops_the_member(peer):
    peer.world.fails = True
    peer.conduct.next = [e.Persist(b"vote"), e.Broadcast(b"vote")]
    peer.received(b"proposal", 2)
    assert peer.world.names() == []
    assert isinstance(peer.failed.exception(), WorldError)
    peer.world.fails = False
    peer.conduct.next = [e.Broadcast(b"later")]
    peer.received(b"proposal", 2)
    assert peer.world.names() == [], "a member that is not sure signs nothing more"


async def test_a_decided_height_is_on_the_ledger_before_what_follows(peer):
    entry = SimpleNamespace(height=1)
    peer.carry_out([e.Decided(entry, None), e.Persist(b"mark", True), e.Broadcast(b"next")])
    assert [what for what, *_ in peer.world.did][:5] == ["ledger", "persist", "sync", "flush", "send"]


async def test_a_log_that_begins_anew_waits_for_the_ledger(peer):
    peer.world.long = True
    peer.carry_out([e.Decided(SimpleNamespace(), None), e.Persist(b"mark", True)])
    assert [what for what, *_ in peer.world.did][:3] == ["ledger", "sync", "persist"]


async def test_heights_that_are_decided_together_are_synced_once(peer):
    peer.carry_out([e.Decided(SimpleNamespace(), None), e.Persist(b"mark", True)] * 3)
    assert [what for what, *_ in peer.world.did].count("sync") == 1


async def test_answers_of_calls_that_are_over_are_forgotten_when_there_are_many(peer):
    peer.world.many = True
    peer.conduct.next = ["still open"]
    peer.carry_out([])
    assert ("keep only", ["still open"]) in peer.world.did


async def test_timers_end_once_and_a_new_one_replaces_the_old(peer):
    peer.carry_out([e.SetTimer("round", 1_000_000), e.SetTimer("round", 10), e.SetTimer("grace", 10)])
    peer.carry_out([e.CancelTimer("grace"), e.CancelTimer("wake")])
    await asyncio.sleep(0.1)
    assert [told for told in peer.conduct.told if told[0] == "timer"] == [("timer", "round", 5_000)]


async def test_calls_are_asked_of_this_members_agent_together_and_answered_as_answers_come(peer):
    peer.agent.wait_s = 0.05
    facts = peer.conduct.state.calls["j1"].snapshots[1]
    peer.carry_out([p.Called(job("j1"), 1, facts), p.Called(job("j2"), 1, facts), p.Called(job("j3"), 1, facts)])
    await asyncio.sleep(0.15)
    told = [told[1] for told in peer.conduct.told if told[0] == "answers"]
    assert [[(each.job, each.opened) for each in given] for given in told] == [[("j1", 1)], [("j2", 1), ("j3", 1)]]


async def test_an_agent_that_is_late_abstains_from_what_it_has_not_answered(peer):
    peer.agent.wait_s = 30
    facts = peer.conduct.state.calls["j1"].snapshots[1]
    peer.carry_out([p.Called(job("j1"), 1, facts), p.Called(job("j2"), 1, facts)])
    await asyncio.sleep(0.4)
    first, late = [told[1] for told in peer.conduct.told if told[0] == "answers"]
    assert first[0].outcome.code == AbstentionCode.BUSY_NOW
    assert [(each.job, each.outcome.code) for each in late] == [("j2", AbstentionCode.DEADLINE)]
    assert late[0].outcome.detail == "no answer within 0.2 s"


async def test_awards_go_to_the_scheduler_and_its_word_to_the_ledger_together(peer):
    peer.carry_out([p.Won(job("j1"), (2,)), p.Won(job("j2"), (2,))])
    assert peer.world.names() == ["run", "run"]
    assert peer.conduct.told == [("started", ["j1", "j2"], 5_000)]
    peer.world.refuses = True
    peer.carry_out([p.Won(job(), (2,))])
    assert peer.conduct.told[1] == ("refused", "j1", "c1 is being drained", 5_000)


async def test_rounds_are_paced_by_what_was_measured(peer):
    for seat in (0, 2, 3):
        peer.pace.answered(seat, 120.0)
    peer.carry_out([e.SetTimer("round", 1_000_000), e.Decided(SimpleNamespace(), None)])
    assert [told for told in peer.conduct.told if told[0] == "pace"] == [("pace", 190, 130)]


async def test_a_job_that_ends_is_reported(peer):
    peer.world.over = [JobEnd(cluster="c1", job="j1", at_s=5, run_s=40, succeeded=True)]
    peer._loop_ends()
    assert peer.conduct.told == [("ended", "j1", 40, True, 5_000)]


@pytest.mark.parametrize("started_at_s", [None, 7])
@pytest.mark.parametrize("said", [False, True])
async def test_a_restarted_member_takes_up_what_it_runs_and_says_start_once(peer, started_at_s, said):
    held = SimpleNamespace(seat=1, job=job(), nodes=(2,), awarded_at_s=3, started_at_s=started_at_s)
    other = SimpleNamespace(seat=2, job=job("j2"), nodes=(2,), awarded_at_s=3, started_at_s=None)
    members = peer.conduct.state.members
    peer.conduct.application.state = SimpleNamespace(running={"j1": held, "j2": other}, members=members)
    peer.conduct.said = [Start(job="j1")] if said else []
    peer._take_up()
    assert [what for what in peer.world.did if what[0] == "run"] == [("run", "j1")]
    assert bool(peer.conduct.told) == (started_at_s is None and not said)


async def test_users_are_sent_elsewhere_when_too_much_waits(peer):
    receipt = Receipt(job="j1", run_s=1, succeeded=True, signature="00" * 64)
    assert peer.submit(job(), "") == peer.receipt(receipt) == ""
    peer.conduct.unsaid = UNSAID_MAX
    before = len(peer.conduct.told)
    assert peer.submit(job(), "") == "64 items of this member wait already; hand it to another member"
    assert len(peer.conduct.told) == before


def test_a_record_that_another_replaces_before_anything_is_sent_is_left_out_and_no_other():
    old, new, vote, said = e.Persist(b"old", True), e.Persist(b"new", True), e.Persist(b"vote"), e.Broadcast(b"said")
    decided = e.Decided(SimpleNamespace(), None)
    assert needed([decided, old, vote, decided, new]) == [decided, decided, new]
    assert needed([old, said, new]) == [old, said, new]
    assert needed([new, vote, vote]) == [new, vote, vote]
    assert needed([old, vote, said, vote, new, vote, said]) == [old, vote, said, new, vote, said]

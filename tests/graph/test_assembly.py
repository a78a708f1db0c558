"""The carrier alone: letters in order, timers on a virtual clock, and an end to whatever spins."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.assembly import STEPS_MAX, Assembly, Letter
from quorate.consensus import effects as e
from quorate.domain.deciding import Kind
from quorate.domain.errors import MisuseError
from tests.graph.table import Dropping, Memory, arrivals, played, table
from tests.quorate.ledger import build as make


class Scripted:
    """A member that does what it is told and remembers what it got."""

    def __init__(self, on_receive=(), on_timer=()):
        self.got, self.ended, self.on_receive, self.on_timer = [], [], list(on_receive), list(on_timer)

    def receive(self, data, sender, now_ms):
        self.got.append((data, sender, now_ms))
        return self.on_receive

    def timer(self, name, now_ms):
        self.ended.append((name, now_ms))
        return self.on_timer


def letter(kind: Kind) -> bytes:
    return b"QUOR" + bytes([kind])


def test_letters_are_delivered_first_in_first_out_and_never_to_their_sender():
    members = [Scripted(), Scripted(), Scripted()]
    assembly = Assembly(members, Memory())
    assembly.absorb(0, [e.Broadcast(b"one"), e.Send(2, b"two")])
    assembly.absorb(1, [e.Send(2, b"three")])
    assembly.deliver()
    assert [data for data, _, _ in members[2].got] == [b"one", b"two", b"three"]
    assert [data for data, _, _ in members[1].got] == [b"one"]
    assert members[0].got == []


def test_a_proposal_waits_until_its_reader_is_told_to_judge_it():
    members = [Scripted(), Scripted(), Scripted()]
    assembly = Assembly(members, Memory())
    assembly.absorb(0, [e.Broadcast(letter(Kind.PROPOSE)), e.Broadcast(letter(Kind.NOTARIZE))])
    assembly.deliver()
    assert assembly.proposals_waiting()
    assert [Letter(1, 0, data).kind for data, _, _ in members[1].got] == [Kind.NOTARIZE]
    assembly.deliver(proposals=True, to=1)
    assert [Letter(1, 0, data).kind for data, _, _ in members[1].got] == [Kind.NOTARIZE, Kind.PROPOSE]
    assert assembly.proposals_waiting(), "seat 2 has not judged it"
    assembly.deliver(proposals=True, to=2)
    assert not assembly.proposals_waiting()


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(("round", "grace")), st.integers(0, 50)), max_size=20))
def test_timers_end_in_order_of_time_and_only_the_last_of_a_name_counts(armed):
    members = [Scripted(), Scripted(), Scripted()]
    assembly = Assembly(members, Memory())
    for seat, name, after in armed:
        assembly.absorb(seat, [e.SetTimer(name, after)])
    times = []
    while assembly.step():
        times.append(assembly.now_ms)
    assert times == sorted(times)
    last = {(seat, name): after for seat, name, after in armed}
    ended = {(seat, name): at for seat in range(3) for name, at in members[seat].ended}
    assert ended == last
    assert sum(len(member.ended) for member in members) == len(last)


def test_a_cancelled_timer_does_not_end():
    members = [Scripted()]
    assembly = Assembly(members, Memory())
    assembly.absorb(0, [e.SetTimer("round", 5), e.CancelTimer("round")])
    assert not assembly.step()
    assert members[0].ended == []


def test_a_timer_beyond_the_limit_waits():
    members = [Scripted()]
    assembly = Assembly(members, Memory())
    assembly.absorb(0, [e.SetTimer("round", 1_000)])
    assert not assembly.step(until_ms=999)
    assert assembly.now_ms == 0
    assert assembly.step(until_ms=1_000)
    assert assembly.now_ms == 1_000


def test_members_that_answer_each_other_for_ever_are_a_bug_that_shows():
    assembly = Assembly(
        [Scripted(on_receive=[e.Send(1, b"ping")]), Scripted(on_receive=[e.Send(0, b"pong")])], Memory()
    )
    assembly.absorb(0, [e.Send(1, b"ping")])
    with pytest.raises(MisuseError, match=f"{STEPS_MAX} letters without an end"):
        assembly.deliver()


def test_what_a_member_persisted_is_let_go_only_once_the_height_that_made_it_needless_is_durable():
    assembly = Assembly([Scripted()], Memory())
    assembly.absorb(0, [e.Persist(b"a"), e.Persist(b"b"), e.Persist(b"c", fresh=True), e.Persist(b"d")])
    assert assembly.outbox.said == {0: [b"a", b"b", b"c", b"d"]}
    assembly.forget()
    assert assembly.outbox.said == {0: [b"c", b"d"]}
    assembly.forget()
    assert assembly.outbox.said == {0: [b"c", b"d"]}


def test_something_handed_in_goes_through_the_next_member_when_the_first_says_nothing():
    set_ = table(conduct=lambda seat, member: Dropping(member) if seat in (1, 2) else member)
    asked = []
    job = make.owned("j1")
    signature = make.submit(set_.assembly.application.chain, job).signature

    def put(member):
        asked.append(set_.members.index(member))
        return member.submit_job(job, signature, 0)

    set_.assembly.through(1, put)
    assert asked == [1, 2, 3]


@settings(max_examples=10)
@given(st.integers(1, 5))
def test_a_lost_quorum_ends_the_wait_after_a_bounded_time(rounds_max):
    set_ = table(conduct=lambda seat, member: Dropping(member) if seat < 3 else member, rounds_max=rounds_max)
    job = make.owned("j1")
    signature = make.submit(set_.assembly.application.chain, job).signature
    set_.assembly.begin()
    set_.assembly.through(3, lambda member: member.submit_job(job, signature, 0))
    assert not set_.assembly.propose(rounds_max) or not set_.assembly.tally(rounds_max)
    assert set_.assembly.application.state.height == 1
    assert set_.assembly.now_s <= 10 * 60


async def test_each_vote_stands_in_the_trace_once_with_what_it_rests_on():
    set_ = table()
    await played(set_, make.owned("j1"))
    votes = [(v.height, v.round, v.cluster, v.vote, v.value) for v in set_.trace.of("voted")]
    assert len(votes) == len(set(votes))
    approving = [v for v in set_.trace.of("voted") if v.vote == "approve" and v.height == 1]
    assert {v.cluster for v in approving} == {f"c{seat}" for seat in range(6)}
    assert {v.grounds for v in approving} == {"re-executed the block and got the same winner and facts"}
    proposals = {p.seq: p for p in set_.trace.of("proposed")}
    assert all(proposals[v.cause].value == v.value for v in approving)


class Mute(Dropping):
    """A member that thinks and signs as the others do, and sends nothing, or only bytes that nobody can read."""

    def __init__(self, honest, *, noise=b""):
        super().__init__(honest, lambda: False)
        self.noise = noise

    def __getattr__(self, name):
        def call(*args):
            told = getattr(self.honest, name)(*args)
            if not isinstance(told, list):
                return told
            sent = [e.Broadcast(effect.data[:5] + self.noise) for effect in told if isinstance(effect, e.Broadcast)]
            return [effect for effect in told if not isinstance(effect, e.Send | e.Broadcast)] + sent * bool(self.noise)

        return call


@pytest.mark.parametrize("noise", [b"", b"spoilt"])
async def test_a_vote_that_was_signed_and_not_sent_is_counted_by_nobody(noise):
    set_ = table(conduct=lambda seat, member: Mute(member, noise=noise) if seat == 4 else member)
    assert await played(set_, make.owned("j1")) == {"j1": "allocated"}
    voters = {v.cluster for v in set_.trace.of("voted")}
    assert voters == {f"c{seat}" for seat in range(6)} - {"c4"}


async def test_a_member_that_slept_through_many_heights_is_served_and_votes_again():
    asleep = {"now": True}
    set_ = table(conduct=lambda seat, member: Dropping(member, lambda: asleep["now"]) if seat == 5 else member)
    jobs = [make.owned(f"j{i}") for i in range(6)]
    given_ = arrivals(set_, *jobs)
    await set_.run.jobs(given_[:5])
    slept = set_.members[5].application.state.height
    assert slept == 1
    asleep["now"] = False
    set_.assembly.absorb(5, set_.members[5].start(set_.assembly.now_ms))
    await set_.run.jobs(given_)
    assert set_.members[5].application.state.height == set_.assembly.application.state.height
    last = max(v.height for v in set_.trace.of("voted"))
    assert "c5" in {v.cluster for v in set_.trace.of("voted") if v.height == last}

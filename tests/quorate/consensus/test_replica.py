"""P-18, P-19, P-20: heights in sequence, hostile bytes, catching up, and what a peer can make us keep."""

import copy
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.consensus.certificate import build_certificate
from quorate.consensus.effects import (
    Broadcast,
    Convict,
    Decided,
    Effect,
    Head,
    Observed,
    ReplicaSettings,
    Send,
    Serve,
    SetTimer,
)
from quorate.consensus.leading import _put_aside
from quorate.consensus.messages import (
    DecidedEntries,
    GetRange,
    Status,
    decode,
    encode_decided,
    encode_get,
    encode_item,
    encode_status,
    encode_vote,
)
from quorate.consensus.proposing import make_block
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, sign_item, sign_vote
from quorate.domain.deciding import Entry, Item, Kind, Vote, pack_ext
from quorate.domain.errors import MisuseError, ProtocolViolation
from tests.quorate.consensus.net import Net
from tests.quorate.consensus.strategies import broken
from tests.quorate.consensus.toy import CHAIN, payload, signer, toy

SETTINGS = ReplicaSettings()


def fresh(seat=1, **changes):
    return Replica(seat, toy(), signer(seat), Ed25519Verifier(), ReplicaSettings(**changes))


def decided(heights, n=6, items=1):
    """Return a net whose members all decided so many heights."""
    net = Net(toy((1000,) * n), latency_ms=5)
    net.start()
    for height in range(1, heights + 1):
        for seat in range(items):
            net.submit((height + seat) % n, payload(height))
        assert net.run(net.all_at(height), 10**9)
    return net


def test_items_of_all_members_are_decided_once_each_and_in_order():
    """P-7, P-13."""
    net = Net()
    net.start()
    for height in range(1, 6):
        for seat in range(6):
            net.submit(seat, payload(height * 10 + seat))
        assert net.run(net.all_at(height))
    assert net.run(lambda: all(r.application.sequences == (5,) * 6 for r in net.replicas), 20_000)
    assert net.agree()
    for seat in range(6):
        seqs = [item.seq for entry in net.ledgers[0] for item in entry.items if item.sender == seat]
        assert seqs == [1, 2, 3, 4, 5]


@settings(max_examples=150)
@given(st.lists(st.tuples(broken() | st.binary(max_size=200), st.integers(0, 7)), max_size=12))
def test_hostile_bytes_never_raise_and_never_stop_a_member(messages):
    """P-19."""
    machine = fresh()
    machine.start(0)
    for data, sender in messages:
        machine.receive(data, sender, 10)
    assert machine.height == 1
    effects = machine.submit(payload(1), 20)
    assert any(isinstance(effect, Broadcast) for effect in effects)


def test_a_dropped_message_is_counted():
    """P-19."""
    machine = fresh()
    machine.start(0)
    machine.receive(b"rubbish", 3, 10)
    forged = Vote(Kind.NULLIFY, 1, 0, 3, None, -1, 0, b"", bytes(64))
    machine.receive(encode_vote(CHAIN, forged), 3, 10)
    assert machine.dropped == 2


def size(thing: object, seen: set[int] | None = None) -> int:
    """Return the bytes that an object and all it refers to take, without modules, types and keys of others."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, type) or callable(thing):
        return 0
    seen.add(id(thing))
    total = sys.getsizeof(thing)
    if isinstance(thing, dict):
        total += sum(size(k, seen) + size(v, seen) for k, v in thing.items())
    elif isinstance(thing, list | tuple | set | frozenset) or type(thing).__name__ == "deque":
        total += sum(size(part, seen) for part in thing)
    for name in getattr(type(thing), "__slots__", ()):
        total += size(getattr(thing, name, None), seen)
    if hasattr(thing, "__dict__"):
        total += size(vars(thing), seen)
    return total


def flood(count):
    """Return messages that one member can sign: votes of all rounds and heights, items of all numbers, two of each."""
    key, seat = signer(5), 5
    for i in range(count):
        for height in (1, 2, 3, 4, 50):
            yield encode_vote(
                CHAIN, sign_vote(CHAIN, key, Kind.NOTARIZE, height, i, seat, value=f"{i:064x}", parent=-1)
            )
            yield encode_vote(CHAIN, sign_vote(CHAIN, key, Kind.NULLIFY, height, i, seat, grounds="x" * 200))
        for variant in range(3):
            yield encode_item(CHAIN, sign_item(CHAIN, seat, i + 1, payload(variant * 10**9), key))


def test_what_one_liar_can_make_us_keep_is_bounded():
    """P-19: four times the flood does not take noticeably more memory."""
    sizes = []
    for count in (400, 1_600):
        machine = fresh()
        machine.start(0)
        for data in flood(count):
            machine.receive(data, 5, 10)
        sizes.append(size(machine))
    assert sizes[1] < 1.1 * sizes[0]
    assert sizes[1] < 2_000_000


def test_a_flooded_member_still_decides():
    """P-19."""
    net = Net()
    net.crash(5)
    net.start(range(5))
    for seat in range(5):
        for data in flood(100):
            net.replicas[seat].receive(data, 5, 0)
    net.submit(0, payload(1))
    assert net.run(net.all_at(1, [5]))
    assert net.agree()


@pytest.mark.parametrize("verify_late", [True, False])
def test_late_finalize_votes_strengthen_the_head_that_the_next_block_carries(verify_late):
    """P-14: those who voted after the quorum count as present, also where late votes are checked by the leader only."""
    net = Net(settings=ReplicaSettings(verify_late=verify_late), latency_ms=5)
    net.start()
    for height in range(1, 8):
        net.submit(0, payload(height))
        assert net.run(net.all_at(height))
        net.run(lambda: False, net.now_ms + 20)
    shown = [len(entry.block.previous.votes) for entry in net.ledgers[0][1:]]
    assert shown == [6] * 6


def test_a_second_payload_under_one_number_convicts_its_sender_before_and_after_inclusion():
    """P-16."""
    one, other = (sign_item(CHAIN, 5, 1, payload(add), signer(5)) for add in (1, 2))
    machine = fresh()
    machine.start(0)
    machine.receive(encode_item(CHAIN, one), 5, 10)
    effects = machine.receive(encode_item(CHAIN, other), 5, 10)
    assert [e.evidence.seat for e in effects if isinstance(e, Convict)] == [5]
    net = Net()
    net.start()
    net.submit(5, payload(1))
    assert net.run(net.all_at(1))
    effects = net.replicas[1].receive(encode_item(CHAIN, other), 5, net.now_ms)
    assert [e.evidence.seat for e in effects if isinstance(e, Convict)] == [5]


def test_every_vote_is_observed_once():
    net = Net()
    net.start()
    net.submit(0, payload(1))
    net.run(lambda: False, 1_000)
    for effects in net.effects:
        votes = [effect.vote for effect in effects if isinstance(effect, Observed)]
        assert len(votes) == len(set(votes)) == 1 + 6 + 6


def convicted(effects):
    return [effect.evidence.seat for effect in effects if isinstance(effect, Convict)]


def late_finalize(net, seat, **more):
    """Return the FINALIZE of a member for height 1, with whatever is to be different in it."""
    entry = net.ledgers[0][0]
    said = next(v for v in entry.certificate.statements())
    words = {"value": said.value, "ext": said.ext, **more}
    return sign_vote(CHAIN, signer(seat), Kind.FINALIZE, 1, said.round, seat, **words)


def lazy_and_late():
    """Return a network that decided height 1 without member 5, and a member that puts late votes aside."""
    net = Net(settings=ReplicaSettings(verify_late=False), latency_ms=5, cut=lambda frm, to, data: 5 in (frm, to))
    net.start()
    net.submit(0, payload(1))
    assert net.run(net.all_at(1, [5]))
    return net, net.replicas[1]


def test_a_late_vote_that_was_put_aside_still_convicts_its_signer():
    """P-16: whichever of two incompatible votes comes first, and however late."""
    net, machine = lazy_and_late()
    one, two = late_finalize(net, 5), late_finalize(net, 5, ext=b"\xff" * 24)
    for votes in ((one, two), (two, one)):
        other = copy.deepcopy(machine)
        assert not convicted(other.receive(encode_vote(CHAIN, votes[0]), 5, net.now_ms))
        assert convicted(other.receive(encode_vote(CHAIN, votes[1]), 5, net.now_ms)) == [5]


def test_a_late_vote_by_another_hand_cannot_take_the_place_of_a_members_own():
    """P-14: what a relay forges is checked at once and dropped."""
    net, machine = lazy_and_late()
    good = late_finalize(net, 5)
    forged = replace(good, signature=bytes(64))
    before = machine.dropped
    machine.receive(encode_vote(CHAIN, forged), 2, net.now_ms)
    assert machine.dropped == before + 1
    machine.receive(encode_vote(CHAIN, good), 5, net.now_ms)
    assert machine._past.table.at(good.round).late[Kind.FINALIZE, 5] == good


def test_a_late_vote_that_was_put_aside_and_not_signed_is_no_presence():
    """P-14."""
    net, machine = lazy_and_late()
    machine.receive(encode_vote(CHAIN, replace(late_finalize(net, 5), signature=bytes(64))), 5, net.now_ms)
    leader = machine._machine.table
    assert [vote.seat for vote in _put_aside(leader)] == []


def test_a_driver_may_pace_the_rounds_and_never_to_nothing():
    """P-22."""
    machine = fresh()
    machine.start(0)
    machine.pace(60, 40)
    effects = machine.submit(payload(1), 0)
    assert [e.after_ms for e in effects if isinstance(e, SetTimer) and e.name == "round"] == [40]
    for pair in ((0, 40), (60, 0)):
        with pytest.raises(MisuseError):
            machine.pace(*pair)


# ── Catching up ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_member_that_was_away_for_a_thousand_heights_catches_up_within_two_seconds_of_their_clock():
    """P-18: 50 ms a hop; the drivers serve from their ledgers."""
    late = Net(toy(), latency_ms=50)
    away = long_chain(1_000)
    for seat in range(5):
        late.ledgers[seat] = list(away)
        late.replicas[seat] = late.new(seat)
    late.start()
    started = late.now_ms
    assert late.run(late.all_at(1_000))
    assert late.now_ms - started < 2_000
    assert late.replicas[5].application.total == late.replicas[0].application.total


def long_chain(heights, n=6):
    """Return a valid chain of entries made by one process that holds all keys."""
    application, head, entries = toy((1000,) * n), None, []
    for height in range(1, heights + 1):
        seat = height % n
        item = sign_item(CHAIN, seat, application.sequences[seat] + 1, payload(height), signer(seat))
        block = make_block(application, [item], head, 0)
        after = application.apply(block, [item])
        votes = [
            sign_vote(CHAIN, signer(i), Kind.FINALIZE, height, 0, i, value=block.digest, ext=pack_ext(after.sequences))
            for i in range(4)
        ]
        certificate = build_certificate(votes)
        entries.append(Entry(block, (item,), certificate))
        head, application = Head(certificate, application.committee), after
    return entries


def test_a_peer_behind_is_served_from_memory_or_by_the_driver():
    """P-18."""
    net = decided(20)
    machine = net.replicas[0]
    now = net.now_ms + 10_000
    answer = machine.receive(encode_status(CHAIN, Status(15, 0, (), (0,) * 6)), 3, now)
    (entries,) = [decode(CHAIN, e.data) for e in answer if isinstance(e, Send)]
    assert isinstance(entries, DecidedEntries)
    assert [e.block.height for e in entries.entries] == [15, 16, 17, 18, 19, 20]
    old = machine.receive(encode_status(CHAIN, Status(2, 0, (), (0,) * 6)), 4, now)
    assert old == [Serve(4, 2)]


def test_a_peer_that_asks_again_and_again_is_answered_once_an_interval():
    """P-19."""
    net = decided(3)
    machine = net.replicas[0]
    now = net.now_ms + 10_000
    question = encode_status(CHAIN, Status(1, 0, (), (0,) * 6))
    answers = [machine.receive(question, 3, now + i) for i in range(50)]
    assert sum(map(bool, answers)) == 1
    assert machine.receive(question, 3, now + 1_000)


def test_gets_are_answered_so_many_times_an_interval():
    """P-19."""
    machine = fresh(answers_max=8)
    machine.start(0)
    machine.submit(payload(1), 10)
    answers = [machine.receive(encode_get(CHAIN, GetRange(1, 1, 1, 1)), 3, 20) for _ in range(50)]
    assert sum(map(bool, answers)) == 8


def test_a_forged_entry_moves_nobody():
    """P-18."""
    entries = long_chain(2)
    block = replace(entries[0].block, at_s=1)
    forged = replace(entries[0], block=block)
    machine = fresh()
    machine.start(0)
    machine.receive(encode_decided(CHAIN, [forged]), 0, 10)
    recertified = replace(forged, certificate=replace(entries[0].certificate, value=block.digest))
    machine.receive(encode_decided(CHAIN, [recertified]), 0, 10)
    assert machine.height == 1
    assert machine.dropped == 2
    effects: list[Effect] = machine.receive(encode_decided(CHAIN, entries), 0, 10)
    assert [e.entry.block.height for e in effects if isinstance(e, Decided)] == [1, 2]


def test_items_that_a_peer_lacks_are_sent_by_their_sender_and_pulled_from_others():
    """P-18, design lesson 10."""
    machine = fresh(1)
    machine.start(0)
    machine.submit(payload(1), 10)
    pushed = machine.receive(encode_status(CHAIN, Status(1, 0, (), (0,) * 6)), 3, 20)
    assert [
        m.sender for m in (decode(CHAIN, e.data) for e in pushed if isinstance(e, Send)) if isinstance(m, Item)
    ] == [1]
    pulled = machine.receive(encode_status(CHAIN, Status(1, 0, (), (0, 1, 5, 0, 0, 0))), 3, 30)
    assert [decode(CHAIN, e.data) for e in pulled if isinstance(e, Send)] == [GetRange(1, 2, 1, 5)]


def test_a_message_of_the_next_height_waits_for_it():
    """P-19."""
    net = Net(latency_ms=5)
    net.start()
    held = []
    deliver = net.deliver

    def hold_back(frm, to, data):
        message = decode(CHAIN, data)
        if to == 1 and isinstance(message, Vote) and message.kind is Kind.FINALIZE and message.height == 1:
            held.append((frm, data))
        else:
            deliver(frm, to, data)

    net.deliver = hold_back
    net.submit(0, payload(1))
    assert net.run(net.all_at(1, [1]))
    net.submit(2, payload(2))
    net.run(lambda: net.now_ms > 200)
    before = net.now_ms
    for frm, data in held:
        net.perform(1, net.replicas[1].receive(data, frm, net.now_ms))
    assert net.heights()[1] >= 1
    assert net.run(net.all_at(2))
    assert net.now_ms - before < 1_000


# ── Misuse ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_driver_does_wrong_is_said():
    with pytest.raises(MisuseError, match="does not hold the key of seat 1"):
        Replica(1, toy(), signer(2), Ed25519Verifier(), SETTINGS)
    net = decided(2)
    with pytest.raises(MisuseError, match="needs the head"):
        Replica(1, net.replicas[1].application, signer(1), Ed25519Verifier(), SETTINGS)
    wrong = Head(net.ledgers[1][0].certificate, toy().committee)
    with pytest.raises(MisuseError, match="not the parent"):
        Replica(1, net.replicas[1].application, signer(1), Ed25519Verifier(), SETTINGS, wrong)
    machine = fresh()
    machine.start(0)
    for bad, words in ((b"{ }", "canonical"), (b'"' + b"x" * 70_000 + b'"', "split it")):
        with pytest.raises(MisuseError, match=words):
            machine.submit(bad, 10)
    with pytest.raises(MisuseError, match="no timer"):
        machine.timer("tea", 10)
    for _ in range(256):
        machine.submit(payload(1), 10)
    with pytest.raises(MisuseError, match="256 of mine wait"):
        machine.submit(payload(1), 10)


def test_a_violation_never_leaves_the_replica():
    """P-19: what decode raises stays inside."""
    with pytest.raises(ProtocolViolation):
        decode(CHAIN, b"")
    assert fresh().receive(b"", 0, 0) == []

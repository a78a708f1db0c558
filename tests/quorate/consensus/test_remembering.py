"""P-20, P-21: a member that crashes at any record comes back without ever contradicting itself."""

from dataclasses import replace

import pytest

from quorate.consensus.certificate import build_certificate
from quorate.consensus.effects import Broadcast, Decided, Head, Persist, ReplicaSettings, Send, SetTimer
from quorate.consensus.evidence import item_evidence, pairs
from quorate.consensus.messages import Proposal, decode, encode_certificates, encode_vote
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, sign_vote
from quorate.consensus.wal import RecordKind, encode_record, split_log
from quorate.domain.deciding import Item, Kind, Vote, unpack_ext
from quorate.domain.errors import LedgerBroken, MisuseError, ProtocolViolation
from tests.quorate.consensus.net import Net
from tests.quorate.consensus.toy import CHAIN, payload, signer, toy

SEAT = 1


def statements(effects, seat=SEAT):
    """Return the votes (and proposals' votes) and the items of `seat` that these effects send."""
    votes, items = [], []
    for effect in effects:
        if not isinstance(effect, Send | Broadcast):
            continue
        try:
            message = decode(CHAIN, effect.data)
        except ProtocolViolation:
            continue
        if isinstance(message, Proposal):
            message = message.vote
        if isinstance(message, Vote) and message.seat == seat:
            votes.append(message)
        if isinstance(message, Item) and message.sender == seat:
            items.append(message)
    return votes, items


def eventful_run():
    """Return a run with a dead leader, lost messages and several heights; and what reached SEAT, with senders."""
    lost = {"count": 0}

    def cut(frm, to, data):
        lost["count"] += 1
        return frm == 0 or lost["count"] % 7 == 0

    net = Net(toy((1000, 900, 800, 1000, 700, 600)), ReplicaSettings(round_timeout_ms=400), cut)
    heard = []
    receive = net.replicas[SEAT].receive
    net.replicas[SEAT].receive = lambda data, frm, now: (heard.append((frm, data)), receive(data, frm, now))[1]
    net.start()
    for height in range(1, 5):
        for seat in range(1, 6):
            net.submit(seat, payload(height))
        assert net.run(net.all_at(height, [0]))
    return net, heard


def restarted(effects, upto):
    """Return SEAT as its ledger and log were when record number `upto` had just been written."""
    application, head, seen, records = toy((1000, 900, 800, 1000, 700, 600)), None, 0, []
    for effect in effects:
        if isinstance(effect, Persist):
            if seen == upto:
                break
            seen += 1
            records = [effect.record] if effect.fresh else [*records, effect.record]
        elif isinstance(effect, Decided):
            head = Head(effect.entry.certificate, application.committee)
            application = effect.application
    replica = Replica(SEAT, application, signer(SEAT), Ed25519Verifier(), ReplicaSettings(), head)
    replica.restore(records)
    return replica


def provoked(replica, heard):
    """Return what the replica does when time runs out at once and every message comes in the wrong order."""
    effects = replica.start(900_000)
    effects += replica.submit(payload(99), 900_000)
    effects += replica.timer("round", 900_000)
    for frm, data in reversed(heard):
        effects += replica.receive(data, frm, 900_001)
    effects += replica.timer("round", 950_000)
    effects += replica.timer("grace", 950_000)
    for frm, data in heard:
        effects += replica.receive(data, frm, 950_001)
    return effects


def test_a_restart_at_every_record_boundary_never_signs_two_different_things():
    """P-20: effects up to a record were carried out, the disk ends there, and the world is as unkind as it can be."""
    net, heard = eventful_run()
    effects = net.effects[SEAT]
    places = [at for at, effect in enumerate(effects) if isinstance(effect, Persist)]
    assert len(places) > 30
    for number in range(len(places) + 1):
        crash = places[number] if number < len(places) else len(effects)
        before, sent = statements(effects[:crash])
        after, more = statements(provoked(restarted(effects, number), heard))
        assert not pairs([*before, *after]), f"record {number}"
        contradictions = [(a, b) for a in sent for b in more if item_evidence(a, b)]
        assert not contradictions, f"record {number}"


def test_a_restart_without_a_log_contradicts_itself_so_the_log_is_what_keeps_it_honest():
    """The test above can fail: with the records dropped, the same provocation makes evidence."""
    net, heard = eventful_run()
    effects = net.effects[SEAT]
    places = [at for at, effect in enumerate(effects) if isinstance(effect, Persist)]
    found = 0
    for number, crash in enumerate(places):
        replica = restarted(effects, number)
        bare = Replica(SEAT, replica.application, signer(SEAT), Ed25519Verifier(), ReplicaSettings(), replica.head)
        before, _ = statements(effects[:crash])
        after, _ = statements(provoked(bare, heard))
        found += bool(pairs([*before, *after]))
    assert found > 0


def test_what_was_signed_is_sent_again_byte_for_byte():
    """P-20."""
    net = Net(cut=lambda frm, to, data: True)
    net.start()
    net.submit(SEAT, payload(5))
    net.run(lambda: net.now_ms >= 1_200, 1_200)
    votes, items = statements(net.effects[SEAT])
    replica = restarted_from(net)
    again, again_items = statements(replica.start(5_000))
    assert set(items) == set(again_items)
    assert votes
    assert set(again) <= set(votes)


def restarted_from(net, **changes):
    replica = Replica(SEAT, net.genesis, signer(SEAT), Ed25519Verifier(), replace(net.settings, **changes))
    replica.restore(net.logs[SEAT])
    return replica


def test_items_that_wait_survive_the_turn_of_a_height_in_one_record():
    """P-20: the fresh record of a height carries number and items together."""
    net = Net(cut=lambda frm, to, data: frm == SEAT and data[4] == 1)
    net.start()
    for seat in range(6):
        net.submit(seat, payload(seat))
    assert net.run(net.all_at(1))
    assert net.replicas[SEAT].pending in (0, 1)
    fresh = [e for e in net.effects[SEAT] if isinstance(e, Persist) and e.fresh][-1]
    replica = net.new(SEAT)
    replica.restore([fresh.record])
    assert replica.pending == net.replicas[SEAT].pending
    effects = replica.submit(payload(7), net.now_ms)
    _, items = statements(effects)
    assert [item.seq for item in items] == [2]


def test_what_a_finalize_reports_as_held_is_durable_before_it_leaves():
    """P-14, P-20: an item that no block holds yet survives a blackout of all who reported it and of its sender."""
    net = Net()
    net.start()
    net.submit(0, payload(1))
    net.submit(2, payload(2))
    assert net.run(net.all_at(1))
    assert [item.sender for item in net.ledgers[0][0].items] == [0]
    reported = [unpack_ext(vote.ext)[2] for vote in net.ledgers[3][0].certificate.votes]
    assert max(reported) == 1
    for seat in (1, 3, 4, 5):
        back = net.new(seat)
        back.restore(net.logs[seat])
        assert back.pool.held()[2] == 1, seat


def test_a_damaged_record_stops_the_restore():
    """P-20."""
    replica = restarted_from(Net())
    record = bytearray(encode_record(RecordKind.VOTE, b"whatever"))
    record[-1] ^= 1
    with pytest.raises(LedgerBroken, match="observer"):
        replica.restore([bytes(record)])
    with pytest.raises(LedgerBroken, match="does not read"):
        replica.restore([encode_record(RecordKind.VOTE, b"whatever")])


@pytest.mark.parametrize("kind", RecordKind)
@pytest.mark.parametrize(
    "body", [b"", b"\x00" * 15, b"\x00" * 16, b"\x00" * 16 + b"\x00\x02\x00\x00\x00\x00", b"\x00\x01"]
)
def test_a_whole_record_that_says_nothing_stops_the_restore_too(kind, body):
    replica = Replica(0, toy(), signer(0), Ed25519Verifier(), ReplicaSettings())
    with pytest.raises(LedgerBroken):
        replica.restore([encode_record(kind, body)])


@pytest.mark.parametrize("kind", [Kind.NOTARIZE, Kind.NULLIFY])
def test_a_log_of_another_seat_stops_the_restore(kind):
    value = None if kind is Kind.NULLIFY else "ab" * 32
    vote = sign_vote(CHAIN, signer(3), kind, 1, 0, 3, value=value)
    replica = Replica(0, toy(), signer(0), Ed25519Verifier(), ReplicaSettings())
    with pytest.raises(LedgerBroken, match="a vote of seat 3"):
        replica.restore([encode_record(RecordKind.VOTE, encode_vote(CHAIN, vote))])


def test_a_certificate_of_seats_that_there_are_not_stops_the_restore():
    votes = [sign_vote(CHAIN, signer(3), Kind.NULLIFY, 1, 0, seat, value=None) for seat in (3, 100)]
    replica = Replica(0, toy(), signer(0), Ed25519Verifier(), ReplicaSettings())
    with pytest.raises(LedgerBroken, match="more than 6 seats"):
        replica.restore(
            [encode_record(RecordKind.CERTIFICATES, encode_certificates(CHAIN, [build_certificate(votes)]))]
        )


def test_a_record_of_a_kind_to_come_names_the_remedy():
    with pytest.raises(LedgerBroken, match="unknown kind 99 at byte 0; take the program that wrote it"):
        split_log(encode_record(99, b""))


def test_a_member_without_its_log_watches_until_the_height_is_past_and_then_goes_on_after_its_items():
    """P-21: it signs nothing at the height it may have voted on, and learns its own item numbers from the others."""
    net = Net()
    net.start()
    net.submit(SEAT, payload(1))
    assert net.run(lambda: net.now_ms >= 60 or not net.queue)
    lost = Replica(SEAT, net.genesis, signer(SEAT), Ed25519Verifier(), replace(net.settings, silent_through=1))
    net.replicas[SEAT] = lost
    net.start([SEAT])
    with pytest.raises(MisuseError, match="may not sign"):
        lost.submit(payload(2), net.now_ms)
    before = len(net.effects[SEAT])
    assert net.run(net.all_at(1))
    votes, _ = statements(net.effects[SEAT][before:])
    assert not votes
    net.submit(SEAT, payload(2))
    assert net.run(net.all_at(2))
    assert [item.seq for entry in net.ledgers[0] for item in entry.items if item.sender == SEAT] == [1, 2]
    assert net.convictions() == set()


def test_the_log_of_a_whole_run_splits_into_its_records():
    """P-20."""
    net, _ = eventful_run()
    records, end = split_log(b"".join(net.logs[SEAT]))
    assert records == net.logs[SEAT]
    assert end == sum(map(len, records))
    assert any(isinstance(effect, SetTimer) for effect in net.effects[SEAT])

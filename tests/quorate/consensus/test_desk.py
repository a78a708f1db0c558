"""The outbox keeps order; a seat is reported once a height."""

from quorate.consensus.desk import Desk
from quorate.consensus.effects import Convict, Persist, ReplicaSettings
from quorate.consensus.evidence import Evidence
from quorate.consensus.signing import Ed25519Verifier, sign_item, sign_vote
from quorate.consensus.wal import Record, RecordKind, decode_record
from quorate.domain.deciding import Kind
from tests.quorate.consensus.toy import CHAIN, committee, signer


def desk():
    return Desk(0, CHAIN, signer(0), Ed25519Verifier(), ReplicaSettings())


def test_effects_leave_once_and_in_order():
    table = desk()
    table.persist(RecordKind.VOTE, b"a")
    table.persist(RecordKind.HEIGHT, b"b", fresh=True)
    first, second = table.flush()
    assert isinstance(first, Persist)
    assert isinstance(second, Persist)
    assert (decode_record(first.record), first.fresh) == (Record(RecordKind.VOTE, b"a"), False)
    assert second.fresh
    assert table.flush() == []


def test_a_seat_is_reported_once_a_height():
    """P-16."""
    table = desk()
    a, b = (sign_vote(CHAIN, signer(1), Kind.NOTARIZE, 1, 0, 1, value=value * 32) for value in ("aa", "bb"))
    for height in (1, 1, 2):
        table.convict(Evidence(1, a, b), height)
    assert table.flush() == [Convict(Evidence(1, a, b))] * 2
    assert table.convicted(1, 2)
    assert not table.convicted(1, 3)


def test_signatures_are_checked_under_the_seat_they_name():
    """P-3."""
    table, seats = desk(), committee((1000,) * 3)
    assert table.signed_vote(sign_vote(CHAIN, signer(1), Kind.NULLIFY, 1, 0, 1), seats)
    assert not table.signed_vote(sign_vote(CHAIN, signer(1), Kind.NULLIFY, 1, 0, 2), seats)
    assert table.signed_item(sign_item(CHAIN, 2, 1, b"1", signer(2)), seats)
    assert not table.signed_item(sign_item(CHAIN, 2, 1, b"1", signer(1)), seats)

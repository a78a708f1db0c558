"""The write-ahead log's records: what a replica must remember so that it never signs two different things.

Layout of a record (docs/protocol.md P-20): body length (u32), kind (u8), 4-byte check of those five, body, 8-byte check
of all before it; checks are BLAKE2b. A log may end in a torn record, for the disk may stop at any byte; anything else
that does not check is damage, and a member whose log is damaged must not vote from it.
"""

from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from struct import Struct

from quorate.domain.errors import LedgerBroken

_HEAD = Struct(">IB")
_HEAD_CHECK = 4
_BODY_CHECK = 8
_START = _HEAD.size + _HEAD_CHECK


class RecordKind(IntEnum):
    """What a record holds."""

    HEIGHT = 1
    """A new height begins: height (u64), my highest item number (u64), and the durable items that wait, as sent."""
    VOTE = 2
    """My vote, as sent."""
    PROPOSE = 3
    """My proposal, as sent."""
    CERTIFICATES = 4
    """A certificate that moved me to a later round."""
    BLOCK = 5
    """A block that I am about to approve, with its items."""
    ITEM = 6
    """My item, as sent."""
    ITEMS = 7
    """Items, as sent, that I am about to report as held."""


_KINDS = frozenset(RecordKind)


@dataclass(frozen=True, slots=True)
class Record:
    """One record."""

    kind: RecordKind
    body: bytes


def _check(data: bytes, size: int) -> bytes:
    return blake2b(data, digest_size=size).digest()


def encode_record(kind: RecordKind, body: bytes) -> bytes:
    """Return the bytes of one record."""
    head = _HEAD.pack(len(body), kind)
    head += _check(head, _HEAD_CHECK)
    return head + body + _check(head + body, _BODY_CHECK)


def _decode(data: bytes, offset: int) -> tuple[Record, int] | None:
    """Return the record at `offset` and where the next starts, None if the data ends before the record does."""
    head = data[offset : offset + _START]
    if len(head) < _START:
        return None
    if _check(head[: _HEAD.size], _HEAD_CHECK) != head[_HEAD.size :]:
        raise LedgerBroken(f"the write-ahead log is damaged at byte {offset}; rejoin as an observer", offset=offset)
    length, kind = _HEAD.unpack_from(head)
    end = offset + _START + length + _BODY_CHECK
    if len(data) < end:
        return None
    whole = data[offset : end - _BODY_CHECK]
    if _check(whole, _BODY_CHECK) != data[end - _BODY_CHECK : end]:
        raise LedgerBroken(f"the write-ahead log is damaged at byte {offset}; rejoin as an observer", offset=offset)
    if kind not in _KINDS:
        raise LedgerBroken(
            f"a write-ahead record of unknown kind {kind} at byte {offset}; take the program that wrote it",
            offset=offset,
        )
    return Record(RecordKind(kind), whole[_START:]), end


def decode_record(data: bytes) -> Record:
    """Return the one record in `data`.

    Raises:
        LedgerBroken: the bytes are not exactly one whole record.
    """
    found = _decode(data, 0)
    if found is None or found[1] != len(data):
        raise LedgerBroken("a write-ahead record is cut short; rejoin as an observer", offset=0)
    return found[0]


def split_log(data: bytes) -> tuple[list[bytes], int]:
    """Return the whole records in a log, and where they end; behind that stands at most one torn record.

    Cut the file there before appending.

    Raises:
        LedgerBroken: a record before the end is damaged; `offset` is where it starts.
    """
    records: list[bytes] = []
    offset = 0
    while offset < len(data):
        found = _decode(data, offset)
        if found is None:
            break
        records.append(data[offset : found[1]])
        offset = found[1]
    return records, offset

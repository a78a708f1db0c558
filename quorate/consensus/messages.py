"""Every message on the wire: fixed layouts, hard bounds, one way to be malformed.

A message = magic, kind byte, 16-byte chain tag, body (docs/protocol.md P-2, P-4, P-5). `decode` answers with one of the
dataclasses here, or raises `MessageMalformed`, or `CommitteeMismatch` for another chain; nothing else comes out of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct, error
from typing import Self

from quorate.consensus.plain import (
    HEIGHT_MAX,
    ROUND_MAX,
    SEQ_MAX,
    certificate_from,
    entry_height,
    entry_line,
    read_block,
    read_entry,
    read_json,
)
from quorate.consensus.signing import MAGIC, chain_digest
from quorate.domain.canonical import DIGEST_BYTES, canonical, digest
from quorate.domain.deciding import PAYLOAD_BYTES_MAX, SEATS_MAX, Block, Certificate, Entry, Item, Kind, Vote
from quorate.domain.errors import CommitteeMismatch, MessageMalformed, ProtocolViolation
from quorate.domain.values import Digest

TAG_BYTES = 16
GROUNDS_BYTES_MAX = 800
"""A sentence of 200 characters in UTF-8."""
GROUNDS_CHARS_MAX = 200
MISSING_MAX = 64
"""Rounds that one STATUS may ask for."""
WANTED_MAX = 256
"""Items that one GET may ask for."""
PARTS_MAX = 1_024
"""Certificates or entries in one message."""

_HEADER = len(MAGIC) + 1 + TAG_BYTES
_KIND_AT = len(MAGIC)
_KINDS = frozenset(int(kind) for kind in Kind)
_SIGNED = Struct(">QIH32si64s")  # PROPOSE, NOTARIZE: height, round, seat, value, parent, signature
_NULLIFY = Struct(">QIHB64s")
_FINALIZE = Struct(">QIH32s64s")
_ITEM = Struct(">HQ64s")
_STATUS = Struct(">QIHH")
_GET = Struct(">QBHQH")
_LENGTH = Struct(">I")
_COUNT = Struct(">H")


@dataclass(frozen=True, slots=True)
class Proposal:
    """PROPOSE: the signed statement, the block it names, and the certificates that justify it."""

    vote: Vote
    block: Block
    justification: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificates:
    """Certificates somebody lacks."""

    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """Where the sender stands, what it lacks, and which items it holds."""

    height: int
    round: int
    missing: tuple[int, ...]
    """Rounds of this height whose certificates it needs."""
    held: tuple[int, ...]
    """Per seat, the highest consecutive item number it holds."""


@dataclass(frozen=True, slots=True)
class DecidedEntries:
    """Consecutive decided heights, each read when somebody wants it: most of what comes is known already."""

    lines: tuple[tuple[int, bytes], ...]
    """Heights, and entries as lines of a ledger."""

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """Return the message that holds these entries."""
        return cls(tuple((entry.block.height, entry_line(entry)) for entry in entries))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries; MessageMalformed if one is none."""
        return tuple(read_entry(line) for _, line in self.lines)


@dataclass(frozen=True, slots=True)
class GetBlock:
    """Asks for a block by digest, for a height that is being decided."""

    height: int
    block: Digest


@dataclass(frozen=True, slots=True)
class GetItems:
    """Asks for items by digest."""

    height: int
    items: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class GetRange:
    """Asks for `count` items of one seat from number `first` on."""

    height: int
    seat: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class BlockBody:
    """A block somebody asked for."""

    block: Block


Message = Item | Vote | Proposal | Certificates | Status | DecidedEntries | GetBlock | GetItems | GetRange | BlockBody


@lru_cache(maxsize=64)
def _header(chain: str, kind: Kind) -> bytes:
    return MAGIC + bytes((kind,)) + chain_digest(chain)[:TAG_BYTES]


def _raw(value: Digest | None) -> bytes:
    return bytes.fromhex(value or "")


def _grounds(text: str) -> bytes:
    return text[:GROUNDS_CHARS_MAX].encode(errors="replace")


def encode_vote(chain: str, vote: Vote) -> bytes:
    """Return NOTARIZE, NULLIFY or FINALIZE as it travels."""
    head = _header(chain, vote.kind)
    if vote.kind is Kind.NULLIFY:
        body = _NULLIFY.pack(vote.height, vote.round, vote.seat, vote.reason, vote.signature)
        return head + body + _grounds(vote.grounds)
    if vote.kind is Kind.FINALIZE:
        body = _FINALIZE.pack(vote.height, vote.round, vote.seat, _raw(vote.value), vote.signature)
        return head + body + vote.ext
    return head + _signed(vote)


def _signed(vote: Vote) -> bytes:
    return _SIGNED.pack(vote.height, vote.round, vote.seat, _raw(vote.value), vote.parent, vote.signature)


def encode_item(chain: str, item: Item) -> bytes:
    """Return ITEM as it travels."""
    return _header(chain, Kind.ITEM) + _ITEM.pack(item.sender, item.seq, item.signature) + item.payload


def encode_proposal(chain: str, proposal: Proposal) -> bytes:
    """Return PROPOSE as it travels."""
    parts = [proposal.block.bytes, *(canonical(cert.plain()) for cert in proposal.justification)]
    return _header(chain, Kind.PROPOSE) + _signed(proposal.vote) + join(parts)


def encode_certificates(chain: str, certificates: Iterable[Certificate]) -> bytes:
    """Return CERTIFICATES as it travels."""
    return _header(chain, Kind.CERTIFICATES) + join([canonical(cert.plain()) for cert in certificates])


def encode_status(chain: str, status: Status) -> bytes:
    """Return STATUS as it travels."""
    missing, held = status.missing[:MISSING_MAX], status.held
    numbers = Struct(f">{len(missing) + len(held)}I").pack(*missing, *held)
    return _header(chain, Kind.STATUS) + _STATUS.pack(status.height, status.round, len(missing), len(held)) + numbers


def encode_decided(chain: str, entries: Sequence[Entry]) -> bytes:
    """Return DECIDED with consecutive entries; choose them with `fitting` so that the message is not too long."""
    return encode_decided_lines(chain, [entry_line(entry) for entry in entries])


def encode_decided_lines(chain: str, lines: Sequence[bytes]) -> bytes:
    """Return DECIDED for entries that are at hand as lines of the ledger file, without their newlines."""
    return _header(chain, Kind.DECIDED) + join(lines)


def fitting(lines: Iterable[bytes], message_bytes_max: int) -> list[bytes]:
    """Return as many of the first lines as one DECIDED of `message_bytes_max` holds, at least one if there is any."""
    chosen: list[bytes] = []
    room = message_bytes_max - _HEADER - _COUNT.size
    for line in lines:
        room -= len(line) + _LENGTH.size
        if chosen and (room < 0 or len(chosen) == PARTS_MAX):
            break
        chosen.append(line)
    return chosen


def encode_get(chain: str, wanted: GetBlock | GetItems | GetRange) -> bytes:
    """Return GET as it travels."""
    head = _header(chain, Kind.GET)
    if isinstance(wanted, GetBlock):
        return head + _GET.pack(wanted.height, 0, 0, 0, 1) + _raw(wanted.block)
    if isinstance(wanted, GetItems):
        items = wanted.items[:WANTED_MAX]
        return head + _GET.pack(wanted.height, 1, 0, 0, len(items)) + b"".join(_raw(item) for item in items)
    return head + _GET.pack(wanted.height, 2, wanted.seat, wanted.first, min(wanted.count, WANTED_MAX))


def encode_block(chain: str, block: Block) -> bytes:
    """Return BLOCK as it travels."""
    return _header(chain, Kind.BLOCK) + block.bytes


def join(parts: Sequence[bytes]) -> bytes:
    """Return parts with their lengths before them."""
    return _COUNT.pack(len(parts)) + b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def split(body: bytes, longest: int) -> list[bytes]:
    """Return the parts that `join` put together, at most `longest`.

    Raises:
        MessageMalformed: the bytes are something else.
    """
    if len(body) < _COUNT.size:
        raise MessageMalformed("parts without their count")
    (count,) = _COUNT.unpack_from(body)
    if count > longest:
        raise MessageMalformed(f"{count} parts where at most {longest} belong")
    parts: list[bytes] = []
    offset = _COUNT.size
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(body, offset)
        offset += _LENGTH.size + length
        if offset > len(body):
            raise MessageMalformed("a part is cut short")
        parts.append(body[offset - length : offset])
    if offset != len(body):
        raise MessageMalformed("bytes after the last part")
    return parts


def decode(chain: str, data: bytes, message_bytes_max: int = 1_000_000) -> Message:
    """Return the message in `data`.

    Raises:
        MessageMalformed: no message of ours: unknown magic or kind, wrong layout, a number out of range, too long.
        CommitteeMismatch: a message of another chain.
    """
    if len(data) > message_bytes_max:
        raise MessageMalformed(f"{len(data)} bytes, at most {message_bytes_max}")
    reader = _readers(chain).get(data[:_HEADER])
    if reader is None:
        raise _unreadable(data)
    try:
        return reader(data[_HEADER:])
    except (error, ValueError) as wrong:
        raise MessageMalformed(f"{Kind(data[_KIND_AT]).name} of a wrong layout: {wrong}") from wrong


def _unreadable(data: bytes) -> ProtocolViolation:
    """Return what is wrong with a message whose header is none of this chain's."""
    if len(data) < _HEADER or not data.startswith(MAGIC) or data[_KIND_AT] not in _KINDS:
        return MessageMalformed("no message of this protocol")
    return CommitteeMismatch("a message of another chain")


def _place(height: int, round_: int, seat: int) -> None:
    if not (1 <= height <= HEIGHT_MAX and round_ <= ROUND_MAX and seat < SEATS_MAX):
        raise MessageMalformed(f"height {height}, round {round_}, seat {seat} out of range")


def _statement(kind: Kind, body: bytes) -> Vote:
    height, round_, seat, value, parent, signature = _SIGNED.unpack(body)
    _place(height, round_, seat)
    if not -1 <= parent < max(round_, 0):
        raise MessageMalformed(f"parent round {parent} of round {round_}")
    return Vote(kind, height, round_, seat, Digest(value.hex()), parent, 0, b"", signature)


def _notarize(body: bytes) -> Vote:
    return _statement(Kind.NOTARIZE, body)


def _nullify(body: bytes) -> Vote:
    height, round_, seat, reason, signature = _NULLIFY.unpack_from(body)
    _place(height, round_, seat)
    if len(body) > _NULLIFY.size + GROUNDS_BYTES_MAX:
        raise MessageMalformed("grounds too long")
    grounds = body[_NULLIFY.size :].decode()
    if len(grounds) > GROUNDS_CHARS_MAX:
        raise MessageMalformed("grounds too long")
    return Vote(Kind.NULLIFY, height, round_, seat, None, -1, reason, b"", signature, grounds)


def _finalize(body: bytes) -> Vote:
    height, round_, seat, value, signature = _FINALIZE.unpack_from(body)
    _place(height, round_, seat)
    ext = body[_FINALIZE.size :]
    if len(ext) % 4 or len(ext) > 4 * SEATS_MAX:
        raise MessageMalformed(f"an ext of {len(ext)} bytes")
    return Vote(Kind.FINALIZE, height, round_, seat, Digest(value.hex()), -1, 0, ext, signature)


def _item(body: bytes) -> Item:
    sender, seq, signature = _ITEM.unpack_from(body)
    payload = body[_ITEM.size :]
    if sender >= SEATS_MAX or not 1 <= seq <= SEQ_MAX or len(payload) > PAYLOAD_BYTES_MAX:
        raise MessageMalformed("an item out of range")
    read_json(payload)
    return Item(sender, seq, payload, signature)


def _proposal(body: bytes) -> Proposal:
    vote = _statement(Kind.PROPOSE, body[: _SIGNED.size])
    parts = split(body[_SIGNED.size :], PARTS_MAX)
    if not parts:
        raise MessageMalformed("a proposal without a block")
    if digest(parts[0]) != vote.value:
        raise MessageMalformed("the block is not the one proposed")
    return Proposal(vote, read_block(parts[0]), tuple(_certificate(part) for part in parts[1:]))


def _certificate(data: bytes) -> Certificate:
    return certificate_from(read_json(data))


def _certificates(body: bytes) -> Certificates:
    return Certificates(tuple(_certificate(part) for part in split(body, PARTS_MAX)))


def _status(body: bytes) -> Status:
    height, round_, missing, held = _STATUS.unpack_from(body)
    _place(height, round_, 0)
    if missing > MISSING_MAX or held > SEATS_MAX:
        raise MessageMalformed("a STATUS that lists too much")
    numbers = Struct(f">{missing + held}I").unpack(body[_STATUS.size :])
    return Status(height, round_, numbers[:missing], numbers[missing:])


def _decided(body: bytes) -> DecidedEntries:
    return DecidedEntries(tuple((entry_height(part), part) for part in split(body, PARTS_MAX)))


def _get(body: bytes) -> GetBlock | GetItems | GetRange:
    height, what, seat, first, count = _GET.unpack_from(body)
    _place(height, 0, seat)
    rest = body[_GET.size :]
    if count > WANTED_MAX or first > SEQ_MAX:
        raise MessageMalformed("a GET that asks for too much")
    if what == 2 and not rest:
        return GetRange(height, seat, first, count)
    if what not in (0, 1) or seat or first or len(rest) != DIGEST_BYTES * count or (what == 0 and count != 1):
        raise MessageMalformed("a GET of a wrong layout")
    digests = tuple(Digest(rest[at : at + DIGEST_BYTES].hex()) for at in range(0, len(rest), DIGEST_BYTES))
    return GetBlock(height, digests[0]) if what == 0 else GetItems(height, digests)


def _block(body: bytes) -> BlockBody:
    return BlockBody(read_block(body))


_READERS: dict[Kind, Callable[[bytes], Message]] = {
    Kind.ITEM: _item,
    Kind.PROPOSE: _proposal,
    Kind.NOTARIZE: _notarize,
    Kind.NULLIFY: _nullify,
    Kind.FINALIZE: _finalize,
    Kind.CERTIFICATES: _certificates,
    Kind.STATUS: _status,
    Kind.DECIDED: _decided,
    Kind.GET: _get,
    Kind.BLOCK: _block,
}


@lru_cache(maxsize=64)
def _readers(chain: str) -> dict[bytes, Callable[[bytes], Message]]:
    """Return what reads the body behind each header of a chain: a member reads hundreds of messages a height."""
    return {_header(chain, kind): reader for kind, reader in _READERS.items()}

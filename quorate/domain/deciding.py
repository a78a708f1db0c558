"""What a committee decides on and with: seats, items, votes, certificates, blocks and entries of the ledger.

Committees are values, for they travel in checkpoints and ledgers. Items, votes, certificates and blocks are made a
hundred times a second, so they are frozen slotted dataclasses; their JSON forms (`plain`) are read back by
`quorate.consensus.plain`, which trusts nothing. docs/protocol.md, clauses P-1 to P-9.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum
from functools import cached_property
from hashlib import blake2b
from struct import Struct
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from quorate.domain.canonical import DIGEST_BYTES, Plain, canonical, canonical_fields, digest
from quorate.domain.errors import MisuseError
from quorate.domain.values import ClusterId, Digest, Height, Value, VotingPower, unchecked

SEATS_MAX = 128
"""Largest committee: its two certificates, its items and its results fit in one message of 1 MB (P-8)."""

POWER_MIN = 500
POWER_MAX = 1_000
"""An active seat's power in milli-units lies between these, so that one of six cannot stop the others (P-10)."""

PAYLOAD_BYTES_MAX = 65_536
"""Largest payload of one item, before the share of a large committee limits it further (P-8)."""

ITEM_PREFIX = Struct(">HQ64s")


class Seat(Value):
    """One place at the table. A seat keeps its index for ever; a member that leaves keeps a seat without power."""

    cluster: ClusterId
    public_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Ed25519 public key (RFC 8032), 32 bytes in hex."""
    power: VotingPower
    """Milli-units: 0 while jailed, on probation or gone; else 500..1000."""


class Committee(Value):
    """Who decides one height, and whose turn it is."""

    height: Height
    seats: tuple[Seat, ...]
    priorities: tuple[int, ...]
    """State of the leader rotation, one number per seat, carried by the ledger (P-12)."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not 1 <= len(self.seats) <= SEATS_MAX:
            raise ValueError(f"{len(self.seats)} seats; a committee has 1 to {SEATS_MAX}")
        if len(self.priorities) != len(self.seats):
            raise ValueError(f"{len(self.priorities)} priorities for {len(self.seats)} seats")
        if len({seat.public_key for seat in self.seats}) != len(self.seats):
            raise ValueError("two seats share one key; every seat needs its own")
        for seat in self.seats:
            if seat.power != 0 and not POWER_MIN <= seat.power <= POWER_MAX:
                raise ValueError(f"{seat.cluster} has power {seat.power}; 0 or {POWER_MIN}..{POWER_MAX}")
        return self

    def at(self, height: Height, priorities: tuple[int, ...]) -> Self:
        """Return the same seats at another height; what was worked out of them is kept.

        Raises:
            MisuseError: there is not one priority for each seat.
        """
        if len(priorities) != len(self.seats):
            raise MisuseError(f"{len(priorities)} priorities for {len(self.seats)} seats")
        _ = self.powers, self.total, self.active, self.keys, self._seats_bytes  # they must be there to be kept
        return unchecked(type(self), {**self.__dict__, "height": height, "priorities": priorities})

    @property
    def digest(self) -> Digest:
        """Digest of the canonical bytes: what a block calls the next committee by."""
        priorities = ",".join(map(str, self.priorities)).encode()
        return digest(b'{"height":%d,"priorities":[%s],"seats":%s}' % (self.height, priorities, self._seats_bytes))

    @cached_property
    def _seats_bytes(self) -> bytes:
        return canonical_fields([seat.model_dump(mode="json") for seat in self.seats])

    @cached_property
    def powers(self) -> tuple[int, ...]:
        """Power of each seat, milli-units."""
        return tuple(int(seat.power) for seat in self.seats)

    @cached_property
    def total(self) -> int:
        """Sum of all powers, milli-units."""
        return sum(self.powers)

    @cached_property
    def active(self) -> int:
        """Number of seats with power."""
        return sum(1 for power in self.powers if power > 0)

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """Public key of each seat, 32 bytes."""
        return tuple(bytes.fromhex(seat.public_key) for seat in self.seats)


class Kind(IntEnum):
    """What a signature stands under; also the kind byte of the wire (P-2)."""

    ITEM = 1
    PROPOSE = 2
    NOTARIZE = 3
    NULLIFY = 4
    FINALIZE = 5
    CERTIFICATES = 6
    STATUS = 7
    DECIDED = 8
    GET = 9
    BLOCK = 10


class Reason(IntEnum):
    """Why a round was given up; signed in NULLIFY."""

    TIMEOUT = 0
    INVALID = 1


def _raw(data: bytes) -> bytes:
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Item:
    """One numbered, signed payload of one sender: what blocks are made of."""

    sender: int
    """Seat index."""
    seq: int
    """1, 2, 3 ... per sender; two payloads under one number are a class A fault."""
    payload: bytes
    """Canonical JSON."""
    signature: bytes
    digest: Digest = field(init=False, compare=False, repr=False)
    """Names the item in a block; covers the signature too, so that nobody can swap it unnoticed."""

    def __post_init__(self) -> None:
        """Compute the digest once."""
        prefix = ITEM_PREFIX.pack(self.sender, self.seq, self.signature)
        object.__setattr__(self, "digest", digest(prefix + self.payload))

    @property
    def payload_digest(self) -> Digest:
        """Digest of the payload alone: what the sender signs."""
        return digest(self.payload)


@dataclass(frozen=True, slots=True)
class Vote:
    """One signed statement of one seat about one round (PROPOSE, NOTARIZE, NULLIFY or FINALIZE)."""

    kind: Kind
    height: int
    round: int
    seat: int
    value: Digest | None
    """The block voted on; None in NULLIFY."""
    parent: int
    """Round whose notarized block is proposed again, -1 for a fresh block; PROPOSE and NOTARIZE only, else -1."""
    reason: int
    """A `Reason`; NULLIFY only, else 0."""
    ext: bytes
    """Held sequence numbers, one unsigned 32-bit integer per seat, big endian; FINALIZE only, else empty."""
    signature: bytes
    grounds: str = field(default="", compare=False)
    """A sentence for people, unsigned."""


class CertificateVote(NamedTuple):
    """One seat's part in a certificate."""

    seat: int
    ext: bytes
    reason: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Certificate:
    """A quorum of votes of one kind in one round; anyone can check it alone."""

    kind: Kind
    """NOTARIZE, NULLIFY or FINALIZE."""
    height: int
    round: int
    value: Digest | None
    parent: int
    votes: tuple[CertificateVote, ...]
    """In ascending order of seats."""

    def plain(self) -> dict[str, Plain]:
        """Return the JSON form: equal `ext`s are written once and referred to by position."""
        exts = sorted({vote.ext for vote in self.votes})
        places = {ext: place for place, ext in enumerate(exts)}
        votes: list[Plain] = [[v.seat, places[v.ext], v.reason, v.signature.hex()] for v in self.votes]
        return {
            "kind": self.kind.name.lower(),
            "height": self.height,
            "round": self.round,
            "value": self.value,
            "parent": self.parent,
            "exts": [ext.hex() for ext in exts],
            "votes": votes,
        }

    def statements(self) -> tuple[Vote, ...]:
        """Return the certificate as single votes."""
        return tuple(map(self.statement, self.votes))

    def statement(self, part: CertificateVote) -> Vote:
        """Return one seat's part as a single vote."""
        seat, ext, reason, signature = part
        return Vote(self.kind, self.height, self.round, seat, self.value, self.parent, reason, ext, signature)


@dataclass(frozen=True, slots=True)
class Block:
    """What one height decides: which items, when, and what follows from them."""

    chain: str
    height: int
    parent: Digest
    at_s: int
    """Block time in seconds, never before its parent's."""
    items: tuple[Digest, ...]
    previous: Certificate | None
    """FINALIZE certificate of the parent block; None at height 1."""
    results: Plain
    """What the application says follows from the items."""
    bytes: bytes = field(init=False, compare=False, repr=False)
    digest: Digest = field(init=False, compare=False, repr=False)
    """The value voted on: neither round nor own certificate enters it."""

    def __post_init__(self) -> None:
        """Write the canonical bytes once."""
        data = canonical(self.plain())
        object.__setattr__(self, "bytes", data)
        object.__setattr__(self, "digest", digest(data))

    def plain(self) -> dict[str, Plain]:
        """Return the JSON form."""
        return {
            "chain": self.chain,
            "height": self.height,
            "parent": self.parent,
            "at_s": self.at_s,
            "items": list(self.items),
            "previous": None if self.previous is None else self.previous.plain(),
            "results": self.results,
        }


_BLOCK = tuple(each.name for each in fields(Block))


def block_of(
    data: bytes,
    chain: str,
    height: int,
    parent: Digest,
    at_s: int,
    items: tuple[Digest, ...],
    previous: Certificate | None,
    results: Plain,
) -> Block:
    """Return the block with these fields that was read from its canonical bytes `data`, which are not written anew."""
    block = Block.__new__(Block)
    values = chain, height, parent, at_s, items, previous, results, data, digest(data)
    for name, value in zip(_BLOCK, values, strict=True):
        object.__setattr__(block, name, value)
    return block


@dataclass(frozen=True, slots=True)
class Entry:
    """A decided height: block, its items in full, and the FINALIZE certificate. One line of the ledger file."""

    block: Block
    items: tuple[Item, ...]
    certificate: Certificate


def pack_ext(held: Sequence[int]) -> bytes:
    """Return the `ext` bytes for the held sequence numbers of each seat."""
    return Struct(f">{len(held)}I").pack(*held)


def unpack_ext(ext: bytes) -> tuple[int, ...]:
    """Return the held sequence numbers of each seat; `len(ext)` must be a multiple of four."""
    return Struct(f">{len(ext) // 4}I").unpack(ext)

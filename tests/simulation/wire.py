"""The wire and the signed bytes, read a second time: what the checkers know of the format, apart from the core's codec.

Layouts are those of docs/protocol.md (P-2, P-3). Nothing here is imported from `quorate.consensus`.
"""

import json
from hashlib import blake2b
from struct import Struct
from struct import error as struct_error
from typing import NamedTuple

from tests.simulation.register import CHAIN

DIGEST_BYTES = 32
SIGNATURE_BYTES = 64
NOTHING = bytes(DIGEST_BYTES)
STATEMENT = Struct(">QI32siB32s")
ITEM_STATEMENT = Struct(">HQ32s")
KINDS = {1: "item", 2: "propose", 3: "notarize", 4: "nullify", 5: "finalize"}
NUMBERS = {name: number for number, name in KINDS.items()}


def hashed(data: bytes) -> bytes:
    """Return the raw BLAKE2b-256."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


CHAIN_DIGEST = hashed(CHAIN.encode())
DOMAINS = {name: b"QRT1" + CHAIN_DIGEST + bytes((number,)) for number, name in KINDS.items()}


class Ballot(NamedTuple):
    """One signed statement, as evidence sees it."""

    kind: str
    height: int
    round: int
    seat: int
    value: str | None
    extra: bytes | int | None
    """What else must agree for two statements to be one: the ext of a FINALIZE, the parent of the others."""
    ext: tuple[int, ...]
    signed: bytes
    signature: bytes


class ItemSeen(NamedTuple):
    """An item on the wire."""

    sender: int
    seq: int
    payload: bytes
    signature: bytes


def signed_bytes(
    kind: str, height: int, round_no: int, value: str | None, parent: int, reason: int, ext: bytes
) -> bytes:
    """Return what a vote's signature covers."""
    raw = NOTHING if value is None else bytes.fromhex(value)
    held = hashed(ext) if kind == "finalize" else NOTHING
    return DOMAINS[kind] + STATEMENT.pack(height, round_no, raw, parent, reason, held)


def item_signed_bytes(item: object) -> bytes:
    """Return what an item's signature covers."""
    return DOMAINS["item"] + ITEM_STATEMENT.pack(item.sender, item.seq, hashed(item.payload))


def item_digest(item: object) -> str:
    """Return the digest that names an item in a block."""
    return hashed(Struct(">HQ64s").pack(item.sender, item.seq, item.signature) + item.payload).hex()


def block_digest(block: object) -> str:
    """Return the value voted on, from the block's own fields."""
    text = json.dumps(block_plain(block), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashed(text.encode()).hex()


def block_plain(block: object) -> dict[str, object]:
    """Return the JSON form of a block."""
    return {
        "chain": block.chain,
        "height": block.height,
        "parent": block.parent,
        "at_s": block.at_s,
        "items": list(block.items),
        "previous": None if block.previous is None else certificate_plain(block.previous),
        "results": block.results,
    }


def certificate_plain(certificate: object) -> dict[str, object]:
    """Return the JSON form of a certificate."""
    exts = sorted({vote.ext for vote in certificate.votes})
    return {
        "kind": certificate.kind.name.lower(),
        "height": certificate.height,
        "round": certificate.round,
        "value": certificate.value,
        "parent": certificate.parent,
        "exts": [ext.hex() for ext in exts],
        "votes": [[v.seat, exts.index(v.ext), v.reason, v.signature.hex()] for v in certificate.votes],
    }


def certificate_bytes(certificate: object) -> bytes:
    """Return bytes that tell certificates apart."""
    return repr((certificate.round, certificate.votes)).encode()


def make_ballot(
    kind: str,
    height: int,
    round_no: int,
    seat: int,
    value: str | None,
    parent: int,
    reason: int,
    ext: bytes,
    signature: bytes,
) -> Ballot:
    """Put a ballot together."""
    numbers = Struct(f">{len(ext) // 4}I").unpack(ext) if len(ext) % 4 == 0 else ()
    signed = signed_bytes(kind, height, round_no, value, parent, reason, ext)
    extra = ext if kind == "finalize" else parent
    return Ballot(kind, height, round_no, seat, value, extra, numbers, signed, signature)


def vote_ballot(vote: object) -> Ballot:
    """Read a vote object of the core field by field."""
    return make_ballot(
        vote.kind.name.lower(),
        vote.height,
        vote.round,
        vote.seat,
        vote.value,
        vote.parent,
        vote.reason,
        vote.ext,
        vote.signature,
    )


def certificate_ballots(certificate: object) -> list[Ballot]:
    """Return the single statements of a certificate."""
    c = certificate
    return [
        make_ballot(c.kind.name.lower(), c.height, c.round, v.seat, c.value, c.parent, v.reason, v.ext, v.signature)
        for v in c.votes
    ]


HEADERS = {name: b"QRT1" + bytes((number,)) + CHAIN_DIGEST[:16] for name, number in NUMBERS.items()}
HEADER_BYTES = 21
KIND_AT = 4
SIGNED = Struct(">QIH32si64s")
NULLIFY = Struct(">QIHB64s")
FINALIZE = Struct(">QIH32s64s")
ITEM = Struct(">HQ64s")


def ballot(data: bytes) -> Ballot | None:
    """Read a PROPOSE, NOTARIZE, NULLIFY or FINALIZE message; None for anything else."""
    kind = KINDS.get(data[KIND_AT]) if len(data) > HEADER_BYTES else None
    if kind is None or kind == "item" or not data.startswith(HEADERS[kind]):
        return None
    try:
        return _READERS[kind](kind, data)
    except struct_error:
        return None


def _nullify(kind: str, data: bytes) -> Ballot:
    height, round_no, seat, reason, signature = NULLIFY.unpack_from(data, HEADER_BYTES)
    return make_ballot(kind, height, round_no, seat, None, -1, reason, b"", signature)


def _finalize(kind: str, data: bytes) -> Ballot:
    height, round_no, seat, value, signature = FINALIZE.unpack_from(data, HEADER_BYTES)
    ext = data[HEADER_BYTES + FINALIZE.size :]
    return make_ballot(kind, height, round_no, seat, value.hex(), -1, 0, ext, signature)


def _signed(kind: str, data: bytes) -> Ballot:
    height, round_no, seat, value, parent, signature = SIGNED.unpack_from(data, HEADER_BYTES)
    return make_ballot(kind, height, round_no, seat, value.hex(), parent, 0, b"", signature)


class Shown(NamedTuple):
    """A proposal: its head, its block and its certificates, as JSON."""

    ballot: Ballot
    block: dict[str, object]
    certificates: list[dict[str, object]]


def proposal(data: bytes) -> Shown | None:
    """Read a PROPOSE message whole; None for anything else."""
    head = ballot(data)
    if head is None or head.kind != "propose":
        return None
    try:
        block, *certificates = [json.loads(part) for part in _parts(data[HEADER_BYTES + SIGNED.size :])]
    except (struct_error, ValueError):
        return None
    return Shown(head, block, certificates)


def _parts(body: bytes) -> list[bytes]:
    (count,) = Struct(">H").unpack_from(body)
    parts, at = [], 2
    for _ in range(count):
        (length,) = Struct(">I").unpack_from(body, at)
        parts.append(body[at + 4 : at + 4 + length])
        at += 4 + length
    return parts


def plain_ballots(certificate: object) -> list[Ballot]:
    """Return the single statements of a certificate in its JSON form."""
    c = certificate
    exts = [bytes.fromhex(ext) for ext in c["exts"]]
    return [
        make_ballot(
            c["kind"],
            c["height"],
            c["round"],
            seat,
            c["value"],
            c["parent"],
            reason,
            exts[place],
            bytes.fromhex(signature),
        )
        for seat, place, reason, signature in c["votes"]
    ]


_READERS = {"propose": _signed, "notarize": _signed, "nullify": _nullify, "finalize": _finalize}


def item(data: bytes) -> ItemSeen | None:
    """Read an ITEM message; None for anything else."""
    if len(data) <= HEADER_BYTES + ITEM.size or data[KIND_AT] != 1 or not data.startswith(HEADERS["item"]):
        return None
    sender, seq, signature = ITEM.unpack_from(data, HEADER_BYTES)
    return ItemSeen(sender, seq, data[HEADER_BYTES + ITEM.size :], signature)


def item_ballot(item: ItemSeen) -> Ballot:
    """Return what the sender of an item signed, as evidence sees it."""
    digest = hashed(item.payload).hex()
    return Ballot("item", 0, item.seq, item.sender, digest, None, (), item_signed_bytes(item), item.signature)


def evidence_pair(evidence: object) -> tuple[Ballot, Ballot]:
    """Read the two statements of a piece of evidence."""
    return _statement(evidence.seat, evidence.first), _statement(evidence.seat, evidence.second)


def _statement(seat: int, statement: object) -> Ballot:
    if not hasattr(statement, "payload_digest"):
        return vote_ballot(statement)._replace(seat=statement.seat if statement.seat == seat else -1)
    claim = statement
    signed = DOMAINS["item"] + ITEM_STATEMENT.pack(claim.sender, claim.seq, bytes.fromhex(claim.payload_digest))
    place = claim.sender if claim.sender == seat else -1
    return Ballot("item", 0, claim.seq, place, claim.payload_digest, None, (), signed, claim.signature)

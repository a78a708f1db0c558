"""What a member signed that no honest member ever signs, in a form that others can check.

Class A (docs/protocol.md P-16): two PROPOSE, NOTARIZE or FINALIZE of one round that differ, FINALIZE together with
NULLIFY, two payloads under one item number. A pair convicts alone, before anybody; an accusation is nothing.

Class A' (P-23): a vote for a fresh block that its own items and its parent's state contradict. It convicts before
whoever holds that state, and costs less: a member whose software differs signs it in good faith.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from quorate.consensus.plain import (
    HEIGHT_MAX,
    ITEMS_MAX,
    ROUND_MAX,
    SEQ_MAX,
    block_from,
    bytes_of,
    digest_of,
    fields_of,
    integer_of,
    item_from,
    list_of,
    read_json,
)
from quorate.consensus.signing import item_bytes, vote_bytes
from quorate.domain.canonical import Plain
from quorate.domain.deciding import SEATS_MAX, Block, Committee, Item, Kind, Vote
from quorate.domain.errors import CommitteeMismatch, MessageMalformed, SignatureInvalid
from quorate.domain.values import Digest
from quorate.ports import Verifier


@dataclass(frozen=True, slots=True)
class ItemClaim:
    """What a sender signed about one item: its number and the digest of its payload."""

    sender: int
    seq: int
    payload_digest: Digest
    signature: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two incompatible statements of one seat."""

    seat: int
    first: Vote | ItemClaim
    second: Vote | ItemClaim

    def plain(self) -> dict[str, Plain]:
        """Return the JSON form for the ledger."""
        return {"seat": self.seat, "first": _statement_plain(self.first), "second": _statement_plain(self.second)}


@dataclass(frozen=True, slots=True)
class FalseBlock:
    """A block held to be invalid, the votes for it as a fresh one, and items of it that the ledger may lack."""

    block: Block
    items: tuple[Item, ...]
    votes: tuple[Vote, ...]
    """PROPOSE and NOTARIZE, by seat; each convicts its own seat."""

    def plain(self) -> dict[str, Plain]:
        """Return the JSON form for the ledger."""
        return {
            "block": self.block.plain(),
            "items": [_item_plain(item) for item in self.items],
            "votes": [_statement_plain(vote) for vote in self.votes],
        }


def _item_plain(item: Item) -> Plain:
    return [item.sender, item.seq, item.signature.hex(), read_json(item.payload)]


def vouches(vote: Vote, block: Block) -> bool:
    """Say whether a vote says of `block`, as a fresh one, that it is valid: only those who looked sign that."""
    fresh = vote.kind in {Kind.PROPOSE, Kind.NOTARIZE} and vote.parent == -1
    return fresh and (vote.height, vote.value) == (block.height, block.digest)


def verify_votes(charge: FalseBlock, committee: Committee, chain: str, verifier: Verifier) -> None:
    """Check that every vote of a charge vouches for its block and is its seat's; not whether the block is false.

    Args:
        charge: the block and the votes for it.
        committee: the committee of the block's height.
        chain: the chain's name.
        verifier: checks single signatures.

    Raises:
        CommitteeMismatch: a seat does not exist or has no power.
        MessageMalformed: a vote is not for this block as a fresh one.
        SignatureInvalid: a seat did not sign its vote.
    """
    for vote in charge.votes:
        if vote.seat >= len(committee.seats) or committee.powers[vote.seat] == 0:
            raise CommitteeMismatch(f"seat {vote.seat} has no vote at height {committee.height}")
        if not vouches(vote, charge.block):
            raise MessageMalformed(f"a {vote.kind.name} of seat {vote.seat} does not vouch for this block")
        if not verifier.valid(committee.keys[vote.seat], vote_bytes(chain, vote), vote.signature):
            raise SignatureInvalid(f"seat {vote.seat} did not sign this {vote.kind.name}")


def incompatible(a: Vote, b: Vote) -> bool:
    """Say whether no honest seat signs both votes; signatures and seat are the caller's to check."""
    if a.height != b.height or a.round != b.round:
        return False
    if a.kind is b.kind:
        same = (a.value, a.parent, a.ext) == (b.value, b.parent, b.ext)
        return a.kind is not Kind.NULLIFY and not same
    return {a.kind, b.kind} == {Kind.FINALIZE, Kind.NULLIFY}


def item_evidence(a: Item, b: Item) -> Evidence | None:
    """Return the evidence in two items, None if they are compatible."""
    if (a.sender, a.seq) != (b.sender, b.seq) or a.payload == b.payload:
        return None
    claims = [ItemClaim(i.sender, i.seq, i.payload_digest, i.signature) for i in (a, b)]
    return Evidence(a.sender, claims[0], claims[1])


def pairs(votes: Iterable[Vote]) -> list[Evidence]:
    """Return one piece of evidence for each seat that these verified votes convict, by seat."""
    seen: dict[tuple[int, int, int], list[Vote]] = {}
    found: dict[int, Evidence] = {}
    for vote in votes:
        before = seen.setdefault((vote.height, vote.round, vote.seat), [])
        for other in before:
            if vote.seat not in found and incompatible(other, vote):
                found[vote.seat] = Evidence(vote.seat, other, vote)
        if vote not in before:
            before.append(vote)
    return [found[seat] for seat in sorted(found)]


def verify_evidence(evidence: Evidence, committee: Committee, chain: str, verifier: Verifier) -> None:
    """Check that `evidence` convicts its seat under the keys of `committee`.

    Args:
        evidence: the two statements.
        committee: holds the key under which they were signed; for votes, the committee of their height.
        chain: the chain's name.
        verifier: checks single signatures.

    Raises:
        CommitteeMismatch: the seat does not exist, or the statements are not of this seat.
        MessageMalformed: the statements are compatible; whoever filed them slanders.
        SignatureInvalid: one of the signatures is not the seat's.
    """
    if not 0 <= evidence.seat < len(committee.seats):
        raise CommitteeMismatch(f"no seat {evidence.seat} in a committee of {len(committee.seats)}")
    for statement in (evidence.first, evidence.second):
        seat = statement.seat if isinstance(statement, Vote) else statement.sender
        if seat != evidence.seat:
            raise CommitteeMismatch(f"evidence against seat {evidence.seat} holds a statement of seat {seat}")
    if not _contradict(evidence):
        raise MessageMalformed("the two statements are compatible")
    for statement in (evidence.first, evidence.second):
        if not verifier.valid(committee.keys[evidence.seat], _signed_bytes(chain, statement), statement.signature):
            raise SignatureInvalid(f"seat {evidence.seat} did not sign this statement")


def _contradict(evidence: Evidence) -> bool:
    first, second = evidence.first, evidence.second
    if isinstance(first, Vote) and isinstance(second, Vote):
        return incompatible(first, second)
    if isinstance(first, ItemClaim) and isinstance(second, ItemClaim):
        return first.seq == second.seq and first.payload_digest != second.payload_digest
    return False


def _signed_bytes(chain: str, statement: Vote | ItemClaim) -> bytes:
    if isinstance(statement, Vote):
        return vote_bytes(chain, statement)
    return item_bytes(chain, statement.sender, statement.seq, statement.payload_digest)


_VOTE = ("kind", "height", "round", "seat", "value", "parent", "reason", "ext", "signature")
_CLAIM = ("kind", "sender", "seq", "payload", "signature")
_VOTES = {kind.name.lower(): kind for kind in (Kind.PROPOSE, Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE)}


def _statement_plain(statement: Vote | ItemClaim) -> dict[str, Plain]:
    if isinstance(statement, ItemClaim):
        return {
            "kind": "item",
            "sender": statement.sender,
            "seq": statement.seq,
            "payload": statement.payload_digest,
            "signature": statement.signature.hex(),
        }
    return {
        "kind": statement.kind.name.lower(),
        "height": statement.height,
        "round": statement.round,
        "seat": statement.seat,
        "value": statement.value,
        "parent": statement.parent,
        "reason": statement.reason,
        "ext": statement.ext.hex(),
        "signature": statement.signature.hex(),
    }


def report_from(thing: object) -> Evidence | FalseBlock:
    """Return what a JSON object reports: a pair of statements, or a false block.

    Raises:
        MessageMalformed: the object is exactly neither.
    """
    if not isinstance(thing, dict) or "block" not in thing:
        return evidence_from(thing)
    block, items_, votes_ = fields_of(thing, ("block", "items", "votes"), "a report of a block")
    votes = tuple(_vote_from(vote) for vote in list_of(votes_, 2 * SEATS_MAX))
    seats = [(vote.seat, vote.kind) for vote in votes]
    if not votes or seats != sorted(set(seats)):
        raise MessageMalformed("a report of a block names at least one vote, by seat and kind, each once")
    return FalseBlock(block_from(block), tuple(item_from(item) for item in list_of(items_, ITEMS_MAX)), votes)


def evidence_from(thing: object) -> Evidence:
    """Return the pair that a JSON object describes; `verify_evidence` checks it.

    Raises:
        MessageMalformed: the object is not exactly a piece of evidence.
    """
    seat, first, second = fields_of(thing, ("seat", "first", "second"), "evidence")
    return Evidence(integer_of(seat, 0, SEATS_MAX - 1), _statement_from(first), _statement_from(second))


def _statement_from(thing: object) -> Vote | ItemClaim:
    if isinstance(thing, dict) and thing.get("kind") == "item":
        _, sender, seq, payload, signature = fields_of(thing, _CLAIM, "an item claim")
        return ItemClaim(
            integer_of(sender, 0, SEATS_MAX - 1),
            integer_of(seq, 1, SEQ_MAX),
            digest_of(payload),
            bytes_of(signature, 64, 64),
        )
    return _vote_from(thing)


def _vote_from(thing: object) -> Vote:
    kind_, height, round_, seat, value_, parent, reason, ext, signature = fields_of(thing, _VOTE, "a vote")
    kind = _VOTES.get(kind_) if isinstance(kind_, str) else None
    if kind is None:
        raise MessageMalformed(f"{kind_!r:.40} is no kind of vote")
    return Vote(
        kind,
        integer_of(height, 1, HEIGHT_MAX),
        integer_of(round_, 0, ROUND_MAX),
        integer_of(seat, 0, SEATS_MAX - 1),
        None if value_ is None else digest_of(value_),
        integer_of(parent, -1, ROUND_MAX),
        integer_of(reason, 0, 255),
        bytes_of(ext, 4 * SEATS_MAX),
        bytes_of(signature, 64, 64),
    )

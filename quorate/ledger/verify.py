"""Re-executes a ledger offline, as a stranger would, and names the first wrong byte.

A ledger file is JSON Lines in canonical form (RFC 8785): line 1 the genesis, every further line one entry (block,
its items, its FINALIZE certificate). Nothing in it is believed: every signature, quorum, sequence, inclusion and
result is checked from genesis on. docs/protocol.md, section Ledger file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from quorate.consensus.certificate import verify_certificate
from quorate.consensus.inclusion import disorder
from quorate.consensus.plain import read_entry, read_json
from quorate.consensus.signing import Ed25519Verifier, item_bytes
from quorate.domain.canonical import canonical_part, canonical_value
from quorate.domain.deciding import Certificate, CertificateVote, Entry, Kind
from quorate.domain.errors import LedgerBroken, MessageMalformed, ProtocolViolation
from quorate.domain.values import Digest
from quorate.ledger.application import LedgerApplication
from quorate.ledger.damage import genesis_damage, locate, locate_in_genesis
from quorate.ledger.genesis import Genesis
from quorate.ledger.places import KeyName, Path, differs, unread

LINE_BYTES_MAX = 8_000_000
"""No honest line comes near this; a longer one is refused unread."""

_VERIFIER = Ed25519Verifier()


@dataclass(frozen=True, slots=True)
class Verified:
    """A checked prefix of a ledger: the entry and the state it leads to."""

    entry: Entry
    application: LedgerApplication
    offset: int
    """Byte at which the entry's line starts."""


def genesis_line(genesis: Genesis) -> bytes:
    """Return the first line of a ledger file, without its newline."""
    return canonical_value(genesis)


def read_genesis(line: bytes) -> Genesis:
    """Return the genesis in the first line of a ledger.

    Raises:
        LedgerBroken: the line is no canonical genesis.
    """
    damage = unread(line)
    if damage is not None:
        raise LedgerBroken(f"line 1 is no genesis: {damage.says}", offset=damage.offset, height=0)
    try:
        read_json(line)
        genesis = Genesis.model_validate_json(line, strict=True)
    except MessageMalformed as error:
        raise LedgerBroken(f"line 1 is no genesis: {error}", offset=0, height=0) from error
    except ValidationError as error:
        path, why = _first(error)
        place = locate_in_genesis(line, path)
        raise LedgerBroken(f"line 1 is no genesis: {why}", offset=place, height=0) from error
    if genesis_line(genesis) != line:
        place = differs(genesis_line(genesis), line)
        raise LedgerBroken("line 1 leaves out what a genesis says", offset=place, height=0)
    return genesis


def _first(error: ValidationError) -> tuple[Path, str]:
    """Return where a genesis is wrong, and how; a strange key is named before the field that it stands for."""
    found = error.errors(include_url=False, include_input=False)
    one = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
    path: Path = one["loc"]
    if one["type"] == "extra_forbidden":
        path = (*path[:-1], KeyName(path[-1]))
    elif one["type"] == "missing":
        path = path[:-1]
    name = ascii(".".join(str(step) for step in path))[1:-1][:80]
    return path, f"{name}: {one['msg']}"


def check_entry(application: LedgerApplication, entry: Entry, before: Certificate | None = None) -> LedgerApplication:
    """Return the application after `entry`, if everything in it holds.

    `before`: the certificate of the entry before it, checked; the votes that both hold are not checked again.

    Raises:
        LedgerBroken: the first thing that does not hold, in words.
        CertificateInvalid: a certificate is no quorum of valid votes.
    """
    block, state = entry.block, application.state
    _links(application, entry)
    if entry.certificate.kind is not Kind.FINALIZE:
        raise LedgerBroken("a height is decided by FINALIZE alone", height=state.height)
    if entry.certificate.value != block.digest:
        raise LedgerBroken("the certificate is for another block", height=state.height)
    verify_certificate(entry.certificate, application.committee, application.chain, _VERIFIER)
    if block.previous is not None:
        assert application.previous_committee is not None
        chain, committee = application.chain, application.previous_committee
        verify_certificate(block.previous, committee, chain, _VERIFIER, checked=_shared(block.previous, before))
    _items(application, entry)
    results = application.results(block.at_s, entry.items, block.previous)
    if canonical_part(results) != canonical_part(block.results):  # as bytes: true is not 1
        raise LedgerBroken("re-execution gives other results than the block claims", height=state.height)
    return application.apply(block, entry.items)


def _shared(previous: Certificate, before: Certificate | None) -> frozenset[CertificateVote]:
    """Return the checked parts of the certificate before, if `previous` says the same."""
    if before is None or _said(previous) != _said(before):
        return frozenset()
    return frozenset(before.votes)


def _said(certificate: Certificate) -> tuple[Kind, int, int, Digest | None, int]:
    return certificate.kind, certificate.height, certificate.round, certificate.value, certificate.parent


def _links(application: LedgerApplication, entry: Entry) -> None:
    block, height = entry.block, application.state.height
    if block.chain != application.chain:
        raise LedgerBroken("the block belongs to another chain", height=height)
    if block.height != height:
        raise LedgerBroken(f"height {block.height} stands where {height} belongs", height=height)
    if block.parent != application.parent:
        raise LedgerBroken("the block does not follow its predecessor", height=height)
    if block.at_s < application.head_at_s:
        raise LedgerBroken("the block lies before its predecessor in time", height=height)
    if (block.previous is None) != (height == 1):
        raise LedgerBroken("the predecessor's certificate is missing", height=height)
    previous = block.previous
    if previous is not None and (previous.kind is not Kind.FINALIZE or previous.value != block.parent):
        raise LedgerBroken("the predecessor's certificate is for another block", height=height)


def _items(application: LedgerApplication, entry: Entry) -> None:
    state = application.state
    wrong = disorder(entry.items, state.sequences)
    if wrong is not None:
        raise LedgerBroken(wrong, height=state.height)
    keys = application.committee.keys
    for item in entry.items:
        message = item_bytes(application.chain, item.sender, item.seq, item.payload_digest)
        if not _VERIFIER.valid(keys[item.sender], message, item.signature):
            raise LedgerBroken(f"item {item.seq} of seat {item.sender} is not signed by it", height=state.height)
        refusal = application.judge(item)
        if refusal is not None:
            raise LedgerBroken(f"item {item.seq} of seat {item.sender}: {refusal}", height=state.height)
    # Whether an owed item was left out for a good reason (it is no payload, it does not fit) cannot be seen from a
    # ledger: the item is not in it. Those who certified the block looked, and refuse one that omits without reason.


def verify_lines(lines: Iterable[bytes], genesis: Genesis | None = None) -> Iterator[Verified]:
    """Check a ledger line by line and yield each height as it holds.

    `lines`: the file's lines with their newlines. `genesis`: what the ledger must begin with, if the reader has
    it from elsewhere; otherwise the first line is taken at its word until height 1 confirms it. A ledger that ends
    early, at the end of a line, is a whole ledger of fewer heights.

    Raises:
        LedgerBroken: with `offset` the first wrong byte and `height` where it stands.
    """
    offset, application, first = 0, None, b""
    before: Certificate | None = None
    for line in lines:
        if application is None:
            first = line[:-1]
            application = _founded(line, genesis)
        else:
            body = _whole(line, offset, application.state.height)
            entry, application = _checked(application, body, offset, first, before)
            before = entry.certificate
            yield Verified(entry, application, offset)
        offset += len(line)
    if application is None:
        raise LedgerBroken("the ledger is empty: not even a genesis", offset=0, height=0)


def _whole(line: bytes, offset: int, height: int) -> bytes:
    """Return a line without its newline."""
    if len(line) > LINE_BYTES_MAX:
        raise LedgerBroken(f"a line of {len(line)} bytes; at most {LINE_BYTES_MAX}", offset=offset, height=height)
    if not line.endswith(b"\n"):
        # Either the end is missing, or the line is whole and its newline became something else.
        place = len(line) - (unread(line[:-1]) is None)
        raise LedgerBroken("the last line is torn: no newline", offset=offset + place, height=height)
    return line[:-1]


def _founded(line: bytes, genesis: Genesis | None) -> LedgerApplication:
    body = _whole(line, 0, 0)
    if genesis is not None and body != genesis_line(genesis):
        place = differs(genesis_line(genesis), body)
        raise LedgerBroken("the ledger begins with another genesis", offset=place, height=0)
    return LedgerApplication.of(read_genesis(body))


def _checked(
    application: LedgerApplication, body: bytes, offset: int, first: bytes, before: Certificate | None
) -> tuple[Entry, LedgerApplication]:
    try:
        entry = read_entry(body)
        return entry, check_entry(application, entry, before)
    except (LedgerBroken, ProtocolViolation) as error:
        path = genesis_damage(application, body)
        if path is not None:
            why = "line 1 is not the genesis under which height 1 was signed"
            raise LedgerBroken(why, offset=locate_in_genesis(first, path), height=0) from error
        damage = locate(application, body, str(error))
        raise LedgerBroken(damage.says, offset=offset + damage.offset, height=application.state.height) from error

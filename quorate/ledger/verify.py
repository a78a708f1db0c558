"""Re-executes a ledger offline, as a stranger would, and names the first wrong byte.

A ledger file is JSON Lines in canonical form (RFC 8785): line 1 the genesis, every further line one entry (block,
its items, its FINALIZE certificate). Nothing in it is believed: every signature, quorum, sequence, inclusion and
result is checked from genesis on. docs/protocol.md, section Ledger file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from quorate.consensus.certificate import verify_certificate
from quorate.consensus.inclusion import disorder, omitted, owed
from quorate.consensus.plain import read_entry, read_json
from quorate.consensus.signing import Ed25519Verifier, item_bytes
from quorate.domain.canonical import canonical_value
from quorate.domain.deciding import Entry
from quorate.domain.errors import LedgerBroken, MessageMalformed, ProtocolViolation
from quorate.ledger.application import LedgerApplication
from quorate.ledger.genesis import Genesis

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
    try:
        read_json(line)
        genesis = Genesis.model_validate_json(line, strict=True)
    except (MessageMalformed, ValidationError) as error:
        raise LedgerBroken(f"line 1 is no genesis: {_first(error)}", offset=0, height=0) from error
    if genesis_line(genesis) != line:
        raise LedgerBroken("line 1 is not in canonical form", offset=_differs(genesis_line(genesis), line), height=0)
    return genesis


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        one = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
    return str(error)


def _differs(ours: bytes, theirs: bytes) -> int:
    for place, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a != b:
            return place
    return min(len(ours), len(theirs))


def check_entry(application: LedgerApplication, entry: Entry) -> LedgerApplication:
    """Return the application after `entry`, if everything in it holds.

    Raises:
        LedgerBroken: the first thing that does not hold, in words.
        CertificateInvalid: a certificate is no quorum of valid votes.
    """
    block, state = entry.block, application.state
    _links(application, entry)
    if entry.certificate.value != block.digest:
        raise LedgerBroken("the certificate is for another block", height=state.height)
    verify_certificate(entry.certificate, application.committee, application.chain, _VERIFIER)
    if block.previous is not None:
        assert application.previous_committee is not None
        verify_certificate(block.previous, application.previous_committee, application.chain, _VERIFIER)
    _items(application, entry)
    if application.results(block.at_s, entry.items, block.previous) != block.results:
        raise LedgerBroken("re-execution gives other results than the block claims", height=state.height)
    return application.apply(block, entry.items)


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
    if block.previous is not None and block.previous.value != block.parent:
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
    required = owed(entry.block.previous, application.previous_committee, state.sequences)
    # Whether an item that is left out exists and would have been refused cannot be seen from the ledger alone.
    left_out = omitted(entry.items, state.sequences, required, lambda *_: False)
    if left_out is not None:
        raise LedgerBroken(f"item {left_out[1]} of seat {left_out[0]} was owed and left out", height=state.height)


def verify_lines(lines: Iterable[bytes], genesis: Genesis | None = None) -> Iterator[Verified]:
    """Check a ledger line by line and yield each height as it holds.

    `lines`: the file's lines with their newlines. `genesis`: what the ledger must begin with, if the reader has
    it from elsewhere; otherwise the first line is taken at its word.

    Raises:
        LedgerBroken: with `offset` the first wrong byte and `height` where it stands.
    """
    offset, application = 0, None
    for line in lines:
        if not line.endswith(b"\n"):
            raise LedgerBroken("the last line is torn: no newline", offset=offset + len(line))
        body = line[:-1]
        if application is None:
            found = read_genesis(body)
            if genesis is not None and genesis != found:
                place = _differs(genesis_line(genesis), body)
                raise LedgerBroken("the ledger begins with another genesis", offset=place, height=0)
            application = LedgerApplication.of(found)
        else:
            entry, application = _checked(application, body, offset)
            yield Verified(entry, application, offset)
        offset += len(line)
    if application is None:
        raise LedgerBroken("the ledger is empty: not even a genesis", offset=0, height=0)


def _checked(application: LedgerApplication, body: bytes, offset: int) -> tuple[Entry, LedgerApplication]:
    height = application.state.height
    if len(body) > LINE_BYTES_MAX:
        raise LedgerBroken(f"a line of {len(body)} bytes; at most {LINE_BYTES_MAX}", offset=offset, height=height)
    try:
        entry = read_entry(body)
        return entry, check_entry(application, entry)
    except LedgerBroken as error:
        raise LedgerBroken(str(error), offset=offset + (error.offset or 0), height=height) from error
    except ProtocolViolation as error:
        raise LedgerBroken(str(error), offset=offset, height=height) from error

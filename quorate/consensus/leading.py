"""What to propose when the round is mine: the latest notarized block again, or a fresh one, and why that is justified.

docs/protocol.md P-12 and P-15.
"""

from collections.abc import Sequence

from quorate.consensus.effects import Head
from quorate.consensus.inclusion import owed
from quorate.consensus.judging import FRESH
from quorate.consensus.proposing import Lacking, candidates, first_lacking, make_block
from quorate.consensus.table import Table
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Block, Certificate, CertificateVote, Kind, Vote, unpack_ext
from quorate.domain.errors import MisuseError

JUSTIFICATION_BYTES_MAX = 256_000
"""Certificates that ride with a proposal, the newest first; older ones are asked for by STATUS."""


def find_parent(table: Table) -> int | None:
    """Return the latest notarized round whose block is at hand, -1 for a fresh block, None to wait.

    A notarized round whose block is lost may be passed over only if it is nullified as well.
    """
    for number in range(table.round - 1, -1, -1):
        notarized, nullified = table.notarized(number), table.nullified(number)
        if notarized is None and nullified is None:
            table.needed[number] = None
            return None
        if notarized is None or notarized.value is None:
            continue
        if table.bodies.items(notarized.value) is not None:
            return number
        if nullified is None:
            table.needed[number] = None
            table.bodies.fetch(notarized.value, notarized.votes[0].seat)
            return None
    return FRESH


def block_to_propose(table: Table, parent: int) -> Block | None:
    """Return the block to propose on `parent`, None to wait."""
    if parent == FRESH:
        return _fresh_block(table) if table.due else None
    if parent == table.round - 1 and table.graced != table.round:
        return None  # the FINALIZE votes of that round usually arrive first
    notarized = table.notarized(parent)
    return None if notarized is None or notarized.value is None else table.bodies.block(notarized.value)


def strengthened(head: Head, votes: Sequence[Vote]) -> Head:
    """Return the head with these verified FINALIZE votes in its certificate: the next block shows who was present."""
    old = head.certificate
    seats = {known.seat for known in old.votes}
    fresh = [CertificateVote(v.seat, v.ext, v.reason, v.signature) for v in votes if v.seat not in seats]
    if not fresh:
        return head
    votes_ = tuple(sorted([*old.votes, *fresh]))
    certificate = Certificate(old.kind, old.height, old.round, old.value, old.parent, votes_)
    return Head(certificate, head.committee)


def _put_aside(table: Table) -> list[Vote]:
    """Return the late FINALIZE votes of the height before that its members signed: only a leader needs to know."""
    before, head = table.before, table.head
    if before is None or head is None:
        return []
    round_, value = before.at(head.certificate.round), head.certificate.value
    late = [vote for (kind, _), vote in sorted(round_.late.items()) if kind is Kind.FINALIZE and vote.value == value]
    signed: list[Vote] = []
    for vote in late:
        del round_.late[vote.kind, vote.seat]
        if table.desk.signed_vote(vote, head.committee):
            before.accuse(vote)
            round_.count(vote, head.committee)
            signed.append(vote)
    return signed


def _fresh_block(table: Table) -> Block | None:
    application = table.application
    if table.head is not None:
        table.head = strengthened(table.head, _put_aside(table))
    items = candidates(application, table.pool, table.judge)
    certificate = None if table.head is None else table.head.certificate
    lacking = first_lacking(application, items, certificate, table.head, table.pool, table.judge)
    if isinstance(lacking, Lacking):
        _fetch_owed(table, lacking)
        return None
    if lacking is not None:
        raise MisuseError(f"my own block at height {table.height} would be refused: {lacking}")
    block = make_block(application, items, table.head, table.now_ms // 1_000)
    table.bodies.learn(block)
    table.made[block.digest] = None
    return block


def _fetch_owed(table: Table, lacking: Lacking) -> None:
    """Ask one of those who reported an item that I owe."""
    if table.head is None:
        return
    certificate = table.head.certificate
    limit = owed(certificate, table.head.committee, table.application.sequences)[lacking.seat]
    holders = [vote.seat for vote in certificate.votes if unpack_ext(vote.ext)[lacking.seat] >= lacking.first]
    holder = holders[(table.round + table.desk.me) % len(holders)]
    table.bodies.fetch_run(lacking.seat, lacking.first, limit - lacking.first + 1, holder)


def justification(table: Table, parent: int) -> tuple[Certificate, ...]:
    """Return the notarization of `parent` and the nullifications since, the newest first, as far as they fit."""
    wanted = [table.notarized(parent)] if parent >= 0 else []
    wanted += [table.nullified(number) for number in range(table.round - 1, parent, -1)]
    chosen: list[Certificate] = []
    room = JUSTIFICATION_BYTES_MAX
    for certificate in wanted:
        room -= 0 if certificate is None else len(canonical(certificate.plain()))
        if certificate is not None and room >= 0:
            chosen.append(certificate)
    return tuple(chosen)

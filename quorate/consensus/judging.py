"""Whether to approve a proposal: yes, no with grounds, or not yet, because something is missing (and asked for).

docs/protocol.md P-7 (validity), P-12 (justification), P-17 (parking).
"""

from dataclasses import dataclass

from quorate.consensus.branches import meet
from quorate.consensus.certificate import verify_certificate
from quorate.consensus.effects import Head
from quorate.consensus.inclusion import ITEMS_PER_SENDER_MAX
from quorate.consensus.messages import MISSING_MAX, Proposal
from quorate.consensus.proposing import Lacking, misfit, refusal, same
from quorate.consensus.table import Table
from quorate.domain.deciding import Block, Certificate, Item, Vote
from quorate.domain.errors import CertificateInvalid, LedgerBroken
from quorate.ports import Application

FRESH = -1
"""The parent round of a block that was not proposed before."""


@dataclass(frozen=True, slots=True)
class Approved:
    """Vote for it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Vote against the round; `grounds` is the sentence."""

    grounds: str
    provable: bool = False
    """Whether it follows from the block and the state of its parent alone, so that others can be shown."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Something is missing; ask again when it comes, in this round."""


Verdict = Approved | Refused | Parked


def verdict(table: Table, proposal: Proposal) -> Verdict:
    """Return what to make of a proposal of the current round."""
    value, parent = proposal.block.digest, proposal.vote.parent
    if not justified(table, proposal.vote):
        return Parked()
    if parent == FRESH and value not in table.approved:
        return _fresh(table, proposal)
    if parent != FRESH:
        notarized = table.notarized(parent)
        if notarized is None or notarized.value != value:
            return Refused(f"round {parent} notarized another block")
    return Approved() if _items(table, proposal) is not None else Parked()


def justified(table: Table, vote: Vote) -> bool:
    """Say whether the certificates that a proposal rests on are held; remember those that are not."""
    lacking = [number for number in range(vote.parent + 1, vote.round) if table.nullified(number) is None]
    if vote.parent >= 0 and table.notarized(vote.parent) is None:
        lacking.append(vote.parent)
    table.needed.update(dict.fromkeys(lacking[-MISSING_MAX:]))
    return not lacking


def _items(table: Table, proposal: Proposal) -> tuple[Item, ...] | None:
    items = table.bodies.items(proposal.block.digest)
    if items is None:
        table.bodies.fetch(proposal.block.digest, proposal.vote.seat)
    return items


def _fresh(table: Table, proposal: Proposal) -> Verdict:
    block = proposal.block
    wrong = _wrong_at_first_sight(table, block)
    if wrong is not None:
        return wrong
    items = _items(table, proposal)
    if items is None:
        return Parked()
    found = refusal(table.application, block, items, table.head, table.pool, table.judge)
    if isinstance(found, Lacking):
        table.bodies.fetch_run(found.seat, found.first, 1, proposal.vote.seat)
        return Parked()
    if found is not None:
        return Refused(found, provable=True)
    table.approved[block.digest] = None
    return Approved()


def _wrong_at_first_sight(table: Table, block: Block) -> Refused | None:
    """Return what is wrong with a block without looking at its items."""
    forged = _wrong_previous(table, block)  # first: a certified parent that is not ours convicts its signers
    wrong = misfit(table.application, block, table.head)
    if wrong is not None:
        return Refused(wrong, provable=follows(table.application, block))
    if len(block.items) > ITEMS_PER_SENDER_MAX * len(table.application.sequences):
        return Refused(f"it names {len(block.items)} items")
    latest = max(table.application.head_at_s, table.now_ms // 1_000 + table.desk.settings.drift_max_s)
    if block.at_s > latest and block.digest not in table.made:
        return Refused(f"its time {block.at_s} lies after {latest}, the latest that this clock allows")
    return None if forged is None else Refused(forged, provable=True)


def follows(application: Application, block: Block) -> bool:
    """Say whether a block names this state's own parent: only then does its validity follow from this state."""
    ours = (application.chain, application.height, application.parent)
    return (block.chain, block.height, block.parent) == ours


def meet_branch(table: Table, block: Block) -> None:
    """Look at the parent of a certified block that does not follow here: whoever signed both decided twice."""
    if block.parent != table.application.parent:
        _wrong_previous(table, block)


def _wrong_previous(table: Table, block: Block) -> str | None:
    if table.head is None or block.previous is None or block.previous == table.head.certificate:
        return None
    if block.digest not in table.parents:
        table.parents[block.digest] = _check_previous(table, table.head, block.previous)
    return table.parents[block.digest]


def _check_previous(table: Table, head: Head, previous: Certificate) -> str | None:
    known = table.before.known if table.before is not None else None
    try:
        verify_certificate(previous, head.committee, table.desk.chain, table.desk.verifier, known)
    except CertificateInvalid as wrong:
        return f"the certificate of its parent is invalid: {wrong}"
    meet(table, previous)
    return None


def check_history(table: Table, block: Block, items: tuple[Item, ...]) -> None:
    """Refuse to go on from a decision that this state cannot reproduce.

    Raises:
        LedgerBroken: a quorum certified what does not follow here; the node must stop.
    """
    meet_branch(table, block)
    wrong = misfit(table.application, block, table.head)
    if wrong is None and not same(table.application.results(block.at_s, items, block.previous), block.results):
        wrong = "its results do not follow"
    if wrong is not None:
        raise LedgerBroken(f"height {table.height} is certified, but {wrong}", height=table.height)

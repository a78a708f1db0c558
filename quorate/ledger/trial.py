"""Tries what was reported of blocks: does a signed one contradict the state that it was made on? docs/protocol.md P-23.

A report is tried at the height after the one that includes it, so that the same past lies before everybody, and what
any block claims never rests on the reports inside it. A report that cannot be decided harms nobody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from quorate.consensus.certificate import verify_certificate
from quorate.consensus.evidence import FalseBlock, verify_votes
from quorate.consensus.inclusion import disorder, fits, omitted, owed, payload_bytes_max
from quorate.consensus.signing import Ed25519Verifier, item_bytes
from quorate.domain.canonical import Plain, canonical
from quorate.domain.deciding import Block, Committee, Item, Kind
from quorate.domain.errors import CertificateInvalid, MessageMalformed, ProtocolViolation
from quorate.domain.values import Digest
from quorate.ledger import acts as a
from quorate.ledger.state import LedgerState, Past, Reported, Verdict

RIPE_HEIGHTS = 3
"""An omission is judged so many heights after it, and after its report was included, or later.

Until then whoever left the item out can show that its sender had signed another payload under that number: it sees the
payload that it lacked in the report, and not before.
"""

Results = Callable[[Past, int, Sequence[Item], Sequence[int], Sequence[int]], Plain]
"""Executes items at a time on the state of a past height, given signers and what is owed, and returns what follows."""

_Finding = tuple[Literal["upheld", "false", "void", "later"], str]
_JUDGED_BEFORE: _Finding = ("void", "judged before")
_VERIFIER = Ed25519Verifier()


@dataclass(frozen=True, slots=True)
class _Omission:
    """An owed item that a block leaves out."""

    seat: int
    seq: int


def tried(state: LedgerState, results: Results) -> tuple[Verdict, ...]:
    """Return the verdicts on everything that waits to be tried before `state.height` is executed."""
    guilty = set(state.tried)
    verdicts = []
    for report in state.reported:
        charged = {(vote.seat, report.charge.block.height) for vote in report.charge.votes}
        outcome, why = _JUDGED_BEFORE if charged <= guilty else _try(state, report, results)
        if outcome == "upheld":
            guilty |= charged
        verdicts.append(Verdict(report, outcome, why))
    return tuple(verdicts)


def contradicted(state: LedgerState, charge: FalseBlock, results: Results) -> bool:
    """Say whether a report of this block would be upheld at once; an omission never is, for an answer may come."""
    outcome, _ = _try(state, Reported(0, charge, Digest(""), state.height), results)
    return outcome == "upheld"


def _try(state: LedgerState, report: Reported, results: Results) -> _Finding:
    charge, block = report.charge, report.charge.block
    pasts = {past.state.height: past for past in state.past}
    past, earlier = pasts.get(block.height), pasts.get(block.height - 1)
    if past is None or (earlier is None and block.height > 1):
        return "void", f"height {block.height} is not among the last decided"
    if (block.chain, block.parent) != (state.chain, past.state.parent):
        return "void", "the block stands on another past"
    committee = past.state.committee()
    try:
        verify_votes(charge, committee, state.chain, _VERIFIER)
    except ProtocolViolation as error:
        return "false", str(error)
    before = None if earlier is None else earlier.state.committee()
    known = [item for height, one in pasts.items() if height >= block.height for item in one.items]
    case = _Case(state, past, before, block, (*charge.items, *known))
    case.ripe = max(block.height, report.since) + RIPE_HEIGHTS
    return case.finding(results)


class _Case:
    """One block against the state that it names as its parent's."""

    def __init__(
        self, state: LedgerState, past: Past, before: Committee | None, block: Block, known: Sequence[Item]
    ) -> None:
        self.state = state
        self.past = past
        self.before = before
        self.block = block
        self.committee = past.state.committee()
        self.seats = len(past.state.sequences)
        self.known = known
        self.ripe = block.height + RIPE_HEIGHTS
        """From this height on an omission counts."""
        self.open = ""
        """Why a block that nothing is found against may have been refused in good faith, empty if it may not."""

    def finding(self, results: Results) -> _Finding:
        """Return what becomes of a report of this block."""
        wrong = self._wrong_head()
        if wrong is not None:
            return "upheld", wrong
        items = self._items()
        if items is None:
            return "void", "an item of the block is not known"
        found = self._wrong_items(items)
        if isinstance(found, str):
            return "upheld", found
        if isinstance(found, _Omission):
            return self._omitted(found)
        wrong = self._wrong_results(items, results)
        if wrong is not None:
            return "upheld", wrong
        return ("void", self.open) if self.open else ("false", "the block is valid")

    def _wrong_head(self) -> str | None:
        """Return what is wrong with time and parent's certificate (P-7, 1 and 2)."""
        block = self.block
        if block.at_s < self.past.state.head_at_s:
            return f"its time {block.at_s} lies before its parent's"
        if self.before is None or block.previous is None:
            fits_start = self.before is None and block.previous is None
            return None if fits_start else "it does not carry its parent's certificate"
        if block.previous.kind is not Kind.FINALIZE or block.previous.value != block.parent:
            return "it carries a certificate of something else than its parent"
        try:
            verify_certificate(block.previous, self.before, self.state.chain, _VERIFIER)
        except CertificateInvalid as error:
            return f"the certificate of its parent is invalid: {error}"
        return None

    def _signed(self, item: Item) -> bool:
        if item.sender >= self.seats:
            return False
        message = item_bytes(self.state.chain, item.sender, item.seq, item.payload_digest)
        return _VERIFIER.valid(self.committee.keys[item.sender], message, item.signature)

    def _items(self) -> tuple[Item, ...] | None:
        """Return the block's items, None if one is not known; unsigned ones are no items."""
        bodies: dict[Digest, Item] = {item.digest: item for item in self.known}
        found = [bodies[name] for name in self.block.items if name in bodies]
        whole = len(found) == len(self.block.items) and all(map(self._signed, found))
        return tuple(found) if whole else None

    def _refuses(self, item: Item) -> bool:
        if len(item.payload) > payload_bytes_max(self.seats):
            return True
        try:
            a.decode_acts(item.payload)
        except MessageMalformed:
            return True
        return False

    def _wrong_items(self, items: Sequence[Item]) -> str | _Omission | None:
        """Return what is wrong with the choice of items (P-7, 3)."""
        sequences = self.past.state.sequences
        wrong = disorder(items, sequences)
        if wrong is not None:
            return wrong
        refused = next((item for item in items if self._refuses(item)), None)
        if refused is not None:
            whose = self.state.members[refused.sender].cluster.id
            return f"it holds item {refused.seq} of {whose}, which is no list of acts"
        due = owed(self.block.previous, self.before, sequences)
        left_out = omitted(items, sequences, due, self._excused)
        return None if left_out is None else _Omission(*left_out)

    def _excused(self, seat: int, seq: int, spent: int) -> bool:
        """Say whether an owed item may be left out; one that is not known proves nothing."""
        variants = [item for item in self.known if (item.sender, item.seq) == (seat, seq) and self._signed(item)]
        if not variants:
            self.open = f"item {seq} of seat {seat}, which is owed, is not known"
            return True
        excused = any(self._refuses(item) or not fits(0, spent, item, self.seats) for item in variants)
        if excused:  # who reports it may hold another payload: its sender told two stories
            self.open = f"item {seq} of seat {seat} may be left out"
        return excused

    def _omitted(self, omission: _Omission) -> _Finding:
        whose = self.state.members[omission.seat].cluster.id
        if self.state.members[omission.seat].standing.jailed:
            return "void", f"{whose} may have sent two items {omission.seq}"
        if self.state.height < self.ripe:
            return "later", "an answer may come"
        return "upheld", f"it leaves out item {omission.seq} of {whose}, which more than a third of the power held"

    def _wrong_results(self, items: Sequence[Item], results: Results) -> str | None:
        previous = self.block.previous
        signers = () if previous is None else tuple(vote.seat for vote in previous.votes)
        due = owed(previous, self.before, self.past.state.sequences)
        mine, theirs = results(self.past, self.block.at_s, items, signers, due), self.block.results
        if canonical(mine) == canonical(theirs):
            return None
        return f"it claims {_difference(mine, theirs)} that do not follow"


def _difference(mine: Plain, theirs: Plain) -> str:
    """Name the results that differ, so that people see what was lied about."""
    if not isinstance(mine, dict) or not isinstance(theirs, dict) or set(mine) != set(theirs):
        return "results"
    return ", ".join(name for name in mine if canonical(mine[name]) != canonical(theirs[name]))

"""Makes a block, and says why a block must be refused: two readings of one rule, pure functions of state and pool.

docs/protocol.md P-7, P-13 and P-15. The only thing in it that two honest members may see differently is how far a
proposal's time runs ahead of their clocks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quorate.consensus.effects import Head
from quorate.consensus.inclusion import Holder, cost, disorder, fits, omitted, owed, payload_bytes_max
from quorate.consensus.pool import Pool
from quorate.domain.canonical import Plain, canonical
from quorate.domain.deciding import Block, Certificate, Item, Kind
from quorate.domain.errors import MisuseError
from quorate.domain.values import Digest
from quorate.ports import Application

RESULTS_BYTES_MAX = 65_536
"""What the application may add to a block, as canonical JSON."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """The question cannot be answered without items of `seat` from number `first` on."""

    seat: int
    first: int


class Judge:
    """The application's verdict on each item of one height, asked once per item."""

    def __init__(self, application: Application) -> None:
        """Judge against this state."""
        self._application = application
        self._limit = payload_bytes_max(len(application.sequences))
        self._verdicts: dict[Digest, str | None] = {}

    def __call__(self, item: Item) -> str | None:
        """Return why `item` may not enter a block, None if it may."""
        if item.digest not in self._verdicts:
            self._verdicts[item.digest] = self._verdict(item)
        return self._verdicts[item.digest]

    def _verdict(self, item: Item) -> str | None:
        if len(item.payload) > self._limit:
            return f"its payload is larger than {self._limit} bytes"
        return self._application.judge(item)


def candidates(application: Application, pool: Pool, judge: Judge) -> list[Item]:
    """Return the items that a block made now would hold: per seat, numbers without a gap, until one is refused."""
    chosen: list[Item] = []
    sequences = application.sequences
    held = pool.held()
    for seat, base in enumerate(sequences):
        if held[seat] > base:
            chosen.extend(_run(seat, base, held[seat], pool, judge, len(sequences)))
    return chosen


def _run(seat: int, base: int, last: int, pool: Pool, judge: Judge, seats: int) -> list[Item]:
    run: list[Item] = []
    spent = 0
    for seq in range(base + 1, last + 1):
        item = next((item for item in pool.variants(seat, seq) if judge(item) is None), None)
        if item is None or not fits(len(run), spent, item, seats):
            break
        run.append(item)
        spent += cost(item)
    return run


def make_block(application: Application, items: Sequence[Item], head: Head | None, now_s: int) -> Block:
    """Return the block that proposes `items` on top of `head`.

    Raises:
        MisuseError: the application's results are too large to travel.
    """
    at_s = max(application.head_at_s, now_s)
    previous = None if head is None else head.certificate
    results = application.results(at_s, items, previous)
    size = len(canonical(results))
    if size > RESULTS_BYTES_MAX:
        raise MisuseError(f"the application's results take {size} bytes; at most {RESULTS_BYTES_MAX}")
    return Block(
        application.chain,
        application.height,
        application.parent,
        at_s,
        tuple(item.digest for item in items),
        previous,
        results,
    )


def left_out(
    application: Application,
    items: Sequence[Item],
    certificate: Certificate | None,
    head: Head | None,
    pool: Holder,
    judge: Callable[[Item], str | None],
) -> tuple[int, int] | Lacking | None:
    """Return the first (seat, number) that is owed and left out, or what must be fetched to know, or None."""
    committee = None if head is None else head.committee
    due = owed(certificate, committee, application.sequences)
    seats = len(application.sequences)
    unknown: list[Lacking] = []

    def excused(seat: int, seq: int, spent: int) -> bool:
        variants = pool.variants(seat, seq)
        if not variants:
            unknown.append(Lacking(seat, seq))
            return True
        return any(judge(item) is not None or not fits(0, spent, item, seats) for item in variants)

    found = omitted(items, application.sequences, due, excused)
    return found if found is not None else unknown[0] if unknown else None


def first_lacking(
    application: Application,
    items: Sequence[Item],
    certificate: Certificate | None,
    head: Head | None,
    pool: Holder,
    judge: Callable[[Item], str | None],
) -> Lacking | str | None:
    """Return what of the owed items is left out: a refusal, or what must be fetched to know, or None."""
    found = left_out(application, items, certificate, head, pool, judge)
    if found is None or isinstance(found, Lacking):
        return found
    return f"it leaves out item {found[1]} of seat {found[0]}, which more than a third of the power holds"


def misfit(application: Application, block: Block, head: Head | None) -> str | None:
    """Return why `block` does not follow the last decided block, None if it does; its items play no part."""
    if block.chain != application.chain or block.height != application.height:
        return "it is made for another chain or height"
    if block.parent != application.parent:
        return "its parent is not the block decided last"
    if block.at_s < application.head_at_s:
        return f"its time {block.at_s} lies before its parent's {application.head_at_s}"
    previous = block.previous
    if head is None:
        return None if previous is None else "the first block carries a certificate"
    if previous is None or previous.kind is not Kind.FINALIZE or previous.value != block.parent:
        return "it lacks the FINALIZE certificate of its parent"
    return None


def refusal(
    application: Application, block: Block, items: Sequence[Item], head: Head | None, pool: Pool, judge: Judge
) -> Lacking | str | None:
    """Return why `block` is no valid next block, or what must be fetched to know, or None if it is valid.

    The caller has verified the signatures of the items and of `block.previous`.
    """
    wrong = misfit(application, block, head) or disorder(items, application.sequences)
    if wrong is not None:
        return wrong
    for item in items:
        grounds = judge(item)
        if grounds is not None:
            return f"item {item.seq} of seat {item.sender} is refused: {grounds}"
    left_out = first_lacking(application, items, block.previous, head, pool, judge)
    if left_out is not None:
        return left_out
    results = application.results(block.at_s, items, block.previous)
    return None if same(results, block.results) else "its results do not follow"


def same(mine: Plain, theirs: Plain) -> bool:
    """Say whether two results are one, as canonical bytes."""
    return canonical(mine) == canonical(theirs)

"""What a block must contain: items that more than a third of the power says it holds cannot be left out.

Each FINALIZE signs, per seat, the highest consecutive item number its signer holds (`ext`). The next block owes every
item up to the number that signers with more than a third of the power report, within caps. docs/protocol.md P-14, P-15.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from quorate.domain.deciding import PAYLOAD_BYTES_MAX, Certificate, Committee, Item, unpack_ext


class Holder(Protocol):
    """What holds items: a pool."""

    def held(self) -> tuple[int, ...]:
        """Return, per seat, the highest consecutive number held."""
        ...

    def variants(self, seat: int, seq: int) -> Sequence[Item]:
        """Return what is held under a number."""
        ...


ITEMS_PER_SENDER_MAX = 64
"""At most so many items of one sender in a block."""
BLOCK_ITEM_BYTES = 600_000
"""All items of a block together cost at most this, so that an entry fits in one message."""
ITEM_COST = 256
"""What an item costs beside its payload: digest in the block, signature and numbers in the entry."""


def share_bytes(seats: int) -> int:
    """Return what one sender's items may cost in one block of a committee of `seats`."""
    return BLOCK_ITEM_BYTES // seats


def payload_bytes_max(seats: int) -> int:
    """Return the largest payload that an item may carry in a committee of `seats`."""
    return min(PAYLOAD_BYTES_MAX, share_bytes(seats) - ITEM_COST)


def cost(item: Item) -> int:
    """Return what `item` costs of its sender's share."""
    return len(item.payload) + ITEM_COST


def owed(certificate: Certificate | None, committee: Committee | None, sequences: Sequence[int]) -> tuple[int, ...]:
    """Return, per seat, up to which number the block after `certificate` owes items.

    Args:
        certificate: FINALIZE certificate of the parent block, checked; None before height 1.
        committee: the committee that made it.
        sequences: per seat, the highest number included so far; nothing below is owed.
    """
    if certificate is None or committee is None or not certificate.votes:
        return tuple(sequences)
    powers: dict[bytes, int] = {}
    for vote in certificate.votes:
        powers[vote.ext] = powers.get(vote.ext, 0) + committee.powers[vote.seat]
    reported = _reports(powers, committee.total)
    return tuple(map(max, sequences, reported + [0] * (len(sequences) - len(reported))))


def _reports(powers: dict[bytes, int], total: int) -> list[int]:
    """Return, per seat, the highest number that more than a third of the power reports, 0 if none."""
    weights = tuple(powers.values())
    rows = list(map(unpack_ext, powers))
    if len(rows) == 1 and 3 * weights[0] > total:  # all say the same
        return list(rows[0])
    return [_reported(held, weights, total) for held in zip(*rows, strict=True)]


def _reported(held: tuple[int, ...], weights: tuple[int, ...], total: int) -> int:
    """Return the highest number that more than a third of the power reports, 0 if none."""
    if min(held) == max(held):
        return held[0] if 3 * sum(weights) > total else 0
    power = 0
    for number, weight in sorted(zip(held, weights, strict=True), reverse=True):
        power += weight
        if 3 * power > total:  # strictly: liars with exactly a third must not owe us items that nobody has
            return number
    return 0


def reportable(pool: Holder, ends: Sequence[int]) -> tuple[tuple[int, ...], list[Item]]:
    """Return what to report as held behind a block that ends at `ends`, and the items which that promises to keep.

    No more than the block after it could include: what is reported must be made durable first, so it has a bound.
    """
    seats = len(ends)
    kept: list[Item] = []
    reported: list[int] = []
    for seat, (end, held) in enumerate(zip(ends, pool.held(), strict=True)):
        top, spent = end, 0
        for seq in range(end + 1, min(held, end + ITEMS_PER_SENDER_MAX) + 1):
            variants = pool.variants(seat, seq)
            spent += sum(map(cost, variants))
            if seq > end + 1 and spent > share_bytes(seats):
                break
            top = seq
            kept.extend(variants)
        reported.append(top)
    return tuple(reported), kept


def fits(count: int, spent: int, item: Item, seats: int) -> bool:
    """Say whether `item` still fits, when `count` items of its sender already cost `spent`."""
    return count < ITEMS_PER_SENDER_MAX and spent + cost(item) <= share_bytes(seats)


def disorder(items: Sequence[Item], sequences: Sequence[int]) -> str | None:
    """Return why these items may not stand in a block in this order, None if they may.

    Items stand by seat, then by number; each sender's numbers continue without a gap; no sender exceeds its caps.
    """
    seats = len(sequences)
    share, longest = share_bytes(seats), payload_bytes_max(seats)
    place, seq, spent = -1, 0, 0
    for item in items:
        if item.sender >= seats or item.sender < place:
            return f"item {item.seq} of seat {item.sender} stands out of order"
        if item.sender > place:
            place, seq, spent = item.sender, sequences[item.sender], 0
        seq, spent = seq + 1, spent + cost(item)
        if item.seq != seq:
            return f"seat {place} is at item {seq}, the block has {item.seq}"
        if seq - sequences[place] > ITEMS_PER_SENDER_MAX or spent > share:
            return f"more items of seat {place} than one block may hold"
        if len(item.payload) > longest:
            return f"item {seq} of seat {place} is larger than {longest} bytes"
    return None


def omitted(
    items: Sequence[Item], sequences: Sequence[int], owed_: Sequence[int], excused: Callable[[int, int, int], bool]
) -> tuple[int, int] | None:
    """Return the first (seat, number) that a block owes and leaves out, None if it owes nothing more.

    `excused(seat, number, spent)` says that this item exists, and that the application refuses it or that it does not
    fit behind items that cost `spent`.
    """
    seats = len(sequences)
    counts, spent = [0] * seats, [0] * seats
    for item in items:
        counts[item.sender] += 1
        spent[item.sender] += cost(item)
    for seat in range(seats):
        following = sequences[seat] + counts[seat] + 1
        if following > owed_[seat] or counts[seat] >= ITEMS_PER_SENDER_MAX:
            continue
        if not excused(seat, following, spent[seat]):
            return seat, following
    return None

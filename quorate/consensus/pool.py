"""The items a replica holds and no block has included yet: bounded per sender, whoever sends.

Kept are numbers within a window above the last included one, at most two payloads per number (the second is evidence),
plus bodies that a stored proposal names. docs/protocol.md P-13.
"""

from collections.abc import Iterator, Sequence
from enum import Enum

from quorate.consensus.effects import ReplicaSettings
from quorate.consensus.inclusion import BLOCK_ITEM_BYTES
from quorate.domain.deciding import Item
from quorate.domain.values import Digest

VARIANTS_MAX = 2
NAMED_BYTES_MAX = 2 * BLOCK_ITEM_BYTES
"""Bodies kept only because a proposal of this round names them: two proposals' worth."""


class Added(Enum):
    """What became of an item."""

    NEW = "new"
    KNOWN = "known"
    REFUSED = "refused"


class _Shelf:
    """One sender's items."""

    __slots__ = ("base", "bytes", "held", "items")

    def __init__(self, base: int) -> None:
        self.base = base
        self.held = base
        self.bytes = 0
        self.items: dict[int, list[Item]] = {}

    def settle(self) -> None:
        while self.held + 1 in self.items:
            self.held += 1


class Pool:
    """Items by sender and number, and by digest."""

    def __init__(self, sequences: Sequence[int], settings: ReplicaSettings) -> None:
        """Start empty above the numbers included so far."""
        self._settings = settings
        self._shelves = [_Shelf(base) for base in sequences]
        self._by_digest: dict[Digest, Item] = {}
        self._named: dict[Digest, None] = {}
        self._named_bytes = 0
        self._durable: dict[Digest, Item] = {}

    def __len__(self) -> int:
        """Return how many bodies are held."""
        return len(self._by_digest)

    def want(self, digests: Sequence[Digest]) -> None:
        """Accept these bodies even beyond the ordinary bounds, until `unwant`; a proposal names them."""
        self._named.update(dict.fromkeys(digests))

    def unwant(self) -> None:
        """Forget what was wanted, and bodies kept for that reason only."""
        if not self._named:
            return
        kept = {item.digest for item in self.items()}
        self._by_digest = {digest: item for digest, item in self._by_digest.items() if digest in kept}
        self._named, self._named_bytes = {}, 0

    def wants(self, item: Item) -> bool:
        """Say whether this item would be kept, so that only such signatures are checked."""
        if item.digest in self._by_digest:
            return False
        if item.digest in self._named and self._named_bytes + len(item.payload) <= NAMED_BYTES_MAX:
            return True
        if item.sender >= len(self._shelves):
            return False
        shelf = self._shelves[item.sender]
        return self._counts(shelf, item) and self._room(shelf, item) >= 0

    def _counts(self, shelf: _Shelf, item: Item) -> bool:
        """Say whether the number lies in the sender's window, and whether this payload under it tells anything new."""
        if not shelf.base < item.seq <= shelf.base + self._settings.pool_items_max:
            return False
        variants = shelf.items.get(item.seq)
        return not variants or (
            len(variants) < VARIANTS_MAX and all(item.payload != other.payload for other in variants)
        )

    def has_room(self, seat: int, size: int) -> bool:
        """Say whether the next item of `seat`, with `size` bytes of payload, would be kept."""
        shelf = self._shelves[seat]
        within = shelf.held < shelf.base + self._settings.pool_items_max
        return within and shelf.bytes + size <= self._settings.pool_bytes_max

    def _room(self, shelf: _Shelf, item: Item) -> int:
        """Return the bytes left after `item`, counting what lies above it as free: the lowest numbers matter."""
        used = shelf.bytes
        if used + len(item.payload) > self._settings.pool_bytes_max:
            used = sum(len(i.payload) for seq, kept in shelf.items.items() if seq <= item.seq for i in kept)
        return self._settings.pool_bytes_max - used - len(item.payload)

    def add(self, item: Item) -> Added:
        """Keep a verified item."""
        if item.digest in self._by_digest:
            return Added.KNOWN
        if not self.wants(item):
            return Added.REFUSED
        self.keep(item)
        return Added.NEW

    def keep(self, item: Item) -> None:
        """Keep a verified item that the pool wants, as `wants` just said."""
        self._by_digest[item.digest] = item
        if item.digest in self._named:
            self._named_bytes += len(item.payload)
        if item.sender >= len(self._shelves):
            return
        shelf = self._shelves[item.sender]
        if self._counts(shelf, item):
            shelf.items.setdefault(item.seq, []).append(item)
            shelf.bytes += len(item.payload)
            self._trim(shelf)
            shelf.settle()

    def _trim(self, shelf: _Shelf) -> None:
        while shelf.bytes > self._settings.pool_bytes_max and len(shelf.items) > 1:
            top = max(shelf.items)
            if any(item.digest in self._durable for item in shelf.items[top]):
                return  # reported to others as held: it must stay
            for item in shelf.items.pop(top):
                shelf.bytes -= len(item.payload)
                if item.digest not in self._named:
                    self._by_digest.pop(item.digest, None)
            shelf.held = min(shelf.held, top - 1)

    def newly_durable(self, items: Sequence[Item]) -> list[Item]:
        """Return those of these held items that are not durable yet, and count them as durable from now on."""
        fresh = [item for item in items if item.digest not in self._durable]
        self._durable.update((item.digest, item) for item in fresh)
        return fresh

    def durable(self) -> list[Item]:
        """Return the durable items that no block has included yet, in the order in which they became durable."""
        return list(self._durable.values())

    def get(self, digest: Digest) -> Item | None:
        """Return the item of this digest, None if it is not held."""
        return self._by_digest.get(digest)

    def variants(self, seat: int, seq: int) -> Sequence[Item]:
        """Return what is held under this number."""
        return self._shelves[seat].items.get(seq, ())

    def held(self) -> tuple[int, ...]:
        """Return, per seat, the highest consecutive number held or included."""
        return tuple(shelf.held for shelf in self._shelves)

    def run(self, seat: int, first: int, count: int) -> Iterator[Item]:
        """Return held items of `seat` from number `first` on, all variants, at most `count`."""
        shelf = self._shelves[seat]
        for seq in range(max(first, shelf.base + 1), first + count):
            yield from shelf.items.get(seq, ())

    def items(self) -> list[Item]:
        """Return every item above the included ones, by seat and number."""
        return [item for shelf in self._shelves for seq in sorted(shelf.items) for item in shelf.items[seq]]

    def advance(self, sequences: Sequence[int]) -> None:
        """Forget what a block included, and what a proposal of the last height named."""
        for seat, base in enumerate(sequences):
            if seat >= len(self._shelves):
                self._shelves.append(_Shelf(base))
                continue
            shelf = self._shelves[seat]
            for seq in range(shelf.base + 1, base + 1):
                for item in shelf.items.pop(seq, ()):
                    shelf.bytes -= len(item.payload)
                    self._by_digest.pop(item.digest, None)
            shelf.base, shelf.held = base, max(base, shelf.held)
            shelf.settle()
        self._durable = {d: item for d, item in self._durable.items() if item.seq > sequences[item.sender]}
        self.unwant()

    def forget(self, seat: int) -> None:
        """Drop a seat's items: its key changed, and nobody can sign them again for it."""
        shelf = self._shelves[seat]
        for kept in shelf.items.values():
            for item in kept:
                self._by_digest.pop(item.digest, None)
                self._durable.pop(item.digest, None)
        shelf.items, shelf.bytes, shelf.held = {}, 0, shelf.base

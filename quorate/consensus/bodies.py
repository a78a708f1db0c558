"""The blocks of one height that this replica knows, whether their items are here, and what it has asked for.

docs/protocol.md P-17 (parking) and P-18 (fetching).
"""

from collections.abc import Sequence

from quorate.consensus.desk import Desk
from quorate.consensus.effects import Send
from quorate.consensus.messages import WANTED_MAX, GetBlock, GetItems, GetRange, encode_get
from quorate.consensus.plain import saved_block
from quorate.consensus.pool import Pool
from quorate.consensus.wal import RecordKind
from quorate.domain.deciding import Block, Item
from quorate.domain.values import Digest

Wanted = GetBlock | GetItems | GetRange


class Bodies:
    """Blocks and items of one height."""

    def __init__(self, desk: Desk, pool: Pool, height: int, seats: int) -> None:
        """Know no block yet."""
        self._desk = desk
        self._pool = pool
        self._height = height
        self._seats = seats
        self._blocks: dict[Digest, Block] = {}
        self._whole: dict[Digest, tuple[Item, ...]] = {}
        self._persisted: dict[Digest, None] = {}
        self._asked: dict[Wanted, int] = {}

    @property
    def waiting(self) -> bool:
        """Say whether something asked for has not come yet."""
        return bool(self._asked)

    def learn(self, block: Block) -> None:
        """Keep a block."""
        self._blocks.setdefault(block.digest, block)
        self._asked.pop(GetBlock(self._height, block.digest), None)

    def restore(self, block: Block, items: tuple[Item, ...]) -> None:
        """Keep a block and its items that the write-ahead log holds already."""
        self._blocks[block.digest] = block
        self._whole[block.digest] = items
        self._persisted[block.digest] = None

    def block(self, value: Digest) -> Block | None:
        """Return the block of this digest, None if it is not known."""
        return self._blocks.get(value)

    def asked_block(self, value: Digest) -> bool:
        """Say whether this block was asked for."""
        return GetBlock(self._height, value) in self._asked

    def items(self, value: Digest) -> tuple[Item, ...] | None:
        """Return the items of a block if the block and all of them are here."""
        whole = self._whole.get(value)
        block = self._blocks.get(value)
        if whole is not None or block is None:
            return whole
        found = [item for item in map(self._pool.get, block.items) if item is not None]
        if len(found) < len(block.items):
            return None
        whole = self._whole[value] = tuple(found)
        return whole

    def item(self, digest: Digest) -> Item | None:
        """Return an item of a whole block that the pool no longer holds."""
        for items in self._whole.values():
            for item in items:
                if item.digest == digest:
                    return item
        return None

    def fetch(self, value: Digest, holder: int) -> None:
        """Ask `holder` for whatever lacks of a block, unless asked before."""
        block = self._blocks.get(value)
        if block is None:
            self._ask(GetBlock(self._height, value), holder)
            return
        lacking = [digest for digest in block.items if self._pool.get(digest) is None]
        self._pool.want(lacking)
        for at in range(0, len(lacking), WANTED_MAX):
            self._ask(GetItems(self._height, tuple(lacking[at : at + WANTED_MAX])), holder)

    def fetch_run(self, seat: int, first: int, count: int, holder: int) -> None:
        """Ask `holder` for items of a seat by number, unless asked before."""
        self._ask(GetRange(self._height, seat, first, min(count, WANTED_MAX)), holder)

    def _ask(self, wanted: Wanted, holder: int) -> None:
        if wanted not in self._asked:
            self._asked[wanted] = holder
            self._send(wanted, holder)

    def _send(self, wanted: Wanted, to: int) -> None:
        if to == self._desk.me:
            to = (to + 1) % self._seats
        if to != self._desk.me:
            self._desk.out.append(Send(to, encode_get(self._desk.chain, wanted)))

    def settle(self) -> None:
        """Forget requests that were answered."""
        self._asked = {wanted: holder for wanted, holder in self._asked.items() if not self._here(wanted)}

    def _here(self, wanted: Wanted) -> bool:
        if isinstance(wanted, GetBlock):
            return wanted.block in self._blocks
        if isinstance(wanted, GetItems):
            return all(self._pool.get(digest) is not None for digest in wanted.items)
        return bool(self._pool.variants(wanted.seat, wanted.first))

    def ask_again(self) -> None:
        """Ask the next two members for everything that has not come."""
        self.settle()
        for wanted, holder in list(self._asked.items()):
            for ahead in (1, 2):
                self._send(wanted, (holder + ahead) % self._seats)
            self._asked[wanted] = (holder + 2) % self._seats

    def forget_requests(self) -> None:
        """Ask no more for what only a past round needed."""
        self._asked = {}
        self._pool.unwant()

    def persist(self, value: Digest) -> None:
        """Make a whole block durable, before the first vote for it leaves."""
        if value in self._persisted:
            return
        self._persisted[value] = None
        block, items = self._blocks[value], self._whole[value]
        self._desk.persist(RecordKind.BLOCK, saved_block(block, items))

    def drop(self, kept: Sequence[Digest]) -> None:
        """Forget the blocks that no certificate and no live proposal names."""
        names = set(kept) | set(self._persisted)
        self._blocks = {value: block for value, block in self._blocks.items() if value in names}
        self._whole = {value: items for value, items in self._whole.items() if value in names}

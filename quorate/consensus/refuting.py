"""What a replica keeps of blocks that it found false, and what it has to show of them once their height is decided.

The height goes on without them; whoever voted for them pays on the ledger. docs/protocol.md P-23.
"""

from quorate.consensus.evidence import FalseBlock, vouches
from quorate.consensus.proposing import left_out
from quorate.consensus.table import Table
from quorate.domain.deciding import Block, Entry, Item, Vote

REFUTED_MAX = 8
"""False blocks kept per height; each took its leader a round."""


def note(table: Table, block: Block) -> None:
    """Keep a block that was refused for what anybody can repeat, with the items that show it."""
    if len(table.refuted) < REFUTED_MAX:
        items = table.bodies.items(block.digest) or ()
        table.refuted.setdefault(block.digest, (block, (*items, *_missed(table, block, items))))


def _missed(table: Table, block: Block, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return what is held under the number of an owed item that the block leaves out."""
    found = left_out(table.application, items, block.previous, table.head, table.pool, table.judge)
    return tuple(table.pool.variants(*found)) if isinstance(found, tuple) else ()


def charges(table: Table, entry: Entry) -> list[FalseBlock]:
    """Return what to show of this height's false blocks; items that the ledger has by now need not travel again."""
    if not table.refuted:
        return []
    known = {item.digest for item in entry.items}
    found = []
    for block, items in table.refuted.values():
        votes = _votes(table, block)
        if votes:
            found.append(FalseBlock(block, tuple(item for item in items if item.digest not in known), votes))
    return found


def _votes(table: Table, block: Block) -> tuple[Vote, ...]:
    """Return the first vote of each kind by each seat that vouches for a block."""
    said: dict[tuple[int, int], Vote] = {}
    for number in sorted(table.rounds):
        for vote in table.rounds[number].votes.values():
            if vouches(vote, block):
                said.setdefault((vote.seat, vote.kind), vote)
    return tuple(said[key] for key in sorted(said))

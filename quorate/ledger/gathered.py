"""What the items of a pool say, as far as it decides whether a block is due: brought up to date item by item.

A pool is looked at again whenever a message comes, and most of what it holds was there before.
"""

from collections.abc import Iterable, Sequence

from quorate.domain.deciding import Item
from quorate.domain.values import Digest, JobId
from quorate.ledger import acts as a

URGENT = (a.Declare, a.Endorse, a.Report, a.Attest, a.Refuse, a.End, a.Receipt, a.Submit)
"""Acts that wait for nothing else."""


class Gathered:
    """Acts of readable items, gathered by what they wait for."""

    def __init__(self) -> None:
        """Know of no item."""
        self._forget()

    def _forget(self) -> None:
        self._items: dict[Digest, None] = {}
        self.urgent = False
        """Whether an act waits for nothing else."""
        self.commits: dict[JobId, set[int]] = {}
        """Per job, the seats whose seals wait."""
        self.reveals: dict[JobId, set[int]] = {}
        """Per job, the seats whose shown answers wait."""
        self.starts: set[JobId] = set()
        """Jobs whose starts wait."""

    def take(self, items: Sequence[Item]) -> None:
        """Know of exactly these items, all of them readable."""
        digests = dict.fromkeys(item.digest for item in items)
        if digests == self._items:
            return
        if self._items.keys() - digests.keys():
            self._forget()
        for item in items:
            if item.digest not in self._items:
                self._add(item.sender, a.decode_acts(item.payload))
        self._items = digests

    def _add(self, seat: int, acts: Iterable[a.Act]) -> None:
        for act in acts:
            if isinstance(act, a.Commit):
                self.commits.setdefault(act.job, set()).add(seat)
            elif isinstance(act, a.Reveal):
                self.reveals.setdefault(act.job, set()).add(seat)
            elif isinstance(act, a.Start):
                self.starts.add(act.job)
            elif isinstance(act, URGENT):
                self.urgent = True

"""Messages that came before their height: so many per sender and height, no more. docs/protocol.md P-19."""

from collections import deque
from collections.abc import Iterator

from quorate.consensus.effects import ReplicaSettings

HEIGHTS_AHEAD = 2
"""Messages of heights further ahead are dropped; whoever is so far behind catches up by entries."""


class Ahead:
    """Messages for the next heights, per height and sender; the newest displace the oldest."""

    def __init__(self, settings: ReplicaSettings) -> None:
        """Keep nothing yet."""
        self._settings = settings
        self._kept: dict[tuple[int, int], deque[bytes]] = {}

    def keep(self, data: bytes, height: int, sender: int) -> None:
        """Keep a message of a height to come."""
        kept = self._kept.setdefault((height, sender), deque(maxlen=self._settings.buffered_per_seat_max))
        if data in kept:
            return
        kept.append(data)
        while len(kept) > 1 and sum(map(len, kept)) > self._settings.buffered_bytes_max:
            kept.popleft()

    def take(self, height: int) -> Iterator[tuple[int, bytes]]:
        """Return and forget the messages of `height` with their senders, by sender; forget those of lower heights."""
        senders = sorted(sender for at, sender in self._kept if at == height)
        taken = [(sender, data) for sender in senders for data in self._kept[height, sender]]
        self._kept = {(at, sender): kept for (at, sender), kept in self._kept.items() if at > height}
        return iter(taken)

    def __len__(self) -> int:
        """Return how many messages are kept."""
        return sum(map(len, self._kept.values()))

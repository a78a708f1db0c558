"""How long a round and its leader may take: one-way delays, as this member measures them, and the work of its heights.

Who hands an item in sees the block two delays later (the item's way to the leader, the proposal) and sees it certified
after a third (the votes). The others see either a delay earlier. When a leader is dead, the votes to skip it take one
delay after the two, so that it costs three. A local quantity: no two members need the same one, and no vote depends on
it (docs/protocol.md P-22).
"""

from collections import deque
from collections.abc import Mapping
from statistics import median

FLOOR_MS = 150
"""No round is shorter: two cores that six members share need as long to look at one another's messages."""
LEADER_FLOOR_MS = 100
"""Two thirds of it: the votes are the last of its three delays."""
CAP_MS = 5_000
SLACK_MS = 10
"""What is added to the delays, for timers and disks: who hands in nothing has a delay to spare besides."""
HEIGHTS_KEPT = 16
"""Heights whose work is remembered; their median is not moved by the few that a slow leader led."""
BACKOFF = 1.5
"""How much longer each further round is (P-22). A block of the round before is proposed again after the grace."""
WEIGHT = 0.25
"""Share of the newest answer in the delay to a peer."""


def common_delay_ms(delays_ms: Mapping[int, float], members: int) -> float | None:
    """Return the delay within which all but the slowest third can be reached, None if too few are known.

    It is the (n - f)-th smallest, f = floor((n - 1) / 3), a member being at no distance from itself: so f members that
    answer slowly cannot stretch it.
    """
    place = members - (members - 1) // 3
    known = sorted((0.0, *delays_ms.values()))
    return known[place - 1] if len(known) >= place else None


class Pace:
    """The delays to a member's peers and the work of its heights, as measured."""

    def __init__(self, grace_ms: int, default_ms: int) -> None:
        """`grace_ms`: the second round must outlast it too; `default_ms`: T0 and L0 until enough is known."""
        self._grace_ms, self._default_ms = grace_ms, default_ms
        self._delays_ms: dict[int, float] = {}
        self._heights_ms: deque[float] = deque(maxlen=HEIGHTS_KEPT)

    def answered(self, seat: int, round_trip_ms: float) -> None:
        """Take how long a peer took to answer, there and back."""
        known = self._delays_ms.get(seat, round_trip_ms / 2)
        self._delays_ms[seat] = known + WEIGHT * (round_trip_ms / 2 - known)

    def decided(self, took_ms: float) -> None:
        """Take how long a height took from its first sign to its decision."""
        self._heights_ms.append(took_ms)

    def round_timeout_ms(self, members: int) -> int:
        """Return T0 for a committee of so many members: three delays, and the work twice."""
        return self._timeout_ms(members, 3, 2, FLOOR_MS)

    def leader_timeout_ms(self, members: int) -> int:
        """Return L0 for a committee of so many members: two delays, and the work once."""
        return self._timeout_ms(members, 2, 1, LEADER_FLOOR_MS)

    def _timeout_ms(self, members: int, delays: int, works: int, floor_ms: int) -> int:
        delay_ms = common_delay_ms(self._delays_ms, members)
        if delay_ms is None:
            return self._default_ms
        work_ms = max(0.0, median(self._heights_ms) - 4 * delay_ms) if self._heights_ms else 0.0
        least_ms = delays * delay_ms + SLACK_MS
        least_ms = max(least_ms, (least_ms + self._grace_ms) / BACKOFF)
        return min(CAP_MS, max(floor_ms, round(least_ms + works * work_ms)))

"""Whose turn it is to propose: a weighted rotation over integer priorities that nobody can grind.

Every step adds each seat's power to its priority; the highest leads (ties: the lower seat) and pays the total, as in
CometBFT's spec/consensus/proposer-selection.md. Seats without power never lead. docs/protocol.md P-12.
"""

from collections.abc import Sequence

from quorate.domain.deciding import Committee


def step(priorities: Sequence[int], powers: Sequence[int]) -> tuple[int | None, tuple[int, ...]]:
    """Return who leads after one step, None if nobody has power, and the priorities thereafter."""
    raised = [p + w if w > 0 else 0 for p, w in zip(priorities, powers, strict=True)]
    able = raised if min(powers, default=0) > 0 else [r for r, w in zip(raised, powers, strict=True) if w > 0]
    if not able:
        return None, tuple(raised)
    highest = max(able)
    lead = next(i for i, w in enumerate(powers) if w > 0 and raised[i] == highest)
    raised[lead] -= sum(powers)
    return lead, tuple(raised)


def next_priorities(priorities: Sequence[int], powers: Sequence[int], next_powers: Sequence[int]) -> tuple[int, ...]:
    """Return the priorities of the next height: one step under this height's powers, then fitted to the next ones.

    Seats that joined start at the back (-1.125 x total, so leaving and rejoining never pays); spreads wider than twice
    the total are scaled down and the mean is brought near zero. Which round decided plays no part.
    """
    total = sum(next_powers)
    _, stepped = step(priorities, powers)
    if len(powers) == len(next_powers) and min(powers) > 0 and min(next_powers) > 0:  # nobody comes or goes
        return _centred(list(stepped), range(len(powers)), total)
    joined = [-(total + (total >> 3))] * (len(next_powers) - len(stepped))
    active = [i for i, w in enumerate(next_powers) if w > 0]
    values = [p if next_powers[i] > 0 else 0 for i, p in enumerate([*stepped, *joined])]
    for i, before in enumerate(powers):
        if before == 0 and next_powers[i] > 0:
            values[i] = -(total + (total >> 3))
    return _centred(values, active, total)


def _centred(values: list[int], active: Sequence[int], total: int) -> tuple[int, ...]:
    if not active:
        return tuple(values)
    able = [values[i] for i in active]
    spread = max(able) - min(able)
    if spread > 2 * total:
        ratio = -(-spread // (2 * total))
        able = [value // ratio for value in able]
    mean = sum(able) // len(able)
    for i, value in zip(active, able, strict=True):
        values[i] = value - mean
    return tuple(values)


class Rotation:
    """The leaders of one height, round after round, each computed once."""

    def __init__(self, committee: Committee) -> None:
        """Start from the committee's priorities."""
        self._powers = committee.powers
        self._priorities = committee.priorities
        self._leaders: list[int | None] = []

    def leader(self, round_: int) -> int | None:
        """Return the seat that leads `round_` (0, 1, 2 ...), None if nobody has power."""
        while len(self._leaders) <= round_:
            lead, self._priorities = step(self._priorities, self._powers)
            self._leaders.append(lead)
        return self._leaders[round_]

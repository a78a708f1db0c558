"""How many groups find how small a change: the power table, simulated with the test that `compare` uses.

The model: a bid is right with probability 0.90 in one arm and 0.90 - change in the other. The two arms answer the
same samples, so on a share of them (`SHARED`) both see the same draw: a hard sample is hard for both.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.stats import ALPHA

BASELINE = 0.90
GROUP_SIZE = 6
SHARED = 0.6
"""Share of samples on which both arms see the same draw; fitted once to the design's table, then fixed."""

GROUPS = (20, 50, 100, 200, 400)
CHANGES = (0.02, 0.03, 0.05, 0.08)

DESIGN: dict[int, tuple[float, float, float, float]] = {
    20: (0.08, 0.15, 0.37, 0.69),
    50: (0.21, 0.32, 0.77, 0.97),
    100: (0.31, 0.66, 0.94, 1.0),
    200: (0.59, 0.92, 1.0, 1.0),
    400: (0.89, 1.0, 1.0, 1.0),
}
"""Power by groups and change (-2, -3, -5, -8 points) as planned; the simulation is held against it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table."""

    groups: int
    change: float
    power: float
    planned: float


def differences(rng: np.random.Generator, groups: int, change: float) -> NDArray[np.float64]:
    """Draw one paired comparison: the difference of each group's share of right bids."""
    shape = (groups, GROUP_SIZE)
    first, own = rng.random(shape), rng.random(shape)
    second = np.where(rng.random(shape) < SHARED, first, own)
    right_a, right_b = first < BASELINE, second < BASELINE - change
    return np.asarray(right_b.mean(axis=1) - right_a.mean(axis=1), dtype=np.float64)


def _found(rng: np.random.Generator, values: NDArray[np.float64], draws: int) -> bool:
    """Say whether the percentile bootstrap interval leaves zero out on the right side."""
    means = values[rng.integers(0, len(values), (draws, len(values)))].mean(axis=1)
    return bool(np.quantile(means, 1 - ALPHA / 2) < 0)


def power(groups: int, change: float, repeats: int, seed: int, draws: int = 400) -> float:
    """Return the share of simulated comparisons that find the change."""
    rng = np.random.default_rng([seed, groups, round(change * 1000)])
    return sum(_found(rng, differences(rng, groups, change), draws) for _ in range(repeats)) / repeats


def table(repeats: int, seed: int) -> Iterator[Cell]:
    """Yield every cell of the power table beside the planned figure."""
    for groups in GROUPS:
        for change, planned in zip(CHANGES, DESIGN[groups], strict=True):
            yield Cell(groups, change, power(groups, change, repeats, seed), planned)

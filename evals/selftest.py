"""Does the suite see what it should, and nothing else? Planted defects, a clean bidder, and comparisons of equals."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evals.compare import Compared, compare
from evals.datasets import DEFAULT_SEED, boundary, grid, infeasible, injection, metamorphic, peer_notes, wordings
from evals.metrics import Line, lines
from evals.planted import CLEAN, CLEAN_NOISY, DEFECTS, Draft, Planted, run
from evals.samples import Sample
from evals.scorers import measure
from quorate.domain.clusters import Federation

CAUGHT_MIN = 0.96
ALARMS_MAX_OF_200 = 18
"""The 99th percentile of a binomial of 200 at 5 %: more would mean that the correction does not hold."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One planted bidder before the suite."""

    planted: Planted
    missed: tuple[Line, ...]
    """Every goal missed beyond doubt."""

    @property
    def caught(self) -> bool:
        """Whether the metric meant for it raised its hand."""
        return any(line.metric.name == self.planted.caught_by for line in self.missed)


def questions(federation: Federation, size: int = 40, seed: int = DEFAULT_SEED) -> list[Sample]:
    """Return a set of every family, `size` grid groups large."""
    return [
        *grid(federation, seed, "dev", size),
        *boundary(federation, seed, "dev", 1),
        *infeasible(federation, seed, "dev", 4),
        *metamorphic(federation, seed, "dev", size),
        *injection(federation, seed, "dev", 8 * size),
        *peer_notes(federation, seed, "dev", 2 * size),
        *wordings(federation, seed, "dev", max(6, size // 3)),
    ]


FAMILIES_OF = {
    "relation": {"F4", "F7"},
    "responds": {"F4"},
    "attack": {"F5", "F6"},
    "infeasible": {"F2", "F3"},
    "feasible": {"F1", "F2", "F3"},
}
"""Which questions a figure needs; any other is drawn from the grid."""


def narrowed(planted: Planted, samples: Sequence[Sample]) -> list[Sample]:
    """Return only the questions that the figure meant for a defect needs: a quarter of the time, for a quick look."""
    wanted = FAMILIES_OF.get(planted.caught_by.split(":")[0], {"F1"})
    return [sample for sample in samples if sample.family in wanted]


def trial(planted: Planted, samples: Sequence[Sample], epochs: int, seed: int) -> Trial:
    """Put one planted bidder before the suite."""
    found = lines(measure(run(planted, samples, epochs, seed)), seed)
    return Trial(planted, tuple(line for line in found if line.missed))


def trials(
    samples: Sequence[Sample], epochs: int = 2, seed: int = DEFAULT_SEED, only: Sequence[Planted] | None = None
) -> Iterator[Trial]:
    """Yield the trial of every clean bidder, then of every defect."""
    for planted in only or (CLEAN, CLEAN_NOISY, *DEFECTS):
        yield trial(planted, samples, epochs, seed)


def _imperfect(draft: Draft, sample: Sample, rng: random.Random) -> Draft:
    """Err now and then in several ways: equals that never err would never differ."""
    for name, share in (
        ("cuts its JSON", 1.0),
        ("falls silent", 0.5),
        ("refuses what fits", 0.5),
        ("lies about its type", 0.1),
    ):
        if rng.random() < share:
            draft = BY_NAME[name].change(draft, sample, rng)
    return draft


BY_NAME = {planted.name: planted for planted in DEFECTS}

WAVERING = Planted("wavers, errs and lies a little", "", change=_imperfect, noise=0.03)


def alarms(samples: Sequence[Sample], comparisons: int, seed: int, draws: int = 2_000) -> Iterator[list[Compared]]:
    """Yield, for each comparison of two runs of one bidder, the primary metrics that were called different."""
    for number in range(comparisons):
        a, b = (measure(run(WAVERING, samples, 1, seed + 2 * number + arm)) for arm in (0, 1))
        found = compare(a, b, seed + number, draws)
        yield [one for one in found if one.metric.primary and one.verdict in {"better", "worse"}]

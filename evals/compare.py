"""Two runs, group by group: better, worse, equivalent or undecided, and how many groups would settle it."""

import math
from dataclasses import dataclass, replace

from evals.metrics import BY_NAME, PRIMARY, Measures, Metric, metric
from evals.stats import (
    BOOTSTRAP_DRAWS,
    Interval,
    Verdict,
    group_means,
    groups_needed,
    hodges_lehmann,
    holm,
    paired_groups,
    paired_mean,
    verdict,
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One metric of two runs, on the groups that both answered."""

    metric: Metric
    a: float
    b: float
    difference: Interval
    """b - a in the metric's own direction, with the unadjusted p."""
    adjusted_p: float
    """Holm's p over the primary metrics; the unadjusted p for the others."""
    verdict: Verdict
    needed: int
    """Groups that would find a difference of the margin four times in five."""


def _improvement(name: str, difference: Interval) -> Interval:
    """Return the difference turned so that more is better."""
    if metric(name).better == "more":
        return difference
    return Interval(-difference.estimate, -difference.high, -difference.low, difference.p, difference.groups)


def _difference(name: str, a: Measures, b: Measures, seed: int, draws: int) -> tuple[list[float], Interval]:
    differences = paired_groups(group_means(a[name]), group_means(b[name]))
    if metric(name).ranks:
        return differences, hodges_lehmann(differences)
    found = paired_mean(differences, seed, draws)
    low, high = metric(name).bounds  # the test that the interval inverts does not know them
    return differences, replace(found, low=max(low - high, found.low), high=min(high - low, found.high))


def _mean(name: str, measures: Measures) -> float:
    means = group_means(measures[name])
    return math.fsum(means.values()) / len(means) if means else math.nan


def compare(a: Measures, b: Measures, seed: int = 0, draws: int = BOOTSTRAP_DRAWS) -> list[Compared]:
    """Compare run `b` with run `a` on every metric that both have; the primary ones share one error rate."""
    names = [name for name in (*BY_NAME, *sorted(a.keys() - BY_NAME.keys())) if name in a and name in b]
    found = {name: _difference(name, a, b, seed, draws) for name in names}
    primary = [name for name in names if name in PRIMARY]
    adjusted = dict(zip(primary, holm([found[name][1].p for name in primary]), strict=True))
    result = []
    for name in names:
        differences, difference = found[name]
        p, margin = adjusted.get(name, difference.p), metric(name).margin
        judged = verdict(_improvement(name, difference), p, margin)
        needed = groups_needed(differences, margin)
        result.append(Compared(metric(name), _mean(name, a), _mean(name, b), difference, p, judged, needed))
    return result


def overall(compared: list[Compared]) -> Verdict:
    """Return one word for a run: worse if any primary metric is worse, better if one is better and none is worse.

    Equivalent only if every primary metric is; otherwise undecided.
    """
    verdicts = [one.verdict for one in compared if one.metric.primary]
    if "worse" in verdicts:
        return "worse"
    if "better" in verdicts:
        return "better"
    return "equivalent" if verdicts and all(word == "equivalent" for word in verdicts) else "undecided"

"""Is a difference real? Paired, clustered and corrected, with the number of groups that would have settled it.

The unit is the group (one job on one network state), never the single bid: six bids share one job, and a test
that takes them as independent alarms in 16-29 % of comparisons of equals instead of 5 %. Sources: Miller 2024
(arXiv 2411.00640: pair, cluster, plan power), Holm 1979 (Scand. J. Statist. 6), Wilson 1927, Clopper and Pearson
1934, Hodges and Lehmann 1963, Kendall 1945. numpy is the only dependency: nothing here needs more.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BOOTSTRAP_DRAWS = 10_000
"""Resamples: the error of a 95 % bound is then about a tenth of the bound's own spread."""

PERMUTATION_GROUPS_BELOW = 20
"""Under this many groups a bootstrap interval is too short; sign flips are exact (Bowyer et al. 2503.01747)."""

EXACT_FLIPS_MAX = 14
"""Up to 2**14 sign patterns are enumerated, above that drawn."""

ALPHA = 0.05
POWER_Z = 2.8
"""z(0.975) + z(0.80): a difference of 2.8 standard errors is found four times in five."""

PRIMARY_MAX = 8
"""Primary metrics named before a run; more would cost every one of them its power."""

Verdict = Literal["better", "worse", "equivalent", "undecided"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval and, where a test belongs to it, a two-sided p value."""

    estimate: float
    low: float
    high: float
    p: float = math.nan
    groups: int = 0


def _draw_means(values: Floats, rng: np.random.Generator, draws: int) -> Floats:
    """Return `draws` means of resampled groups, in slices that stay under 32 MB."""
    slice_size = max(1, 4_000_000 // len(values))
    parts: list[Floats] = []
    for begin in range(0, draws, slice_size):
        index = rng.integers(0, len(values), (min(slice_size, draws - begin), len(values)))
        parts.append(values[index].mean(axis=1))
    return np.concatenate(parts)


def _bootstrap_p(means: Floats) -> float:
    below, above = int((means <= 0).sum()), int((means >= 0).sum())
    return min(1.0, 2 * (min(below, above) + 1) / (len(means) + 1))


def _flips(groups: int, rng: np.random.Generator, draws: int) -> Floats:
    if groups <= EXACT_FLIPS_MAX:
        patterns = np.arange(2**groups)[:, None] >> np.arange(groups) & 1
    else:
        patterns = rng.integers(0, 2, (draws, groups))
        patterns[0] = 1  # the pattern observed is one of the patterns
    return np.asarray(patterns * 2.0 - 1.0)


def _flip_p(values: Floats, flips: Floats) -> float:
    observed = abs(values.mean())
    return float((np.abs(flips @ values) / len(values) >= observed - 1e-12).mean())


def _flip_interval(values: Floats, flips: Floats, alpha: float) -> tuple[float, float]:
    """Return the shifts that the sign-flip test does not reject, by bisection on each side."""
    centre, width = float(values.mean()), float(np.abs(values - values.mean()).max()) * 2 + 1e-9
    ends: list[float] = []
    for side in (-1.0, 1.0):
        inside, outside = 0.0, width
        for _ in range(40):
            middle = (inside + outside) / 2
            if _flip_p(values - (centre + side * middle), flips) > alpha:
                inside = middle
            else:
                outside = middle
        ends.append(centre + side * inside)
    return ends[0], ends[1]


def paired_mean(
    differences: Sequence[float], seed: int, draws: int = BOOTSTRAP_DRAWS, alpha: float = ALPHA
) -> Interval:
    """Return mean, interval and p of one difference per group.

    From 20 groups on a percentile bootstrap over groups, below that the sign-flip permutation test and the interval
    that inverts it. No group: everything is nan. All differences zero: p = 1.
    """
    values = np.asarray(differences, dtype=np.float64)
    if not len(values):
        return Interval(math.nan, math.nan, math.nan)
    mean = float(values.mean())
    if not np.any(values != values[0]):
        p = 1.0 if values[0] == 0 else 2.0 ** (1 - min(len(values), 50))
        return Interval(mean, mean, mean, p, len(values))
    rng = np.random.default_rng(seed)
    if len(values) < PERMUTATION_GROUPS_BELOW:
        flips = _flips(len(values), rng, draws)
        low, high = _flip_interval(values, flips, alpha)
        return Interval(mean, low, high, _flip_p(values, flips), len(values))
    means = _draw_means(values, rng, draws)
    low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2])
    return Interval(mean, float(low), float(high), _bootstrap_p(means), len(values))


def group_means(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the mean of each group; empty groups are left out."""
    return {group: math.fsum(inside) / len(inside) for group, inside in values.items() if inside}


def paired_groups(a: Mapping[str, float], b: Mapping[str, float]) -> list[float]:
    """Return b - a for the groups that both have, in the order of their names."""
    return [b[group] - a[group] for group in sorted(a.keys() & b.keys())]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p values in the given order; nan stays nan and is not counted.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted((p, index) for index, p in enumerate(p_values) if not math.isnan(p))
    adjusted, highest = [math.nan] * len(p_values), 0.0
    for rank, (p, index) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - rank)))
        adjusted[index] = highest
    return adjusted


def wilson(hits: int, n: int, z: float = 1.959964) -> Interval:
    """Return a share with Wilson's 95 % interval; nothing is known of 0 of 0.

    >>> i = wilson(0, 300)
    >>> round(i.high, 4)
    0.0126
    """
    if n == 0:
        return Interval(math.nan, 0.0, 1.0)
    share, spread = hits / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == n else min(1.0, centre + half)
    return Interval(share, low, high, groups=n)


def _binomial_tail(hits: int, n: int, share: float) -> float:
    """Return P(X >= hits) for X binomial(n, share)."""
    if hits <= 0:
        return 1.0
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    base = math.lgamma(n + 1)
    terms = (
        base - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(share) + (n - k) * math.log1p(-share)
        for k in range(hits, n + 1)
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def _tail_root(hits: int, n: int, level: float) -> float:
    """Return the share at which P(X >= hits) equals `level`."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _binomial_tail(hits, n, middle) < level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def clopper_pearson(hits: int, n: int, alpha: float = ALPHA) -> Interval:
    """Return a share with its exact interval, never too short: for gates, where a miss is worse than a wait.

    >>> i = clopper_pearson(0, 300)
    >>> round(i.high, 4)
    0.0122
    """
    if n == 0:
        return Interval(math.nan, 0.0, 1.0)
    low = 0.0 if hits == 0 else _tail_root(hits, n, alpha / 2)
    high = 1.0 if hits == n else _tail_root(hits + 1, n, 1 - alpha / 2)
    return Interval(hits / n, low, high, groups=n)


def mcnemar(a: Mapping[str, Sequence[bool]], b: Mapping[str, Sequence[bool]]) -> float:
    """Return the exact two-sided p of McNemar's test.

    Raises:
        ValueError: a group holds more than one bid: its bids share a job, so use `paired_mean` over groups.
    """
    shared = sorted(a.keys() & b.keys())
    if any(len(a[group]) != 1 or len(b[group]) != 1 for group in shared):
        raise ValueError("McNemar's test wants one bid per group; use the cluster bootstrap (paired_mean)")
    gained = sum(b[group][0] and not a[group][0] for group in shared)
    lost = sum(a[group][0] and not b[group][0] for group in shared)
    if gained + lost == 0:
        return 1.0
    return min(1.0, 2 * _binomial_tail(max(gained, lost), gained + lost, 0.5))


def _rank(values: Floats) -> Floats:
    """Return ranks 1..n, ties sharing their mean."""
    ordered = np.sort(values)
    low, high = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return np.asarray((low + 1 + high) / 2.0, dtype=np.float64)


def _signed_rank_tail(n: int, statistic: float) -> float:
    """Return P(W+ <= statistic) without ties, by counting subsets."""
    counts = np.zeros(n * (n + 1) // 2 + 1)
    counts[0] = 1
    for rank in range(1, n + 1):
        counts[rank:] += counts[:-rank].copy()
    return float(counts[: math.floor(statistic) + 1].sum() / 2.0**n)


EXACT_RANKS_MAX = 50


def wilcoxon(differences: Sequence[float]) -> float:
    """Return the two-sided p of the signed rank test; zeros are dropped, exact up to 50 untied differences."""
    values = np.asarray([value for value in differences if value != 0.0], dtype=np.float64)
    n = len(values)
    if n == 0:
        return 1.0
    ranks = _rank(np.abs(values))
    plus = float(ranks[values > 0].sum())
    lower = min(plus, n * (n + 1) / 2 - plus)
    if n <= EXACT_RANKS_MAX and len(np.unique(np.abs(values))) == n:
        return min(1.0, 2 * _signed_rank_tail(n, lower))
    variance = float((ranks**2).sum()) / 4  # ties included: the ranks are the shared ones
    z = (lower + 0.5 - n * (n + 1) / 4) / math.sqrt(variance)
    return min(1.0, math.erfc(-z / math.sqrt(2)))


def hodges_lehmann(differences: Sequence[float], alpha: float = ALPHA) -> Interval:
    """Return the median of all pairwise means with the interval that the signed rank test does not reject."""
    values = np.asarray(differences, dtype=np.float64)
    n = len(values)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    first, second = np.triu_indices(n)
    walsh = np.sort((values[first] + values[second]) / 2)
    z = 1.959964 if alpha == ALPHA else normal_quantile(1 - alpha / 2)
    cut = math.floor(n * (n + 1) / 4 - z * math.sqrt(n * (n + 1) * (2 * n + 1) / 24))
    cut = min(max(cut, 0), (len(walsh) - 1) // 2)
    return Interval(
        float(np.median(walsh)), float(walsh[cut]), float(walsh[len(walsh) - 1 - cut]), wilcoxon(differences), n
    )


def normal_quantile(share: float) -> float:
    """Return the standard normal quantile by bisection on erfc; exact to 1e-9."""
    low, high = -10.0, 10.0
    for _ in range(80):
        middle = (low + high) / 2
        if 0.5 * math.erfc(-middle / math.sqrt(2)) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def kendall_tau_b(a: Sequence[float], b: Sequence[float]) -> float:
    """Return Kendall's tau-b; nan if either side is constant, which has no order to agree with.

    >>> kendall_tau_b([1, 2, 3], [1, 2, 3])
    1.0
    """
    agree = ties_a = ties_b = pairs = 0
    for i in range(len(a)):
        for j in range(i):
            x, y = (a[i] > a[j]) - (a[i] < a[j]), (b[i] > b[j]) - (b[i] < b[j])
            agree, pairs = agree + x * y, pairs + 1
            ties_a, ties_b = ties_a + (x == 0), ties_b + (y == 0)
    below = math.sqrt((pairs - ties_a) * (pairs - ties_b))
    return agree / below if below else math.nan


def pinball(predicted: float, observed: float, quantile: float) -> float:
    """Return the pinball loss of a quantile forecast: proper, so honesty is its optimum (Gneiting, Raftery 2007)."""
    return max(quantile * (observed - predicted), (quantile - 1) * (observed - predicted))


def groups_needed(differences: Sequence[float], margin: float) -> int:
    """Return how many groups would find a difference of `margin` four times in five; never under 20."""
    values = np.asarray(differences, dtype=np.float64)
    spread = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    if math.isnan(spread) or margin <= 0:
        return PERMUTATION_GROUPS_BELOW
    return max(PERMUTATION_GROUPS_BELOW, math.ceil((POWER_Z * spread / margin) ** 2))


def verdict(difference: Interval, adjusted_p: float, margin: float, alpha: float = ALPHA) -> Verdict:
    """Judge a difference where more is better.

    Inside the margin on both sides is equivalent, however certain the rest is: a difference too small to matter. Under
    20 groups nothing is equivalent: that no difference was seen in a handful says little.
    """
    if math.isnan(difference.estimate):
        return "undecided"
    enough = difference.groups >= PERMUTATION_GROUPS_BELOW
    if enough and -margin <= difference.low and difference.high <= margin:
        return "equivalent"
    if adjusted_p <= alpha and difference.low > 0:
        return "better"
    if adjusted_p <= alpha and difference.high < 0:
        return "worse"
    return "undecided"


def naive_p(differences: Sequence[float]) -> float:
    """Return the p of a z test that takes every bid as independent: here to show what it costs, not to be used."""
    values = np.asarray(differences, dtype=np.float64)
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    return math.erfc(abs(float(values.mean())) / error / math.sqrt(2)) if error else 1.0

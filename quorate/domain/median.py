"""The median of weighted integers: what a minority, however loud, cannot move."""

from collections.abc import Iterable


def weighted_median(pairs: Iterable[tuple[int, int]]) -> int:
    """Return the lowest value that values up to it hold half of the weight; `pairs` are (value, weight >= 0).

    Raises:
        ValueError: no weight at all.

    >>> weighted_median([(10, 1), (20, 1), (90, 1)]), weighted_median([(10, 3), (20, 1)])
    (20, 10)
    """
    ordered = sorted(pairs)
    total, reached = sum(weight for _, weight in ordered), 0
    for value, weight in ordered:
        reached += weight
        if weight and 2 * reached >= total:
            return value
    raise ValueError("a median needs weight")

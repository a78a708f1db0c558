"""What rivals think of a bid: signed scores, heard by weighted median, within a tenth of the bid's own.

A bid that facts do not refute is still a judgement. Others may judge it too; no half of them moves it, and all of them
together move it by a tenth at most. docs/protocol.md P-70.
"""

from collections.abc import Sequence

from quorate.domain.median import weighted_median
from quorate.domain.values import BASIS_POINTS

REACH_PERCENT = 10
"""How far opinions may move a bid, percent of its score."""


def assessed_bp(score_bp: int, opinions: Sequence[tuple[int, int]], total: int) -> int:
    """Return the score of a bid after what others say of it, basis points.

    `opinions`: (score in basis points, weight); `total`: the weight of all who might have spoken. Whoever is silent
    agrees with the bid, and where the median is not one value but several, it is the one nearest to the bid.

    >>> assessed_bp(8_000, [(2_000, 1_000)] * 3, 5_000), assessed_bp(8_000, [(2_000, 1_000)] * 2, 5_000)
    (7200, 8000)
    """
    silent = max(0, total - sum(weight for _, weight in opinions))
    said = [*opinions, (score_bp, silent)]
    if not any(weight for _, weight in said):
        return score_bp
    low = weighted_median(said)
    high = -weighted_median((-value, weight) for value, weight in said)
    reach = score_bp * REACH_PERCENT // 100
    nearest = min(max(score_bp, low), high)
    return min(max(nearest, score_bp - reach), score_bp + reach, BASIS_POINTS)

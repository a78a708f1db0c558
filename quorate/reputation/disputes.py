"""When submitters say otherwise than a cluster of their jobs: words against words, so that they weigh little.

docs/protocol.md P-71.
"""

from collections.abc import Sequence

from quorate.domain.median import weighted_median
from quorate.reputation.standing import DISPUTE_MAX


def distance(run_s: int, succeeded: bool, their_run_s: int, they_succeeded: bool, walltime_s: int) -> int:
    """Return how far two accounts of one job are apart: 1..10, or 0 if they agree.

    >>> distance(60, True, 60, False, 3_600), distance(3_600, True, 1_800, True, 3_600), distance(60, True, 60, True, 9)
    (10, 5, 0)
    """
    if succeeded != they_succeeded:
        return DISPUTE_MAX
    gap = abs(run_s - their_run_s)
    return min(DISPUTE_MAX, max(1, DISPUTE_MAX * gap // max(1, walltime_s))) if gap else 0


def cost(disputes: Sequence[tuple[int, int]]) -> int:
    """Return what disputes cost together, milli-units: the median of their distances, by the nodes of their jobs.

    `disputes`: (distance, nodes), one of each submitter.
    """
    return weighted_median(disputes)

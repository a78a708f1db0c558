"""What the rule would have said: the reference that rankings, regret and hard constraints are measured against."""

from collections.abc import Sequence

from evals.samples import Sample
from quorate.market.eligibility import ineligible
from quorate.market.rule import rule_score_bp


def feasible(sample: Sample) -> bool:
    """Say whether the cluster can run the job now."""
    return ineligible(sample.job, sample.snapshot) is None


def oracle_bp(sample: Sample) -> int:
    """Return the rule's score, basis points; 0 if the cluster cannot run the job."""
    return rule_score_bp(sample.job, sample.snapshot) if feasible(sample) else 0


def regret_bp(samples: Sequence[Sample], scores_bp: Sequence[int]) -> float:
    """Return how much of the rule's score is lost by taking the highest of `scores_bp`, basis points.

    A tie at the top is a fair draw, so it costs the mean of its members. An infeasible winner costs everything.
    """
    values = [oracle_bp(sample) for sample in samples]
    top = max(scores_bp)
    chosen = [value for value, score in zip(values, scores_bp, strict=True) if score == top]
    return max(values) - sum(chosen) / len(chosen)

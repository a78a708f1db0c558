"""Every bid is checked against facts before it counts: by its own agent before signing, by every peer after."""

from quorate.domain.bidding import Bid, Claim
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.values import BASIS_POINTS
from quorate.market.eligibility import ineligible
from quorate.market.facts import fact
from quorate.market.rule import rule_score_bp

INTERVAL_BP = 2_500
"""How far from the rule's score a model's judgement may move a bid, basis points; a genesis parameter."""


def allowed_interval(rule_bp: int, q_bp: int = INTERVAL_BP) -> tuple[int, int]:
    """Return the lowest and highest score that may be signed around the rule's score, basis points.

    >>> allowed_interval(9_000)
    (6500, 10000)
    """
    return max(0, rule_bp - q_bp), min(BASIS_POINTS, rule_bp + q_bp)


def into_interval(wanted_bp: int, job: Job, snapshot: ClusterSnapshot, q_bp: int = INTERVAL_BP) -> int:
    """Return the nearest score to `wanted_bp` that an agent may sign for an eligible job."""
    low, high = allowed_interval(rule_score_bp(job, snapshot), q_bp)
    return min(max(wanted_bp, low), high)


def refuted_claims(evidence: tuple[Claim, ...], job: Job, snapshot: ClusterSnapshot) -> tuple[str, ...]:
    """Return one sentence for each typed claim that contradicts the facts, in the order claimed."""
    known = [(claim, fact(claim.fact, job, snapshot)) for claim in evidence]
    return tuple(
        f"{claim.fact} is {true}, not {claim.value}"
        for claim, true in known
        if type(claim.value) is not type(true) or claim.value != true
    )


def findings(bid: Bid, job: Job, snapshot: ClusterSnapshot, q_bp: int = INTERVAL_BP) -> tuple[str, ...]:
    """Return what is wrong with a signed bid, one sentence each; empty if it may count.

    A finding is a contradiction between a signed statement and facts that every peer holds: class B of
    docs/protocol.md. Free text is never judged here.
    """
    reason = ineligible(job, snapshot)
    if reason is not None:
        return (f"bids for a job it cannot run: {reason[1]}",)
    wrong = list(refuted_claims(bid.evidence, job, snapshot))
    low, high = allowed_interval(rule_score_bp(job, snapshot), q_bp)
    if not low <= bid.score_bp <= high:
        wrong.append(f"score {bid.score_bp} lies outside the allowed {low} to {high} basis points")
    return tuple(wrong)

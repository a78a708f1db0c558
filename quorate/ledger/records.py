"""What one height did, in typed records: for people, for reports, and for the claims inside a block."""

from typing import Literal

from quorate.domain.bidding import Bid, BidOutcome
from quorate.domain.clusters import ClusterSnapshot, NodesByGroup
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, JobId, Value

Outcome = Literal["allocated", "unallocated", "waiting"]
"""`waiting`: somebody could run it, nobody can now; it is called again when nodes come free."""


class AnswerRecord(Value):
    """One seat's answer to one call, as judged."""

    cluster: ClusterId
    answer: BidOutcome
    reputation: int
    """Milli-units, as it stood when the height began."""
    assessed_bp: int | None = None
    """The score after its rivals' opinions; None if none was heard."""
    weighted_bp: int | None
    """score (after opinions) x reputation; None for an abstention or a void bid."""
    void: tuple[str, ...]
    """Why a signed bid does not count, one sentence each."""
    snapshot: ClusterSnapshot
    """The cluster's facts when the call opened."""
    rule_bp: int | None
    """The rule's score on the same facts; None if the job does not fit."""


class DecisionRecord(Value):
    """One call decided."""

    job: Job
    opened: int
    height: int
    at_s: int
    outcome: Outcome
    winner: ClusterId | None
    nodes: NodesByGroup = ()
    answers: tuple[AnswerRecord, ...]
    ranking: tuple[ClusterId, ...]
    reasons: tuple[str, ...]
    """If nobody got it: each cluster's reason, in seat order."""

    @property
    def ranked(self) -> tuple[Bid, ...]:
        """The bids that count, best first."""
        answers = {each.cluster: each.answer for each in self.answers}
        return tuple(bid for name in self.ranking if isinstance(bid := answers[name], Bid))

    @property
    def facts_of_winner(self) -> ClusterSnapshot | None:
        """What the winner had when the call opened; None if nobody won."""
        return next((each.snapshot for each in self.answers if each.cluster == self.winner), None)

    @property
    def moved(self) -> dict[ClusterId, int]:
        """Per cluster whose bid its rivals' opinions moved, the score after them, basis points."""
        return {
            each.cluster: each.assessed_bp
            for each in self.answers
            if isinstance(each.answer, Bid) and each.assessed_bp not in (None, each.answer.score_bp)
        }


FindingClass = Literal["A", "A'", "B", "absence", "dispute"]
"""A: two signatures that contradict each other. A': a vote for a false block. B: a statement that facts contradict.

`absence` and `dispute` (class S) are no proof of anything: others missed something, or say otherwise.
"""

PROVEN: frozenset[str] = frozenset({"A", "A'", "B"})
"""Classes that no honest member on the same software is ever found in."""


class Finding(Value):
    """A proven contradiction, and what it did to a standing."""

    cluster: ClusterId
    class_: FindingClass
    job: JobId | None
    what: str
    before: int
    """Reputation before, milli-units."""
    after: int
    """Reputation after, milli-units."""


class Credit(Value):
    """Trust earned, and by what."""

    cluster: ClusterId
    job: JobId | None
    what: str
    before: int
    after: int


class DisputeRecord(Value):
    """A submitter's receipt that says otherwise than the cluster; alone it moves nothing."""

    cluster: ClusterId
    job: JobId
    submitter: str
    says: str
    waiting: int
    """How many submitters' disputes wait against this cluster now."""


class EndRecord(Value):
    """A job that ended and gave its nodes back."""

    job: JobId
    cluster: ClusterId
    nodes: int
    run_s: int
    succeeded: bool
    at_s: int


class HeightRecord(Value):
    """Everything that one height did."""

    height: int
    at_s: int
    opened: tuple[JobId, ...] = ()
    closed: tuple[JobId, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    started: tuple[JobId, ...] = ()
    ended: tuple[EndRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    credits: tuple[Credit, ...] = ()
    disputes: tuple[DisputeRecord, ...] = ()
    ignored: tuple[str, ...] = ()
    """Acts that had no effect, with the reason."""

"""A run as one document: the fold of its ledger (the truth about decisions) and its trace (timing and reasoning).

Schema `quorate.run/1`, documented in docs/guide/run-json.md. Numbers are exact: scores are basis points / 10,000,
reputations and weights milli-units / 1,000. Everything a screen shows is taken from here.
"""

from typing import Literal

from pydantic import Field

from quorate.domain.bidding import Effort
from quorate.domain.clusters import NodeGroup
from quorate.domain.jobs import Job
from quorate.domain.trace import (
    FaultActs,
)
from quorate.domain.values import ClusterId, JobId, Value
from quorate.ledger.records import PROVEN

RUN_SCHEMA = "quorate.run/1"

How = Literal["unanimous", "contested", "re-voted", "equivocation", "no quorum", "not placed"]
"""How a decision came about; the colour of its bar on every screen."""


class ClusterRow(Value):
    """One cluster as everybody knows it; totals are sums over its groups."""

    id: ClusterId
    type: str
    nodes: int
    cores: int
    memory_gib: int
    gpus: int
    interconnect: str
    link_gbps: int
    storage_pb: int
    background: int
    """Nodes busy for others, as declared."""
    groups: tuple[NodeGroup, ...]


class Totals(Value):
    """Sums over all clusters."""

    clusters: int
    nodes: int
    cores: int
    memory_gib: int
    memory_tib: int
    """memory_gib / 1,024, rounded."""
    memory_tb: int
    """The same memory in units of 10^12 bytes, rounded."""
    gpus: int
    background: int


class FederationRow(Value):
    """The federation as the run found it."""

    name: str
    clusters: tuple[ClusterRow, ...]
    totals: Totals


class BidRow(Value):
    """One cluster's answer to one call."""

    cluster: ClusterId
    score: float | None
    """0..1 as signed; None if it abstained."""
    wanted: float | None
    """What its author wanted before the score was moved into the allowed interval."""
    rule: float | None
    """The rule's score on the same facts."""
    allowed: tuple[float, float] | None
    """The interval that may be signed."""
    reputation: float
    weighted: float | None
    """score (after opinions) x reputation; None if it abstained or its bid is void."""
    assessed: float | None = None
    """The score after its rivals' opinions; None if none was heard."""
    author: str
    """`rule`, or provider:model."""
    reasoning: str
    abstained: str | None
    """Abstention code."""
    detail: str
    """The abstention's sentence."""
    void: tuple[str, ...]
    """Why a signed bid does not count."""
    nodes_free: int
    nodes_background: int
    effort: Effort


class VoteRow(Value):
    """One member's vote on the deciding height."""

    cluster: ClusterId
    round: int
    approves: bool | None
    """None: no vote seen."""
    vote: Literal["approve", "skip", "none", "equivocated"]
    finalizes: bool
    grounds: str
    power: float


class OccupancyRow(Value):
    """What is taken of one cluster: by jobs, by background; whole nodes."""

    nodes: int
    jobs: int
    background: int
    free: int
    gpus: int
    gpus_jobs: int
    gpus_background: int
    gpus_free: int
    running: tuple[tuple[JobId, int], ...]
    """Jobs with their nodes."""


class DecisionRow(Value):
    """One job's decision, or its lack."""

    number: int
    job: Job
    outcome: Literal["allocated", "unallocated", "undecided"]
    how: How
    height: int
    at_s: int
    cluster: ClusterId | None
    nodes: int
    reasons: tuple[str, ...]
    calls: int
    """How often it was called: more than once if it had to wait."""
    bids: tuple[BidRow, ...]
    ranking: tuple[ClusterId, ...]
    votes: tuple[VoteRow, ...]
    approvals: int
    members: int
    """Members with power at that height."""
    weight_approving: float
    weight_total: float
    weight_needed: float
    """Two thirds of the total, rounded up to a milli-unit."""
    rounds: int
    proposer: ClusterId | None
    value: str
    """Digest of the decided block."""
    bids_s: float | None
    votes_s: float | None
    occupancy: OccupancyRow | None
    """The winner's occupancy after the award."""


class FindingRow(Value):
    """A proven contradiction, or an absence."""

    cluster: ClusterId
    class_: str = Field(serialization_alias="class", validation_alias="class")
    job: JobId | None
    height: int
    what: str
    before: float
    after: float

    @property
    def proven(self) -> bool:
        """Whether something signed contradicts something else that is signed or known; an absence does not."""
        return self.class_ in PROVEN


class StandingRow(Value):
    """How a cluster stands, and why: HEALTHY unless the ledger holds evidence against it."""

    status: Literal["HEALTHY", "BYZANTINE"]
    reputation: float
    power: float
    jailed: bool
    findings: int
    disputed: int = 0
    """Submitters whose receipts say otherwise than it, and of which nothing followed yet."""


class ChangeRow(Value):
    """One movement of a reputation, with its cause."""

    cluster: ClusterId
    height: int
    at_s: int
    before: float
    after: float
    cause: str
    job: JobId | None


class EndRow(Value):
    """A job that ran and ended."""

    job: JobId
    cluster: ClusterId
    nodes: int
    started_at_s: int
    ended_at_s: int
    run_s: int
    succeeded: bool


class ScenarioRow(Value):
    """Jobs called before the first fault driver acted, and from then on."""

    name: Literal["normal", "under fault"]
    jobs: int
    allocated: int


class Summary(Value):
    """The run in numbers."""

    submitted: int
    allocated: int
    unallocated: int
    undecided: int
    nodes_allocated: int
    unanimous: int
    contested: int
    re_voted: int
    findings: int
    scenarios: tuple[ScenarioRow, ...]
    model_bids: int
    rule_bids: int
    abstentions: int
    """Eligible calls that ended without a bid."""
    eligible: int
    """Calls to clusters that could have bid."""
    fallback_share: float
    """Eligible calls that did not end in a model's bid / eligible calls; 0 with the rule as the chosen bidder."""
    model_calls: int
    repaired: int
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    decision_s_median: float | None
    decision_s_max: float | None
    jobs_ended: int


class AfterRow(Value):
    """The same two tables when every job has ended."""

    at_s: int
    occupancy: dict[ClusterId, OccupancyRow]
    reputation: dict[ClusterId, float]


class RunReport(Value):
    """Everything about one run."""

    schema_: str = Field(default=RUN_SCHEMA, alias="schema")
    run: str
    seed: int
    chain: str
    profile: str
    provider: str
    model: str | None
    started: str | None
    status: str
    """`done`, `cancelled`, `failed` or `running`."""
    detail: str
    degraded: str | None = None
    """Why the run is degraded, None if it is not."""
    federation: FederationRow
    decisions: tuple[DecisionRow, ...]
    at_s: int
    """Ledger time of the last decision."""
    occupancy: dict[ClusterId, OccupancyRow]
    """After the last decision."""
    reputation: dict[ClusterId, float]
    """After the last decision."""
    status_by_cluster: dict[ClusterId, StandingRow]
    findings: tuple[FindingRow, ...]
    reputation_changes: tuple[ChangeRow, ...]
    faults: tuple[FaultActs, ...]
    """The drivers' own lines."""
    ended: tuple[EndRow, ...]
    after: AfterRow
    heights: int
    summary: Summary

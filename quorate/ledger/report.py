"""A run as one document: the fold of its ledger (the truth about decisions) and its trace (timing and reasoning).

Schema `quorate.run/1`, documented in docs/guide/run-json.md. Numbers are exact: scores are basis points / 10,000,
reputations and weights milli-units / 1,000. Everything a screen shows is taken from here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from quorate.domain.bidding import Abstention, Bid, Effort
from quorate.domain.clusters import Cluster, ClusterSnapshot, NodeGroup
from quorate.domain.jobs import Job
from quorate.domain.trace import (
    Answered,
    Decided,
    FaultActs,
    JobCalled,
    Proposed,
    RunEnded,
    RunStarted,
    TraceEvent,
    Undecided,
    Voted,
)
from quorate.domain.values import BASIS_POINTS, MILLI, ClusterId, JobId, Value
from quorate.ledger.records import AnswerRecord, DecisionRecord
from quorate.ledger.state import LedgerState
from quorate.ledger.verify import Verified
from quorate.market.check import allowed_interval

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
    """score x reputation; None if it abstained or its bid is void."""
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
    """A proven contradiction."""

    cluster: ClusterId
    class_: str = Field(serialization_alias="class", validation_alias="class")
    job: JobId | None
    height: int
    what: str
    before: float
    after: float


class StandingRow(Value):
    """How a cluster stands, and why: HEALTHY unless the ledger holds evidence against it."""

    status: Literal["HEALTHY", "BYZANTINE"]
    reputation: float
    power: float
    jailed: bool
    findings: int


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


def _milli(value: int) -> float:
    return value / MILLI


def _bp(value: int | None) -> float | None:
    return None if value is None else value / BASIS_POINTS


def cluster_row(cluster: Cluster, background: int) -> ClusterRow:
    """Return what everybody knows of a cluster."""
    return ClusterRow(
        id=cluster.id,
        type=cluster.type,
        nodes=cluster.nodes,
        cores=cluster.cores,
        memory_gib=cluster.memory_gib,
        gpus=cluster.gpus,
        interconnect=cluster.interconnect,
        link_gbps=cluster.link_gbps,
        storage_pb=cluster.storage_pb,
        background=background,
        groups=cluster.groups,
    )


def federation_row(name: str, rows: tuple[ClusterRow, ...]) -> FederationRow:
    """Return the clusters with their sums."""
    memory_gib = sum(row.memory_gib for row in rows)
    totals = Totals(
        clusters=len(rows),
        nodes=sum(row.nodes for row in rows),
        cores=sum(row.cores for row in rows),
        memory_gib=memory_gib,
        memory_tib=round(memory_gib / 1_024),
        memory_tb=round(memory_gib * 2**30 / 10**12),
        gpus=sum(row.gpus for row in rows),
        background=sum(row.background for row in rows),
    )
    return FederationRow(name=name, clusters=rows, totals=totals)


def occupancy_row(state: LedgerState, seat: int) -> OccupancyRow:
    """Return what is taken of one seat's cluster in `state`."""
    facts = state.snapshot(seat)
    cluster = facts.cluster
    return OccupancyRow(
        nodes=cluster.nodes,
        jobs=facts.nodes_allocated,
        background=facts.nodes_background,
        free=facts.nodes_free,
        gpus=cluster.gpus,
        gpus_jobs=facts.gpus_of(facts.allocated),
        gpus_background=facts.gpus_of(facts.background),
        gpus_free=facts.gpus_of(facts.free),
        running=tuple((job, sum(a.nodes)) for job, a in state.running.items() if a.seat == seat),
    )


def occupancy(state: LedgerState) -> dict[ClusterId, OccupancyRow]:
    """Return what is taken of every cluster in `state`."""
    return {m.cluster.id: occupancy_row(state, seat) for seat, m in enumerate(state.members) if not m.left}


def reputation(state: LedgerState) -> dict[ClusterId, float]:
    """Return every cluster's reputation in `state`, 0..1."""
    return {m.cluster.id: _milli(m.standing.reputation) for m in state.members if not m.left}


def _author(answer: Bid | Abstention) -> str:
    author = answer.author
    if author is None:
        return "facts"
    return author.provider if author.model is None else f"{author.provider}:{author.model}"


def bid_row(record: AnswerRecord, effort: Effort, interval_bp: int) -> BidRow:
    """Return one answer as a row."""
    answer, facts = record.answer, record.snapshot
    bid = answer if isinstance(answer, Bid) else None
    allowed = None
    if record.rule_bp is not None:
        low, high = allowed_interval(record.rule_bp, interval_bp)
        allowed = (low / BASIS_POINTS, high / BASIS_POINTS)
    return BidRow(
        cluster=record.cluster,
        score=_bp(bid.score_bp) if bid else None,
        wanted=_bp(bid.wanted_bp) if bid else None,
        rule=_bp(record.rule_bp),
        allowed=allowed,
        reputation=_milli(record.reputation),
        weighted=_bp(record.weighted_bp),
        author=_author(answer),
        reasoning=bid.reasoning if bid else "",
        abstained=answer.code if isinstance(answer, Abstention) else None,
        detail=answer.detail if isinstance(answer, Abstention) else "",
        void=record.void,
        nodes_free=facts.nodes_free,
        nodes_background=facts.nodes_background,
        effort=effort,
    )


@dataclass(frozen=True, slots=True)
class _Story:
    """What the trace says, sorted for the fold."""

    started: RunStarted | None
    ended: RunEnded | None
    calls: tuple[JobCalled, ...]
    answers: tuple[Answered, ...]
    proposals: tuple[Proposed, ...]
    votes: tuple[Voted, ...]
    decided: tuple[Decided, ...]
    undecided: tuple[Undecided, ...]
    faults: tuple[FaultActs, ...]

    @classmethod
    def of(cls, events: Sequence[TraceEvent]) -> "_Story":
        return cls(
            next((e for e in events if isinstance(e, RunStarted)), None),
            next((e for e in events if isinstance(e, RunEnded)), None),
            tuple(e for e in events if isinstance(e, JobCalled)),
            tuple(e for e in events if isinstance(e, Answered)),
            tuple(e for e in events if isinstance(e, Proposed)),
            tuple(e for e in events if isinstance(e, Voted)),
            tuple(e for e in events if isinstance(e, Decided)),
            tuple(e for e in events if isinstance(e, Undecided)),
            tuple(e for e in events if isinstance(e, FaultActs)),
        )

    def effort(self, cluster: ClusterId, job: JobId, opened: int) -> Effort:
        """Return what an answer cost."""
        for event in self.answers:
            if (event.cluster, event.job, event.opened) == (cluster, job, opened):
                return event.answer.effort
        return Effort()

    def bids_s(self, job: JobId, opened: int) -> tuple[int | None, int | None]:
        """Return when a call went out and when its last answer came, ms."""
        called = [e.at_ms for e in self.calls if e.job.id == job and e.opened == opened and e.at_ms is not None]
        came = [e.at_ms for e in self.answers if e.job == job and e.opened == opened and e.at_ms is not None]
        return (called[0] if called else None), (max(came) if came else None)

    def decided_ms(self, height: int) -> int | None:
        """Return when a height was decided, ms."""
        times = [e.at_ms for e in self.decided if e.height == height and e.at_ms is not None]
        return times[0] if times else None


def vote_rows(story_votes: Sequence[Voted], height: int, round_: int, state: LedgerState) -> tuple[VoteRow, ...]:
    """Return each member's vote at the deciding round of `height`; `state` is the one before it was decided."""
    rows = []
    for member in state.members:
        if member.left:
            continue
        mine = [v for v in story_votes if v.height == height and v.cluster == member.cluster.id]
        rows.append(_vote_row(mine, round_, member.cluster.id, state.power(member)))
    return tuple(rows)


def _vote_row(mine: list[Voted], round_: int, cluster: ClusterId, power: int) -> VoteRow:
    here = [v for v in mine if v.round == round_]
    approvals = [v for v in here if v.vote == "approve"]
    skips = [v for v in here if v.vote == "skip"]
    vote: Literal["approve", "skip", "none", "equivocated"] = "none"
    if len({v.value for v in approvals}) > 1:
        vote = "equivocated"
    elif skips:
        vote = "skip"
    elif approvals:
        vote = "approve"
    grounds = (skips or approvals or here)[0].grounds if here else ""
    return VoteRow(
        cluster=cluster,
        round=round_,
        approves={"approve": True, "skip": False, "equivocated": False, "none": None}[vote],
        vote=vote,
        finalizes=any(v.vote == "finalize" for v in here),
        grounds=grounds,
        power=_milli(power),
    )


def _how(record: DecisionRecord, votes: Sequence[VoteRow], rounds: int) -> How:
    if record.outcome != "allocated":
        return "not placed"
    if any(row.vote == "equivocated" for row in votes):
        return "equivocation"
    if rounds > 1:
        return "re-voted"
    voting = [row for row in votes if row.power > 0]
    agreed = all(row.approves for row in voting) and not any(answer.void for answer in record.answers)
    return "unanimous" if agreed else "contested"


def _decision(
    number: int, calls: int, record: DecisionRecord, height: Verified, before: LedgerState, story: _Story
) -> DecisionRow:
    round_ = height.entry.certificate.round
    votes = vote_rows(story.votes, record.height, round_, before)
    approving = [row for row in votes if row.approves]
    total = sum(before.power(member) for member in before.members)
    called, answered = story.bids_s(record.job.id, record.opened)
    decided = story.decided_ms(record.height)
    after = height.application.state
    seat = after.seat_of(record.winner) if record.winner else None
    proposer = [e.cluster for e in story.proposals if e.height == record.height and e.round == round_]
    return DecisionRow(
        number=number,
        job=record.job,
        outcome="allocated" if record.outcome == "allocated" else "unallocated",
        how=_how(record, votes, round_ + 1),
        height=record.height,
        at_s=record.at_s,
        cluster=record.winner,
        nodes=sum(record.nodes),
        reasons=record.reasons,
        calls=calls,
        bids=tuple(
            bid_row(a, story.effort(a.cluster, record.job.id, record.opened), before.parameters.interval_bp)
            for a in record.answers
        ),
        ranking=record.ranking,
        votes=votes,
        approvals=len(approving),
        members=len(before.active()),
        weight_approving=round(sum(row.power for row in approving), 3),
        weight_total=_milli(total),
        weight_needed=_milli(-(-2 * total // 3)),
        rounds=round_ + 1,
        proposer=proposer[0] if proposer else None,
        value=height.entry.block.digest,
        bids_s=None if called is None or answered is None else (answered - called) / 1_000,
        votes_s=None if answered is None or decided is None else (decided - answered) / 1_000,
        occupancy=None if seat is None else occupancy_row(after, seat),
    )


def _undecided(number: int, event: Undecided, job: Job, state: LedgerState, story: _Story) -> DecisionRow:
    votes = vote_rows(story.votes, event.height, event.rounds - 1, state)
    total = sum(state.power(member) for member in state.members)
    approving = [row for row in votes if row.approves]
    return DecisionRow(
        number=number,
        job=job,
        outcome="undecided",
        how="no quorum",
        height=event.height,
        at_s=event.at_s,
        cluster=None,
        nodes=0,
        reasons=(f"no quorum in {event.rounds} rounds",),
        calls=1,
        bids=(),
        ranking=(),
        votes=votes,
        approvals=len(approving),
        members=len(state.active()),
        weight_approving=round(sum(row.power for row in approving), 3),
        weight_total=_milli(total),
        weight_needed=_milli(-(-2 * total // 3)),
        rounds=event.rounds,
        proposer=None,
        value="",
        bids_s=None,
        votes_s=None,
        occupancy=None,
    )


def _decisions(heights: Sequence[Verified], first: LedgerState, story: _Story) -> list[DecisionRow]:
    """Return one row per job that came to an end of its calls, in order of first call."""
    numbers = {event.job.id: event.number for event in reversed(story.calls)}
    calls: dict[JobId, int] = {}
    rows: dict[JobId, DecisionRow] = {}
    before = first
    for height in heights:
        record = height.application.record
        for decision in record.decisions if record else ():
            job = decision.job.id
            calls[job] = calls.get(job, 0) + 1
            if decision.outcome != "waiting":
                number = numbers.get(job, len(rows) + 1)
                rows[job] = _decision(number, calls[job], decision, height, before, story)
        before = height.application.state
    jobs = {event.job.id: event.job for event in story.calls}
    for event in story.undecided:
        if event.job in jobs and event.job not in rows:
            rows[event.job] = _undecided(numbers[event.job], event, jobs[event.job], before, story)
    return sorted(rows.values(), key=lambda row: row.number)


def _changes(heights: Sequence[Verified]) -> tuple[list[FindingRow], list[ChangeRow]]:
    findings, changes = [], []
    for height in heights:
        record = height.application.record
        if record is None:
            continue
        for f in record.findings:
            row = FindingRow.model_validate(
                {"cluster": f.cluster, "class": f.class_, "job": f.job, "height": record.height, "what": f.what,
                 "before": _milli(f.before), "after": _milli(f.after)}
            )  # fmt: skip
            findings.append(row)
        for moved in (*record.findings, *record.credits):
            changes.append(
                ChangeRow(cluster=moved.cluster, height=record.height, at_s=record.at_s, before=_milli(moved.before),
                          after=_milli(moved.after), cause=moved.what, job=moved.job)
            )  # fmt: skip
    return findings, changes


def _ended(heights: Sequence[Verified]) -> list[EndRow]:
    starts: dict[JobId, int] = {}
    rows = []
    for height in heights:
        record = height.application.record
        if record is None:
            continue
        starts.update(dict.fromkeys(record.started, record.at_s))
        rows += [
            EndRow(job=end.job, cluster=end.cluster, nodes=end.nodes, started_at_s=starts.get(end.job, end.at_s),
                   ended_at_s=end.at_s, run_s=end.run_s, succeeded=end.succeeded)
            for end in record.ended
        ]  # fmt: skip
    return rows


def _standings(state: LedgerState, findings: Sequence[FindingRow]) -> dict[ClusterId, StandingRow]:
    rows = {}
    for member in state.members:
        if member.left:
            continue
        proven = [f for f in findings if f.cluster == member.cluster.id and f.class_ in {"A", "B"}]
        rows[member.cluster.id] = StandingRow(
            status="BYZANTINE" if proven else "HEALTHY",
            reputation=_milli(member.standing.reputation),
            power=_milli(state.power(member)),
            jailed=member.standing.jailed,
            findings=len(proven),
        )
    return rows


def _scenarios(
    rows: Sequence[DecisionRow], faults: Sequence[FaultActs], calls: Sequence[JobCalled]
) -> tuple[ScenarioRow, ...]:
    first = min((event.seq for event in faults), default=None)
    called = {event.job.id: event.seq for event in reversed(calls)}
    parts: dict[Literal["normal", "under fault"], list[DecisionRow]] = {"normal": [], "under fault": []}
    for row in rows:
        late = first is not None and called.get(row.job.id, 0) > first
        parts["under fault" if late else "normal"].append(row)
    return tuple(
        ScenarioRow(name=name, jobs=len(part), allocated=sum(row.outcome == "allocated" for row in part))
        for name, part in parts.items()
        if part
    )


def _total(values: Iterable[int | None]) -> int | None:
    """Add what is known; None if nothing is: unknown is not zero."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _median(values: list[float]) -> float | None:
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _summary(
    rows: Sequence[DecisionRow], story: _Story, findings: Sequence[FindingRow], submitted: int, ended: int
) -> Summary:
    bids = [bid for row in rows for bid in row.bids]
    eligible = [bid for bid in bids if bid.rule is not None]
    model = [bid for bid in eligible if bid.score is not None and bid.author != "rule"]
    asked = story.started is not None and story.started.profile != "rule"
    times = [row.bids_s + row.votes_s for row in rows if row.bids_s is not None and row.votes_s is not None]
    cost = _total(bid.effort.cost_usd_micro for bid in bids)
    return Summary(
        submitted=submitted,
        allocated=sum(row.outcome == "allocated" for row in rows),
        unallocated=sum(row.outcome == "unallocated" for row in rows),
        undecided=sum(row.outcome == "undecided" for row in rows),
        nodes_allocated=sum(row.nodes for row in rows),
        unanimous=sum(row.how == "unanimous" for row in rows),
        contested=sum(row.how in {"contested", "equivocation"} for row in rows),
        re_voted=sum(row.how == "re-voted" for row in rows),
        findings=sum(f.class_ in {"A", "B"} for f in findings),
        scenarios=_scenarios(rows, story.faults, story.calls),
        model_bids=len(model),
        rule_bids=sum(bid.score is not None and bid.author == "rule" for bid in bids),
        abstentions=sum(bid.score is None for bid in eligible),
        eligible=len(eligible),
        fallback_share=round((len(eligible) - len(model)) / len(eligible), 4) if asked and eligible else 0.0,
        model_calls=sum(bid.effort.calls for bid in bids),
        repaired=sum(bid.effort.repaired for bid in bids),
        tokens_in=_total(bid.effort.tokens_in for bid in bids),
        tokens_out=_total(bid.effort.tokens_out for bid in bids),
        cost_usd=None if cost is None else cost / 1_000_000,
        decision_s_median=_median(times),
        decision_s_max=max(times, default=None),
        jobs_ended=ended,
    )


def fold(
    name: str,
    first: LedgerState,
    heights: Sequence[Verified],
    events: Sequence[TraceEvent],
    submitted: int,
    degraded: str | None = None,
) -> RunReport:
    """Return the report of a run.

    `name` is the federation's; `first` the state before height 1; `heights` the verified entries so far; `events`
    the trace so far; `submitted` how many jobs the run was given.
    """
    story = _Story.of(events)
    rows = _decisions(heights, first, story)
    findings, changes = _changes(heights)
    last = heights[-1].application.state if heights else first
    settled = _last_decision(heights, first)
    ended = _ended(heights)
    started = story.started
    return RunReport(
        run=started.run if started else "",
        seed=started.seed if started else 0,
        chain=first.chain,
        profile=started.profile if started else "",
        provider=started.provider if started else "",
        model=started.model if started else None,
        started=started.started if started else None,
        status=story.ended.status if story.ended else "running",
        detail=story.ended.detail if story.ended else "",
        degraded=degraded,
        federation=federation_row(name, tuple(cluster_row(m.cluster, m.background) for m in first.members)),
        decisions=tuple(rows),
        at_s=settled.head_at_s,
        occupancy=occupancy(settled),
        reputation=reputation(settled),
        status_by_cluster=_standings(settled, findings),
        findings=tuple(findings),
        reputation_changes=tuple(changes),
        faults=story.faults,
        ended=tuple(ended),
        after=AfterRow(at_s=last.head_at_s, occupancy=occupancy(last), reputation=reputation(last)),
        heights=len(heights),
        summary=_summary(rows, story, findings, submitted, len(ended)),
    )


def _last_decision(heights: Sequence[Verified], first: LedgerState) -> LedgerState:
    """Return the state after the last height that decided a job: what a person means by `now` after a demo."""
    for height in reversed(heights):
        record = height.application.record
        if record and record.decisions:
            return height.application.state
    return first


def snapshot_rows(facts: Sequence[ClusterSnapshot]) -> tuple[tuple[ClusterId, int, int, int], ...]:
    """Return (cluster, jobs, background, free) in nodes for each snapshot."""
    return tuple((f.cluster.id, f.nodes_allocated, f.nodes_background, f.nodes_free) for f in facts)

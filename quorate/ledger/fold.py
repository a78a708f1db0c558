"""Folds a verified ledger and a trace into one report; nothing is recomputed anywhere else."""

from collections.abc import Iterable, Sequence
from typing import Literal

from quorate.domain.bidding import Abstention, Bid, Effort
from quorate.domain.clusters import Cluster
from quorate.domain.jobs import Job
from quorate.domain.trace import (
    FaultActs,
    JobCalled,
    TraceEvent,
    Undecided,
    Voted,
)
from quorate.domain.values import BASIS_POINTS, MILLI, ClusterId, JobId
from quorate.ledger.records import AnswerRecord, Credit, DecisionRecord, Finding
from quorate.ledger.report import (
    AfterRow,
    BidRow,
    ChangeRow,
    ClusterRow,
    DecisionRow,
    EndRow,
    FederationRow,
    FindingRow,
    How,
    OccupancyRow,
    RunReport,
    ScenarioRow,
    StandingRow,
    Summary,
    Totals,
    VoteRow,
)
from quorate.ledger.state import LedgerState
from quorate.ledger.story import Story
from quorate.ledger.verify import Verified
from quorate.market.check import allowed_interval


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
        assessed=_bp(record.assessed_bp),
        author=_author(answer),
        reasoning=bid.reasoning if bid else "",
        abstained=answer.code if isinstance(answer, Abstention) else None,
        detail=answer.detail if isinstance(answer, Abstention) else "",
        void=record.void,
        nodes_free=facts.nodes_free,
        nodes_background=facts.nodes_background,
        effort=effort,
    )


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
    number: int, calls: int, record: DecisionRecord, height: Verified, before: LedgerState, story: Story
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


def _undecided(number: int, event: Undecided, job: Job, state: LedgerState, story: Story) -> DecisionRow:
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
        reasons=(event.why or f"no quorum in {event.rounds} rounds",),
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


def _decisions(heights: Sequence[Verified], first: LedgerState, story: Story) -> list[DecisionRow]:
    """Return one row per job that came to an end of its calls, in order of first call."""
    numbers = {event.job.id: event.number for event in reversed(story.calls)}
    calls: dict[JobId, int] = {}
    rows: dict[JobId, DecisionRow] = {}
    before = first
    over = story.ended is not None and story.ended.status == "done"
    for height in heights:
        record = height.application.record
        for decision in record.decisions if record else ():
            job = decision.job.id
            calls[job] = calls.get(job, 0) + 1
            if decision.outcome != "waiting" or over:  # who waits still when the run is over was not placed
                number = numbers.get(job, len(rows) + 1)
                rows[job] = _decision(number, calls[job], decision, height, before, story)
        before = height.application.state
    jobs = {event.job.id: event.job for event in story.calls}
    for event in story.undecided:
        asked = jobs.get(event.job, event.asked)
        if asked is not None and event.job not in rows:
            number = numbers.get(event.job, event.number)
            rows[event.job] = _undecided(number, event, asked, before, story)
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
        moves: tuple[Finding | Credit, ...] = (*record.findings, *record.credits)
        changes += [
            ChangeRow(cluster=moved.cluster, height=record.height, at_s=record.at_s, before=_milli(moved.before),
                      after=_milli(moved.after), cause=moved.what, job=moved.job)
            for moved in moves
        ]  # fmt: skip
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
    for seat, member in enumerate(state.members):
        if member.left:
            continue
        proven = [f for f in findings if f.cluster == member.cluster.id and f.proven]
        rows[member.cluster.id] = StandingRow(
            status="BYZANTINE" if proven else "HEALTHY",
            reputation=_milli(member.standing.reputation),
            power=_milli(state.power(member)),
            jailed=member.standing.jailed,
            findings=len(proven),
            disputed=len(state.disputes.get(seat, ())),
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
    rows: Sequence[DecisionRow], story: Story, findings: Sequence[FindingRow], submitted: int, ended: int
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
        findings=sum(f.proven for f in findings),
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
    story = Story.of(events)
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
    """Return the state after the last height that decided a job or jailed a member: `now`, after a demo."""
    for height in reversed(heights):
        record = height.application.record
        if record and (record.decisions or any(finding.class_ == "A" for finding in record.findings)):
            return height.application.state
    return first

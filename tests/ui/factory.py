"""Runs of every kind, built by hand: a report, its trace, and a folder that the screens can open.

Numbers are those of the reference federation; what a person reads is what a fold of a real ledger would say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.reading import read_federation, read_jobs
from quorate.domain.bidding import Abstention, Answer, Author, Bid, Effort, Forecast
from quorate.domain.jobs import Job
from quorate.domain.trace import (
    TRACE_EVENTS,
    Answered,
    Checked,
    Decided,
    JobCalled,
    Prompted,
    Proposed,
    Replied,
    RunEnded,
    RunStarted,
    TraceEvent,
    Undecided,
    Voted,
)
from quorate.ledger.fold import cluster_row, federation_row
from quorate.ledger.report import (
    AfterRow,
    BidRow,
    ChangeRow,
    DecisionRow,
    FindingRow,
    OccupancyRow,
    RunReport,
    StandingRow,
    Summary,
    VoteRow,
)

ROOT = Path(__file__).resolve().parents[2]
FEDERATION = read_federation(ROOT / "data/federations/reference.toml")
JOBS = [request.job() for request in read_jobs(ROOT / "data/workloads/reference.toml").jobs]
CLUSTERS = [cluster.id for cluster in FEDERATION.clusters]
BACKGROUND = [30, 11, 66, 49, 11, 37]
KINDS = (
    "unanimous",
    "contested",
    "re-voted",
    "equivocation",
    "void",
    "over-claim",
    "repaired",
    "silent",
    "no quorum",
    "not placed",
)
"""Every kind of decision that a page must be able to tell."""

MODEL = Author(kind="model", provider="openai", model="Meta-Llama-3.3-70B-Instruct")
FORECAST = Forecast(start_p50_s=0, start_p90_s=60, run_p50_s=100, run_p90_s=200, success_bp=9_500, author="rule")


@dataclass(frozen=True)
class Words:
    """Foreign text, replaced where a test wants it hostile."""

    title: str = ""
    reasoning: str = "tightly coupled job; links and free nodes decide"
    grounds: str = "insists on another block"
    prompt: str = "You are {cluster}. Bid for job {job}.\nnodes: 36\nmemory: 192 GiB"
    reply: str = '{"score": 0.85,\n "reasoning": "tightly coupled"}'


def bid(
    index: int,
    score: float | None,
    rule: float = 0.8,
    *,
    reputation: float = 1.0,
    void: tuple[str, ...] = (),
    effort: Effort | None = None,
    code: str = "too_few_nodes",
    words: Words = Words(),
) -> BidRow:
    """Return one answer."""
    return BidRow(
        cluster=CLUSTERS[index],
        score=score,
        wanted=score,
        rule=None if score is None and code == "too_few_nodes" else rule,
        allowed=(max(0.0, round(rule - 0.25, 4)), min(1.0, round(rule + 0.25, 4))),
        reputation=reputation,
        weighted=None if score is None or void else round(score * reputation, 4),
        author="openai:Meta-Llama-3.3-70B-Instruct",
        reasoning=words.reasoning if score is not None else "",
        abstained=None if score is not None else code,
        detail="" if score is not None else f"no bid: {code}",
        void=void,
        nodes_free=200,
        nodes_background=BACKGROUND[index],
        effort=effort or Effort(latency_ms=700 + 40 * index, tokens_in=419, tokens_out=54, calls=1, cost_usd_micro=310),
    )


def vote(index: int, kind: str = "approve", *, round_: int = 0, power: float = 1.0, words: Words = Words()) -> VoteRow:
    """Return one member's vote on the deciding round."""
    approves = {"approve": True, "skip": False, "none": None, "equivocated": False}[kind]
    return VoteRow.model_validate(
        {
            "cluster": CLUSTERS[index],
            "round": round_,
            "approves": approves,
            "vote": kind,
            "finalizes": kind == "approve",
            "grounds": words.grounds if kind == "skip" else "",
            "power": power,
        }
    )


def _bids(kind: str, words: Words) -> tuple[BidRow, ...]:
    scores: list[float | None] = [0.75, 0.82, 0.8, 0.91, 0.7, None]
    rows = [bid(i, score, rule=0.8 if i != 3 else 0.88, words=words) for i, score in enumerate(scores)]
    if kind == "void":
        rows[0] = bid(0, 1.0, void=("nodes_free is 80, not 200",), words=words)
    if kind == "over-claim":
        rows[0] = bid(0, 0.9, rule=0.66, words=words)
    if kind == "repaired":
        effort = Effort(latency_ms=1_539, tokens_in=458, tokens_out=56, calls=2, repaired=True)
        rows[0] = bid(0, 0.75, effort=effort, words=words)
    if kind == "silent":
        rows[4] = bid(4, None, code="provider_unreachable", words=words)
    if kind == "not placed":
        return tuple(bid(i, None, words=words) for i in range(6))
    return () if kind == "no quorum" else tuple(rows)


def _votes(kind: str, words: Words) -> tuple[VoteRow, ...]:
    rows = [vote(i, round_=1 if kind in {"re-voted", "equivocation"} else 0, words=words) for i in range(6)]
    if kind in {"contested", "re-voted"}:
        rows[0] = vote(0, "skip", round_=rows[0].round, words=words)
    if kind == "contested":
        rows[5] = vote(5, "none")
    if kind == "equivocation":
        rows[0] = vote(0, "equivocated", round_=1, power=0.6)
    if kind == "no quorum":
        rows = [vote(i, "approve" if i < 3 else "skip", round_=2, words=words) for i in range(6)]
    return tuple(rows)


HOW = {"void": "contested", "over-claim": "unanimous", "repaired": "unanimous", "silent": "unanimous"}


def decision(kind: str, number: int = 1, words: Words = Words()) -> DecisionRow:
    """Return one decision of a kind."""
    job = JOBS[(number - 1) % len(JOBS)].model_copy(update={"id": f"job_{number:03}"})
    if words.title:
        job = Job.model_construct(**{**job.model_dump(), "name": words.title, "attributes": ()})
    bids, votes = _bids(kind, words), _votes(kind, words)
    approving = [row for row in votes if row.approves]
    total = round(sum(row.power for row in votes), 3)
    placed = kind not in {"no quorum", "not placed"}
    ranked = sorted((b for b in bids if b.weighted is not None), key=lambda b: -(b.weighted or 0))
    outcome = "allocated" if placed else "undecided" if kind == "no quorum" else "unallocated"
    return DecisionRow.model_construct(
        number=number,
        job=job,
        outcome=outcome,
        how=HOW.get(kind, kind),
        height=3 * number,
        at_s=600 * (number - 1),
        cluster=CLUSTERS[3] if placed else None,
        nodes=job.nodes if placed else 0,
        reasons=() if placed else tuple(f"{c}: only 12 nodes free" for c in CLUSTERS),
        calls=1,
        bids=bids,
        ranking=tuple(b.cluster for b in ranked),
        votes=votes,
        approvals=len(approving),
        members=6,
        weight_approving=round(sum(row.power for row in approving), 3),
        weight_total=total,
        weight_needed=-(-2 * round(total * 1_000) // 3) / 1_000,
        rounds=3 if kind == "no quorum" else 2 if kind in {"re-voted", "equivocation"} else 1,
        proposer=CLUSTERS[number % 6] if kind != "no quorum" else None,
        value=f"{number:064x}" if outcome != "undecided" else "",
        bids_s=0.97 if outcome != "undecided" else None,
        votes_s=0.63 if outcome != "undecided" else None,
        occupancy=None,
    )


def occupancy(report_decisions: Sequence[DecisionRow]) -> dict[str, OccupancyRow]:
    """Return what the decisions leave of each cluster."""
    rows = {}
    for cluster, background in zip(FEDERATION.clusters, BACKGROUND, strict=True):
        running = tuple((d.job.id, d.nodes) for d in report_decisions if d.cluster == cluster.id)[:4]
        jobs = min(sum(nodes for _, nodes in running), cluster.nodes - background)
        rows[cluster.id] = OccupancyRow(
            nodes=cluster.nodes,
            jobs=jobs,
            background=background,
            free=cluster.nodes - jobs - background,
            gpus=cluster.gpus,
            gpus_jobs=0,
            gpus_background=0,
            gpus_free=cluster.gpus,
            running=running,
        )
    return rows


def _findings(
    rows: Sequence[DecisionRow], kinds: Sequence[str]
) -> tuple[tuple[FindingRow, ...], tuple[ChangeRow, ...]]:
    words = {"void": ("B", "nodes_free is 80, not 200"), "equivocation": ("A", "two different votes in one round")}
    found, changes, before = [], [], 1.0
    for row, kind in zip(rows, kinds, strict=True):
        if kind not in words:
            continue
        class_, what = words[kind]
        after = 0.6
        found.append(
            FindingRow.model_validate(
                {
                    "cluster": CLUSTERS[0],
                    "class": class_,
                    "job": row.job.id,
                    "height": row.height,
                    "what": what,
                    "before": before,
                    "after": after,
                }
            )
        )
        changes.append(
            ChangeRow(
                cluster=CLUSTERS[0],
                height=row.height,
                at_s=row.at_s,
                before=before,
                after=after,
                cause=what,
                job=row.job.id,
            )
        )
        before = after
    return tuple(found), tuple(changes)


def report(
    kinds: Sequence[str] = KINDS,
    words: Words = Words(),
    *,
    run: str = "kinds",
    status: str = "done",
    submitted: int | None = None,
) -> RunReport:
    """Return a run with one decision of each kind."""
    rows = [decision(kind, number, words) for number, kind in enumerate(kinds, 1)]
    findings, changes = _findings(rows, kinds)
    clusters = tuple(cluster_row(c, b) for c, b in zip(FEDERATION.clusters, BACKGROUND, strict=True))
    taken = occupancy(rows)
    trust = {name: 0.6 if findings and name == CLUSTERS[0] else 1.0 for name in CLUSTERS}
    bids = [one for row in rows for one in row.bids]
    count = {how: sum(row.how == how for row in rows) for how in ("unanimous", "contested", "re-voted", "equivocation")}
    summary = Summary(
        submitted=len(rows) if submitted is None else submitted,
        allocated=sum(r.outcome == "allocated" for r in rows),
        unallocated=sum(r.outcome == "unallocated" for r in rows),
        undecided=sum(r.outcome == "undecided" for r in rows),
        nodes_allocated=sum(r.nodes for r in rows),
        unanimous=count["unanimous"],
        contested=count["contested"] + count["equivocation"],
        re_voted=count["re-voted"],
        findings=len(findings),
        scenarios=(),
        model_bids=sum(b.score is not None for b in bids),
        rule_bids=0,
        abstentions=sum(b.score is None and b.rule is not None for b in bids),
        eligible=sum(b.rule is not None for b in bids),
        fallback_share=0.02,
        model_calls=sum(b.effort.calls for b in bids),
        repaired=sum(b.effort.repaired for b in bids),
        tokens_in=20_112,
        tokens_out=2_592,
        cost_usd=0.0149,
        decision_s_median=1.6 if rows else None,
        decision_s_max=1.6 if rows else None,
        jobs_ended=0,
    )
    standing = {
        name: StandingRow(
            status="BYZANTINE" if trust[name] < 1 else "HEALTHY",
            reputation=trust[name],
            power=trust[name],
            jailed=False,
            findings=int(trust[name] < 1),
        )
        for name in CLUSTERS
    }
    at_s = rows[-1].at_s if rows else 0
    return RunReport.model_construct(
        schema_="quorate.run/1",
        run=run,
        seed=42,
        chain="c" * 64,
        profile="llama",
        provider="openai",
        model="Meta-Llama-3.3-70B-Instruct",
        started="2026-11-24T08:00:00Z",
        status=status,
        detail="the provider went away" if status == "failed" else "",
        degraded=None,
        federation=federation_row(words.title or "reference", clusters),
        decisions=tuple(rows),
        at_s=at_s,
        occupancy=taken,
        reputation=trust,
        status_by_cluster=standing,
        findings=findings,
        reputation_changes=changes,
        faults=(),
        ended=(),
        after=AfterRow(at_s=at_s + 36_000, occupancy=taken, reputation=trust),
        heights=30,
        summary=summary,
    )


# -- the trace -------------------------------------------------------------------------------------------------


def events(shown: RunReport, words: Words = Words()) -> list[TraceEvent]:
    """Return the trace that belongs to a report."""
    found: list[TraceEvent] = [
        RunStarted.model_validate(
            {
                "run": shown.run,
                "seed": 42,
                "profile": "llama",
                "provider": "openai",
                "model": shown.model,
                "jobs": shown.summary.submitted,
                "deadline_s": 45.0,
            }
        )
    ]
    clock = 0
    for row in shown.decisions:
        clock = _decision_events(found, row, clock, words, shown.summary.submitted)
    if shown.status != "running":
        found.append(RunEnded.model_validate({"status": shown.status, "detail": shown.detail, "at_ms": clock}))
    return [event.model_copy(update={"seq": seq}) for seq, event in enumerate(found, 1)]


def _decision_events(found: list[TraceEvent], row: DecisionRow, clock: int, words: Words, of: int) -> int:
    opened, job = row.height - 1, row.job.id
    found.append(
        JobCalled.model_construct(job=row.job, number=row.number, of=of, opened=opened, at_ms=clock, at_s=row.at_s)
    )
    for index, one in enumerate(row.bids):
        at = clock + 20 + 15 * index
        if one.abstained != "too_few_nodes":
            text = words.prompt.replace("{cluster}", one.cluster).replace("{job}", job)
            found.append(
                Prompted(
                    job=job,
                    cluster=one.cluster,
                    attempt=1,
                    prompt_id="bid",
                    prompt_version=2,
                    prompt_sha256="a" * 64,
                    text=text,
                    at_ms=at,
                )
            )
            done = at + (one.effort.latency_ms or 900)
            failure = one.abstained if one.score is None else None
            found.append(
                Replied(
                    job=job,
                    cluster=one.cluster,
                    attempt=1,
                    text=None if failure else words.reply,
                    failure=failure,
                    latency_ms=one.effort.latency_ms,
                    tokens_in=419,
                    tokens_out=54,
                    at_ms=done,
                )
            )
            if one.effort.repaired:
                found.append(
                    Checked(
                        job=job,
                        cluster=one.cluster,
                        attempt=1,
                        accepted=False,
                        notes=("code fence stripped", words.grounds[:200]),
                        at_ms=done,
                    )
                )
        answer = _outcome(row, one, words)
        found.append(
            Answered(
                job=job,
                cluster=one.cluster,
                opened=opened,
                answer=Answer(outcome=answer, effort=one.effort),
                at_ms=clock + 970,
            )
        )
    return _vote_events(found, row, clock + 980, words)


def _outcome(row: DecisionRow, one: BidRow, words: Words) -> Bid | Abstention:
    if one.score is None:
        return Abstention(job=row.job.id, cluster=one.cluster, code=one.abstained or "no_answer", detail=one.detail)
    return Bid(
        job=row.job.id,
        cluster=one.cluster,
        score_bp=round(one.score * 10_000),
        wanted_bp=round(one.score * 10_000),
        reasoning=words.reasoning[:600],
        forecast=FORECAST,
        author=MODEL,
    )


def _vote_events(found: list[TraceEvent], row: DecisionRow, clock: int, words: Words) -> int:
    for round_ in range(row.rounds):
        last = round_ == row.rounds - 1
        value = f"{row.number * 10 + round_:064x}"
        leader = CLUSTERS[(row.number + round_) % 6]
        found.append(
            Proposed(height=row.height, round=round_, cluster=leader, value=value, jobs=(row.job.id,), at_ms=clock)
        )
        if row.how == "equivocation" and round_ == 0:
            found.append(
                Proposed(height=row.height, round=0, cluster=leader, value="f" * 64, jobs=(row.job.id,), at_ms=clock)
            )
        for index, one in enumerate(row.votes):
            kind = one.vote if last else "skip" if index % 2 else "approve"
            clock += 14
            _one_vote(found, row, one, kind, round_, value, clock, words)
        for one in row.votes:
            if last and one.finalizes and row.outcome != "undecided":
                clock += 11
                found.append(
                    Voted(
                        height=row.height,
                        round=round_,
                        cluster=one.cluster,
                        vote="finalize",
                        value=value,
                        grounds="saw a quorum of approvals",
                        power=round(one.power * 1_000),
                        at_ms=clock,
                    )
                )
        clock += 40
    if row.outcome == "undecided":
        found.append(Undecided(job=row.job.id, height=row.height, rounds=row.rounds, at_ms=clock))
    else:
        found.append(Decided(height=row.height, round=row.rounds - 1, value=row.value, jobs=(row.job.id,), at_ms=clock))
    return clock + 50


def _one_vote(
    found: list[TraceEvent],
    row: DecisionRow,
    one: VoteRow,
    kind: str,
    round_: int,
    value: str,
    clock: int,
    words: Words,
) -> None:
    said = {
        "approve": [("approve", value)],
        "skip": [("skip", None)],
        "none": [],
        "equivocated": [("approve", value), ("approve", "e" * 64)],
    }[kind]
    for word, signed in said:
        grounds = words.grounds if word == "skip" else ""
        found.append(
            Voted(
                height=row.height,
                round=round_,
                cluster=one.cluster,
                vote=word,
                value=signed,
                grounds=grounds,
                power=round(one.power * 1_000),
                at_ms=clock,
            )
        )


def write(root: Path, shown: RunReport, trace: Sequence[TraceEvent] | None = None) -> Path:
    """Write a run folder without a ledger: the screens show it from its document."""
    folder = root / shown.run
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(shown.model_dump_json(), "utf-8")
    lines = (TRACE_EVENTS.dump_json(event, by_alias=True) + b"\n" for event in trace or ())
    (folder / "trace.jsonl").write_bytes(b"".join(lines))
    return folder


def many(jobs: int, run: str = "many") -> RunReport:
    """Return a run of many jobs, decided one a minute, for what has to stay quick."""
    few = report(("unanimous", "contested", "re-voted", "equivocation"), run=run)
    rows = []
    for number in range(1, jobs + 1):
        row = few.decisions[number % 4]
        job = row.job.model_copy(update={"id": f"job_{number:05}", "walltime_s": 3_600 + (number * 977) % 36_000})
        rows.append(
            row.model_copy(
                update={
                    "number": number,
                    "job": job,
                    "at_s": 60 * number,
                    "height": 3 * number,
                    "cluster": CLUSTERS[(number * 7) % 6],
                    "bids": (),
                    "votes": row.votes,
                }
            )
        )
    last = rows[-1].at_s
    summary = few.summary.model_copy(update={"submitted": jobs, "allocated": jobs, "unallocated": 0, "undecided": 0})
    return few.model_copy(
        update={
            "decisions": tuple(rows),
            "summary": summary,
            "at_s": last,
            "findings": (),
            "after": few.after.model_copy(update={"at_s": last + 40_000}),
        }
    )

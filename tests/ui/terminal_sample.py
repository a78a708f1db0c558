"""A run made by hand for the terminal's tests: eight jobs, a lie at the seventh, numbers that add up."""

import re
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console

from backends.reading import read_federation, read_jobs
from quorate.domain.bidding import Effort
from quorate.domain.jobs import Job
from quorate.domain.trace import FaultActs, RunStarted
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.report import (
    AfterRow,
    BidRow,
    ChangeRow,
    ClusterRow,
    DecisionRow,
    EndRow,
    FederationRow,
    FindingRow,
    OccupancyRow,
    RunReport,
    ScenarioRow,
    StandingRow,
    Summary,
    Totals,
    VoteRow,
)
from ui.terminal import Outputs, TerminalFace, quorum_rule

ROOT = Path(__file__).parents[2]
BACKGROUND = (20, 11, 73, 28, 40, 17)
WINNERS = (0, 4, 3, 2, 5, 2, 3, 1)
LIAR, LIED_AT = 0, 7
IDS = tuple(ClusterId(f"HPC_RESOURCE_{i:02}") for i in range(6))
LIE = "nodes_free is 140, not 200"


def federation() -> FederationRow:
    """The reference federation with a background load."""
    clusters = read_federation(ROOT / "data/federations/reference.toml").clusters
    rows = tuple(
        ClusterRow(
            id=c.id, type=c.type, nodes=c.nodes, cores=c.cores, memory_gib=c.memory_gib, gpus=c.gpus,
            interconnect=c.interconnect, link_gbps=c.link_gbps, storage_pb=c.storage_pb, background=busy,
            groups=c.groups,
        )
        for c, busy in zip(clusters, BACKGROUND, strict=True)
    )  # fmt: skip
    totals = Totals(
        clusters=6,
        nodes=sum(r.nodes for r in rows),
        cores=sum(r.cores for r in rows),
        memory_gib=sum(r.memory_gib for r in rows),
        memory_tib=1_082,
        memory_tb=1_190,
        gpus=sum(r.gpus for r in rows),
        background=sum(BACKGROUND),
    )
    return FederationRow(name="reference", clusters=rows, totals=totals)


def started(*, profile: str = "rule", model: str | None = None) -> RunStarted:
    """The first event."""
    return RunStarted(
        run="seed-42", seed=42, profile=profile, provider=profile, model=model, jobs=8, deadline_s=45.0, started=None
    )


def jobs() -> list[Job]:
    """The eight reference jobs."""
    return [each.job() for each in read_jobs(ROOT / "data/workloads/reference.toml").jobs]


def fault() -> FaultActs:
    """The driver's own line."""
    return FaultActs(
        driver="false-occupancy",
        cluster=IDS[LIAR],
        job=JobId("job_007"),
        says="signs more free nodes than the ledger allows",
    )


def _occupancy(cluster: ClusterRow, running: Sequence[tuple[JobId, int]]) -> OccupancyRow:
    held = sum(nodes for _, nodes in running)
    per_node = cluster.groups[0].gpus
    return OccupancyRow(
        nodes=cluster.nodes, jobs=held, background=cluster.background,
        free=cluster.nodes - held - cluster.background, gpus=cluster.gpus, gpus_jobs=held * per_node,
        gpus_background=0, gpus_free=cluster.gpus - held * per_node, running=tuple(running),
    )  # fmt: skip


def _bid(
    index: int, number: int, job: Job, cluster: ClusterRow, free: int, reputation: float, times: bool, wins: bool
) -> BidRow:
    lacks = job.gpus_per_node > cluster.groups[0].gpus or job.memory_gib_per_node > cluster.groups[0].memory_gib
    lies = index == LIAR and number == LIED_AT
    score = 1.0 if lies else round(0.93 - 0.011 * number, 4) if wins else round(0.55 + 0.031 * index, 4)
    fact = f"the job's {job.memory_gib_per_node} GiB a node exceed {cluster.groups[0].memory_gib} GiB"
    return BidRow(
        cluster=cluster.id,
        score=None if lacks else score,
        wanted=None if lacks else score,
        rule=None if lacks else min(score, 0.9),
        allowed=None if lacks else (0.65, 1.0),
        reputation=reputation,
        weighted=None if lacks or lies else round(score * reputation, 4),
        author="facts" if lacks else "rule",
        reasoning=""
        if lacks
        else f"{free} of {cluster.nodes} nodes free, type {cluster.type} for {job.type}, {cluster.link_gbps} Gb/s",
        abstained="memory_per_node" if lacks else None,
        detail=fact if lacks else "",
        void=(LIE,) if lies else (),
        nodes_free=free,
        nodes_background=cluster.background,
        effort=Effort(latency_ms=3 if times and not lacks else None),
    )


def decision(number: int, *, times: bool = True) -> DecisionRow:
    """One job's decision, the ones before it having been decided."""
    wanted, rows = jobs(), federation().clusters
    job, winner = wanted[number - 1], WINNERS[number - 1]
    held: dict[int, list[tuple[JobId, int]]] = {index: [] for index in range(6)}
    for earlier, at in zip(wanted[: number - 1], WINNERS, strict=False):
        held[at].append((earlier.id, earlier.nodes))
    trust = {index: 0.6 if index == LIAR and number > LIED_AT else 1.0 for index in range(6)}
    bids = tuple(
        _bid(i, number, job, row, row.nodes - row.background - sum(n for _, n in held[i]), trust[i], times, i == winner)
        for i, row in enumerate(rows)
    )
    counting = sorted((b for b in bids if b.weighted is not None), key=lambda b: -(b.weighted or 0))
    total = round(sum(trust.values()), 3)
    votes = tuple(
        VoteRow(
            cluster=row.id, round=0, approves=True, vote="approve", finalizes=True,
            grounds=f"re-derived {rows[winner].id} from the sealed bids", power=trust[i],
        )
        for i, row in enumerate(rows)
    )  # fmt: skip
    return DecisionRow(
        number=number, job=job, outcome="allocated", how="contested" if number == LIED_AT else "unanimous",
        height=3 * number, at_s=600 * (number - 1), cluster=rows[winner].id, nodes=job.nodes, reasons=(), calls=1,
        bids=bids, ranking=tuple(b.cluster for b in counting), votes=votes, approvals=6, members=6,
        weight_approving=total, weight_total=total, weight_needed=3.734 if total == 5.6 else 4.0, rounds=1,
        proposer=rows[number % 6].id, value=f"{number:x}c4e91b7" * 8, bids_s=0.012 + 0.001 * number if times else None,
        votes_s=0.031 if times else None, occupancy=_occupancy(rows[winner], [*held[winner], (job.id, job.nodes)]),
    )  # fmt: skip


def report(*, times: bool = True, decided: int = 8, status: str = "done") -> RunReport:
    """The whole run, or its first decisions."""
    rows = tuple(decision(number, times=times) for number in range(1, decided + 1))
    clusters, wanted = federation().clusters, jobs()
    caught = decided >= LIED_AT
    trust = {row.id: 0.6 if caught and i == LIAR else 1.0 for i, row in enumerate(clusters)}
    running = {
        row.id: [(wanted[n].id, wanted[n].nodes) for n in range(decided) if WINNERS[n] == i]
        for i, row in enumerate(clusters)
    }
    took = sorted((row.bids_s or 0) + (row.votes_s or 0) for row in rows)
    finding = FindingRow.model_validate(
        {"cluster": IDS[LIAR], "class": "B", "job": "job_007", "height": 21, "what": LIE, "before": 1.0, "after": 0.6}
    )
    changes = (
        ChangeRow(cluster=IDS[LIAR], height=21, at_s=3_600, before=1.0, after=0.6, cause=LIE, job=JobId("job_007")),
        ChangeRow(
            cluster=IDS[LIAR], height=30, at_s=40_000, before=0.6, after=0.61, cause="job_001 completed", job=None
        ),
    )
    done = status == "done"
    return RunReport(
        run="seed-42", seed=42, chain="ab" * 32, profile="rule", provider="rule", model=None, started=None,
        status=status, detail="", federation=federation(), decisions=rows, at_s=600 * (decided - 1),
        occupancy={row.id: _occupancy(row, running[row.id]) for row in clusters}, reputation=trust,
        status_by_cluster={
            row.id: StandingRow(
                status="BYZANTINE" if trust[row.id] < 1 else "HEALTHY", reputation=trust[row.id], power=trust[row.id],
                jailed=False, findings=int(trust[row.id] < 1),
            )
            for row in clusters
        },
        findings=(finding,) if caught else (), reputation_changes=changes if caught else (),
        faults=(fault(),) if caught else (),
        ended=tuple(
            EndRow(job=job.id, cluster=clusters[at].id, nodes=job.nodes, started_at_s=0, ended_at_s=40_000,
                   run_s=39_000, succeeded=True)
            for job, at in zip(wanted, WINNERS, strict=True)
        ) if done else (),
        after=AfterRow(
            at_s=43_200 if done else 600 * (decided - 1),
            occupancy={row.id: _occupancy(row, [] if done else running[row.id]) for row in clusters},
            reputation=trust | ({IDS[LIAR]: 0.61} if done and caught else {}),
        ),
        heights=30,
        summary=Summary(
            submitted=8, allocated=decided, unallocated=0, undecided=0, nodes_allocated=sum(r.nodes for r in rows),
            unanimous=sum(r.how == "unanimous" for r in rows), contested=sum(r.how == "contested" for r in rows),
            re_voted=0, findings=int(caught),
            scenarios=(
                ScenarioRow(name="normal", jobs=min(decided, 6), allocated=min(decided, 6)),
                *([ScenarioRow(name="under fault", jobs=decided - 6, allocated=decided - 6)] if caught else []),
            ),
            model_bids=0, rule_bids=sum(b.score is not None for r in rows for b in r.bids), abstentions=0,
            eligible=sum(b.rule is not None for r in rows for b in r.bids), fallback_share=0.0, model_calls=0,
            repaired=0, tokens_in=None, tokens_out=None, cost_usd=None,
            decision_s_median=took[len(took) // 2] if times else None,
            decision_s_max=took[-1] if times else None, jobs_ended=8 if done else 0,
        ),
    )  # fmt: skip


def quorum_weights() -> dict[ClusterId, float]:
    """Voting powers before the first height."""
    return dict.fromkeys(IDS, 1.0)


def told(console: Console, *, times: bool = False, quiet: bool = False, emoji: bool = True) -> None:
    """Tell the whole run to a console, as a door does."""
    face = TerminalFace(console, emoji=emoji, quiet=quiet, show_llm=False)
    with face:
        face.header(started(), federation(), quorum_rule(quorum_weights()), quorum_weights())
        for number in range(1, 9):
            if number == LIED_AT:
                face.on_event(fault())
            face.progress(report(times=times, decided=number, status="running"))
        ledger = "runs/seed-42/ledger.jsonl"
        face.final(report(times=times), Outputs(ledger=ledger, verify=f"python cli.py verify {ledger}"))


def text(width: int | None = None, **choices: bool) -> str:
    """Return what a pipe gets; with a width, what a terminal of that width shows, without colour."""
    out = StringIO()
    kind = {"force_terminal": True, "width": width, "color_system": None} if width else {}
    console = Console(file=out, force_interactive=False, **kind)
    told(console, **choices)
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


if __name__ == "__main__":  # python -m tests.ui.terminal_sample > tests/ui/terminal_golden.txt
    told(Console(file=sys.stdout))

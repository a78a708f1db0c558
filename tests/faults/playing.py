"""Runs a workload under a fault plan through the real graph and has the judge look at what it left behind."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import carrying
import wiring
from backends.reading import JobRequest, Workload
from faults.drivers import DRIVERS
from faults.plan import Fault, FaultPlan
from quorate.domain.clusters import Federation
from quorate.ledger.verify import verify_lines
from tests.faults.judging import Verdict, judged

CLUSTERS = tuple(f"HPC_RESOURCE_{seat:02d}" for seat in range(6))
WINNER = CLUSTERS[3]
"""Wins some of almost any workload."""
TYPES = ("hpc", "gpu", "memory", "hybrid", "ai", "storage")


def workload(seed: int, count: int = 25, interval_min: int = 10) -> Workload:
    """Jobs of every kind; about one in ten asks for what no cluster has, some must wait for nodes."""
    rng, jobs = Random(f"workload|{seed}"), []
    for number in range(1, count + 1):
        impossible = rng.random() < 0.1
        jobs.append(
            JobRequest(
                id=f"job_{number:03d}",
                type=rng.choice(TYPES),
                nodes=600 if impossible else rng.choice((1, 2, 8, 16, 32, 64, 120, 200)),
                gpus_per_node=rng.choice((0, 0, 0, 1, 2, 4, 6)),
                memory_gib_per_node=rng.choice((0, 64, 128, 250, 500, 1_000)),
                walltime_min=rng.choice((30, 60, 240, 720)),
            )
        )
    return Workload(name=f"seed {seed}", interval_min=interval_min, jobs=tuple(jobs))


def gpu_workload(count: int = 30) -> Workload:
    """Jobs that want GPUs and otherwise suit a cluster of large memories."""
    return Workload(
        name="GPU jobs of memory type",
        jobs=tuple(
            JobRequest(id=f"job_{number:03d}", type="memory", nodes=8, gpus_per_node=1, walltime_min=120)
            for number in range(1, count + 1)
        ),
    )


def everywhere(driver: str, cluster: str) -> FaultPlan:
    """One driver that acts at every job."""
    return FaultPlan(faults=(Fault(driver=driver, cluster=cluster),))


def placed(driver: str) -> str:
    """Whom a driver befalls: another cluster for each, in turn; those that act only on winning befall a winner."""
    if driver in ("accept-then-drop", "stand-aside"):
        return WINNER
    return CLUSTERS[list(DRIVERS).index(driver) % len(CLUSTERS)]


@dataclass(frozen=True)
class Played:
    """One run and its judgement."""

    verdict: Verdict
    report: dict
    lines: list
    ledger: bytes
    trace: list


def federation(members: int) -> Federation:
    """So many clusters like those of the reference federation, over and over."""
    known = wiring.read_federation(wiring.REFERENCE_FEDERATION).clusters
    return Federation(
        name=f"{members} members",
        clusters=tuple(
            known[seat % len(known)].model_copy(update={"id": f"HPC_RESOURCE_{seat:02d}"}) for seat in range(members)
        ),
    )


def play(jobs: Workload, plan: FaultPlan, seed: int = 42, members: int = 6, *, opinions: bool = False) -> Played:
    """Carry a run out and judge it; the library's own verification must agree."""
    settings = wiring.read_settings(None)
    settings = settings.model_copy(update={"run": settings.run.model_copy(update={"opinions": opinions})})
    asked = wiring.request(settings, jobs=jobs, seed=seed, profile="rule", name="judged")
    asked = asked.model_copy(update={"faults": plan, "federation": federation(members)})
    with TemporaryDirectory() as folder:
        places = wiring.Places(Path(folder) / "run")
        asyncio.run(carrying.carry_out(settings, asked, places, wiring.Options(times=False)))
        report = json.loads(places.report.read_text("utf-8"))
        ledger = places.ledger.read_bytes()
        trace = [json.loads(line) for line in places.trace.read_text("utf-8").splitlines()]
    lines = ledger.splitlines(keepends=True)
    liars = {fault.cluster for fault in plan.faults}
    verdict = judged(lines, report, [job.id for job in jobs.jobs], liars)
    assert sum(1 for _ in verify_lines(lines)) == verdict.heights
    return Played(verdict, report, lines, ledger, trace)

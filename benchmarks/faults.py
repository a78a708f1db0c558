"""What comes of 25 jobs under each fault driver: `python -m benchmarks.faults [--jobs N] [--seed N] [DRIVER ...]`.

One driver acts at every job on one of six clusters, another cluster for each driver. An independent judge
(`tests/faults/judging.py`) works out from genesis and signed statements who had to win, and objects.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Protocol

from backends.reading import Workload
from faults.drivers import DRIVERS
from faults.plan import FaultPlan, betrayal, colluding_pair
from quorate.domain.values import ClusterId, JobId

# By name, because tests are checked by running them and carry no types.
playing = import_module("tests.faults.playing")
CLUSTERS: tuple[str, ...] = playing.CLUSTERS

Plan = Callable[[Workload], tuple[FaultPlan, str]]


class Judged(Protocol):
    """What the judge says of a run."""

    violations: list[str]
    landed: dict[str, str]
    refused: dict[str, str]
    waiting: dict[str, str]
    findings: dict[tuple[str, str], int]
    reputation: dict[str, int]
    jailed: set[str]
    heights: int


def _plans() -> dict[str, Plan]:
    def driver(name: str) -> Plan:
        return lambda _jobs: (playing.everywhere(name, playing.placed(name)), playing.placed(name))

    def pair(_jobs: Workload) -> tuple[FaultPlan, str]:
        return colluding_pair(ClusterId(CLUSTERS[3]), ClusterId(CLUSTERS[1])), CLUSTERS[3]

    def farming(jobs: Workload) -> tuple[FaultPlan, str]:
        ids = [JobId(job.id) for job in jobs.jobs]
        return betrayal(ClusterId(CLUSTERS[3]), ids, 2 * len(ids) // 3), CLUSTERS[3]

    plans: dict[str, Plan] = {"none": lambda _jobs: (FaultPlan(), "")}
    plans |= {name: driver(name) for name in DRIVERS}
    return plans | {"colluding-pair": pair, "farming-then-betrayal": farming}


def _line(name: str, liar: str, verdict: Judged, took_s: float) -> str:
    found = ", ".join(f"{times} x {class_}" for (_, class_), times in sorted(verdict.findings.items())) or "none"
    stands = "" if not liar else "jailed" if liar in verdict.jailed else f"{verdict.reputation[liar] / 1_000:.3f}"
    return (
        f"| {name} | {liar[-2:]} | {len(verdict.landed)} | {len(verdict.refused)} | {len(verdict.waiting)} | "
        f"{len(verdict.violations)} | {found} | {stands} | {verdict.heights} | {took_s:.1f} |"
    )


def table(names: Sequence[str], jobs: int, seed: int) -> int:
    """Print one line for each plan; return how many objections the judge had."""
    print("| driver | on | landed | refused | wait | objections | findings | it stands at | heights | s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    objections, plans = 0, _plans()
    asked = playing.workload(seed, jobs)
    for name in names or plans:
        start = time.monotonic()
        plan, liar = plans[name](asked)
        played = playing.play(asked, plan, opinions=name == "low-opinions")
        objections += len(played.verdict.violations)
        print(_line(name, liar, played.verdict, time.monotonic() - start), flush=True)
        for violation in played.verdict.violations:
            print(f"  {violation}")
    return objections


def gpu_liar() -> int:
    """Print how many of 30 GPU jobs a liar without GPUs wins; return that number."""
    played = playing.play(playing.gpu_workload(30), playing.everywhere("false-capability", CLUSTERS[2]))
    won = list(played.verdict.landed.values()).count(CLUSTERS[2])
    stands = played.verdict.reputation[CLUSTERS[2]]
    print(f"{CLUSTERS[2]} has no GPUs and says that it has: wins {won} of 30 GPU jobs, stands at {stands / 1_000:.3f}")
    return int(won) + len(played.verdict.violations)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 if anything landed wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults")
    parser.add_argument("driver", nargs="*", choices=[[], *_plans()])
    parser.add_argument("--jobs", type=int, default=25)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args(argv)
    wrong = table(args.driver, args.jobs, args.seed)
    if not args.driver:
        wrong += gpu_liar()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

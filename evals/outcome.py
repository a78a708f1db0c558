"""Scorer 11: what comes of the bids. Whole sequences of jobs through the graph and consensus, one member misbehaving.

Sequences come from the seed; the run itself is handed in by the door, for it needs the fault drivers, which nobody
but the doors may know. Only the run's report is read.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evals.datasets import grid_group
from evals.metrics import Measures, lines
from evals.samples import Split
from evals.scorers import Point
from evals.show import spread
from evals.terminal import table
from quorate.domain.clusters import Federation
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId
from quorate.ledger.report import BidRow, DecisionRow, RunReport

JOBS = 8
"""Jobs in a sequence, as in the demonstration."""

HONEST = "honest"

COLLUSION = "collusion"
"""Two members bid 1.00 together."""

CONDUCTS = ("inflated-bid", "false-occupancy", "false-capability", "silence", COLLUSION)
"""Names of fault drivers, and two acting together; `wiring` says if a driver is unknown."""


@dataclass(frozen=True, slots=True)
class Course:
    """One F9 sequence of jobs under one conduct."""

    id: str
    conduct: str
    """`honest`, or what one member does instead."""
    members: tuple[ClusterId, ...]
    """Who does it; the first of them is watched."""
    jobs: tuple[Job, ...]
    seed: int


def courses(
    federation: Federation, seed: int, split: Split, count: int, conducts: Sequence[str] = CONDUCTS
) -> Iterator[Course]:
    """Yield `count` sequences, each once honest and once under every conduct, by a member that the seed chooses."""
    for number in range(count):
        first = number * JOBS
        jobs = tuple(grid_group(federation, seed, split, first + i, "F9")[0].job for i in range(JOBS))
        rng = random.Random(f"{seed}:{split}:F9:{number}")
        first_two = tuple(cluster.id for cluster in rng.sample(federation.clusters, 2))
        for conduct in (HONEST, *conducts):
            name = f"F9-{split}-{number:03d}-{conduct}"
            acting = {HONEST: (), COLLUSION: first_two}.get(conduct, first_two[:1])
            yield Course(name, conduct, acting, jobs, seed + number)


def requested(job: Job) -> dict[str, object]:
    """Return a job as people write it in a job list."""
    own = job.model_dump(
        mode="json", include={"id", "name", "application", "type", "nodes", "gpus_per_node", "description"}
    )
    memory, minutes = job.memory_gib_per_node, job.walltime_s // 60
    return {**own, "memory_gib_per_node": memory, "walltime_min": minutes}


def faults(course: Course) -> dict[str, object]:
    """Return the fault plan of a course, as a file says it."""
    driver = CONDUCTS[0] if course.conduct == COLLUSION else course.conduct
    return {"faults": [{"driver": driver, "cluster": member} for member in course.members]}


def _rule_of(bid: BidRow) -> float:
    return bid.rule or 0.0


def _infeasible(decision: DecisionRow) -> bool:
    """Say whether an award went to a cluster that cannot serve it: for the rule it had no score there."""
    winner = next((bid for bid in decision.bids if bid.cluster == decision.cluster), None)
    return winner is None or winner.rule is None


def _regret(decision: DecisionRow) -> float:
    """Return how much of the rule's weighted score the award costs."""
    best = max((_rule_of(bid) * bid.reputation for bid in decision.bids), default=0.0)
    won = next((_rule_of(bid) * bid.reputation for bid in decision.bids if bid.cluster == decision.cluster), 0.0)
    return best - won


def points(course: Course, report: RunReport, honest: RunReport) -> Iterator[Point]:
    """Yield what one run says; `honest` is the same sequence with everybody honest."""
    for decision in report.decisions:
        yield "outcome_undecided", course.id, float(decision.outcome == "undecided")
        if decision.outcome == "allocated":
            yield "outcome_infeasible", course.id, float(_infeasible(decision))
            yield "outcome_regret", course.id, _regret(decision)
    if course.members:
        won, share = (_won(each, course.members) / max(1, len(each.decisions)) for each in (report, honest))
        yield "liar_gain", course.id, won - share


def _won(report: RunReport, members: Sequence[ClusterId]) -> int:
    return sum(decision.cluster in members for decision in report.decisions if decision.outcome == "allocated")


Carry = Callable[[Course], RunReport]
"""Carries one course out through graph and consensus; handed in by the door."""


def run(courses: Iterable[Course], carry: Carry) -> dict[str, Measures]:
    """Carry out every course and return conduct -> measures. Each honest course comes before those like it."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    honest: RunReport | None = None
    for course in courses:
        report = carry(course)
        honest = report if course.conduct == HONEST or honest is None else honest
        table = found.setdefault(course.conduct, {})
        for name, group, value in points(course, report, honest):
            table.setdefault(name, {}).setdefault(group, []).append(value)
    return dict(found)


def outcome_lines(found: Mapping[str, Measures]) -> list[str]:
    """Return what came of each conduct as a table."""
    rows = [
        (conduct, line.metric.name, spread(line.found), str(line.found.groups), "missed" if line.missed else "")
        for conduct, measures in found.items()
        for line in lines(measures)
    ]
    return table(("conduct", "figure", "mean (95 % interval)", "sequences", "goal"), rows)

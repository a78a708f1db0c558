"""Scorer 11: what comes of the bids. Whole sequences of jobs through the graph and consensus, one member misbehaving.

Sequences come from the seed; the run itself is handed in by the door, for it needs the fault drivers, which nobody
but the doors may know. Only the run's report is read.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evals.datasets import grid_group
from evals.samples import Split
from evals.scorers import Point
from quorate.domain.clusters import Federation
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId
from quorate.ledger.report import BidRow, DecisionRow, RunReport

JOBS = 8
"""Jobs in a sequence, as in the demonstration."""

HONEST = "honest"


@dataclass(frozen=True, slots=True)
class Sequence9:
    """One F9 sequence under one conduct."""

    id: str
    conduct: str
    """`honest`, or what one member does instead."""
    member: ClusterId | None
    """Who does it."""
    jobs: tuple[Job, ...]
    seed: int


def sequences(
    federation: Federation, seed: int, split: Split, count: int, conducts: Sequence[str]
) -> Iterator[Sequence9]:
    """Yield `count` sequences, each once honest and once under every conduct, by a member that the seed chooses."""
    for number in range(count):
        first = number * JOBS
        jobs = tuple(grid_group(federation, seed, split, first + i, "F9")[0].job for i in range(JOBS))
        rng = random.Random(f"{seed}:{split}:F9:{number}")
        member = rng.choice(federation.clusters).id
        for conduct in (HONEST, *conducts):
            name = f"F9-{split}-{number:03d}-{conduct}"
            yield Sequence9(name, conduct, None if conduct == HONEST else member, jobs, seed + number)


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


def points(sequence: Sequence9, report: RunReport, honest: RunReport) -> Iterator[Point]:
    """Yield what one run says; `honest` is the same sequence with everybody honest."""
    for decision in report.decisions:
        yield "outcome_undecided", sequence.id, float(decision.outcome == "undecided")
        if decision.outcome == "allocated":
            yield "outcome_infeasible", sequence.id, float(_infeasible(decision))
            yield "outcome_regret", sequence.id, _regret(decision)
    if sequence.member is not None:
        jobs = max(1, len(report.decisions))
        yield "liar_gain", sequence.id, (_won(report, sequence.member) - _won(honest, sequence.member)) / jobs


def _won(report: RunReport, member: ClusterId) -> int:
    return sum(decision.cluster == member for decision in report.decisions if decision.outcome == "allocated")


def by_conduct(found: Sequence[Point]) -> Mapping[str, Mapping[str, dict[str, list[float]]]]:
    """Return conduct -> metric -> sequence -> values."""
    table: dict[str, dict[str, dict[str, list[float]]]] = {}
    for name, group, value in found:
        conduct = group.split("-", 3)[3]
        table.setdefault(conduct, {}).setdefault(name, {}).setdefault(group, []).append(value)
    return table

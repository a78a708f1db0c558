"""May this change go in? Reasons against it, each a sentence; none means yes.

Inspect's own command exits 0 when twelve of twelve samples failed, so nothing here trusts a status alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from evals.compare import compare
from evals.metrics import lines
from evals.oracle import feasible
from evals.runs import Finished
from evals.scorers import measure
from evals.show import number, spread
from quorate.domain.errors import RequestInvalid

EXEMPT = frozenset({"rule", "scripted"})
"""Providers of which no model's bid is expected."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run must keep."""

    fallback_share_max: float = 0.05
    """Share of eligible questions that may end without a model's bid."""
    samples_min: int = 1
    """Fewer answers than this judge nothing."""
    goals: bool = False
    """Whether missing a goal is a reason."""


def fallback_share(run: Finished) -> float:
    """Return the share of eligible questions that did not end in a model's bid, abstentions included."""
    if run.manifest.provider in EXEMPT:
        return 0.0
    eligible = [record for record in run.records if feasible(record.sample)]
    without = sum(record.bid is None or record.bid.author.kind != "model" for record in eligible)
    return without / len(eligible) if eligible else 1.0


def broken(run: Finished, limits: Limits) -> Iterator[str]:
    """Yield why a run cannot be judged: not whole, too small, or too little of it a model's."""
    manifest = run.manifest
    if manifest.status != "done":
        yield f"{manifest.id} is {manifest.status}, not done" + (f": {manifest.detail}" if manifest.detail else "")
    if run.missing:
        yield f"{manifest.id} lacks {run.missing} of {manifest.expected} answers" + (
            f"; the first error: {manifest.detail}" if manifest.detail else ""
        )
    if len(run.records) < limits.samples_min:
        yield f"{manifest.id} has {len(run.records)} answers, at least {limits.samples_min} are wanted"
    share = fallback_share(run)
    if share > limits.fallback_share_max:
        yield (
            f"{manifest.id}: {100 * share:.1f} % of eligible questions ended without a model's bid, "
            f"at most {100 * limits.fallback_share_max:.1f} % may"
        )


def missed(run: Finished) -> Iterator[str]:
    """Yield the goals that are missed beyond doubt."""
    for line in lines(measure(run.records), run.manifest.seed):
        if line.missed:
            assert line.metric.goal is not None
            sign = "at least" if line.metric.better == "more" else "at most"
            yield f"{line.metric.name} is {spread(line.found)}, {sign} {number(line.metric.goal)} is the goal"


def comparable(base: Finished, run: Finished) -> None:
    """Raise RequestInvalid unless both runs were asked the same questions."""
    ours, theirs = ({(r.sample.id, r.sample.hash) for r in each.records} for each in (base, run))
    shared = ours & theirs
    if not shared or len(shared) < min(len(ours), len(theirs)) / 2:
        raise RequestInvalid(
            f"{base.manifest.id} and {run.manifest.id} share {len(shared)} questions; "
            "compare runs of the same set, split and seed"
        )


def regressions(base: Finished, run: Finished) -> Iterator[str]:
    """Yield the primary figures that are worse than the base's."""
    comparable(base, run)
    for one in compare(measure(base.records), measure(run.records), run.manifest.seed):
        if one.metric.primary and one.verdict == "worse":
            yield f"{one.metric.name} got worse than {base.manifest.id}: {number(one.a)} to {number(one.b)}"


def reasons(run: Finished, limits: Limits, base: Finished | None = None) -> list[str]:
    """Return every reason against a run; none if it may go in."""
    found = list(broken(run, limits))
    if limits.goals:
        found += missed(run)
    if base is not None and run.records:
        found += regressions(base, run)
    return found

"""The Inspect task: our questions as its dataset, our bidder as its solver, our figures as its scores.

The model is `none`: the calls are made by our own code path, and each is written into Inspect's transcript. Only
this module and `evals.running` import `inspect_ai`, and only when a run begins.
"""

from collections.abc import Callable, Mapping, Sequence

from inspect_ai import Epochs, Task
from inspect_ai.dataset import MemoryDataset
from inspect_ai.dataset import Sample as InspectSample
from inspect_ai.log import transcript
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from pydantic import JsonValue

from evals.answered import Answered, record
from evals.bench import Bench
from evals.runs import Journal, finished
from evals.samples import Sample
from evals.scorers import SINGLE
from quorate.domain.bidding import Bid
from quorate.domain.trace import Checked, Prompted, Replied, TraceEvent
from quorate.domain.values import BASIS_POINTS

ANSWERED = "answered"
"""The key under which a sample's answer stands in Inspect's store."""


def _told(event: TraceEvent) -> dict[str, JsonValue] | None:
    """Return what the transcript keeps of an event: the prompt by its hash, for it is the same for all samples."""
    if isinstance(event, Prompted):
        return {"asked": event.attempt, "prompt": event.prompt_sha256[:12]}
    if isinstance(event, Replied):
        return {"replied": event.attempt, "text": event.text, "failure": event.failure, "ms": event.latency_ms}
    if isinstance(event, Checked):
        return {"accepted": event.accepted, "notes": "; ".join(event.notes)}
    return None


def _asking(
    bench: Bench, samples: Mapping[str, Sample], epochs: int, journal: Journal, progress: Callable[[bool], None]
) -> Solver:
    """Return what asks the live bidder, unless the journal holds the answer."""
    left = len(samples) * epochs

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        nonlocal left
        try:
            kept = await answered(samples[str(state.sample_id)], state.epoch)
        finally:
            left -= 1
            if not left:  # Inspect owns the event loop, and connections must be closed in the loop that opened them
                await bench.aclose()
        progress(finished(kept))
        state.store.set(ANSWERED, kept.model_dump_json(exclude_none=True))
        state.completed = True
        return state

    async def answered(sample: Sample, epoch: int) -> Answered:
        known = journal.known.get((sample.id, sample.hash, epoch))
        if known is not None:
            return known
        asked = await bench.ask(sample, epoch)
        for event in asked.events:
            if (told := _told(event)) is not None:
                transcript().info(told, source="quorate")
        if finished(asked.answered):
            journal.keep(asked.answered)
        return asked.answered

    return solve


def _shown(one: Answered) -> tuple[str, str]:
    outcome = one.answer.outcome
    if isinstance(outcome, Bid):
        return f"{outcome.score_bp / BASIS_POINTS:.4f}", outcome.reasoning
    return outcome.code, outcome.detail


def _scoring(samples: Mapping[str, Sample]) -> Scorer:
    """Return what scores one answer: those scorers that need no other sample."""

    async def score(state: TaskState, target: Target) -> Score:
        one = Answered.model_validate_json(state.store.get(ANSWERED))
        seen = record(samples[one.sample], one.epoch, one.answer, one.first)
        points: dict[str, list[float]] = {}
        for scorer_of_one in SINGLE:
            for name, _group, value in scorer_of_one(seen):
                points.setdefault(name, []).append(value)
        answer, why = _shown(one)
        means = {name: sum(values) / len(values) for name, values in points.items()}
        return Score(value=means, answer=answer, explanation=why)

    return score


def task(
    name: str, bench: Bench, samples: Sequence[Sample], epochs: int, journal: Journal, progress: Callable[[bool], None]
) -> Task:
    """Return the Inspect task of one arm: one profile with one prompt.

    Solver and scorer take no arguments, for Inspect writes arguments into each log; and it takes no means of our
    figures, for it would read "says nothing" as 0. The means are in `python -m evals show`.
    """
    by_id = {sample.id: sample for sample in samples}
    dataset = MemoryDataset(
        [
            InspectSample(
                id=sample.id,
                input=f"{sample.job.id} on {sample.snapshot.cluster.id}",
                metadata={"family": sample.family, "group": sample.group, "hash": sample.hash},
            )
            for sample in samples
        ],
        name=name,
    )

    def bidder() -> Solver:
        return _asking(bench, by_id, epochs, journal, progress)

    def figures() -> Scorer:
        return _scoring(by_id)

    # Called, not written as decorators: Inspect is an extra, and without it its decorators have no types.
    return Task(
        dataset=dataset,
        solver=solver(bidder)(),
        scorer=scorer(metrics=[])(figures)(),
        name=name,
        epochs=Epochs(epochs, []),
    )

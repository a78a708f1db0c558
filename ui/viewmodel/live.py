"""The Live page: what a run is doing now, kept as it happens so that a tick costs the same at any length.

`Progress` takes trace events one by one (in the worker's thread, under the caller's lock) and holds only what is shown.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from quorate.domain.bidding import Abstention
from quorate.domain.trace import (
    Answered,
    Decided,
    FaultActs,
    JobCalled,
    Prompted,
    Replied,
    RunEnded,
    RunStarted,
    TraceEvent,
    Undecided,
    Voted,
)
from quorate.domain.values import BASIS_POINTS, ClusterId, JobId
from quorate.ledger.report import DecisionRow
from ui.words import ABSENT, count, fmt_score, plural

SHOWN_DECISIONS = 6
"""Newest decisions on the page; the rest are on the Run page."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One agent as it is now. Tiles keep their place."""

    cluster: ClusterId
    type: str
    state: str
    kind: str
    """waiting, busy, good, bad or none: a colour and a sign, not a meaning."""
    bid: str
    """Its score for the job on its way; a dash as long as there is none."""


@dataclass(frozen=True, slots=True)
class Done:
    """A job that was decided."""

    number: int
    job: JobId
    title: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the page draws."""

    status: str
    detail: str
    job: str
    number: int
    of: int
    decided: int
    phase: str
    tiles: tuple[Tile, ...]
    done: tuple[Done, ...]
    tokens: int | None
    cost_usd_micro: int | None
    elapsed_ms: int
    left_ms: int | None
    faults: tuple[str, ...]
    share: float
    """0..1."""


@dataclass(slots=True)
class Progress:
    """A run as far as it has come."""

    clusters: Mapping[ClusterId, str]
    """Type by cluster, in the order of the tiles."""
    of: int = 0
    number: int = 0
    title: str = ""
    status: str = "running"
    detail: str = ""
    answered: set[ClusterId] = field(default_factory=set)
    voting: bool = False
    states: dict[ClusterId, tuple[str, str]] = field(default_factory=dict)
    bids: dict[ClusterId, str] = field(default_factory=dict)
    done: deque[Done] = field(default_factory=lambda: deque(maxlen=SHOWN_DECISIONS))
    counted: set[JobId] = field(default_factory=set)
    """Jobs decided; one that waits and is called again counts once."""
    tokens: int | None = None
    cost_usd_micro: int | None = None
    at_ms: int = 0
    faults: deque[str] = field(default_factory=lambda: deque(maxlen=4))
    calls: dict[JobId, JobCalled] = field(default_factory=dict)

    def take(self, event: TraceEvent) -> None:
        """Follow one event."""
        self.at_ms = max(self.at_ms, event.at_ms or 0)
        match event:
            case RunStarted():
                self.of = event.jobs
            case JobCalled():
                self._called(event)
            case Prompted() if event.purpose == "bid":
                self.states[event.cluster] = ("thinking" if event.attempt == 1 else "asked again", "busy")
            case Replied():
                self._spent(event)
            case Answered():
                self._answered(event)
            case Voted():
                self._voted(event)
            case Decided() | Undecided():
                self._over(event)
            case FaultActs():
                self.faults.append(f"{event.cluster}: {event.says}")
            case RunEnded():
                self.status, self.detail = event.status, event.detail
            case _:
                pass

    def _called(self, event: JobCalled) -> None:
        self.calls[event.job.id] = event
        self.number, self.of, self.title = event.number, event.of, event.job.title
        self.answered, self.voting = set(), False
        self.states, self.bids = dict.fromkeys(self.clusters, ("waiting", "waiting")), {}

    def _spent(self, event: Replied) -> None:
        for tokens in (event.tokens_in, event.tokens_out):
            if tokens is not None:
                self.tokens = (self.tokens or 0) + tokens
        if event.cost_usd_micro is not None:
            self.cost_usd_micro = (self.cost_usd_micro or 0) + event.cost_usd_micro

    def _answered(self, event: Answered) -> None:
        outcome = event.answer.outcome
        self.answered.add(event.cluster)
        if isinstance(outcome, Abstention):
            self.states[event.cluster] = ("no bid", "none")
            return
        self.bids[event.cluster] = fmt_score(outcome.score_bp / BASIS_POINTS)
        self.states[event.cluster] = ("repaired bid" if event.answer.effort.repaired else "bid received", "good")

    def _voted(self, event: Voted) -> None:
        self.voting = True
        words = {"approve": ("approves", "good"), "finalize": ("finalizes", "good"), "skip": ("skips", "bad")}
        self.states[event.cluster] = words[event.vote]

    def _over(self, event: Decided | Undecided) -> None:
        jobs = event.jobs if isinstance(event, Decided) else (event.job,)
        for job in jobs:
            called = self.calls.pop(job, None)
            if called is not None:
                self.counted.add(job)
                self.done.appendleft(Done(called.number, job, called.job.title, event.at_ms or 0))

    def snapshot(self) -> Snapshot:
        """Return what is shown now."""
        left, decided = None, len(self.counted)
        if decided and self.of and self.status == "running":
            left = self.at_ms * max(0, self.of - decided) // decided
        return Snapshot(
            status=self.status, detail=self.detail, job=self.title, number=self.number, of=self.of,
            decided=decided, phase=self._phase(), tiles=self._tiles(), done=tuple(self.done), tokens=self.tokens,
            cost_usd_micro=self.cost_usd_micro, elapsed_ms=self.at_ms, left_ms=left, faults=tuple(self.faults),
            share=min(1.0, decided / self.of) if self.of else 0.0,
        )  # fmt: skip

    def _phase(self) -> str:
        return "votes" if self.voting else f"bids {len(self.answered)}/{len(self.clusters)}"

    def _tiles(self) -> tuple[Tile, ...]:
        waiting = ("waiting", "waiting")
        return tuple(
            Tile(cluster, type_, *self.states.get(cluster, waiting), self.bids.get(cluster, ABSENT))
            for cluster, type_ in self.clusters.items()
        )


def progress_words(now: Snapshot, title: str) -> str:
    """Return `Job 6 of 8: Genomics · bids 4/6 · 7 s, about 3 s left · 16,633 tokens`.

    `title`: the job's, as the screen takes foreign text.
    """
    job = f"Job {now.number} of {now.of}: {title}" if now.number else "Waiting for the first job"
    parts = [job, now.phase, f"{now.elapsed_ms / 1_000:.0f} s"]
    if now.left_ms is not None:
        parts[-1] += f", about {now.left_ms / 1_000:.0f} s left"
    if now.tokens is not None:
        parts.append(f"{count(now.tokens)} tokens")
    if now.cost_usd_micro is not None:
        parts.append(f"${now.cost_usd_micro / 1_000_000:.4f}")
    return " · ".join(parts)


def done_words(done: Done, decision: DecisionRow | None) -> str:
    """Return what became of a job, without its title."""
    if decision is None:
        return f"decided after {done.at_ms / 1_000:.1f} s"
    return f"{decision.how} · {plural(decision.rounds, 'round')}"

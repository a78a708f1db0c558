"""What a trace says, sorted for the fold: who was called, answered and voted when, and at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from quorate.domain.bidding import Effort
from quorate.domain.trace import (
    Answered,
    Decided,
    FaultActs,
    JobCalled,
    Proposed,
    RunEnded,
    RunStarted,
    TraceEvent,
    Undecided,
    Voted,
)
from quorate.domain.values import ClusterId, JobId


@dataclass(frozen=True, slots=True)
class Story:
    """What the trace says, sorted for the fold."""

    started: RunStarted | None
    ended: RunEnded | None
    calls: tuple[JobCalled, ...]
    answers: tuple[Answered, ...]
    proposals: tuple[Proposed, ...]
    votes: tuple[Voted, ...]
    decided: tuple[Decided, ...]
    undecided: tuple[Undecided, ...]
    faults: tuple[FaultActs, ...]

    @classmethod
    def of(cls, events: Sequence[TraceEvent]) -> "Story":
        """Sort a trace; a run that was cut off and goes on has not ended."""
        last = events[-1] if events else None
        return cls(
            next((e for e in events if isinstance(e, RunStarted)), None),
            last if isinstance(last, RunEnded) else None,
            tuple(e for e in events if isinstance(e, JobCalled)),
            tuple(e for e in events if isinstance(e, Answered)),
            tuple(e for e in events if isinstance(e, Proposed)),
            tuple(e for e in events if isinstance(e, Voted)),
            tuple(e for e in events if isinstance(e, Decided)),
            tuple(e for e in events if isinstance(e, Undecided)),
            tuple(e for e in events if isinstance(e, FaultActs)),
        )

    def effort(self, cluster: ClusterId, job: JobId, opened: int) -> Effort:
        """Return what an answer cost."""
        for event in self.answers:
            if (event.cluster, event.job, event.opened) == (cluster, job, opened):
                return event.answer.effort
        return Effort()

    def bids_s(self, job: JobId, opened: int) -> tuple[int | None, int | None]:
        """Return when a call went out and when its last answer came, ms."""
        called = [e.at_ms for e in self.calls if e.job.id == job and e.opened == opened and e.at_ms is not None]
        came = [e.at_ms for e in self.answers if e.job == job and e.opened == opened and e.at_ms is not None]
        return (called[0] if called else None), (max(came) if came else None)

    def decided_ms(self, height: int) -> int | None:
        """Return when a height was decided, ms."""
        times = [e.at_ms for e in self.decided if e.height == height and e.at_ms is not None]
        return times[0] if times else None

"""Which earlier event each trace event follows from, where whoever emits it does not say so: a fold of the trace.

A run of a model is one chain: call -> prompt -> reply -> check -> answer -> proposal -> vote -> decision. Those who
emit the links do not know each other (an agent knows no consensus, a committer no prompt); the fold does.
"""

from quorate.domain.trace import (
    Answered,
    Checked,
    Decided,
    JobCalled,
    Opined,
    Prompted,
    Proposed,
    Replied,
    TraceEvent,
    Undecided,
    Voted,
)
from quorate.domain.values import ClusterId, JobId

Exchange = Prompted | Replied | Checked | Opined
"""What passes between a cluster's agent and its model."""


class Causes:
    """Remembers what was told, and links what is told next to it."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._called: dict[JobId, int] = {}
        self._exchanged: dict[JobId, dict[ClusterId, int]] = {}
        """Per open call and cluster, the last line of its exchange with its model."""
        self._answered: dict[JobId, list[int]] = {}
        self._best: dict[JobId, int] = {}
        """Per open call, the last answer that is a bid: an abstention leads to no placement."""
        self._proposed: dict[tuple[int, int], int] = {}
        self._proposal: dict[JobId, int] = {}
        self._finalized: dict[tuple[int, int], int] = {}
        self._ended: dict[int, int] = {}
        """Per height, the last vote that finalizes it: the next height is proposed before this one is written."""
        self._decided: dict[int, int] = {}

    def linked(self, event: TraceEvent) -> TraceEvent:
        """Return the numbered event with its cause and what else it follows from, and remember it."""
        found: dict[str, object] = {} if event.cause is not None else {"cause": self._cause(event)}
        if isinstance(event, Proposed):
            found["follows"] = tuple(seq for job in event.jobs for seq in self._answered.get(job, ()))
        linked = event.model_copy(update=found)
        self.take(linked)
        return linked

    def _cause(self, event: TraceEvent) -> int | None:
        match event:
            case JobCalled():
                return self._decided.get(event.opened)
            case Prompted() if event.purpose == "vote":
                return self._proposal.get(event.job)
            case Answered() | Prompted() | Replied() | Checked() | Opined():
                return self._exchanged.get(event.job, {}).get(event.cluster, self._called.get(event.job))
            case Undecided():
                return self._proposal.get(event.job, self._called.get(event.job))
            case _:
                return self._cause_of_vote(event)

    def _cause_of_vote(self, event: TraceEvent) -> int | None:
        match event:
            case Proposed():
                best = [seq for job in event.jobs if (seq := self._best.get(job)) is not None]
                last = [seqs[-1] for job in event.jobs if (seqs := self._answered.get(job))]
                return max(best or last, default=self._ended.get(event.height - 1))
            case Voted():
                return self._proposed.get((event.height, event.round))
            case Decided():
                place = event.height, event.round
                return self._finalized.get(place, self._proposed.get(place))
            case _:
                return None

    def take(self, event: TraceEvent) -> None:
        """Remember an event that has its number."""
        match event:
            case JobCalled():
                job = event.job.id
                self._called[job], self._exchanged[job], self._answered[job] = event.seq, {}, []
                self._best.pop(job, None)
            case Prompted() | Replied() | Checked() | Opined():
                self._exchanged.setdefault(event.job, {})[event.cluster] = event.seq
            case Answered():
                self._answered.setdefault(event.job, []).append(event.seq)
                if event.answer.outcome.kind == "bid":
                    self._best[event.job] = event.seq
            case _:
                self._take_vote(event)

    def _take_vote(self, event: TraceEvent) -> None:
        match event:
            case Proposed():
                self._proposed[event.height, event.round] = event.seq
                self._proposal |= dict.fromkeys(event.jobs, event.seq)
            case Voted() if event.vote == "finalize":
                self._finalized[event.height, event.round] = self._ended[event.height] = event.seq
            case Decided():
                self._decided[event.height] = event.seq
            case _:
                pass

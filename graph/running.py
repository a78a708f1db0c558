"""Runs a workload through the graph: arrivals on the virtual clock, one thread per call, ends and receipts after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from langchain_core.runnables import RunnableConfig

from graph.assembly import Assembly
from graph.build import Graph
from graph.committing import Committer
from graph.state import AllocationState
from quorate.domain.jobs import Job
from quorate.domain.trace import FaultActs
from quorate.domain.values import ClusterId, JobId, Value
from quorate.ledger.acts import Receipt
from quorate.ledger.verify import Verified
from quorate.ports import Backend, JobEnd, TraceSink

RECURSION_MAX = 200
"""Steps of one thread: three heights of at most `rounds_max` rounds each, with room."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A job with its submitter's signature and the time at which it arrives."""

    job: Job
    signature: str
    at_s: int


class Submitters(Protocol):
    """Those who asked for the jobs: outside the federation, each with its key."""

    def receipt(self, end: JobEnd) -> Receipt | None:
        """Return the submitter's signed word on an ended job, None if it gives none."""
        ...


@dataclass(frozen=True, slots=True)
class Acting:
    """A driver that acts at a job, for the trace."""

    driver: str
    cluster: ClusterId
    says: str


def decided(job: JobId, heights: Sequence[Verified]) -> list[str]:
    """Return the outcomes of a job's calls so far, `waiting` among them, in order."""
    records = [height.application.record for height in heights]
    return [d.outcome for record in records if record for d in record.decisions if d.job.id == job]


def thread_name(run: str, job: JobId, heights: Sequence[Verified]) -> str:
    """Return the name of the thread of a job's current call: the same before and after a crash."""
    return f"{run}:{job}:{len(decided(job, heights))}"


class Run:
    """One workload on one assembly."""

    def __init__(
        self,
        name: str,
        graph: Graph,
        assembly: Assembly,
        committer: Committer,
        backend: Backend,
        submitters: Submitters,
        sink: TraceSink,
        acting: Callable[[JobId | None], Sequence[Acting]] = lambda _: (),
        after_job: Callable[[], None] = lambda: None,
    ) -> None:
        """`name` is the run's id: threads are named after it. `acting` tells which drivers act at a job."""
        self.name = name
        self.graph = graph
        self.assembly = assembly
        self.committer = committer
        self.backend = backend
        self.submitters = submitters
        self.sink = sink
        self.acting = acting
        self.after_job = after_job
        self.outcomes: dict[JobId, str] = {}

    async def jobs(self, arrivals: Sequence[Arrival]) -> Mapping[JobId, str]:
        """Call every job as it arrives; then let waiting jobs have their turn as nodes come free.

        Returns each job's outcome: `allocated`, `unallocated` or `undecided`.
        """
        for number, arrival in enumerate(arrivals, 1):
            self.pass_time(arrival.at_s)
            await self._call(arrival, number, len(arrivals))
            await self._reopened(arrivals)
        while any(outcome == "waiting" for outcome in self.outcomes.values()) and self._next_end():
            await self._reopened(arrivals)
        return dict(self.outcomes)

    def finish(self) -> None:
        """Let running jobs end and their submitters give receipts."""
        while self._next_end():
            pass
        self.pass_time(self.assembly.now_s + 1)

    async def _call(self, arrival: Arrival, number: int, of: int) -> None:
        before = decided(arrival.job.id, self.committer.heights)
        if before:
            self.outcomes[arrival.job.id] = before[-1]
            return
        for act in self.acting(arrival.job.id):
            self.sink.emit(
                FaultActs(
                    at_s=self.assembly.now_s,
                    driver=act.driver,
                    cluster=act.cluster,
                    job=arrival.job.id,
                    says=act.says,
                )
            )
        self.outcomes[arrival.job.id] = await self._thread(arrival, number, of)

    async def _thread(self, arrival: Arrival, number: int, of: int) -> str:
        state = AllocationState(
            job=arrival.job, signature=arrival.signature, number=number, of=of, answers={}, said={}, outcome=""
        )
        name = thread_name(self.name, arrival.job.id, self.committer.heights)
        config: RunnableConfig = {"configurable": {"thread_id": name}, "recursion_limit": RECURSION_MAX}
        kept = bool(self.graph.checkpointer)
        known = (await self.graph.aget_state(config)).next if kept else ()
        done = await self.graph.ainvoke(None if known else state, config, durability="sync" if kept else None)
        self.after_job()
        return str(done.get("outcome", "undecided"))

    async def _reopened(self, arrivals: Sequence[Arrival]) -> None:
        """Carry on with open calls of jobs that had no place, or found no quorum, when they were called."""
        numbers = {arrival.job.id: (number, arrival) for number, arrival in enumerate(arrivals, 1)}
        for job in list(self.assembly.application.state.calls):
            if self.outcomes.get(job) in ("waiting", "undecided"):
                number, arrival = numbers[job]
                self.outcomes[job] = await self._thread(arrival, number, len(arrivals))

    # -- time --------------------------------------------------------------------------------------------

    def pass_time(self, until_s: int) -> None:
        """Let the virtual clock reach `until_s`; jobs that end on the way give their nodes back."""
        while (next_s := self.backend.next_end_s()) is not None and next_s <= until_s:
            self._ends(next_s)
        self.assembly.settle(until_s * 1_000)
        self.committer.commit()

    def _next_end(self) -> bool:
        next_s = self.backend.next_end_s()
        if next_s is None:
            return False
        self._ends(next_s)
        return True

    def _ends(self, at_s: int) -> None:
        self.assembly.settle(at_s * 1_000)
        self.committer.commit()
        for end in self.backend.ended(at_s):
            self._end(end)
        self.assembly.settle(at_s * 1_000)
        self.committer.commit()

    def _end(self, end: JobEnd) -> None:
        seat = self.assembly.application.state.seat_of(end.cluster)
        assert seat is not None
        now_ms = self.assembly.now_ms
        member = self.assembly.members[seat]
        self.assembly.absorb(seat, member.ended(end.job, end.run_s, end.succeeded, now_ms))
        receipt = self.submitters.receipt(end)
        if receipt is not None:
            acts: tuple[Value, ...] = (receipt,)
            self.assembly.through(seat + 1, lambda contact: contact.put(acts, now_ms))

"""Runs a workload through the graph: arrivals on the virtual clock, one thread per call, ends and receipts after."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from langchain_core.runnables import RunnableConfig

from graph.arriving import Arrival
from graph.assembly import Assembly
from graph.build import Graph
from graph.committing import Committer
from graph.state import AllocationState
from quorate.domain.trace import FaultActs
from quorate.domain.values import ClusterId, JobId, Value
from quorate.ledger.acts import End, Receipt
from quorate.ledger.verify import Verified
from quorate.ports import Backend, JobEnd, TraceSink

RECURSION_MAX = 200
"""Steps of one thread: three heights of at most `rounds_max` rounds each, with room."""


SKIPPING_S = 60
"""Time for the others to skip dead leaders before they decide that an award ran out."""

Said = Mapping[ClusterId, Sequence[bytes]]
"""What members persisted."""


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


def _heed_cancel() -> None:
    """Stop if this task was told to: a graph that is cancelled while it ends may return as if nothing was."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


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
        keep: Callable[[Said], None] = lambda _: None,
    ) -> None:
        """`name` is the run's id: threads are named after it. `acting` tells which drivers act at a job.

        `keep` makes durable what members said outside any thread, before a height that rests on it is.
        """
        self.name = name
        self.graph = graph
        self.assembly = assembly
        self.committer = committer
        self.backend = backend
        self.submitters = submitters
        self.sink = sink
        self.acting = acting
        self.after_job = after_job
        self.keep = keep
        self.arrivals: dict[JobId, tuple[int, Arrival]] = {}
        self.outcomes: dict[JobId, str] = {}
        self._asked: dict[JobId, int] = {}
        self._refused_seen = 0

    async def jobs(self, arrivals: Sequence[Arrival]) -> Mapping[JobId, str]:
        """Call every job as it arrives; then let waiting jobs have their turn as nodes come free.

        Returns each job's outcome: `allocated`, `unallocated` or `undecided`.
        """
        self.arrivals = {arrival.job.id: (number, arrival) for number, arrival in enumerate(arrivals, 1)}
        for arrival in arrivals:
            await self.pass_time(arrival.at_s)
            await self._call(arrival)
        while self.assembly.application.state.waiting and (next_s := self._next_s()) is not None:
            await self.pass_time(next_s)
        return {job: [outcome, *decided(job, self.committer.heights)][-1] for job, outcome in self.outcomes.items()}

    async def finish(self) -> None:
        """Let running jobs end and their submitters give receipts."""
        while (next_s := self._next_s()) is not None:
            await self.pass_time(next_s)
        await self.pass_time(self.assembly.now_s + 1)

    async def _call(self, arrival: Arrival) -> None:
        before = decided(arrival.job.id, self.committer.heights)
        if before:
            self.outcomes[arrival.job.id] = before[-1]
            return
        await self._thread(arrival.job.id)
        await self._settle(self.assembly.now_s)

    async def _thread(self, job: JobId) -> None:
        """Carry one call of a job through the graph, from its beginning or from where a crash left it."""
        number, arrival = self.arrivals[job]
        state = AllocationState(
            job=arrival.job,
            signature=arrival.signature,
            number=number,
            of=len(self.arrivals),
            answers={},
            said={},
            outcome="",
        )
        name = thread_name(self.name, job, self.committer.heights)
        config: RunnableConfig = {"configurable": {"thread_id": name}, "recursion_limit": RECURSION_MAX}
        kept = bool(self.graph.checkpointer)
        known = (await self.graph.aget_state(config)).next if kept else ()
        self._act(job, told=bool(known))
        done = await self.graph.ainvoke(None if known else state, config, durability="sync" if kept else None)
        _heed_cancel()
        self.outcomes[job] = str(done.get("outcome") or "undecided")
        if job in (calls := self.assembly.application.state.calls):
            self._asked[job] = calls[job].opened
        self.after_job()

    def _act(self, job: JobId, *, told: bool) -> None:
        for act in self.acting(job):
            if not told:
                self.sink.emit(
                    FaultActs(at_s=self.assembly.now_s, driver=act.driver, cluster=act.cluster, job=job, says=act.says)
                )

    # -- time --------------------------------------------------------------------------------------------

    async def pass_time(self, until_s: int) -> None:
        """Let the virtual clock reach `until_s`; jobs that end on the way give their nodes back."""
        while (next_s := self.backend.next_end_s()) is not None and next_s <= until_s:
            await self._settle(next_s)
            for end in self.backend.ended(next_s):
                self._end(end)
            await self._settle(next_s)
        await self._settle(until_s)

    async def _settle(self, at_s: int) -> None:
        """Decide what falls due by `at_s`; a call that opens on the way is answered then, not later."""
        reached = False
        while not reached:
            reached = self.assembly.settle(at_s * 1_000)
            self.keep(self.assembly.said())
            self.committer.commit()
            for job in self._unanswered():
                await self._thread(job)
                reached = False
            if self.committer.refused > self._refused_seen:
                # A refusal opens the call again as soon as a block holds it; its leader may wait a moment for votes.
                self._refused_seen = self.committer.refused
                at_s, reached = max(at_s, self.assembly.now_s + 1), False

    def _unanswered(self) -> list[JobId]:
        """Return jobs of ours with an open call that nobody was asked about since it opened."""
        calls = self.assembly.application.state.calls.items()
        return [job for job, call in calls if job in self.arrivals and self._asked.get(job) != call.opened]

    def _next_s(self) -> int | None:
        """Return when something happens by itself: a job ends, or an award that nobody started runs out."""
        state, now_s = self.assembly.application.state, self.assembly.now_s
        unstarted = [held.awarded_at_s for held in state.running.values() if held.started_at_s is None]
        runs_out = [at_s + state.parameters.start_window_s + SKIPPING_S for at_s in unstarted]
        ends = self.backend.next_end_s()
        return min([at_s for at_s in runs_out if at_s > now_s] + ([] if ends is None else [ends]), default=None)

    def _end(self, end: JobEnd) -> None:
        """Say that a job ended, and hand in its submitter's receipt after that; a resumed run may have said either."""
        seat = self.assembly.application.state.seat_of(end.cluster)
        assert seat is not None
        now_ms = self.assembly.now_ms
        said = [act for member in self.assembly.members for act in member.unsettled()]
        if not any(isinstance(act, End) and act.job == end.job for act in said):
            member = self.assembly.members[seat]
            self.assembly.absorb(seat, member.ended(end.job, end.run_s, end.succeeded, now_ms))
            self.assembly.deliver()  # a leader that got the receipt first would decide it without the end
        receipt = self.submitters.receipt(end)
        if receipt is not None and not any(isinstance(act, Receipt) and act.job == end.job for act in said):
            acts: tuple[Value, ...] = (receipt,)
            self.assembly.through(seat + 1, lambda contact: contact.put(acts, now_ms))

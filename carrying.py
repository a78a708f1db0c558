"""One run, connected: its members, agents, ledger, trace and scheduler around one graph.

`wiring` says what is to be run; this carries it out. It stands apart because LangGraph and LangChain take a second to
import, and a door that refuses a file or prints its first line should not wait for them.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from sqlite3 import DatabaseError

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

import wiring
from agents.bidder import degraded
from agents.building import Agents
from agents.settings import LlmSettings
from backends.ledger_file import LedgerFile
from backends.otlp import Spans, exporter_to
from backends.simulated import SimulatedBackend
from backends.trace_file import Trace
from faults.deceiver import Deceiver, rogue
from faults.drivers import DRIVERS
from faults.plan import Fault
from graph.assembly import Assembly
from graph.build import build, serializer
from graph.committing import Committer
from graph.nodes import Asked, Choices, Nodes
from graph.running import Acting, Run, Said, thread_name
from quorate.consensus.effects import Head, ReplicaSettings
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier
from quorate.domain.bidding import Answer
from quorate.domain.errors import RequestInvalid
from quorate.domain.trace import Answered, RunEnded, TraceEvent
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.acts import Start
from quorate.ledger.application import LedgerApplication
from quorate.ledger.fold import fold
from quorate.ledger.participant import Conduct, Keep, Participant
from quorate.ledger.report import RunReport
from quorate.ledger.state import founded
from quorate.ports import Assessor, Bidder, Voter


class _Wired:
    """Everything of one run, connected."""

    def __init__(
        self,
        settings: wiring.Settings,
        asked: wiring.RunRequest,
        places: wiring.Places,
        options: wiring.Options,
        closing: AsyncExitStack,
    ) -> None:
        self.settings, self.asked, self.places, self.options = settings, asked, places, options
        self.genesis = wiring.demo_genesis(
            asked.seed, asked.federation, sealed=settings.run.sealed, assessments=settings.run.opinions
        )
        self.ledger = LedgerFile(Path(asked.ledger) if asked.ledger else places.ledger, self.genesis)
        closing.callback(self.ledger.close)
        self.trace = Trace(places.trace, times=options.times, listen=_listening(settings, options, closing))
        closing.callback(self.trace.close)
        self.submitters = wiring.DemoSubmitters(asked.seed, self.genesis.digest)
        self.backend = SimulatedBackend(asked.seed)
        self.clusters = tuple(cluster.id for cluster in asked.federation.clusters)
        self.agents = Agents(
            wiring.answering(settings, asked.profile), settings.prompts, self.clusters, sink=self.trace,
            record=options.record, content=settings.run.content, folder=wiring.ROOT,
        )  # fmt: skip
        self.now_job: JobId | None = None
        interval_s = 60 * asked.workload.interval_min
        self.arrivals = [
            self.submitters.arrival(each.job(), number, interval_s) for number, each in enumerate(asked.workload.jobs)
        ]

    @property
    def llm(self) -> LlmSettings:
        """The settings that answer in this run."""
        return self.agents.settings

    def application(self) -> tuple[LedgerApplication, Head | None]:
        """Return the state that the ledger on disk leads to, and its head."""
        if not self.ledger.heights:
            return LedgerApplication.of(self.genesis), None
        last = self.ledger.heights[-1]
        committee = last.application.previous_committee
        assert committee is not None
        return last.application, Head(last.entry.certificate, committee)

    def members(
        self, said: Mapping[ClusterId, Sequence[bytes]], kept: Mapping[ClusterId, Sequence[Keep]]
    ) -> list[Conduct]:
        """Return the six members, restored from what they had said."""
        application, head = self.application()
        return [self._member(seat, application, head, said, kept) for seat in range(len(self.clusters))]

    def _member(
        self,
        seat: int,
        application: LedgerApplication,
        head: Head | None,
        said: Mapping[ClusterId, Sequence[bytes]],
        kept: Mapping[ClusterId, Sequence[Keep]],
    ) -> Conduct:
        cluster = self.clusters[seat]
        signer = wiring.demo_signer(self.asked.seed, cluster)
        settings = ReplicaSettings()

        def salt(job: JobId, opened: int) -> str:
            return wiring.drawn(self.asked.seed, "salt", cluster, job, opened)[:16].hex()

        if not any(fault.cluster == cluster for fault in self.asked.faults.faults):
            replica = Replica(seat, application, signer, Ed25519Verifier(), settings, head)
            return Participant(seat, replica, salt).restore(said.get(cluster, ()), kept.get(cluster, ()))
        false = rogue(seat, application, signer, settings, head, lambda: self._fault(cluster), self.asked.seed)
        member = Participant(seat, false, salt).restore(said.get(cluster, ()), kept.get(cluster, ()))
        return Deceiver(member, false.forge, lambda: self._fault(cluster))

    def _fault(self, cluster: ClusterId) -> Fault | None:
        for fault in self.asked.faults.faults:
            if fault.cluster == cluster and fault.acts_at(self.now_job):
                return fault
        return None

    def acting(self, job: JobId | None) -> list[Acting]:
        """Return the drivers that act at a job, and remember which job it is."""
        self.now_job = job
        return [
            Acting(fault.driver, fault.cluster, DRIVERS[fault.driver].says)
            for fault in self.asked.faults.faults
            if fault.acts_at(job)
        ]

    def bidders(self) -> dict[ClusterId, Bidder]:
        """Return who bids for each cluster."""
        return {cluster: self.agents.bidder(cluster) for cluster in self.clusters}

    def voters(self) -> dict[ClusterId, Voter]:
        """Return who gives second opinions, where they are wanted."""
        asked = {cluster: self.agents.voter(cluster) for cluster in self.clusters}
        return {cluster: voter for cluster, voter in asked.items() if voter is not None}

    def assessors(self) -> dict[ClusterId, Assessor]:
        """Return who judges rivals' bids for each cluster, on a chain that hears opinions."""
        heard = self.genesis.parameters.assessments
        return {cluster: self.agents.assessor(cluster) for cluster in self.clusters} if heard else {}

    def keep(self, said: Said) -> None:
        """Make durable what members said outside any thread."""
        text = json.dumps({cluster: [record.hex() for record in records] for cluster, records in said.items()})
        wiring.write_whole(self.places.said, text)

    def kept(self) -> dict[ClusterId, list[bytes]]:
        """Return what members had said outside any thread."""
        if not self.places.said.exists():
            return {}
        try:
            said = json.loads(self.places.said.read_bytes())
            return {ClusterId(name): [bytes.fromhex(record) for record in records] for name, records in said.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise RequestInvalid(f"{self.places.said} is damaged; this run cannot go on, start another") from error

    def answered(self) -> dict[Asked, Answer]:
        """Return what an interrupted run had been answered, by its trace."""
        return {(e.job, e.opened, e.cluster): e.answer for e in self.trace.events if isinstance(e, Answered)}

    def report(self, committer: Committer) -> RunReport:
        """Return the run so far as one document."""
        outcomes = [
            answer.answer
            for height in committer.heights
            for decision in (height.application.record.decisions if height.application.record else ())
            for answer in decision.answers
            if answer.rule_bp is not None
        ]
        return fold(
            self.asked.federation.name,
            founded(self.genesis),
            committer.heights,
            self.trace.events,
            len(self.arrivals),
            degraded(self.llm, outcomes) if self.asked.profile != "rule" else None,
        )


def _listening(
    settings: wiring.Settings, options: wiring.Options, closing: AsyncExitStack
) -> Callable[[TraceEvent], None] | None:
    """Return who hears each trace event: the door that asked, and a collector if the settings name one."""
    endpoint, listen = settings.trace.otlp_endpoint, options.listen
    if not endpoint:
        return listen
    spans = Spans(exporter_to(endpoint))
    closing.push_async_callback(asyncio.to_thread, spans.close)

    def both(event: TraceEvent) -> None:
        spans.on_event(event)
        if listen is not None:
            listen(event)

    return both


@asynccontextmanager
async def _checkpoints(path: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """Open a file of checkpoints and close it whole, also under a cancellation.

    One while it opens waits for its thread, which would answer a closed loop else. One that stops nodes makes LangGraph
    keep their errors in tasks that it does not wait for: they end before the lock is ours, or find the file closed. A
    transaction that one left open is rolled back, since SQLite keeps it, and its lock, while any cursor lives.
    """

    async def opened() -> AsyncSqliteSaver:
        return AsyncSqliteSaver(await aiosqlite.connect(path), serde=serializer())

    opening = asyncio.create_task(opened())
    try:
        yield await asyncio.shield(opening)
    finally:
        saver = await opening
        async with saver.lock:
            await saver.conn.rollback()
            await saver.conn.close()


async def carry_out(
    settings: wiring.Settings, asked: wiring.RunRequest, places: wiring.Places, options: wiring.Options
) -> RunReport:
    """Carry a request through the graph and return its report; everything is in `places` afterwards.

    Raises:
        OperatorError: a person must mend something first.
        LedgerBroken: the ledger to be resumed does not verify.
    """
    try:
        places.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestInvalid(f"cannot make the folder {places.folder}: {error.strerror}; name another") from error
    if options.ledger is not None:
        asked = asked.model_copy(update={"ledger": str(options.ledger.absolute())})
    with _alone(places):
        wiring.write_whole(places.request, asked.model_dump_json())
        return await _connected(settings, asked, places, options)


@contextmanager
def _alone(places: wiring.Places) -> Iterator[None]:
    """Keep other processes out of a run's folder; the system lets go of it when this process ends, however it ends."""
    with places.lock.open("ab") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise RequestInvalid(
                f"another process carries out the run in {places.folder}; wait for it, or start a run of your own"
            ) from error
        yield


async def _connected(
    settings: wiring.Settings, asked: wiring.RunRequest, places: wiring.Places, options: wiring.Options
) -> RunReport:
    async with AsyncExitStack() as stack:
        wired = _Wired(settings, asked, places, options, stack)
        stack.push_async_callback(wired.agents.aclose)
        saver = await stack.enter_async_context(_checkpoints(places.checkpoints))
        try:
            return await _carry(wired, saver)
        except DatabaseError as error:
            raise RequestInvalid(
                f"cannot keep checkpoints in {places.checkpoints}: {error}; take the file away to begin the job anew"
            ) from error


async def _carry(wired: _Wired, saver: AsyncSqliteSaver) -> RunReport:
    said, kept, now_ms = await _remembered(wired, saver)
    assembly = Assembly(wired.members(said, kept), wired.trace, now_ms)
    numbers = {arrival.job.id: number for number, arrival in enumerate(wired.arrivals, 1)}
    committer = Committer(assembly, wired.ledger, wired.backend, wired.trace, numbers)
    choices = Choices(deadline_s=wired.llm.round_s, rounds_max=wired.settings.run.rounds_max)
    nodes = Nodes(
        assembly, wired.bidders(), committer, wired.trace, choices, wired.answered(), wired.voters(), wired.assessors()
    )
    run = Run(
        wired.asked.name, build(nodes, wired.clusters, saver), assembly, committer, wired.backend, wired.submitters,
        wired.trace, wired.acting, lambda: _tell(wired, committer), wired.keep,
    )  # fmt: skip
    if not wired.trace.events:
        wired.trace.emit(wiring.started(wired.settings, wired.asked, times=wired.options.times))
    committer.take_up(wired.ledger.heights, tuple(wired.trace.events))
    _take_up(wired, assembly)
    assembly.start()
    try:
        await run.jobs(wired.arrivals)
        if wired.asked.finish:
            await run.finish()
    except BaseException as error:
        status = "cancelled" if isinstance(error, KeyboardInterrupt | SystemExit) or _cancelled(error) else "failed"
        wired.trace.emit(RunEnded.model_validate({"status": status, "detail": str(error)[:400]}))
        _write(wired, committer)
        raise
    wired.trace.emit(RunEnded(status="done", at_s=assembly.now_s))
    return _write(wired, committer)


async def _remembered(
    wired: _Wired, saver: AsyncSqliteSaver
) -> tuple[dict[ClusterId, list[bytes]], dict[ClusterId, list[Keep]], int]:
    """Return what the members had said and sealed in the thread that was cut off, and the clock."""
    head_ms = wired.ledger.heights[-1].entry.block.at_s * 1_000 if wired.ledger.heights else 0
    said: dict[ClusterId, list[bytes]] = wired.kept()
    kept: dict[ClusterId, list[Keep]] = {}
    for arrival in wired.arrivals:
        name = thread_name(wired.asked.name, arrival.job.id, wired.ledger.heights)
        found = await saver.aget_tuple({"configurable": {"thread_id": name}})
        if found is None:
            continue
        stored = [(channel, value) for _, channel, value in found.pending_writes or ()]
        for channel, value in [*found.checkpoint["channel_values"].items(), *stored]:
            if channel == "said":
                for cluster, records in value.items():
                    known = said.setdefault(cluster, [])
                    known.extend(record for record in records if record not in known)
            elif channel == "kept":
                for cluster, keep in value.items():
                    kept.setdefault(cluster, []).append(keep)
            elif channel == "now_ms":
                head_ms = max(head_ms, value)
    return said, kept, head_ms


def _take_up(wired: _Wired, assembly: Assembly) -> None:
    """Tell the scheduler again of jobs that an interrupted run had awarded: it lived in that process."""
    state = assembly.application.state
    for job, held in state.running.items():
        cluster = state.members[held.seat].cluster.id
        wired.backend.submit(cluster, held.job, held.awarded_at_s)
        member = assembly.members[held.seat]
        told = any(isinstance(act, Start) and act.job == job for act in member.unsettled())
        if held.started_at_s is None and not told:
            assembly.absorb(held.seat, member.started((job,), assembly.now_ms))


def _cancelled(error: BaseException) -> bool:
    return isinstance(error, asyncio.CancelledError)


def _tell(wired: _Wired, committer: Committer) -> None:
    if wired.options.heights is not None:
        wired.options.heights(wired.report(committer))


def _write(wired: _Wired, committer: Committer) -> RunReport:
    """Write run.json whole or not at all."""
    report = wired.report(committer)
    wiring.write_whole(wired.places.report, wiring.report_text(report))
    return report

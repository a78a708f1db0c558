"""The one place where configuration becomes objects: doors call it, nothing else does."""

import asyncio
import json
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from random import Random

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from pydantic import Field

from agents.bidder import degraded
from agents.building import Agents
from agents.probe import probe, utc_now, write_cache
from agents.settings import LlmSettings, PromptSettings, Recorded, Rule, Scripted, read_llm, read_prompts
from agents.settings import resolved as resolved_llm
from backends.ledger_file import LedgerFile
from backends.reading import Workload, read_bytes, read_federation, read_jobs, read_value, validate
from backends.simulated import SimulatedBackend
from backends.trace_file import Trace
from faults.drivers import DRIVERS, Deceiver, Driver, unknown_driver
from faults.plan import FaultPlan
from graph.assembly import Assembly, Conduct
from graph.build import build, serializer
from graph.committing import Committer
from graph.nodes import Asked, Choices, Nodes
from graph.running import Acting, Arrival, Run, Said, thread_name
from prompts import load
from quorate.consensus.effects import Head, ReplicaSettings
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, KeySigner
from quorate.domain.bidding import Answer
from quorate.domain.clusters import Federation
from quorate.domain.errors import RequestInvalid, SettingsInvalid
from quorate.domain.jobs import Job
from quorate.domain.trace import Answered, RunEnded, RunStarted, TraceEvent
from quorate.domain.values import ClusterId, JobId, Value
from quorate.ledger.acts import Receipt, Start, receipt_bytes, submission_bytes
from quorate.ledger.application import LedgerApplication
from quorate.ledger.fold import fold
from quorate.ledger.genesis import Genesis, Member, Parameters
from quorate.ledger.participant import Keep, Participant
from quorate.ledger.report import RunReport
from quorate.ledger.state import founded
from quorate.ports import Bidder, JobEnd

ROOT = Path(__file__).resolve().parent
REFERENCE_FEDERATION = ROOT / "data/federations/reference.toml"
REFERENCE_JOBS = ROOT / "data/workloads/reference.toml"
REFERENCE_FAULTS = ROOT / "data/faults/reference.toml"
BACKGROUND_PERCENT_MAX = 15
"""Background load of a founding cluster is drawn evenly from 0 to this share of its nodes."""


class RunSettings(Value):
    """The `[run]` section of quorate.toml."""

    seed: int = Field(default=42, ge=0, le=2**53 - 1)
    """Draws background load, demo keys, salts and simulated run times."""
    rounds_max: int = Field(default=3, ge=1, le=64)
    """After this many rounds without a quorum the driver stops."""
    sealed: bool = True
    """Answers are committed to before any is shown."""
    content: bool = True
    """Whether traces hold prompts and replies."""
    folder: str = Field(default="runs", max_length=400)
    """Where runs are kept."""


class Settings(Value):
    """The whole of quorate.toml."""

    run: RunSettings = RunSettings()
    llm: LlmSettings = LlmSettings()
    prompts: PromptSettings = PromptSettings()


def read_settings(path: Path | None) -> Settings:
    """Return the configuration; the shipped one if no path is given.

    Raises:
        SettingsInvalid: it does not parse, or a name in it is unknown.
    """
    path = path or ROOT / "quorate.toml"
    try:
        table = tomllib.loads(read_bytes(path).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsInvalid(f"{path} is not TOML: {ascii(str(error))[1:-1][:160]}; correct it") from error
    unknown = sorted(set(table) - {"run", "llm", "prompts"})
    if unknown:
        raise SettingsInvalid(f"{path}: [{unknown[0]}] is not a section; sections: run, llm, prompts")
    try:
        run = validate(RunSettings, table.get("run", {}), f"{path} [run]")
    except RequestInvalid as error:
        raise SettingsInvalid(str(error)) from error
    return Settings(
        run=run,
        llm=read_llm(table.get("llm", {}), str(path)),
        prompts=read_prompts(table.get("prompts", {}), str(path)),
    )


class RunRequest(Value):
    """Everything a run is made from; written beside the run so that it can be resumed."""

    name: str = ""
    """The run's id; made from seed and time if empty."""
    federation: Federation
    workload: Workload
    faults: FaultPlan = FaultPlan()
    seed: int = 42
    profile: str = "rule"
    finish: bool = True
    """Whether running jobs are followed to their ends."""


def request(
    settings: Settings,
    *,
    federation: Path | None = None,
    jobs: Path | Workload | None = None,
    faults: Path | FaultPlan | None = None,
    seed: int | None = None,
    profile: str | None = None,
    name: str = "",
) -> RunRequest:
    """Return a request from files and flags; what is not given is the reference.

    Raises:
        RequestInvalid: a file is wrong, or a fault names an unknown driver, cluster or job.
        SettingsInvalid: the profile does not exist.
    """
    fed = read_federation(federation or REFERENCE_FEDERATION)
    workload = jobs if isinstance(jobs, Workload) else read_jobs(jobs or REFERENCE_JOBS)
    plan = faults if isinstance(faults, FaultPlan) else read_value(FaultPlan, faults) if faults else FaultPlan()
    _check_plan(plan, fed, workload)
    chosen = profile or settings.llm.use
    settings.llm.profile(chosen)
    return RunRequest(
        name=name,
        federation=fed,
        workload=workload,
        faults=plan,
        seed=settings.run.seed if seed is None else seed,
        profile=chosen,
    )


def _check_plan(plan: FaultPlan, federation: Federation, workload: Workload) -> None:
    clusters = {cluster.id for cluster in federation.clusters}
    jobs = {job.id for job in workload.jobs}
    for fault in plan.faults:
        if fault.driver not in DRIVERS:
            raise RequestInvalid(unknown_driver(fault.driver))
        if fault.cluster not in clusters:
            raise RequestInvalid(f"fault {fault.driver}: there is no cluster {fault.cluster!r} in the federation")
        for job in fault.jobs:
            if job not in jobs:
                raise RequestInvalid(f"fault {fault.driver}: there is no job {job!r} in the list")


# -- keys, salts, submitters: from the seed, for demonstrations only -------------------------------------------


def _drawn(seed: int, *what: object) -> bytes:
    return blake2b("|".join(["quorate demo", str(seed), *map(str, what)]).encode(), digest_size=32).digest()


def demo_signer(seed: int, cluster: ClusterId) -> KeySigner:
    """Return a cluster's demo key: anybody who knows the seed has it too."""
    return KeySigner(_drawn(seed, "key", cluster))


def demo_background(seed: int, federation: Federation) -> dict[ClusterId, int]:
    """Return each cluster's background load in nodes: one number, from which everything that shows it follows."""
    rng = Random(f"background|{seed}")
    return {
        cluster.id: rng.randint(0, cluster.nodes * BACKGROUND_PERCENT_MAX // 100) for cluster in federation.clusters
    }


def demo_genesis(seed: int, federation: Federation, *, sealed: bool = True) -> Genesis:
    """Return the genesis of a demonstration chain."""
    background = demo_background(seed, federation)
    members = tuple(
        Member(
            cluster=cluster,
            public_key=demo_signer(seed, cluster.id).public_key.hex(),
            background=background[cluster.id],
        )
        for cluster in federation.clusters
    )
    return Genesis(name=federation.name, members=members, parameters=Parameters(sealed=sealed))


class DemoSubmitters:
    """One submitter per job, outside the federation, with a key drawn from the seed."""

    def __init__(self, seed: int, chain: str) -> None:
        """Take the seed and the chain's name."""
        self._seed, self._chain = seed, chain

    def _signer(self, job: JobId) -> KeySigner:
        return KeySigner(_drawn(self._seed, "submitter", job))

    def arrival(self, job: Job, number: int, interval_s: int) -> Arrival:
        """Return the job as its submitter hands it in, signed."""
        at_s = number * interval_s
        key = self._signer(job.id).public_key.hex()
        owned = job.model_copy(
            update={"submitter": f"submitter of {job.id}", "submitter_key": key, "submitted_at_s": at_s}
        )
        signature = self._signer(job.id).sign(submission_bytes(self._chain, owned)).hex()
        return Arrival(owned, signature, at_s)

    def receipt(self, end: JobEnd) -> Receipt:
        """Return the submitter's word: it got what the cluster says."""
        message = receipt_bytes(self._chain, end.job, end.run_s, end.succeeded)
        return Receipt(
            job=end.job, run_s=end.run_s, succeeded=end.succeeded, signature=self._signer(end.job).sign(message).hex()
        )


# -- the run ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run keeps what it writes."""

    folder: Path

    @property
    def ledger(self) -> Path:
        """The ledger file."""
        return self.folder / "ledger.jsonl"

    @property
    def trace(self) -> Path:
        """The trace file."""
        return self.folder / "trace.jsonl"

    @property
    def report(self) -> Path:
        """The run as one document."""
        return self.folder / "run.json"

    @property
    def request(self) -> Path:
        """What the run was made from."""
        return self.folder / "request.json"

    @property
    def said(self) -> Path:
        """What members said between two jobs."""
        return self.folder / "said.json"

    @property
    def checkpoints(self) -> Path:
        """The graph's checkpoints."""
        return self.folder / "checkpoints.sqlite"


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is carried out: nothing here changes what is decided."""

    times: bool = True
    """Whether wall-clock times are written."""
    record: Path | None = None
    """Where prompts and replies are kept."""
    ledger: Path | None = None
    """Where the ledger is written besides the run's folder."""
    resume: bool = False
    listen: Callable[[TraceEvent], None] | None = None
    heights: Callable[[RunReport], None] | None = None
    """Told the report so far after each job."""


def run_name(seed: int, *, times: bool) -> str:
    """Return a run's id: from time and seed, or from the seed alone when times are left out."""
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-" if times else ""
    return f"{stamp}seed-{seed}"


class _Wired:
    """Everything of one run, connected."""

    def __init__(self, settings: Settings, asked: RunRequest, places: Places, options: Options) -> None:
        self.settings, self.asked, self.places, self.options = settings, asked, places, options
        self.genesis = demo_genesis(asked.seed, asked.federation, sealed=settings.run.sealed)
        self.ledger = LedgerFile(options.ledger or places.ledger, self.genesis)
        self.trace = Trace(places.trace, times=options.times, listen=options.listen)
        self.submitters = DemoSubmitters(asked.seed, self.genesis.digest)
        self.backend = SimulatedBackend(asked.seed)
        self.clusters = tuple(cluster.id for cluster in asked.federation.clusters)
        llm = settings.llm.using(asked.profile) if asked.profile != settings.llm.use else settings.llm
        self.agents = Agents(
            llm, settings.prompts, self.clusters, sink=self.trace, record=options.record,
            content=settings.run.content, folder=ROOT,
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
        signer = demo_signer(self.asked.seed, cluster)
        replica = Replica(seat, application, signer, Ed25519Verifier(), ReplicaSettings(), head)

        def salt(job: JobId, opened: int) -> str:
            return _drawn(self.asked.seed, "salt", cluster, job, opened)[:16].hex()

        honest = Participant(seat, replica, salt).restore(said.get(cluster, ()), kept.get(cluster, ()))
        if any(fault.cluster == cluster for fault in self.asked.faults.faults):
            return Deceiver(honest, lambda: self._driver(cluster))
        return honest

    def _driver(self, cluster: ClusterId) -> Driver | None:
        for fault in self.asked.faults.faults:
            if fault.cluster == cluster and fault.acts_at(self.now_job):
                return DRIVERS[fault.driver]
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

    def keep(self, said: Said) -> None:
        """Make durable what members said outside any thread."""
        text = json.dumps({cluster: [record.hex() for record in records] for cluster, records in said.items()})
        write_whole(self.places.said, text)

    def kept(self) -> dict[ClusterId, list[bytes]]:
        """Return what members had said outside any thread."""
        if not self.places.said.exists():
            return {}
        said = json.loads(self.places.said.read_text("utf-8"))
        return {ClusterId(name): [bytes.fromhex(record) for record in records] for name, records in said.items()}

    def answered(self) -> dict[Asked, Answer]:
        """Return what an interrupted run had been answered, by its trace."""
        return {(e.job, e.opened, e.cluster): e.answer for e in self.trace.events if isinstance(e, Answered)}

    def started(self) -> RunStarted:
        """Return the trace's first line."""
        profile = self.llm.profile(self.asked.profile)
        return RunStarted.model_validate(
            {
                "run": self.asked.name,
                "seed": self.asked.seed,
                "profile": self.asked.profile,
                "provider": profile.provider,
                "model": getattr(profile, "model", None),
                "jobs": len(self.arrivals),
                "deadline_s": self.llm.round_s,
                "started": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" if self.options.times else None,
            }
        )

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

    def close(self) -> None:
        """Close the files."""
        self.ledger.close()
        self.trace.close()


async def carry_out(settings: Settings, asked: RunRequest, places: Places, options: Options) -> RunReport:
    """Carry a request through the graph and return its report; everything is in `places` afterwards.

    Raises:
        OperatorError: a person must mend something first.
        LedgerBroken: the ledger to be resumed does not verify.
    """
    places.folder.mkdir(parents=True, exist_ok=True)
    places.request.write_text(asked.model_dump_json(), encoding="utf-8")
    wired = _Wired(settings, asked, places, options)
    async with AsyncExitStack() as stack:
        stack.callback(wired.close)
        stack.push_async_callback(wired.agents.aclose)
        saver = await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(str(places.checkpoints)))
        saver.serde = serializer()
        return await _carry(wired, saver)


async def _carry(wired: _Wired, saver: AsyncSqliteSaver) -> RunReport:
    said, kept, now_ms = await _remembered(wired, saver)
    assembly = Assembly(wired.members(said, kept), wired.trace, now_ms)
    numbers = {arrival.job.id: number for number, arrival in enumerate(wired.arrivals, 1)}
    committer = Committer(assembly, wired.ledger, wired.backend, wired.trace, numbers)
    choices = Choices(deadline_s=wired.llm.round_s, rounds_max=wired.settings.run.rounds_max)
    nodes = Nodes(assembly, wired.bidders(), committer, wired.trace, choices, wired.answered())
    run = Run(
        wired.asked.name, build(nodes, wired.clusters, saver), assembly, committer, wired.backend, wired.submitters,
        wired.trace, wired.acting, lambda: _tell(wired, committer), wired.keep,
    )  # fmt: skip
    if not wired.trace.events:
        wired.trace.emit(wired.started())
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
            assembly.absorb(held.seat, member.started(job, assembly.now_ms))


def _cancelled(error: BaseException) -> bool:
    return isinstance(error, asyncio.CancelledError)


def _tell(wired: _Wired, committer: Committer) -> None:
    if wired.options.heights is not None:
        wired.options.heights(wired.report(committer))


def _write(wired: _Wired, committer: Committer) -> RunReport:
    """Write run.json whole or not at all."""
    report = wired.report(committer)
    write_whole(wired.places.report, report_text(report))
    return report


def report_text(report: RunReport) -> str:
    """Return the run as a JSON document."""
    return report.model_dump_json(indent=1) + "\n"


def read_report(places: Places) -> RunReport:
    """Return the report in a run's folder."""
    return read_value(RunReport, places.report)


def finished(places: Places) -> bool:
    """Say whether a run's folder holds a run that came to its end."""
    return places.report.exists() and read_report(places).status == "done"


def fresh_folder(runs: Path, name: str) -> Path:
    """Return a folder that does not exist yet: the run's name, numbered if it is taken."""
    folder, number = runs / name, 2
    while folder.exists():
        folder, number = runs / f"{name}-{number}", number + 1
    return folder


def resolved(settings: Settings, profile: str | None) -> str:
    """Return the configuration in force, keys masked."""
    return resolved_llm(settings.llm.using(profile) if profile else settings.llm, os.environ)


async def probe_profile(settings: Settings, profile: str | None) -> str:
    """Ask a provider what its model can do, keep the answer for later runs, and return it in words."""
    name = profile or settings.llm.use
    profile_ = settings.llm.profile(name)
    if isinstance(profile_, Rule | Scripted | Recorded):
        raise RequestInvalid(f"profile {name!r} asks no provider; name one that does with --profile")
    found = await probe(profile_, os.environ, load("bid", settings.prompts.bid), utc_now)
    write_cache(ROOT / settings.llm.cache, found)
    return "\n".join(found.lines())


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a half.

    Raises:
        RequestInvalid: the place cannot be written.
    """
    half = path.with_name(path.name + ".part")
    try:
        with half.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        raise RequestInvalid(f"cannot write {path}: {error.strerror}; name a writable place") from error

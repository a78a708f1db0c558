"""The one place where configuration becomes objects: doors call it, nothing else does."""

import os
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from random import Random

from pydantic import Field, field_validator

from agents.settings import (
    LlmSettings,
    PromptSettings,
    Recorded,
    Rule,
    Scripted,
    check_address,
    read_llm,
    read_prompts,
)
from agents.settings import resolved as resolved_llm
from backends.reading import Workload, read_bytes, read_federation, read_jobs, read_value, validate
from faults.drivers import DRIVERS, unknown_driver
from faults.plan import FaultPlan
from graph.arriving import Arrival
from prompts import load
from quorate.consensus.signing import KeySigner
from quorate.domain.clusters import Federation
from quorate.domain.errors import RequestInvalid, SettingsInvalid
from quorate.domain.jobs import Job
from quorate.domain.trace import RunStarted, TraceEvent
from quorate.domain.values import ClusterId, JobId, Value
from quorate.ledger.acts import Receipt, receipt_bytes, submission_bytes
from quorate.ledger.genesis import Genesis, Member, Parameters
from quorate.ledger.report import RunReport
from quorate.ports import JobEnd

ROOT = Path(__file__).resolve().parent
REFERENCE_FEDERATION = ROOT / "data/federations/reference.toml"
REFERENCE_JOBS = ROOT / "data/workloads/reference.toml"
REFERENCE_FAULTS = ROOT / "data/faults/reference.toml"
SEED_MAX = 2**53 - 1
"""The largest whole number that every reader of JSON keeps."""
NAMES_SHOWN = 8
BACKGROUND_PERCENT_MAX = 15
"""Background load of a founding cluster is drawn evenly from 0 to this share of its nodes."""


class RunSettings(Value):
    """The `[run]` section of quorate.toml."""

    seed: int = Field(default=42, ge=0, le=SEED_MAX)
    """Draws background load, demo keys, salts and simulated run times."""
    rounds_max: int = Field(default=3, ge=1, le=64)
    """After this many rounds without a quorum the driver stops."""
    sealed: bool = True
    """Answers are committed to before any is shown."""
    opinions: bool = False
    """Whether members' signed opinions of rivals' bids move scores, by their median and within a tenth (P-70)."""
    content: bool = True
    """Whether traces hold prompts and replies."""
    folder: str = Field(default="runs", max_length=400)
    """Where runs are kept."""


class TraceSettings(Value):
    """The `[trace]` section: where a run's trace goes besides its own folder."""

    otlp_endpoint: str = Field(default="", max_length=400)
    """OpenTelemetry's collector over HTTP, such as http://127.0.0.1:4318/v1/traces; empty for none."""

    @field_validator("otlp_endpoint")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if url:
            check_address(url)
        return url


class Settings(Value):
    """The whole of quorate.toml."""

    run: RunSettings = RunSettings()
    llm: LlmSettings = LlmSettings()
    prompts: PromptSettings = PromptSettings()
    trace: TraceSettings = TraceSettings()


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
    unknown = sorted(set(table) - set(Settings.model_fields))
    if unknown:
        raise SettingsInvalid(f"{path}: [{unknown[0]}] is not a section; sections: {', '.join(Settings.model_fields)}")
    try:
        run = validate(RunSettings, table.get("run", {}), f"{path} [run]")
        trace = validate(TraceSettings, table.get("trace", {}), f"{path} [trace]")
    except RequestInvalid as error:
        raise SettingsInvalid(str(error)) from error
    return Settings(
        run=run,
        llm=read_llm(table.get("llm", {}), str(path)),
        prompts=read_prompts(table.get("prompts", {}), str(path)),
        trace=trace,
    )


class RunRequest(Value):
    """Everything a run is made from; written beside the run so that it can be resumed."""

    name: str = ""
    """The run's id; made from seed and time if empty."""
    federation: Federation
    workload: Workload
    faults: FaultPlan = FaultPlan()
    seed: int = Field(default=42, ge=0, le=SEED_MAX)
    profile: str = "rule"
    finish: bool = True
    """Whether running jobs are followed to their ends."""
    ledger: str = Field(default="", max_length=4_096)
    """Where the ledger is, if not in the run's folder; a resumed run goes on with the same."""


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
    chosen = settings.llm.use if profile is None else profile
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
            raise RequestInvalid(
                f"fault {fault.driver}: there is no cluster {fault.cluster!r}; clusters: {_some(clusters)}"
            )
        if fault.against is not None and fault.against not in clusters:
            raise RequestInvalid(
                f"fault {fault.driver}: there is no rival {fault.against!r}; clusters: {_some(clusters)}"
            )
        for job in fault.jobs:
            if job not in jobs:
                raise RequestInvalid(f"fault {fault.driver}: there is no job {job!r}; jobs: {_some(jobs)}")


def _some(names: Collection[str]) -> str:
    """Return names for a sentence, not too many of them."""
    first = ", ".join(sorted(names)[:NAMES_SHOWN])
    return f"{first} and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else first


# -- keys, salts, submitters: from the seed, for demonstrations only -------------------------------------------


def drawn(seed: int, *what: object) -> bytes:
    """Return 32 bytes that follow from the seed and a name."""
    return blake2b("|".join(["quorate demo", str(seed), *map(str, what)]).encode(), digest_size=32).digest()


def demo_signer(seed: int, cluster: ClusterId) -> KeySigner:
    """Return a cluster's demo key: anybody who knows the seed has it too."""
    return KeySigner(drawn(seed, "key", cluster))


def demo_background(seed: int, federation: Federation) -> dict[ClusterId, int]:
    """Return each cluster's background load in nodes: one number, from which everything that shows it follows."""
    rng = Random(f"background|{seed}")
    return {
        cluster.id: rng.randint(0, cluster.nodes * BACKGROUND_PERCENT_MAX // 100) for cluster in federation.clusters
    }


def demo_genesis(seed: int, federation: Federation, *, sealed: bool = True, assessments: bool = False) -> Genesis:
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
    parameters = Parameters(sealed=sealed, assessments=assessments)
    return Genesis(name=federation.name, members=members, parameters=parameters)


class DemoSubmitters:
    """One submitter per job, outside the federation, with a key drawn from the seed."""

    def __init__(self, seed: int, chain: str) -> None:
        """Take the seed and the chain's name."""
        self._seed, self._chain = seed, chain

    def _signer(self, job: JobId) -> KeySigner:
        return KeySigner(drawn(self._seed, "submitter", job))

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
    def lock(self) -> Path:
        """Held by the process that carries the run out."""
        return self.folder / "lock"

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


def answering(settings: Settings, profile: str) -> LlmSettings:
    """Return the settings that answer in a run: a profile named for it answers for every cluster."""
    return settings.llm if profile == settings.llm.use else settings.llm.using(profile)


def check_answering(settings: Settings, asked: RunRequest) -> None:
    """Make sure, before a run is begun, that whoever is to answer in it can: with a key, replies, an address.

    Raises:
        SettingsInvalid, CredentialMissing, PromptError: what is missing, with the remedy.
    """
    llm = answering(settings, asked.profile)
    clusters = tuple(cluster.id for cluster in asked.federation.clusters)
    if all(isinstance(llm.profile(name), Rule) for name in (llm.use, *map(llm.name_for, clusters))):
        return
    from agents.building import Agents  # brings the providers' packages, which the rule does not need

    Agents(llm, settings.prompts, clusters, folder=ROOT)


def started(settings: Settings, asked: RunRequest, *, times: bool) -> RunStarted:
    """Return a run's first event: what is run, under which choices."""
    llm = answering(settings, asked.profile)
    profile = llm.profile(asked.profile)
    return RunStarted.model_validate(
        {
            "run": asked.name,
            "seed": asked.seed,
            "profile": asked.profile,
            "provider": profile.provider,
            "model": getattr(profile, "model", None),
            "jobs": len(asked.workload.jobs),
            "deadline_s": llm.round_s,
            "started": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" if times else None,
        }
    )


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
    while os.path.lexists(folder):
        folder, number = runs / f"{name}-{number}", number + 1
    return folder


def claimed_folder(runs: Path, name: str) -> Path:
    """Make a fresh folder and return it: of runs begun in the same second, each has its own.

    Raises:
        RequestInvalid: no folder can be made there.
    """
    while True:
        folder = fresh_folder(runs, name)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue  # another process was faster
        except OSError as error:
            raise RequestInvalid(f"cannot make the folder {folder}: {error.strerror}; name another") from error
        return folder


def resolved(settings: Settings, profile: str | None) -> str:
    """Return the configuration in force, keys masked."""
    llm = resolved_llm(settings.llm.using(profile) if profile else settings.llm, os.environ)
    return f"{llm}\ntrace.otlp_endpoint = {settings.trace.otlp_endpoint or 'none'}"


async def probe_profile(settings: Settings, profile: str | None) -> str:
    """Ask a provider what its model can do, keep the answer for later runs, and return it in words."""
    from agents.probe import probe, utc_now, write_cache  # brings the providers' packages

    name = profile or settings.llm.use
    profile_ = settings.llm.profile(name)
    if isinstance(profile_, Rule | Scripted | Recorded):
        raise RequestInvalid(f"profile {name!r} asks no provider; name one that does with --profile")
    found = await probe(profile_, os.environ, load("bid", settings.prompts.bid), utc_now)
    write_cache(ROOT / settings.llm.cache, found)
    return "\n".join(found.lines())


def check_writable(path: Path, flag: str, *, make: bool = False) -> None:
    """Make sure that a file can be written at `path`, and leave nothing behind; `make` its folder first.

    Raises:
        RequestInvalid: it cannot.
    """
    try:
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            if path.is_dir():
                raise RequestInvalid(f"{flag} {path} is a folder; name a file")
            return  # a device or a pipe takes what it is given when it is given
        half = path.with_name(path.name + ".part")
        half.open("ab").close()
        half.unlink()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such name can exist"
        raise RequestInvalid(f"{flag}: cannot write {path}: {reason}; name a writable place") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a half.

    Raises:
        RequestInvalid: the place cannot be written.
    """
    half = path.with_name(path.name + ".part")
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return  # a device or a pipe is written to, never replaced
        with half.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        raise RequestInvalid(f"cannot write {path}: {error.strerror}; name a writable place") from error

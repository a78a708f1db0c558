"""Reads run folders for the screen: bounded, validated, and honest about what it could not read.

A run folder is `runs/<id>/` with `ledger.jsonl`, `trace.jsonl`, `run.json` and `request.json`. A ledger of ordinary
size is verified and folded anew, so that what is shown follows from signatures; a very large one is shown from
`run.json`, and the page says so. A ledger that stops holding is shown up to its last good height.
"""

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from quorate.domain.errors import LedgerBroken, RequestInvalid
from quorate.domain.trace import TRACE_EVENTS, RunStarted, TraceEvent
from quorate.domain.values import JobId
from quorate.ledger.fold import fold
from quorate.ledger.records import DecisionRecord
from quorate.ledger.report import RUN_SCHEMA, RunReport
from quorate.ledger.state import LedgerState, founded
from quorate.ledger.verify import LINE_BYTES_MAX, Verified, read_genesis, verify_lines
from ui.viewmodel.run import Moment, moments, moments_of_report

LEDGER_FOLD_BYTES_MAX = 12 * 2**20
"""A ledger up to this size is verified when its run is opened; a larger one on demand, on the Ledger page."""

REPORT_BYTES_MAX = 256 * 2**20
TRACE_BYTES_MAX = 128 * 2**20
"""More is not read into a page."""

RUNS_MAX = 500
"""Newest run folders that are listed."""

RUN_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$")
"""A run id is a folder's name and travels in links: nothing that could leave the folder."""


class RunMissing(RequestInvalid):
    """There is no run, job or agent with this name; `nearest` are those that come close."""

    def __init__(self, what: str, name: str, known: list[str]) -> None:
        """Name the thing, and what comes close."""
        self.nearest = nearest(name, known)
        hint = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        super().__init__(f"there is no {what} {name[:80]!r}{hint}")


class RunOld(RequestInvalid):
    """The run was written in another format."""

    def __init__(self, version: str) -> None:
        """Keep the version."""
        self.version = version
        super().__init__(
            f"this run was written as {version[:40]!r}; this app reads {RUN_SCHEMA!r}: its files stay as they are"
        )


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a ledger stops holding."""

    height: int
    """The last good height."""
    offset: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """One run as far as it can be read."""

    id: str
    folder: Path
    report: RunReport
    events: tuple[TraceEvent, ...]
    heights: tuple[Verified, ...]
    moments: tuple[Moment, ...]
    source: Literal["ledger", "report"]
    broken: Broken | None
    trace_note: str
    """What could not be read of the trace."""

    def record(self, job: JobId) -> DecisionRecord | None:
        """Return the ledger's record of a job's last decision."""
        for verified in reversed(self.heights):
            record = verified.application.record
            for decision in record.decisions if record else ():
                if decision.job.id == job and decision.outcome != "waiting":
                    return decision
        return None


def list_runs(root: Path) -> list[str]:
    """Return the ids of the runs in a folder, newest first; folders without ledger and report are none."""
    if not root.is_dir():
        return []
    found = [path for path in root.iterdir() if RUN_ID.match(path.name) and _is_run(path)]
    found.sort(key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    return [path.name for path in found[:RUNS_MAX]]


def _is_run(path: Path) -> bool:
    return (path / "ledger.jsonl").is_file() or (path / "run.json").is_file()


def nearest(name: str, known: list[str]) -> list[str]:
    """Return up to three known names that come close."""
    return difflib.get_close_matches(name[:200], known, n=3, cutoff=0.4)


def folder_of(root: Path, run: str) -> Path:
    """Return a run's folder.

    Raises:
        RunMissing: no such run, or a name that is none.
    """
    if not RUN_ID.match(run) or not _is_run(root / run):
        raise RunMissing("run", run, list_runs(root))
    return root / run


def stamp(folder: Path) -> tuple[int, ...]:
    """Return what changes when a run's files change: a cache's key."""
    marks = []
    for name in ("ledger.jsonl", "trace.jsonl", "run.json"):
        path = folder / name
        known = path.stat() if path.is_file() else None
        marks += [known.st_size, known.st_mtime_ns] if known else [0, 0]
    return tuple(marks)


def load(root: Path, run: str) -> LoadedRun:
    """Return a run, folded from its ledger where that is small enough.

    Raises:
        RunMissing: there is none of that name.
        RunOld: it was written in another format.
        RequestInvalid: it holds nothing that can be read.
    """
    folder = folder_of(root, run)
    events, note = read_events(folder / "trace.jsonl")
    ledger = folder / "ledger.jsonl"
    if ledger.is_file() and ledger.stat().st_size <= LEDGER_FOLD_BYTES_MAX:
        return _from_ledger(run, folder, events, note)
    report = read_report(folder / "run.json")
    return LoadedRun(run, folder, report, events, (), tuple(moments_of_report(report)), "report", None, note)


def _from_ledger(run: str, folder: Path, events: tuple[TraceEvent, ...], note: str) -> LoadedRun:
    first, name, heights, broken = read_ledger(folder / "ledger.jsonl")
    if first is None:
        report = read_report(folder / "run.json")
        return LoadedRun(run, folder, report, events, (), tuple(moments_of_report(report)), "report", broken, note)
    begun = next((event for event in events if isinstance(event, RunStarted)), None)
    degraded = _degraded(folder / "run.json")
    report = fold(name, first, heights, events, begun.jobs if begun else _submitted(heights), degraded)
    return LoadedRun(
        run, folder, report, events, tuple(heights), tuple(moments(first, heights)), "ledger", broken, note
    )


def _submitted(heights: list[Verified]) -> int:
    return len(heights[-1].application.state.known) if heights else 0


def _degraded(path: Path) -> str | None:
    """Return why the run called itself degraded: a judgement of its settings, which the ledger does not hold."""
    try:
        return read_report(path).degraded
    except RequestInvalid:
        return None


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield a file's lines, none longer than a ledger's line may be."""
    with path.open("rb") as file:
        while line := file.readline(LINE_BYTES_MAX + 2):
            yield line


def read_ledger(path: Path) -> tuple[LedgerState | None, str, list[Verified], Broken | None]:
    """Return the state before height 1, the federation's name, the heights that hold, and where it breaks.

    Raises:
        RunOld: the genesis was written in another format.
    """
    heights: list[Verified] = []
    first: LedgerState | None = None
    name = ""
    try:
        with path.open("rb") as file:
            line = file.readline(LINE_BYTES_MAX + 2)
        _refuse_old(line)
        genesis = read_genesis(line.rstrip(b"\n"))
        first, name = founded(genesis), genesis.name
        heights.extend(verify_lines(read_lines(path)))  # keeps what held when it raises
    except LedgerBroken as error:
        return first, name, heights, Broken(len(heights), error.offset, str(error))
    return first, name, heights, None


def _refuse_old(line: bytes) -> None:
    try:
        schema = json.loads(line[:LINE_BYTES_MAX]).get("schema")
    except (ValueError, AttributeError, RecursionError):
        return
    if isinstance(schema, str) and schema.startswith("quorate.genesis/") and schema != "quorate.genesis/1":
        raise RunOld(schema)


def read_report(path: Path) -> RunReport:
    """Return a run's document.

    Raises:
        RunOld: another format.
        RequestInvalid: missing, too large, or no such document.
    """
    if not path.is_file():
        raise RequestInvalid(f"{path.parent.name} has no run.json that could be shown; open a run that has ended")
    if path.stat().st_size > REPORT_BYTES_MAX:
        raise RequestInvalid(
            f"{path.name} has {path.stat().st_size} bytes; at most {REPORT_BYTES_MAX}: use the terminal"
        )
    raw = path.read_bytes()
    try:
        return RunReport.model_validate_json(raw)
    except ValidationError as error:
        _raise_old(raw)
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestInvalid(f"run.json cannot be read: {where}: {first['msg']}; open the ledger instead") from error


def _raise_old(raw: bytes) -> None:
    try:
        schema = json.loads(raw).get("schema")
    except (ValueError, AttributeError, RecursionError):
        return
    if isinstance(schema, str) and schema != RUN_SCHEMA:
        raise RunOld(schema)


def read_events(path: Path) -> tuple[tuple[TraceEvent, ...], str]:
    """Return a trace's events up to the first line that is none, and what was left out in words."""
    if not path.is_file():
        return (), "this run has no trace: timing and reasoning are not known"
    if path.stat().st_size > TRACE_BYTES_MAX:
        return (), f"the trace has {path.stat().st_size:,} bytes; a page reads at most {TRACE_BYTES_MAX:,}"
    found: list[TraceEvent] = []
    for number, line in enumerate(read_lines(path), 1):
        if not line.endswith(b"\n"):
            break
        try:
            found.append(TRACE_EVENTS.validate_json(line))
        except ValidationError:
            return tuple(found), f"line {number} of the trace is no event; what follows it is not shown"
    return tuple(found), ""

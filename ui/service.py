"""Runs in this process: started, watched and cancelled by any browser, owned by none.

One asyncio loop in one daemon thread carries every run. A page starts a run and reads snapshots; closing or reloading
it changes nothing. What a run is made of is injected (`Engine`), so no page knows the graph or a provider.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import Field

from quorate.domain.errors import RequestInvalid
from quorate.domain.trace import TraceEvent
from quorate.domain.values import ClusterId, JobId, Value
from quorate.ledger.report import DecisionRow, RunReport
from ui.ending import end_of
from ui.runs import list_runs
from ui.trials import Preparing, Trials
from ui.viewmodel.live import SHOWN_DECISIONS, Progress, Snapshot

RUNS_AT_ONCE = 2
"""Two runs share the loop without starving each other; a third one waits for its person to cancel or to wait."""

CLOSE_S = 10.0
"""Longest wait for runs to clean up when the process ends, s."""

UNDER_WAY = ("running", "cancelling")
"""States of a run whose end has not been told yet."""

FINISHED_KEPT = 20
"""Ended runs whose last snapshot stays in memory; their files stay in their folders."""


class FaultChoice(Value):
    """One driver on one cluster."""

    driver: str = Field(max_length=40)
    cluster: ClusterId
    jobs: tuple[JobId, ...] = ()
    """At which jobs; none named: at every job."""
    against: ClusterId | None = None
    """The rival a driver is aimed at; none named: the next in seat order."""


class Order(Value):
    """What a person asks for on the Submit page; empty text means the reference."""

    federation: str = ""
    """TOML."""
    jobs: str = ""
    """TOML, JSON or JSON Lines, as `jobs_form` says."""
    jobs_form: str = "toml"
    faults: tuple[FaultChoice, ...] = ()
    seed: int = Field(default=42, ge=0, le=2**53 - 1)
    profile: str = "rule"
    only: tuple[JobId, ...] = ()
    """Only these jobs of the workload; none named: all of them."""
    prompt_version: int | None = Field(default=None, ge=1)
    """A released version of the bid prompt; the configured one if not named."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A way to bid that the configuration offers."""

    name: str
    provider: str
    model: str | None
    problem: str
    """Why it cannot be used now, empty if it can."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order that holds: what it will take, and how to carry it out."""

    name: str
    jobs: int
    clusters: Mapping[ClusterId, str]
    """Type by cluster, in seat order."""
    calls: int
    """Model calls at least: one a job and cluster; 0 with the rule."""
    deadline_s: float
    carry: Callable[[Callable[[TraceEvent], None], Callable[[RunReport], None]], Coroutine[None, None, RunReport]]


class Engine(Preparing, Protocol):
    """What turns an order into a run; the door hands it in."""

    @property
    def folder(self) -> Path:
        """Where runs are kept."""
        ...

    @property
    def results(self) -> Path:
        """Where evaluation results lie."""
        ...

    def profiles(self) -> tuple[Profile, ...]:
        """Return the ways to bid."""
        ...

    def drivers(self) -> tuple[tuple[str, str], ...]:
        """Return the fault drivers as (name, what it does)."""
        ...

    def reference(self) -> Order:
        """Return the demonstration: eight jobs, six clusters, one lie."""
        ...

    def texts(self, order: Order) -> tuple[str, str]:
        """Return an order's federation and jobs as text, the reference where it names none."""
        ...

    def prompt_versions(self) -> tuple[int, ...]:
        """Return the released versions of the bid prompt, the configured one first."""
        ...

    def prepare(self, order: Order) -> Prepared:
        """Check an order.

        Raises:
            OperatorError: one sentence for the person who asked.
        """
        ...


@dataclass(slots=True)
class Held:
    """A run of this process."""

    name: str
    progress: Progress
    lock: threading.Lock = field(default_factory=threading.Lock)
    task: "asyncio.Task[RunReport] | None" = None
    over: bool = False
    """Whether it has ended, cleaning up included."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set with `over`, for whoever waits for it."""
    decisions: tuple[DecisionRow, ...] = ()

    def take(self, event: TraceEvent) -> None:
        """Follow one event; called in the worker's thread."""
        with self.lock:
            self.progress.take(event)

    def reported(self, report: RunReport) -> None:
        """Keep the newest decisions; called in the worker's thread."""
        with self.lock:
            self.decisions = report.decisions[-SHOWN_DECISIONS:]

    def ended(self, task: "asyncio.Task[RunReport]") -> None:
        """Keep how it ended; called in the worker's thread when even its last file is closed."""
        status, detail = end_of(task, "this run")
        with self.lock:
            if self.progress.status in UNDER_WAY:
                self.progress.status = status
            self.progress.detail = self.progress.detail or detail
            self.over = True
        self.gone.set()

    def leaving(self) -> None:
        """Note that somebody cancelled it: said at once, true a moment later."""
        with self.lock:
            if self.progress.status == "running":
                self.progress.status = "cancelling"

    def snapshot(self) -> tuple[Snapshot, tuple[DecisionRow, ...]]:
        """Return what a page shows."""
        with self.lock:
            return self.progress.snapshot(), self.decisions


class Service:
    """Starts, watches and cancels runs."""

    def __init__(self, engine: Engine) -> None:
        """Begin the loop in its thread."""
        self.engine = engine
        self._held: dict[str, Held] = {}
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="quorate-runs", daemon=True)
        self._thread.start()
        self.trials = Trials(engine, self._loop)

    @property
    def folder(self) -> Path:
        """Where runs are kept."""
        return self.engine.folder

    def start(self, order: Order) -> str:
        """Start a run; return its id.

        Raises:
            OperatorError: the order cannot be carried out, or too many runs are on their way.
        """
        prepared = self.engine.prepare(order)
        with self._lock:
            busy = [held.name for held in self._held.values() if not held.over]
            if len(busy) >= RUNS_AT_ONCE:
                raise RequestInvalid(f"{len(busy)} runs are on their way; cancel one or wait for it: {', '.join(busy)}")
            held = Held(prepared.name, Progress(prepared.clusters, of=prepared.jobs))
            self._held[prepared.name] = held
            self._forget()
            self._loop.call_soon_threadsafe(self._launch, held, prepared)
        return prepared.name

    def first(self) -> str | None:
        """Start the reference if there is no run yet; return its id, None if there is one already.

        Two browsers that open an empty app at once start it once.
        """
        with self._lock:
            if self._held or list_runs(self.folder):
                return None
        try:
            return self.start(self.engine.reference())
        except RequestInvalid:
            return None

    def _launch(self, held: Held, prepared: Prepared) -> None:
        held.task = self._loop.create_task(prepared.carry(held.take, held.reported))
        held.task.add_done_callback(held.ended)

    def _forget(self) -> None:
        over = [name for name, held in self._held.items() if held.over]
        for name in over[: max(0, len(over) - FINISHED_KEPT)]:
            del self._held[name]

    def cancel(self, run: str, wait_s: float = 0.0) -> None:
        """Cancel a run; what it decided so far stays and holds. Wait at most `wait_s` until it has cleaned up."""
        held = self._held.get(run)
        if held is not None:
            held.leaving()
            self._loop.call_soon_threadsafe(lambda: held.task and held.task.cancel())
            held.gone.wait(wait_s)

    def watch(self, run: str) -> Held | None:
        """Return a run of this process; None if it is not one."""
        return self._held.get(run)

    def active(self) -> list[str]:
        """Return the runs on their way, oldest first."""
        return [held.name for held in list(self._held.values()) if not held.over]

    def runs(self) -> list[str]:
        """Return every run that can be opened, newest first, those on their way before all."""
        active = self.active()
        return [*reversed(active), *(name for name in list_runs(self.folder) if name not in active)]

    def close(self) -> None:
        """Cancel everything, wait until it has cleaned up, and stop the loop."""
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result(timeout=CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=CLOSE_S)
        self._loop.close()

    async def _cancel_all(self) -> None:
        runs = [held.task for held in self._held.values() if held.task is not None]
        tasks = [*runs, *self.trials.tasks()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

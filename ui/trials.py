"""Trials of a prompt in this process: asked, watched and cancelled like runs, and kept in memory only.

A trial asks texts about calls that a run has decided. Nothing of it enters a ledger or a file; what it found is gone
when the server ends.
"""

import asyncio
import secrets
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Literal, Protocol

from agents.trying import Told
from quorate.domain.errors import RequestInvalid
from ui.ending import end_of
from ui.viewmodel.lab import Case, TextName, TrialCost

JOBS_MAX = 12
"""Jobs of one trial: two texts and six agents make 144 calls of them."""

TRIALS_AT_ONCE = 2
FINISHED_KEPT = 10
"""Ended trials that stay in memory."""

Status = Literal["running", "cancelling", "done", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class TrialOrder:
    """What a person asks for in the lab."""

    run: str
    """The run whose calls are asked again."""
    profile: str
    base: int
    """The released version that was copied."""
    body: str
    """The copy, edited or not."""
    both: bool
    """Whether the released version is asked as well."""
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class PreparedTrial:
    """A trial that holds: what it takes, and how to carry it out."""

    texts: tuple[TextName, ...]
    cost: TrialCost
    carry: Callable[[Callable[[Told], None]], Coroutine[None, None, None]]


class Preparing(Protocol):
    """What makes a trial out of an order; the engine does."""

    def prepare_trial(self, order: TrialOrder) -> PreparedTrial:
        """Check an order and return how to carry it out.

        Raises:
            OperatorError: what is wrong with it, in one sentence.
        """
        ...


@dataclass(frozen=True, slots=True)
class TrialNow:
    """A trial as it stands."""

    order: TrialOrder
    texts: tuple[TextName, ...]
    told: tuple[Told, ...]
    """In the order in which answers came."""
    of: int
    """Answers that a whole trial has."""
    status: Status
    detail: str

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.status not in ("running", "cancelling")


@dataclass(slots=True)
class HeldTrial:
    """A trial that this process carries out or has carried out."""

    order: TrialOrder
    prepared: PreparedTrial
    told: list[Told] = field(default_factory=list)
    status: Status = "running"
    detail: str = ""
    task: "asyncio.Task[None] | None" = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, told: Told) -> None:
        """Keep an answer; called in the worker's thread."""
        with self.lock:
            self.told.append(told)

    def ended(self, task: "asyncio.Task[None]") -> None:
        """Keep how it ended; called in the worker's thread."""
        status, detail = end_of(task, "this trial")
        with self.lock:
            self.status, self.detail = status, detail

    def now(self) -> TrialNow:
        """Return what a page shows."""
        cost = self.prepared.cost
        with self.lock:
            told = tuple(self.told)
            return TrialNow(self.order, self.prepared.texts, told, cost.calls + cost.by_facts, self.status, self.detail)


class Trials:
    """Starts, watches and cancels trials on a loop that somebody else owns."""

    def __init__(self, engine: Preparing, loop: asyncio.AbstractEventLoop) -> None:
        """Begin with none."""
        self._engine, self._loop = engine, loop
        self._held: dict[str, HeldTrial] = {}
        self._lock = threading.Lock()

    def start(self, order: TrialOrder) -> str:
        """Start a trial; return its name, which nobody can guess from another's.

        Raises:
            OperatorError: it cannot be carried out, or too many are on their way.
        """
        held = HeldTrial(order, self._engine.prepare_trial(order))
        name = secrets.token_hex(6)
        with self._lock:
            busy = sum(not each.now().over for each in self._held.values())
            if busy >= TRIALS_AT_ONCE:
                raise RequestInvalid(f"{busy} trials are on their way; cancel one or wait for it")
            self._held[name] = held
            self._forget()
        self._loop.call_soon_threadsafe(self._launch, held)
        return name

    def _launch(self, held: HeldTrial) -> None:
        held.task = self._loop.create_task(held.prepared.carry(held.take))
        held.task.add_done_callback(held.ended)

    def _forget(self) -> None:
        over = [name for name, held in self._held.items() if held.now().over]
        for name in over[: max(0, len(over) - FINISHED_KEPT)]:
            del self._held[name]

    def cancel(self, name: str) -> None:
        """Cancel a trial; what was answered so far is shown."""
        held = self._held.get(name)
        if held is None:
            return
        with held.lock:
            if held.status == "running":
                held.status = "cancelling"
        self._loop.call_soon_threadsafe(lambda: held.task and held.task.cancel())

    def watch(self, name: str) -> TrialNow | None:
        """Return a trial of this process; None if it is not one."""
        held = self._held.get(name)
        return None if held is None else held.now()

    def tasks(self) -> "list[asyncio.Task[None]]":
        """Return what has been started, to be cancelled when the process ends."""
        return [held.task for held in list(self._held.values()) if held.task is not None]

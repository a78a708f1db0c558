"""The app with a run that never ends and a clock that runs faster: what a watched hour costs, in minutes.

Every event goes through the very code of a real run: `Held.take` in the worker's thread, and the page's own fragment,
which looks every QUORATE_TEST_TICK_S instead of every half second.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from quorate.domain.trace import TraceEvent
from quorate.ledger.report import RunReport
from serving import AppEngine
from tests.ui import factory
from ui.pages import live
from ui.service import Order, Prepared
from ui.shell import show

RUN = "endless"
JOBS = 1_000_000
"""More than anybody watches."""


class Endless(AppEngine):
    """Decides one job a tick, for ever."""

    def prepare(self, order: Order) -> Prepared:
        """Return the run without an end, whatever was asked."""
        del order
        return Prepared(RUN, JOBS, dict.fromkeys(factory.CLUSTERS, "gpu"), 0, 45.0, self._carry)

    def _carry(
        self, listen: Callable[[TraceEvent], None], report: Callable[[RunReport], None]
    ) -> Coroutine[None, None, RunReport]:
        return self._for_ever(listen, report)

    async def _for_ever(self, listen: Callable[[TraceEvent], None], report: Callable[[RunReport], None]) -> RunReport:
        shown = factory.report(factory.KINDS, run=RUN)
        pattern = factory.events(shown.model_copy(update={"status": "running"}))
        begun, number, clock = pattern[0], 0, 0
        listen(begun)
        while True:
            number += 1
            clock += 500
            row = shown.decisions[number % len(shown.decisions)]
            for event in (e for e in pattern if of_job(e, row.job.id)):
                listen(renamed(event, number, clock))
                await asyncio.sleep(0)
            report(shown)
            await asyncio.sleep(live.TICK_S)


def of_job(event: TraceEvent, job: str) -> bool:
    """Say whether an event is about a job."""
    named = getattr(event, "job", None)
    return getattr(named, "id", named) == job or job in several(event)


def several(event: TraceEvent) -> tuple[str, ...]:
    """Return the jobs that an event lists; a run's beginning only counts them."""
    jobs = getattr(event, "jobs", ())
    return jobs if isinstance(jobs, tuple) else ()


def renamed(event: TraceEvent, number: int, clock_ms: int) -> TraceEvent:
    """Return the event as one about another job at another time."""
    name = f"job_{number:07}"
    change: dict[str, object] = {"at_ms": clock_ms}
    if getattr(event, "number", None) is not None:
        change |= {"number": number, "of": JOBS}
    named = getattr(event, "job", None)
    if named is not None:
        change["job"] = named.model_copy(update={"id": name}) if hasattr(named, "id") else name
    if several(event):
        change["jobs"] = (name,)
    return event.model_copy(update=change)


if __name__ == "__main__":  # pytest imports every module for its doctests
    live.TICK_S = float(os.environ["QUORATE_TEST_TICK_S"])
    folder = Path(os.environ["QUORATE_TEST_RUNS"])
    (folder / "pid").write_text(str(os.getpid()), "utf-8")
    show(partial(Endless, folder=folder))

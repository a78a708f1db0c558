"""`python cli.py federation`: six processes over TCP decide the same eight jobs, whatever happens to one of them."""

import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rich.console import Console

from federation.control import Decision
from peering import LocalFederation, scratch
from wiring import RunRequest

SETTLE_S = 20.0

Trouble = Callable[[LocalFederation, str, int], Awaitable[str]]
"""Does something to a member before a job (numbered from 1); returns what it did, empty if nothing."""


async def _none(_federation: LocalFederation, _cluster: str, _number: int) -> str:
    return ""


async def _kill(federation: LocalFederation, cluster: str, number: int) -> str:
    if number == 3:
        await federation.kill(cluster)
        return f"{cluster} is killed (SIGKILL)"
    if number == 6:
        await federation.start(cluster)
        await federation.ready()
        return f"{cluster} is started again from its disk"
    return ""


async def _pause(federation: LocalFederation, cluster: str, number: int) -> str:
    if number == 3:
        federation.signal(cluster, signal.SIGSTOP)
        return f"{cluster} is stopped in its tracks (SIGSTOP)"
    if number == 6:
        federation.signal(cluster, signal.SIGCONT)
        return f"{cluster} goes on (SIGCONT)"
    return ""


async def _liar(federation: LocalFederation, cluster: str, number: int) -> str:
    if number == 3:
        await federation.kill(cluster)
        await federation.start(cluster, "--fault", "false-occupancy")
        await federation.ready()
        return f"{cluster} is replaced by a liar that holds its key (false-occupancy)"
    return ""


TROUBLES: dict[str, Trouble] = {"none": _none, "kill": _kill, "stop": _pause, "liar": _liar}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a federation of processes fared."""

    decisions: tuple[Decision | None, ...]
    heads: frozenset[str]
    findings: tuple[str, ...]


async def carry_out(
    asked: RunRequest, trouble: str, victim: str, console: Console, extra: tuple[str, ...] = ()
) -> Outcome:
    """Start the processes, hand the jobs in one after another, make trouble, and compare all heads at the end."""
    federation = LocalFederation(scratch(), asked, extra)
    try:
        for cluster in federation.homes:
            await federation.start(cluster)
        await federation.ready()
        console.print(f"{len(federation.homes)} processes, each with its own key, ledger and bidder", markup=False)
        decisions = [
            await _job(federation, TROUBLES[trouble], victim, number, console)
            for number in range(len(asked.workload.jobs))
        ]
        heads = await federation.settled(list(federation.processes), SETTLE_S)
        status = await federation.status(next(iter(federation.processes)))
        return Outcome(tuple(decisions), frozenset(heads), status.findings if status else ())
    finally:
        await federation.stop()
        await asyncio.to_thread(shutil.rmtree, federation.folder, True)


async def _job(
    federation: LocalFederation, trouble: Trouble, victim: str, number: int, console: Console
) -> Decision | None:
    did = await trouble(federation, victim, number + 1)
    if did:
        console.print(f"  {did}", markup=False)
    contacts = [cluster for cluster in federation.processes if cluster != victim]
    job = await federation.submit(number, contacts[number % len(contacts)])
    decision = await federation.decided(job)
    where = f"{decision.outcome} to {decision.cluster}, height {decision.height}" if decision else "no decision in time"
    console.print(f"job {number + 1}  {federation.asked.workload.jobs[number].name:28} {where}", markup=False)
    return decision

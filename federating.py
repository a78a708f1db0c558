"""A whole federation of processes on this machine: for `python cli.py federation`, for tests and for measurements."""

import asyncio
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from federation import control
from federation.control import Decision
from federation.founding import Card, write_card
from federation.home import Home, Roster, address, create
from federation.keys import new_seed
from quorate.consensus.signing import KeySigner
from quorate.domain.errors import PeerUnreachable
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.acts import Submit
from quorate.ledger.genesis import Genesis, Member, Parameters
from quorate.ports import JobEnd
from quorate.reputation.standing import PROBATION_HEIGHTS
from wiring import ROOT, DemoSubmitters, RunRequest, demo_background


def free_ports(count: int) -> list[int]:
    """Return ports that are free on loopback now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def found(
    folder: Path,
    asked: RunRequest,
    *,
    sealed: bool = True,
    probation_heights: int = PROBATION_HEIGHTS,
    opinions: bool = False,
) -> list[Home]:
    """Make a home for every cluster of the request's federation: fresh keys, one genesis, loopback addresses."""
    clusters = asked.federation.clusters
    seeds = [new_seed() for _ in clusters]
    background = demo_background(asked.seed, asked.federation)
    members = tuple(
        Member(cluster=cluster, public_key=KeySigner(seed).public_key.hex(), background=background[cluster.id])
        for cluster, seed in zip(clusters, seeds, strict=True)
    )
    rules = _windows(asked.profile, sealed, probation_heights).model_copy(update={"assessments": opinions})
    genesis = Genesis(name=asked.federation.name, members=members, parameters=rules)
    ports = free_ports(len(clusters))
    roster = Roster(
        members=tuple(
            address(seed, cluster.id, "127.0.0.1", port)
            for cluster, seed, port in zip(clusters, seeds, ports, strict=True)
        )
    )
    homes = [
        create(folder / cluster.id, seed, genesis, roster, cluster.id)
        for cluster, seed in zip(clusters, seeds, strict=True)
    ]
    for home, member, where in zip(homes, members, roster.members, strict=True):
        write_card(home.folder, Card(cluster=member.cluster, background=member.background, address=where))
    return homes


RULE_WINDOW_S = 3
MODEL_WINDOW_S = 60
"""How long a call waits for a member that is silent: the rule answers at once, a model needs its time."""


def _windows(profile: str, sealed: bool, probation_heights: int) -> Parameters:
    window_s = RULE_WINDOW_S if profile == "rule" else MODEL_WINDOW_S
    return Parameters(
        sealed=sealed, bid_window_s=window_s, reveal_window_s=RULE_WINDOW_S, probation_heights=probation_heights
    )


PATIENCE_S = 5.0
"""How long a submitter waits for its job to be announced before it asks another member."""


class LocalFederation:
    """Members as processes of this machine; for `make federation` and for tests."""

    def __init__(
        self,
        folder: Path,
        asked: RunRequest,
        extra: Sequence[str] = (),
        delay_s: float = 0.0,
        probation_heights: int = PROBATION_HEIGHTS,
        opinions: bool = False,
    ) -> None:
        """Make the homes; `start` starts the processes. `extra`: further flags for every member."""
        self.folder, self.asked, self.extra, self.delay_s = folder, asked, tuple(extra), delay_s
        homes = found(folder, asked, probation_heights=probation_heights, opinions=opinions)
        self.homes = {home.folder.name: home for home in homes}
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self.submitters = DemoSubmitters(asked.seed, next(iter(self.homes.values())).genesis().digest)
        self._confirmed: set[str] = set()

    async def start(self, cluster: ClusterId | str, *flags: str) -> None:
        """Start one member's process."""
        home = self.homes[cluster]
        delay = ("--delay-ms", str(round(1_000 * self.delay_s))) if self.delay_s else ()
        with (home.folder / "output.log").open("ab") as log:
            self.processes[cluster] = await asyncio.create_subprocess_exec(
                sys.executable, str(ROOT / "cli.py"), "peer", str(home.folder), *self.extra, *flags, *delay,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
            )  # fmt: skip

    def signal(self, cluster: ClusterId | str, number: signal.Signals) -> None:
        """Send a signal to one member."""
        self.processes[cluster].send_signal(number)

    async def kill(self, cluster: ClusterId | str) -> None:
        """Kill one member as a power cut would."""
        self.signal(cluster, signal.SIGKILL)
        await self.processes.pop(cluster).wait()

    async def stop(self) -> None:
        """Stop every member."""
        for process in self.processes.values():
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes.values():
            await process.wait()
        self.processes.clear()

    async def status(self, cluster: ClusterId | str) -> control.PeerStatus | None:
        """Return how things stand at one member, None if it does not answer."""
        try:
            return await control.ask(self.homes[cluster].socket, control.AskStatus(), 2.0)
        except PeerUnreachable:
            return None

    async def ready(self, timeout_s: float = 120.0) -> None:
        """Wait until every started member answers.

        Raises:
            PeerUnreachable: one does not within the time.
        """
        end = time.monotonic() + timeout_s
        for cluster in self.processes:
            while await self.status(cluster) is None:
                if time.monotonic() > end or self.processes[cluster].returncode is not None:
                    output = (self.homes[cluster].folder / "output.log").read_text(errors="replace")[-400:]
                    raise PeerUnreachable(f"{cluster} did not start: {output.strip()}")
                await asyncio.sleep(0.05)

    async def submit(self, number: int, through: ClusterId | str, patience_s: float = PATIENCE_S) -> JobId:
        """Hand the request's job `number` (from 0) in, signed by its submitter.

        `through` is asked first; if it does not answer, or no other member has the job announced within `patience_s`,
        the next member is asked: a liar that swallows jobs costs its users that long.
        """
        names = list(self.homes)
        first = names.index(ClusterId(through))
        job = self._job(number)
        for step in range(len(names)):
            contact = names[(first + step) % len(names)]
            handed = contact in self.processes and await self.handed(contact, number)
            if handed and await self._announced(job, contact, patience_s):
                break
        return job

    def _job(self, number: int) -> JobId:
        return JobId(self.asked.workload.jobs[number].id)

    async def handed(self, contact: str, number: int) -> bool:
        """Hand job `number` to one member; say whether it took it."""
        job = self.asked.workload.jobs[number].job()
        arrival = self.submitters.arrival(job, number, 0)
        question = control.SubmitJob(job=arrival.job, signature=arrival.signature)
        try:
            return not (await control.ask(self.homes[contact].socket, question, 2.0)).error
        except PeerUnreachable:
            return False

    async def handed_together(self, contact: str, numbers: Sequence[int]) -> bool:
        """Hand several jobs to one member at once; say whether it took them."""
        arrivals = [self.submitters.arrival(self.asked.workload.jobs[n].job(), n, 0) for n in numbers]
        jobs = tuple(Submit(job=each.job, signature=each.signature) for each in arrivals)
        try:
            return not (await control.ask(self.homes[contact].socket, control.SubmitJobs(jobs=jobs), 60.0)).error
        except PeerUnreachable:
            return False

    async def _announced(self, job: JobId, contact: str, patience_s: float) -> bool:
        end = time.monotonic() + patience_s
        others = [cluster for cluster in self.processes if cluster != contact]
        while time.monotonic() < end:
            for cluster in others:
                status = await self.status(cluster)
                if status and (job in status.announced or any(d.job == job for d in status.decisions)):
                    return True
            await asyncio.sleep(0.02)
        return False

    async def receipts(self, contact: ClusterId | str) -> int:
        """Let submitters confirm, through one member, what its ledger says has ended since; return how many."""
        status = await self.status(contact)
        fresh = [end for end in (status.ended if status else ()) if end.job not in self._confirmed]
        for end in fresh:
            told = JobEnd.model_validate({**end.model_dump(), "at_s": 0})
            question = control.HandReceipt(receipt=self.submitters.receipt(told))
            if not (await control.ask(self.homes[contact].socket, question)).error:
                self._confirmed.add(end.job)
        return len(fresh)

    async def decided(self, job: JobId, timeout_s: float = 90.0) -> control.Decision | None:
        """Wait until some member's ledger decides a job; None if none does within the time."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            for cluster in list(self.processes):
                status = await self.status(cluster)
                for decision in status.decisions if status else ():
                    if decision.job == job and decision.outcome != "waiting":
                        return decision
            await asyncio.sleep(0.02)
        return None

    async def settled(self, clusters: Sequence[str], timeout_s: float = 20.0) -> set[str]:
        """Wait until these members stand at one head; return the heads seen last."""
        end = time.monotonic() + timeout_s
        while True:
            stands = [await self.status(cluster) for cluster in clusters]
            heads = {f"{s.height}:{s.head}" if s else "silent" for s in stands}
            if len(heads) == 1 or time.monotonic() > end:
                return heads
            await asyncio.sleep(0.05)


def scratch() -> Path:
    """Return a fresh folder for a federation that nobody keeps."""
    return Path(tempfile.mkdtemp(prefix="quorate-"))


# -- the command -------------------------------------------------------------------------------------------

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
    asked: RunRequest,
    trouble: str,
    victim: str,
    console: Console,
    extra: tuple[str, ...] = (),
    *,
    opinions: bool = False,
) -> Outcome:
    """Start the processes, hand the jobs in one after another, make trouble, and compare all heads at the end."""
    federation = LocalFederation(scratch(), asked, extra, opinions=opinions)
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
    where = "no decision in time"
    if decision:
        where = f"{decision.outcome} to {decision.cluster}, height {decision.height}{decision.moved}"
    console.print(f"job {number + 1}  {federation.asked.workload.jobs[number].name:28} {where}", markup=False)
    return decision

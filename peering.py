"""Wires one member's process, and a whole federation of them on one machine: the second half of wiring."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from agents.building import Agents
from backends.ledger_file import LedgerFile
from backends.simulated import SimulatedBackend
from backends.trace_file import Trace
from faults.deceiver import Deceiver, rogue
from faults.drivers import DRIVERS, unknown_driver
from faults.plan import Fault
from federation import control
from federation.home import Disk, Home, Roster, address, create, locked
from federation.keys import new_seed
from federation.peer import Conduct, Peer
from graph.agent import AgentGraph
from quorate.consensus.effects import Head, ReplicaSettings
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, KeySigner
from quorate.domain.errors import PeerUnreachable, RequestInvalid
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.application import LedgerApplication
from quorate.ledger.genesis import Genesis, Member, Parameters
from quorate.ledger.participant import Participant
from wiring import ROOT, DemoSubmitters, RunRequest, Settings, demo_background, demo_signer

SETTINGS = ReplicaSettings(round_timeout_ms=1_000, rebroadcast_ms=200, grace_ms=50)


# -- one member ------------------------------------------------------------------------------------------------


def _seat(genesis: Genesis, key: bytes) -> int:
    """Return whose key this is; RequestInvalid if it is nobody's, or a demonstration's that everybody knows."""
    keys = [member.public_key for member in genesis.members]
    if key.hex() not in keys:
        raise RequestInvalid(f"the key {key.hex()[:16]} belongs to no member of {genesis.name!r}; ask for admission")
    seat = keys.index(key.hex())
    for seed in range(100):
        if demo_signer(seed, genesis.members[seat].cluster.id).public_key == key:
            raise RequestInvalid("this is a demonstration key that everybody knows; make one with `peer-init`")
    return seat


def _state(ledger: LedgerFile, genesis: Genesis) -> tuple[LedgerApplication, Head | None]:
    if not ledger.heights:
        return LedgerApplication.of(genesis), None
    last = ledger.heights[-1]
    committee = last.application.previous_committee
    assert committee is not None
    return last.application, Head(last.entry.certificate, committee)


def _conduct(home: Home, genesis: Genesis, ledger: LedgerFile, disk: Disk, fault: str | None) -> tuple[int, Conduct]:
    signer = KeySigner(home.seed())
    seat = _seat(genesis, signer.public_key)
    application, head = _state(ledger, genesis)
    settings = SETTINGS
    if disk.lost:
        # What was signed at the height being decided is not known any more; from the next one on it cannot matter.
        settings = replace(SETTINGS, silent_through=application.state.height)
    if fault is None:
        replica = Replica(seat, application, signer, Ed25519Verifier(), settings, head)
        return seat, Participant(seat, replica, _salt).restore(disk.records, disk.kept)
    if fault not in DRIVERS:
        raise RequestInvalid(unknown_driver(fault))
    line = Fault(driver=fault, cluster=genesis.members[seat].cluster.id)
    false = rogue(seat, application, signer, settings, head, lambda: line, seed=int.from_bytes(os.urandom(8)))
    member = Participant(seat, false, _salt).restore(disk.records, disk.kept)
    return seat, Deceiver(member, false.forge, lambda: line)


def _salt(_job: JobId, _opened: int) -> str:
    return os.urandom(16).hex()


async def run_peer(
    settings: Settings,
    folder: Path,
    *,
    profile: str | None = None,
    fault: str | None = None,
    delay_s: float = 0.0,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Run one member until it is told to stop (SIGTERM, SIGINT) or something breaks.

    Raises:
        OperatorError, LedgerBroken: the member cannot run; with the remedy.
    """
    home = Home(folder)
    with locked(home):
        genesis = home.genesis()
        roster, ledger, disk = home.roster(genesis), LedgerFile(home.ledger, genesis), Disk(home)
        seat, conduct = _conduct(home, genesis, ledger, disk, fault)
        cluster = genesis.members[seat].cluster.id
        trace = Trace(folder / "trace.jsonl")
        llm = settings.llm.using(profile) if profile else settings.llm
        agents = Agents(llm, settings.prompts, (cluster,), sink=trace, folder=ROOT)
        bidder = AgentGraph(agents.bidder(cluster))
        backend = SimulatedBackend(settings.run.seed)
        peer = Peer(seat, conduct, bidder, backend, ledger, ledger, disk, llm.round_s, trace)
        keys = tuple(bytes.fromhex(member.public_key) for member in genesis.members)
        await peer.connect(home, roster, keys, delay_s)
        home.socket.unlink(missing_ok=True)
        server = await control.serve(home.socket, lambda question: _status(peer, question, ledger))
        told(f"{cluster} listens; {len(ledger.heights)} heights on its ledger")
        try:
            await _until_stopped(peer)
        finally:
            server.close()
            await peer.close()
            await agents.aclose()
            ledger.close()
            trace.close()


async def _until_stopped(peer: Peer) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    peer.failed.add_done_callback(lambda _: stop.set())
    await stop.wait()
    if peer.failed.done():
        peer.failed.result()


def _status(peer: Peer, question: control.Ask, ledger: LedgerFile) -> control.PeerStatus:
    if isinstance(question, control.SubmitJob):
        peer.submit(question.job, question.signature)
    state = peer.conduct.application.state
    records = [v.application.record for v in ledger.heights if v.application.record] + peer.records
    return control.PeerStatus(
        cluster=state.members[peer.me].cluster.id,
        height=state.height - 1,
        head=state.parent,
        reputation={m.cluster.id: m.standing.reputation for m in state.members},
        decisions=tuple(
            control.Decision(job=d.job.id, outcome=d.outcome, cluster=d.winner, height=record.height)
            for record in records
            for d in record.decisions
        ),
        findings=tuple(f"{f.cluster}: {f.what}" for record in records for f in record.findings),
        refused_links=peer.refused_links,
    )


# -- a federation on this machine ------------------------------------------------------------------------------


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


def found(folder: Path, asked: RunRequest, *, sealed: bool = True) -> list[Home]:
    """Make a home for every cluster of the request's federation: fresh keys, one genesis, loopback addresses."""
    clusters = asked.federation.clusters
    seeds = [new_seed() for _ in clusters]
    background = demo_background(asked.seed, asked.federation)
    members = tuple(
        Member(cluster=cluster, public_key=KeySigner(seed).public_key.hex(), background=background[cluster.id])
        for cluster, seed in zip(clusters, seeds, strict=True)
    )
    genesis = Genesis(name=asked.federation.name, members=members, parameters=_windows(asked.profile, sealed))
    ports = free_ports(len(clusters))
    roster = Roster(
        members=tuple(
            address(seed, cluster.id, "127.0.0.1", port)
            for cluster, seed, port in zip(clusters, seeds, ports, strict=True)
        )
    )
    return [
        create(folder / cluster.id, seed, genesis, roster, cluster.id)
        for cluster, seed in zip(clusters, seeds, strict=True)
    ]


RULE_WINDOW_S = 3
MODEL_WINDOW_S = 60
"""How long a call waits for a member that is silent: the rule answers at once, a model needs its time."""


def _windows(profile: str, sealed: bool) -> Parameters:
    window_s = RULE_WINDOW_S if profile == "rule" else MODEL_WINDOW_S
    return Parameters(sealed=sealed, bid_window_s=window_s, reveal_window_s=RULE_WINDOW_S)


class LocalFederation:
    """Members as processes of this machine; for `make federation` and for tests."""

    def __init__(self, folder: Path, asked: RunRequest, extra: Sequence[str] = (), delay_s: float = 0.0) -> None:
        """Make the homes; `start` starts the processes. `extra`: further flags for every member."""
        self.folder, self.asked, self.extra, self.delay_s = folder, asked, tuple(extra), delay_s
        self.homes = {home.folder.name: home for home in found(folder, asked)}
        self.processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, cluster: ClusterId | str, *flags: str) -> None:
        """Start one member's process."""
        home = self.homes[cluster]
        log = (home.folder / "output.log").open("ab")
        self.processes[cluster] = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "cli.py"), "peer", str(home.folder), *self.extra, *flags,
            *(("--delay-ms", str(round(1_000 * self.delay_s))) if self.delay_s else ()),
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

    async def submit(self, number: int, through: ClusterId | str) -> JobId:
        """Hand the request's job `number` (from 0) to one member, signed by its submitter."""
        genesis = self.homes[through].genesis()
        job = self.asked.workload.jobs[number].job()
        arrival = DemoSubmitters(self.asked.seed, genesis.digest).arrival(job, number, 0)
        await control.ask(self.homes[through].socket, control.SubmitJob(job=arrival.job, signature=arrival.signature))
        return job.id

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

"""Wires one member's process: the second half of wiring."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
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
from federation.home import Disk, Home, locked
from federation.peer import Peer
from graph.agent import AgentGraph
from quorate.consensus.effects import Head, ReplicaSettings
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, KeySigner
from quorate.domain.errors import OperatorError, RequestInvalid, WorldError
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.application import LedgerApplication
from quorate.ledger.genesis import Genesis
from quorate.ledger.participant import Conduct, Participant
from quorate.ports import Backend, JobEnd
from wiring import ROOT, Settings, demo_signer

SETTINGS = ReplicaSettings(round_timeout_ms=1_000, rebroadcast_ms=200, grace_ms=50)


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


def _conduct(
    home: Home, genesis: Genesis, ledger: LedgerFile, disk: Disk, silent: int, fault: str | None
) -> tuple[int, Conduct]:
    signer = KeySigner(home.seed())
    seat = _seat(genesis, signer.public_key)
    application, head = _state(ledger, genesis)
    settings = replace(SETTINGS, silent_through=silent)
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
    hasten: int = 1,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Run one member until it is told to stop (SIGTERM, SIGINT) or something breaks.

    `delay_s` holds messages back; `hasten` is how many times faster than the clock its simulated jobs run.

    Raises:
        OperatorError, LedgerBroken: the member cannot run; with the remedy.
    """
    home = Home(folder)
    try:
        with locked(home):
            await _run(settings, home, profile, fault, delay_s, hasten, told)
    except WorldError as error:
        raise OperatorError(str(error)) from error


async def _run(
    settings: Settings,
    home: Home,
    profile: str | None,
    fault: str | None,
    delay_s: float,
    hasten: int,
    told: Callable[[str], None],
) -> None:
    genesis = home.genesis()
    roster = home.roster(genesis)
    async with AsyncExitStack() as stack:
        ledger = LedgerFile(home.ledger, genesis)
        stack.callback(ledger.close)
        silent = home.silent_through(len(ledger.heights) + 1)
        disk = Disk(home)
        stack.callback(disk.close)
        seat, conduct = _conduct(home, genesis, ledger, disk, silent, fault)
        cluster = genesis.members[seat].cluster.id
        trace = Trace(home.folder / "trace.jsonl")
        stack.callback(trace.close)
        llm = settings.llm.using(profile) if profile else settings.llm
        agents = Agents(llm, settings.prompts, (cluster,), sink=trace, folder=ROOT)
        stack.push_async_callback(agents.aclose)
        bidder, backend = AgentGraph(agents.bidder(cluster)), Hastened(SimulatedBackend(settings.run.seed), hasten)
        peer = Peer(seat, conduct, bidder, backend, ledger, ledger, disk, llm.round_s, trace)
        stack.push_async_callback(peer.close)
        await peer.connect(home, roster, tuple(bytes.fromhex(member.public_key) for member in genesis.members), delay_s)
        home.socket.unlink(missing_ok=True)
        server = await control.serve(home.socket, lambda question: _status(peer, question, ledger))
        stack.callback(server.close)
        told(f"{cluster} listens; {len(ledger.heights)} heights on its ledger")
        if silent > len(ledger.heights):
            told(f"{cluster} lost what it had signed: it observes through height {silent}, then joins in")
        await _until_stopped(peer)


async def _until_stopped(peer: Peer) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    peer.failed.add_done_callback(lambda _: stop.set())
    await stop.wait()
    if peer.failed.done():
        peer.failed.result()


def _status(peer: Peer, question: control.Ask, ledger: LedgerFile) -> control.PeerStatus:
    refusal = ""
    if isinstance(question, control.SubmitJob):
        refusal = peer.submit(question.job, question.signature)
    elif isinstance(question, control.HandReceipt):
        refusal = peer.receipt(question.receipt)
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
        jailed=tuple(m.cluster.id for m in state.members if m.standing.jailed),
        announced=(*state.calls, *state.waiting),
        ended=tuple(
            control.Ended(job=e.job, cluster=e.cluster, run_s=e.run_s, succeeded=e.succeeded)
            for record in records
            for e in record.ended
        ),
        credits=tuple(f"{c.cluster}: {c.what}" for record in records for c in record.credits),
        error=refusal,
    )


class Hastened:
    """A scheduler whose jobs run `times` faster than the clock; what they say they ran is left as it is."""

    def __init__(self, backend: Backend, times: int) -> None:
        """Take the scheduler; 1 leaves it as it is."""
        self._backend, self._times = backend, times

    def submit(self, cluster: ClusterId, job: Job, at_s: int) -> None:
        """Start `job`; BackendRefused if the scheduler will not take it."""
        self._backend.submit(cluster, job, at_s * self._times)

    def next_end_s(self) -> int | None:
        """Return when the next job ends, s; None if none runs."""
        end_s = self._backend.next_end_s()
        return None if end_s is None else -(-end_s // self._times)

    def ended(self, at_s: int) -> list[JobEnd]:
        """Return, once, the jobs that have ended by `at_s`."""
        return self._backend.ended(at_s * self._times)

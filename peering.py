"""Wires one member's process: the second half of wiring."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Sequence
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
from federation.home import Address, Disk, Home, locked
from federation.pace import Pace
from federation.peer import Peer
from federation.probing import welcomes
from graph.agent import AgentGraph
from quorate.consensus.effects import Head, ReplicaSettings
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, KeySigner
from quorate.domain.deciding import Seat
from quorate.domain.errors import OperatorError, RequestInvalid, SettingsInvalid, WorldError
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.acts import Receipt, receipt_bytes
from quorate.ledger.application import LedgerApplication
from quorate.ledger.genesis import Genesis
from quorate.ledger.participant import Conduct, Participant
from quorate.ledger.records import HeightRecord
from quorate.ledger.state import LedgerState, MemberState
from quorate.ports import Backend, JobEnd
from wiring import ROOT, Settings, demo_signer

SETTINGS = ReplicaSettings(round_timeout_ms=1_000, rebroadcast_ms=200, grace_ms=50, verify_late=False)
"""Until delays are measured, rounds take a second; nobody here looks at votes that come late."""


TRACE_KEPT = 1_000
"""Events of its trace that a process keeps in memory; the file has more."""


def _taken(home: Home, seats: Sequence[Seat], chain: str) -> tuple[int, KeySigner]:
    """Return this member's seat and its signer, under the key that the ledger names now.

    A next key that the ledger names takes over here, and the old one is forgotten.

    Raises:
        RequestInvalid: the key is nobody's, or a demonstration's that everybody knows.
    """
    keys = [seat.public_key for seat in seats]
    following = home.next_key()
    if following is not None and KeySigner(following).public_key.hex() in keys:
        home.take_next()
    signer = KeySigner(home.seed())
    key = signer.public_key.hex()
    if key not in keys:
        raise RequestInvalid(f"the key {key[:16]} belongs to no member of {chain!r}; ask for admission")
    seat = keys.index(key)
    for seed in range(100):
        if demo_signer(seed, seats[seat].cluster).public_key == signer.public_key:
            raise RequestInvalid("this is a demonstration key that everybody knows; make one with `peer-init`")
    return seat, signer


def _state(ledger: LedgerFile, genesis: Genesis) -> tuple[LedgerApplication, Head | None]:
    if not ledger.heights:
        return LedgerApplication.of(genesis), None
    last = ledger.heights[-1]
    committee = last.application.previous_committee
    assert committee is not None
    return last.application, Head(last.entry.certificate, committee)


def _conduct(
    seat: int, signer: KeySigner, ledger: LedgerFile, genesis: Genesis, disk: Disk, silent: int, fault: str | None
) -> Conduct:
    application, head = _state(ledger, genesis)
    settings = replace(SETTINGS, silent_through=silent)
    if fault is None:
        replica = Replica(seat, application, signer, Ed25519Verifier(), settings, head)
        return Participant(seat, replica, _salt).restore(disk.records, disk.kept)
    if fault not in DRIVERS:
        raise RequestInvalid(unknown_driver(fault))
    line = Fault(driver=fault, cluster=application.state.members[seat].cluster.id)
    false = rogue(seat, application, signer, settings, head, lambda: line, seed=int.from_bytes(os.urandom(8)))
    member = Participant(seat, false, _salt).restore(disk.records, disk.kept)
    return Deceiver(member, false.forge, lambda: line)


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
            while await _run(settings, home, profile, fault, delay_s, hasten, told):
                told("its key was changed by the ledger: it goes on with the next one")
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
) -> bool:
    """Run one member under one key; return whether another key is to take over."""
    genesis = home.genesis()
    async with AsyncExitStack() as stack:
        ledger = LedgerFile(home.ledger, genesis)
        stack.callback(ledger.close)
        if not ledger.heights:
            home.roster(genesis)
        seats = _state(ledger, genesis)[0].committee.seats
        seat, signer = _taken(home, seats, genesis.name)
        addresses = _addresses(home, seats, seat)
        identity = await _identity(home, seats[seat], [each for place, each in addresses.items() if place != seat])
        silent = home.silent_through(len(ledger.heights) + 1) if identity is home else WATCHING
        disk = Disk(home)
        stack.callback(disk.close)
        conduct = _conduct(seat, signer, ledger, genesis, disk, silent, fault)
        cluster = seats[seat].cluster
        trace = Trace(home.folder / "trace.jsonl", keep=TRACE_KEPT)
        stack.callback(trace.close)
        llm = settings.llm.using(profile) if profile else settings.llm
        agents = Agents(llm, settings.prompts, (cluster,), sink=trace, folder=ROOT)
        stack.push_async_callback(agents.aclose)
        agent, backend = AgentGraph(agents.bidder(cluster)), Hastened(SimulatedBackend(settings.run.seed), hasten)
        pace = Pace(SETTINGS.grace_ms, SETTINGS.round_timeout_ms)
        heard = genesis.parameters.assessments
        peer = Peer(
            seat, conduct, agent, backend, ledger, disk, llm.round_s, pace, trace,
            assessor=agents.assessor(cluster) if heard else None, voter=agents.voter(cluster),
        )  # fmt: skip
        history = History([v.application.record for v in ledger.heights if v.application.record])
        stack.push_async_callback(peer.close)
        await peer.connect(identity, addresses, delay_s)
        home.socket.unlink(missing_ok=True)
        server = await control.serve(home.socket, lambda question: _answer(home, peer, question, history))
        stack.callback(server.close)
        gc.collect()
        gc.freeze()  # what was imported stays: looking through it again and again would cost more than the work
        told(f"{cluster} listens; {len(ledger.heights)} heights on its ledger")
        if identity is not home:
            told(f"{cluster}: the others know its next key only: under that it catches up and signs nothing")
        elif silent > len(ledger.heights):
            told(f"{cluster} lost what it had signed: it observes through height {silent}, then joins in")
        return await _until_stopped(home, peer, signer)


WATCHING = 2**53
"""A height that is never reached: until the ledger names its key a member signs nothing."""


async def _identity(home: Home, seat: Seat, others: Sequence[Address]) -> Home:
    """Return whose key is shown to the others: this member's, or its next one if they know it by that alone.

    Its key may have changed while it was down; its own ledger will say so once it has caught up.
    """
    following = home.next_key()
    if following is None or KeySigner(following).public_key.hex() == seat.public_key:
        return home
    following_home = Home(home.next)
    old, new = await asyncio.gather(welcomes(home, others), welcomes(following_home, others))
    return following_home if new > old else home


def _addresses(home: Home, seats: Sequence[Seat], me: int) -> dict[int, Address]:
    """Return the known addresses by seat; SettingsInvalid without one's own, for nobody could tell where to listen."""
    known = home.addresses(seats)
    if me not in known:
        raise SettingsInvalid(
            f"{home.folder / 'roster.json'} has no address of {seats[me].cluster} with its present key; "
            "hand its card in with `meet`"
        )
    return known


async def _until_stopped(home: Home, peer: Peer, signer: KeySigner) -> bool:
    """Follow the committee until told to stop, or until the ledger names this member's next key: then return True."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    peer.failed.add_done_callback(lambda _: stop.set())
    stopped = asyncio.create_task(stop.wait())
    keys = _keys(peer)
    try:
        while not stopped.done() and not _superseded(home, peer, signer):
            if _keys(peer) != keys:
                keys = _keys(peer)
                peer.meet(home.addresses(peer.conduct.application.committee.seats))
            changed = asyncio.create_task(peer.changed(1.0))
            await asyncio.wait((stopped, changed), return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
    finally:
        stopped.cancel()
    if peer.failed.done():
        peer.failed.result()
    return not stop.is_set()


def _keys(peer: Peer) -> tuple[str, ...]:
    return tuple(member.public_key for member in peer.conduct.application.state.members)


def _superseded(home: Home, peer: Peer, signer: KeySigner) -> bool:
    """Say whether the ledger names this member's next key."""
    named = _keys(peer)[peer.me]
    if named == signer.public_key.hex():
        return False
    following = home.next_key()
    return following is not None and KeySigner(following).public_key.hex() == named


class History:
    """What users ask for again and again of every height, said once."""

    def __init__(self, records: Sequence[HeightRecord] = ()) -> None:
        """Begin with the heights that were decided before this process started."""
        self.decisions: list[control.Decision] = []
        self.findings: list[str] = []
        self.ended: list[control.Ended] = []
        self.credits: list[str] = []
        for record in records:
            self._add(record)

    @property
    def decided(self) -> int:
        """How many decisions there are."""
        return len(self.decisions)

    def take(self, peer: Peer) -> None:
        """Take what was decided since the last time."""
        records, peer.records = peer.records, []
        for record in records:
            self._add(record)

    def _add(self, record: HeightRecord) -> None:
        self.decisions += [
            control.Decision(job=d.job.id, outcome=d.outcome, cluster=d.winner, height=record.height, assessed=d.moved)
            for d in record.decisions
        ]
        self.findings += [f"{f.cluster}: {f.what}" for f in record.findings]
        self.ended += [
            control.Ended(job=e.job, cluster=e.cluster, run_s=e.run_s, succeeded=e.succeeded) for e in record.ended
        ]
        self.credits += [f"{c.cluster}: {c.what}" for c in record.credits]


def _answer(home: Home, peer: Peer, question: control.Ask, history: History) -> control.PeerStatus:
    refusal, brief = "", False
    if isinstance(question, control.SubmitJob):
        refusal = peer.submit(question.job, question.signature)
    elif isinstance(question, control.SubmitJobs):
        refusal, brief = peer.submit_all(question.jobs), True
    elif isinstance(question, control.HandReceipt):
        refusal = _unawaited(peer.conduct.application.state, question.receipt) or peer.receipt(question.receipt)
    elif isinstance(question, control.EndorseMotion):
        refusal = peer.endorse(question.motion)
    elif isinstance(question, control.MeetAddress):
        refusal = _met(home, peer, question.address)
    else:
        brief = question.brief
    history.take(peer)
    return _status(peer, History() if brief else history, history.decided, refusal)


def _unawaited(state: LedgerState, receipt: Receipt) -> str:
    """Say why the ledger would pass over a receipt, empty if it would not: its submitter is here to read it."""
    ended = state.ended.get(receipt.job)
    if ended is None or not ended.allocation.job.submitter_key:
        return f"no receipt is awaited for {receipt.job}; it has not ended, names no key, or has its receipt"
    message = receipt_bytes(state.chain, receipt.job, receipt.run_s, receipt.succeeded)
    key = bytes.fromhex(ended.allocation.job.submitter_key)
    if not Ed25519Verifier().valid(key, message, bytes.fromhex(receipt.signature)):
        return f"the receipt for {receipt.job} is not signed with the key of the job; give the file that submitted it"
    return ""


def _met(home: Home, peer: Peer, address: Address) -> str:
    try:
        home.meet(address)
    except OperatorError as error:
        return str(error)
    peer.meet(home.addresses(peer.conduct.application.committee.seats))
    return ""


def _status(peer: Peer, history: History, decided: int, refusal: str) -> control.PeerStatus:
    state = peer.conduct.application.state
    return control.PeerStatus(
        cluster=state.members[peer.me].cluster.id,
        height=state.height - 1,
        head=state.parent,
        reputation={m.cluster.id: m.standing.reputation for m in state.members},
        decisions=tuple(history.decisions),
        findings=tuple(history.findings),
        refused_links=peer.refused_links,
        decided=decided,
        round_timeout_ms=peer.pace.round_timeout_ms(len(state.members)),
        leader_timeout_ms=peer.pace.leader_timeout_ms(len(state.members)),
        jailed=tuple(m.cluster.id for m in state.members if m.standing.jailed),
        announced=(*state.calls, *state.waiting),
        ended=tuple(history.ended),
        credits=tuple(history.credits),
        members=tuple(_standing(state, member) for member in state.members),
        pending=tuple(
            control.Pending(motion=name, behind=tuple(state.members[seat].cluster.id for seat in sorted(seats)))
            for name, seats in state.endorsed.items()
        ),
        halted=peer.conduct.application.halted or "",
        chain=state.chain,
        error=refusal,
    )


def _standing(state: LedgerState, member: MemberState) -> control.Standing:
    return control.Standing(
        cluster=member.cluster.id,
        public_key=member.public_key,
        reputation=member.standing.reputation,
        power=state.power(member),
        jailed=member.standing.jailed,
        left=member.left,
        powerless_until=member.standing.probation_until if member.standing.probation_until > state.height else 0,
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

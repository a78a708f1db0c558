"""One member as a process: its participant between its links, its disk, its clock, its bidder and its scheduler."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from federation.carrier import Carrier
from federation.home import Address, Disk, Home
from quorate.consensus import effects as e
from quorate.consensus.messages import encode_decided_lines, fitting
from quorate.domain.bidding import Abstention, AbstentionCode, Answer
from quorate.domain.errors import BackendRefused
from quorate.domain.jobs import Job
from quorate.domain.trace import Answered, TraceEvent
from quorate.ledger import participant as p
from quorate.ledger.acts import Endorse, Motion, Receipt, Start
from quorate.ledger.motions import endorse
from quorate.ledger.participant import Conduct
from quorate.ledger.records import HeightRecord
from quorate.ports import Backend, Bidder, JobEnd, LedgerStore, TraceSink

UNSAID_MAX = 64
"""More waiting items than this and users are sent elsewhere: nothing is promised that cannot be kept."""
CATCH_UP_LINES = 256
"""Entries read from the ledger for one answer to a peer that is behind."""


class Quiet:
    """A trace sink for members that keep no trace."""

    def emit(self, event: TraceEvent) -> int:
        """Drop the event."""
        return event.seq


class Lines(Protocol):
    """The ledger's lines, for peers that fell behind."""

    def lines(self, height: int, count: int) -> list[bytes]:
        """Return up to `count` entry lines from `height` on."""
        ...


def needed(effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Return the effects without records that a later one replaces before anything is sent.

    A member that catches up decides hundreds of heights in one step; only the last height's record has to stand.
    """
    kept: list[p.Effect] = []
    replaced = False
    for effect in reversed(effects):
        if isinstance(effect, e.Send | e.Broadcast | e.Serve):
            replaced = False
        elif isinstance(effect, e.Persist):
            if replaced:
                continue
            replaced = effect.fresh
        kept.append(effect)
    return kept[::-1]


class Peer:
    """Carries out what a participant asks for. Everything runs on one event loop, so nothing needs a lock."""

    def __init__(
        self,
        me: int,
        conduct: Conduct,
        bidder: Bidder,
        backend: Backend,
        ledger: LedgerStore,
        lines: Lines,
        disk: Disk,
        deadline_s: float,
        sink: TraceSink | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """Take the hands; `connect` gives the links."""
        self.me, self.conduct, self.bidder, self.backend = me, conduct, bidder, backend
        self.ledger, self.lines, self.disk, self.deadline_s = ledger, lines, disk, deadline_s
        self.sink: TraceSink = sink or Quiet()
        self.now_ms = now_ms
        self.records: list[HeightRecord] = []
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._carrier: Carrier | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    async def connect(self, home: Home, addresses: Mapping[int, Address], delay_s: float = 0.0) -> None:
        """Open the links, to addresses by seat, and begin."""
        self._carrier = Carrier(self.me, home, addresses, self._keys(), self.received, delay_s)
        await self._carrier.start()
        self.carry_out(self.conduct.start(self.now_ms()))
        self._take_up()
        self._loop_ends()

    def _keys(self) -> tuple[bytes, ...]:
        return self.conduct.application.committee.keys

    def meet(self, addresses: Mapping[int, Address]) -> None:
        """Go on with these addresses, and with the keys that the ledger names now."""
        if self._carrier is not None:
            self._carrier.meet(addresses, self._keys())

    def _take_up(self) -> None:
        """Tell the scheduler again of jobs that this member runs: the last process may not have come to it."""
        state = self.conduct.application.state
        told = {act.job for act in self.conduct.unsettled() if isinstance(act, Start)}
        for job, held in state.running.items():
            if held.seat == self.me and held.started_at_s is None and job not in told:
                self._won(p.Won(held.job, held.nodes))
            elif held.seat == self.me:
                self.backend.submit(state.members[self.me].cluster.id, held.job, held.awarded_at_s)

    @property
    def refused_links(self) -> int:
        """Links that did not authenticate, and frames that broke the rules."""
        return self._carrier.refused if self._carrier is not None else 0

    async def close(self) -> None:
        """Stop: cancel what is asked, close the links."""
        for task in self._asking:
            task.cancel()
        for timer in self._timers.values():
            timer.cancel()
        if self._carrier is not None:
            await self._carrier.stop()

    def received(self, data: bytes, sender: int) -> None:
        """Take one message from a link."""
        self._guarded(lambda: self.conduct.receive(data, sender, self.now_ms()))

    def submit(self, job: Job, signature: str) -> str:
        """Enter a job that a user of this machine hands in; return why it is not taken, empty if it is."""
        return self._for_users(lambda: self.conduct.submit_job(job, signature, self.now_ms()))

    def receipt(self, receipt: Receipt) -> str:
        """Carry a submitter's receipt; return why it is not taken, empty if it is."""
        return self._for_users(lambda: self.conduct.put((receipt,), self.now_ms()))

    def endorse(self, motion: Motion) -> str:
        """Stand behind a motion; return why that cannot be, empty if it is put on the ledger."""
        state = self.conduct.application.state
        _, refusal = endorse(state, state, self.me, motion)
        return refusal or self._for_users(lambda: self.conduct.put((Endorse(motion=motion),), self.now_ms()))

    def _for_users(self, act: Callable[[], Sequence[p.Effect]]) -> str:
        if self.conduct.unsaid >= UNSAID_MAX:
            return f"{self.conduct.unsaid} items of this member wait already; hand it to another member"
        self._guarded(act)
        return ""

    def _guarded(self, act: Callable[[], Sequence[p.Effect]]) -> None:
        """Carry out an act; whatever breaks stops the process: a member that is not sure must not sign."""
        if self.failed.done():
            return
        try:
            self.carry_out(act())
        except Exception as error:  # noqa: BLE001 - the process boundary: recorded, then the process ends
            self.failed.set_exception(error)

    def carry_out(self, effects: Sequence[p.Effect]) -> None:
        """Carry out effects in their order: what must be durable is, before anything later leaves."""
        for effect in needed(effects):
            self._one(effect)
        self.disk.flush()

    def _one(self, effect: p.Effect) -> None:
        match effect:
            case e.Persist():
                self.disk.persist(effect.record, fresh=effect.fresh)
            case p.Keep():
                self.disk.keep(effect)
            case e.Send() | e.Broadcast() | e.Serve():
                self.disk.flush()
                self._carry(effect)
            case e.SetTimer() | e.CancelTimer():
                self._time(effect)
            case e.Decided():
                self.ledger.append(effect.entry)
            case _:
                self._follow(effect)

    def _carry(self, effect: e.Send | e.Broadcast | e.Serve) -> None:
        assert self._carrier is not None
        if isinstance(effect, e.Send):
            self._carrier.send(effect.to, effect.data)
        elif isinstance(effect, e.Serve):
            lines = fitting(self.lines.lines(effect.height, CATCH_UP_LINES), 1_000_000)
            if lines:
                self._carrier.send(effect.to, encode_decided_lines(self.conduct.application.chain, lines))
        else:
            for seat in range(len(self.conduct.application.sequences)):
                self._carrier.send(seat, effect.data)

    def _time(self, effect: e.SetTimer | e.CancelTimer) -> None:
        old = self._timers.pop(effect.name, None)
        if old is not None:
            old.cancel()
        if isinstance(effect, e.SetTimer):
            loop = asyncio.get_running_loop()
            self._timers[effect.name] = loop.call_later(effect.after_ms / 1_000, self._ended_timer, effect.name)

    def _ended_timer(self, name: e.TimerName) -> None:
        self._timers.pop(name, None)
        self._guarded(lambda: self.conduct.timer(name, self.now_ms()))

    def _follow(self, effect: p.Effect) -> None:
        match effect:
            case p.Called():
                task = asyncio.create_task(self._ask(effect))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
            case p.Won():
                self._won(effect)
            case p.Did():
                self.records.append(effect.record)
                self._changed.set()
            case _:
                pass

    async def _ask(self, called: p.Called) -> None:
        """Ask this member's own agent; what is late is an abstention."""
        try:
            async with asyncio.timeout(self.deadline_s):
                answer = await self.bidder.bid(called.job, called.snapshot)
        except TimeoutError:
            cluster, code = called.snapshot.cluster.id, AbstentionCode.DEADLINE
            detail = f"no answer within {self.deadline_s:g} s"
            answer = Answer(outcome=Abstention(job=called.job.id, cluster=cluster, code=code, detail=detail))
        self.sink.emit(
            Answered(job=called.job.id, cluster=called.snapshot.cluster.id, opened=called.opened, answer=answer)
        )
        job, opened, outcome = called.job.id, called.opened, answer.outcome
        self._guarded(lambda: self.conduct.answer(job, opened, outcome, self.now_ms()))

    def _won(self, won: p.Won) -> None:
        cluster = self.conduct.application.state.members[self.me].cluster.id
        try:
            self.backend.submit(cluster, won.job, self.now_ms() // 1_000)
        except BackendRefused as error:
            self.carry_out(self.conduct.refused(won.job.id, str(error), self.now_ms()))
        else:
            self.carry_out(self.conduct.started((won.job.id,), self.now_ms()))

    def _end(self, end: JobEnd) -> list[p.Effect]:
        return self.conduct.ended(end.job, end.run_s, end.succeeded, self.now_ms())

    def _loop_ends(self) -> None:
        """Look once a second whether a job has ended."""
        for end in self.backend.ended(self.now_ms() // 1_000):
            self._guarded(partial(self._end, end))
        self._timers["ends"] = asyncio.get_running_loop().call_later(1.0, self._loop_ends)

    async def changed(self, timeout_s: float) -> None:
        """Wait until a height was decided, or for `timeout_s`."""
        self._changed.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return

"""One member as a process: its participant between its links, its disk, its clock, its bidder and its scheduler."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Protocol

from federation.carrier import Carrier
from federation.home import Address, Disk, Home
from federation.pace import Pace
from federation.seconding import Seconding, judged
from quorate.consensus import effects as e
from quorate.consensus.messages import encode_decided_lines, fitting
from quorate.domain.bidding import Abstention, AbstentionCode, Answer
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.deciding import Entry
from quorate.domain.errors import BackendRefused, LedgerBroken
from quorate.domain.jobs import Job
from quorate.domain.trace import Answered, TraceEvent
from quorate.domain.values import JobId
from quorate.ledger import participant as p
from quorate.ledger.acts import Endorse, Motion, Receipt, Start, Submit
from quorate.ledger.motions import endorse
from quorate.ledger.participant import Conduct
from quorate.ledger.records import HeightRecord
from quorate.ports import Assessor, Backend, JobEnd, TraceSink, Voter

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


class Book(Lines, Protocol):
    """The ledger, durable when `sync` returns."""

    def append(self, entry: Entry, *, durable: bool = True) -> None:
        """Keep a decided height; durable at once, or when `sync` returns."""
        ...

    def sync(self) -> None:
        """Make durable whatever was appended."""
        ...


class Agent(Protocol):
    """This member's own bidder, asked about calls that opened together."""

    def answers(
        self, calls: Sequence[tuple[Job, ClusterSnapshot]]
    ) -> AsyncGenerator[Sequence[tuple[int, Answer]], None]:
        """Yield answers as they come, each once, with the place of its call."""
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
        agent: Agent,
        backend: Backend,
        ledger: Book,
        disk: Disk,
        deadline_s: float,
        pace: Pace,
        sink: TraceSink | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        assessor: Assessor | None = None,
        voter: Voter | None = None,
    ) -> None:
        """Take the hands; `connect` gives the links.

        `assessor`: this member's own opinion of rivals, where it is heard; `voter`: who gives second opinions, if it is
        anybody.
        """
        self.me, self.conduct, self.agent, self.backend = me, conduct, agent, backend
        self.ledger, self.disk, self.deadline_s, self.pace = ledger, disk, deadline_s, pace
        self.sink: TraceSink = sink or Quiet()
        self.now_ms, self.assessor = now_ms, assessor
        self._seconding = Seconding(voter, self.sink, deadline_s, lambda: now_ms() // 1_000) if voter else None
        self.records: list[HeightRecord] = []
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._carrier: Carrier | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._called: list[p.Called] = []
        self._won: list[p.Won] = []
        self._began_ms: int | None = None
        self._changed = asyncio.Event()

    async def connect(self, home: Home, addresses: Mapping[int, Address], delay_s: float = 0.0) -> None:
        """Open the links, to addresses by seat, and begin."""
        self._carrier = Carrier(self.me, home, addresses, self._keys(), self.received, delay_s, self.pace.answered)
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
                self._won.append(p.Won(held.job, held.nodes))
            elif held.seat == self.me:
                self.backend.submit(state.members[self.me].cluster.id, held.job, held.awarded_at_s)
        self._begin_won()

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

    def submit_all(self, jobs: Sequence[Submit]) -> str:
        """Enter jobs that a user hands in together; return why they are not taken, empty if they are."""
        return self._for_users(lambda: self.conduct.put(tuple(jobs), self.now_ms()))

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
            self.carry_out(self._or_last_words(act))
        except Exception as error:  # noqa: BLE001 - the process boundary: recorded, then the process ends
            self.failed.set_exception(error)

    def _or_last_words(self, act: Callable[[], Sequence[p.Effect]]) -> Sequence[p.Effect]:
        """Do an act; if what others certified cannot be, show what convicts them before this member stops (P-24)."""
        try:
            return act()
        except LedgerBroken:
            self.carry_out(self.conduct.drain())
            raise

    def carry_out(self, effects: Sequence[p.Effect]) -> None:
        """Carry out effects in their order: what must be durable is, before anything later leaves.

        What they ask of this member's agent and scheduler comes last: it is about heights that are durable then.
        """
        for effect in needed(effects):
            self._one(effect)
        self._flush()
        self._ask_called()
        self._begin_won()
        if self.disk.many:
            self.disk.keep_only(self.conduct.kept())

    def _flush(self) -> None:
        self.ledger.sync()
        self.disk.flush()

    def _one(self, effect: p.Effect) -> None:
        match effect:
            case e.Persist():
                fresh = effect.fresh and self.disk.long
                if fresh:
                    self.ledger.sync()
                self.disk.persist(effect.record, fresh=fresh)
            case p.Keep():
                self.disk.keep(effect)
            case e.Send() | e.Broadcast() | e.Serve():
                self._flush()
                self._carry(effect)
            case e.SetTimer() | e.CancelTimer():
                self._time(effect)
            case e.Decided():
                self.ledger.append(effect.entry, durable=False)
                self._paced()
            case _:
                self._follow(effect)

    def _paced(self) -> None:
        """Let rounds take as long as the delays to the others, and the work of late, ask for."""
        if self._began_ms is not None:
            self.pace.decided(self.now_ms() - self._began_ms)
            self._began_ms = None
        members = len(self.conduct.application.sequences)
        self.conduct.pace(self.pace.round_timeout_ms(members), self.pace.leader_timeout_ms(members))

    def _carry(self, effect: e.Send | e.Broadcast | e.Serve) -> None:
        assert self._carrier is not None
        if isinstance(effect, e.Send):
            self._carrier.send(effect.to, effect.data)
        elif isinstance(effect, e.Serve):
            lines = fitting(self.ledger.lines(effect.height, CATCH_UP_LINES), 1_000_000)
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
            if effect.name == "round" and self._began_ms is None:
                self._began_ms = self.now_ms()

    def _ended_timer(self, name: e.TimerName) -> None:
        self._timers.pop(name, None)
        self._guarded(lambda: self.conduct.timer(name, self.now_ms()))

    def _follow(self, effect: p.Effect) -> None:
        match effect:
            case p.Called():
                self._called.append(effect)
            case p.Won():
                self._won.append(effect)
            case e.Judged(approves=True):
                self._second(effect.height)
            case p.Did():
                self.records.append(effect.record)
                self._changed.set()
            case _:
                pass

    def _second(self, height: int) -> None:
        """Have this member's model comment on what its vote was just given for."""
        if self._seconding is not None:
            wanted = self._seconding.wanted(height, judged(self.conduct.application, height))
            if wanted:
                self._begin(self._seconding.give(self.me, wanted))

    def _ask_called(self) -> None:
        """Ask this member's own agent about the calls that opened."""
        if self._called:
            called, self._called = self._called, []
            for each in called:
                if self.assessor is not None and each.rivals:
                    self._begin(self._opine(self.assessor, each))
            self._begin(self._ask(called))

    def _begin(self, asking: Coroutine[None, None, None]) -> None:
        """Let a question run beside everything else."""
        task = asyncio.create_task(asking)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _opine(self, assessor: Assessor, called: p.Called) -> None:
        """Ask what rivals could bid, while they bid; an opinion that does not come in time is none."""
        try:
            async with asyncio.timeout(self.deadline_s):
                scores = await assessor.scores(called.job, called.rivals)
        except TimeoutError:
            return
        if scores:
            self._guarded(lambda: self.conduct.opine(called.job.id, called.opened, scores, self.now_ms()))

    async def _ask(self, called: Sequence[p.Called]) -> None:
        """Give each answer when it comes; what is late is an abstention."""
        left = dict(enumerate(called))
        answers = self.agent.answers([(each.job, each.snapshot) for each in called])
        try:
            async with asyncio.timeout(self.deadline_s), aclosing(answers):
                async for came in answers:
                    self._give([(left.pop(place), answer) for place, answer in came])
        except TimeoutError:
            self._give([(each, _late(each, self.deadline_s)) for each in left.values()])

    def _give(self, answered: Sequence[tuple[p.Called, Answer]]) -> None:
        for called, answer in answered:
            job, cluster = called.job.id, called.snapshot.cluster.id
            self.sink.emit(Answered(job=job, cluster=cluster, opened=called.opened, answer=answer))
        given = [p.Given(called.job.id, called.opened, answer.outcome) for called, answer in answered]
        self._guarded(lambda: self.conduct.answers(given, self.now_ms()))

    def _begin_won(self) -> None:
        """Hand won jobs to the scheduler, and say which it took."""
        if not self._won:
            return
        won, self._won = self._won, []
        cluster = self.conduct.application.state.members[self.me].cluster.id
        began: list[JobId] = []
        for each in won:
            try:
                self.backend.submit(cluster, each.job, self.now_ms() // 1_000)
            except BackendRefused as error:
                self.carry_out(self.conduct.refused(each.job.id, str(error), self.now_ms()))
            else:
                began.append(each.job.id)
        if began:
            self.carry_out(self.conduct.started(began, self.now_ms()))

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


def _late(called: p.Called, deadline_s: float) -> Answer:
    cluster, detail = called.snapshot.cluster.id, f"no answer within {deadline_s:g} s"
    return Answer(outcome=Abstention(job=called.job.id, cluster=cluster, code=AbstentionCode.DEADLINE, detail=detail))

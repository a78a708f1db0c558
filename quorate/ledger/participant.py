"""A member's own conduct, as a machine without hands: when to seal an answer, show it, start a job, report a fault.

It wraps one replica. The graph and a peer process drive the same machine; fault drivers replace it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from quorate.consensus import effects as e
from quorate.consensus.evidence import Evidence, FalseBlock
from quorate.consensus.inclusion import payload_bytes_max
from quorate.consensus.pool import Pool
from quorate.domain.bidding import Abstention, Bid, BidOutcome
from quorate.domain.canonical import canonical
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.deciding import Kind
from quorate.domain.errors import MisuseError
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, JobId, Value
from quorate.ledger import acts as a
from quorate.ledger.application import LedgerApplication
from quorate.ledger.doubts import Doubts
from quorate.ledger.execute import refuted
from quorate.ledger.opining import Opining
from quorate.ledger.records import HeightRecord
from quorate.ledger.state import Call, LedgerState
from quorate.ports import Application


@dataclass(frozen=True, slots=True)
class Called:
    """Ask this member's bidder: a call opened, and no answer of ours is sealed yet."""

    job: Job
    opened: int
    snapshot: ClusterSnapshot
    rivals: tuple[ClusterSnapshot, ...] = ()
    """Whose bids an opinion may be given of (P-70): the others, on a chain that hears opinions."""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to a call, by this member's bidder."""

    job: JobId
    opened: int
    outcome: Bid | Abstention


class Keep(Value):
    """Make an answer and its salt durable before any later effect: a seal that cannot be opened costs trust."""

    job: JobId
    opened: int
    answer: BidOutcome
    salt: str


@dataclass(frozen=True, slots=True)
class Won:
    """Hand the job to this member's scheduler; say `started` or `refused` when it has answered."""

    job: Job
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Did:
    """A height was decided and did this; for traces and reports."""

    record: HeightRecord


Effect = e.Effect | Called | Keep | Won | Did


class Machine(Protocol):
    """What a participant needs of a replica; fault drivers put their own in between."""

    @property
    def application(self) -> Application:
        """The state before the height being decided."""
        ...

    @property
    def pool(self) -> Pool:
        """Items that no block has included yet."""
        ...

    def start(self, now_ms: int) -> list[e.Effect]:
        """Begin, or begin again after `restore`."""
        ...

    def receive(self, data: bytes, sender: int, now_ms: int) -> list[e.Effect]:
        """Take one message."""
        ...

    def timer(self, name: str, now_ms: int) -> list[e.Effect]:
        """Take the end of a timer."""
        ...

    def takes(self, payload: bytes) -> bool:
        """Say whether `submit` would take this now."""
        ...

    def submit(self, payload: bytes, now_ms: int) -> list[e.Effect]:
        """Sign and send our next item."""
        ...

    def restore(self, records: Iterable[bytes]) -> None:
        """Take back what was persisted."""
        ...

    def drain(self) -> list[e.Effect]:
        """Return what was gathered before `LedgerBroken` left a call."""
        ...

    def pace(self, round_timeout_ms: int, leader_timeout_ms: int) -> None:
        """Let round 0 take so long from the next round timer on, and its leader so long to propose."""
        ...


UNSETTLED_MAX = 1_024
"""More of one member's items than a pool keeps."""

SaltSource = Callable[[JobId, int], str]
"""Gives 16 bytes of salt in hex for a job and the height at which its call opened."""


class Conduct(Protocol):
    """What a driver (the graph, a peer process) needs of a member; fault drivers stand in for one."""

    @property
    def application(self) -> LedgerApplication:
        """The state before the height being decided."""
        ...

    def start(self, now_ms: int) -> list[Effect]:
        """Begin, or begin again."""
        ...

    def receive(self, data: bytes, sender: int, now_ms: int) -> list[Effect]:
        """Take one message."""
        ...

    def timer(self, name: str, now_ms: int) -> list[Effect]:
        """Take the end of a timer."""
        ...

    def submit_job(self, job: Job, signature: str, now_ms: int) -> list[Effect]:
        """Enter a job for its submitter."""
        ...

    def answer(self, job: JobId, opened: int, outcome: Bid | Abstention, now_ms: int) -> list[Effect]:
        """Seal an answer to a call."""
        ...

    def answers(self, given: Sequence[Given], now_ms: int) -> list[Effect]:
        """Seal answers that came together, in as few items as hold them."""
        ...

    def opine(self, job: JobId, opened: int, scores: Mapping[ClusterId, int], now_ms: int) -> list[Effect]:
        """Take this member's opinions of its rivals' facts in a call, basis points; they are said in time."""
        ...

    def started(self, jobs: Sequence[JobId], now_ms: int) -> list[Effect]:
        """Say that won jobs run."""
        ...

    def refused(self, job: JobId, reason: str, now_ms: int) -> list[Effect]:
        """Say that a won job was not taken."""
        ...

    def ended(self, job: JobId, run_s: int, succeeded: bool, now_ms: int) -> list[Effect]:
        """Say that a job ended."""
        ...

    def put(self, acts: tuple[Value, ...], now_ms: int) -> list[Effect]:
        """Put acts on the ledger."""
        ...

    def unsettled(self) -> list[a.Act]:
        """Return this member's acts that no block has included yet."""
        ...

    def pace(self, round_timeout_ms: int, leader_timeout_ms: int) -> None:
        """Let round 0 take so long from the next round timer on, and its leader so long to propose."""
        ...

    def drain(self) -> list[Effect]:
        """Return what is still to be sent after `LedgerBroken`, evidence above all."""
        ...

    def kept(self) -> list[Keep]:
        """Return the sealed answers that may still have to be shown."""
        ...

    @property
    def unsaid(self) -> int:
        """How many acts wait to be said."""
        ...


class Participant:
    """One member: a replica, its answers, and what it still has to say."""

    def __init__(self, me: int, machine: Machine, salts: SaltSource) -> None:
        """Take the seat, the replica and the source of salts."""
        self.me = me
        self.machine = machine
        self._salts = salts
        self._kept: dict[tuple[JobId, int], Keep] = {}
        self._shown: set[tuple[JobId, int]] = set()
        self._asked: set[tuple[JobId, int]] = set()
        self._sealed: set[tuple[JobId, int]] = set()
        self._unsaid: deque[bytes] = deque()
        self._doubts = Doubts(me)
        self._opining = Opining(me)

    @property
    def unsaid(self) -> int:
        """How many items wait to be signed: while this member observes, or too many of its items wait for a block."""
        return len(self._unsaid)

    @property
    def application(self) -> LedgerApplication:
        """The state before the height being decided.

        Raises:
            MisuseError: the replica runs over something that is no ledger.
        """
        application = self.machine.application
        if not isinstance(application, LedgerApplication):
            raise MisuseError("a participant's replica runs over a ledger")
        return application

    def restore(self, records: Iterable[bytes], kept: Iterable[Keep]) -> Self:
        """Take back what was persisted: the replica's records and the sealed answers."""
        self.machine.restore(records)
        state = self.application.state
        for keep in kept:
            call = state.calls.get(keep.job)
            if keep.opened >= state.height or (call is not None and call.opened == keep.opened):
                self._kept[keep.job, keep.opened] = keep
        for act in self.unsettled():
            if isinstance(act, a.Commit):
                self._sealed.add((act.job, act.opened))
            elif isinstance(act, a.Reveal):
                self._sealed.add((act.job, act.opened))
                self._shown.add((act.job, act.opened))
        return self

    def unsettled(self) -> list[a.Act]:
        """Return this member's acts that no block has included yet."""
        first = self.application.sequences[self.me] + 1
        items = self.machine.pool.run(self.me, first, UNSETTLED_MAX)
        return [act for item in items for act in a.decode_acts(item.payload)]

    def pace(self, round_timeout_ms: int, leader_timeout_ms: int) -> None:
        """Let round 0 take so long from the next round timer on, and its leader so long to propose (P-22)."""
        self.machine.pace(round_timeout_ms, leader_timeout_ms)

    def drain(self) -> list[Effect]:
        """Return what is still to be sent after `LedgerBroken` left a call: perform it and stop (P-24)."""
        return list(self.machine.drain())

    def kept(self) -> list[Keep]:
        """Return the sealed answers that may still have to be shown: those of calls that are not over."""
        return list(self._kept.values())

    def start(self, now_ms: int) -> list[Effect]:
        """Begin, or begin again: send what is ours again, ask for open calls, show what is due."""
        return [*self._followed(self.machine.start(now_ms), now_ms), *self._pending(now_ms)]

    def receive(self, data: bytes, sender: int, now_ms: int) -> list[Effect]:
        """Take one message from a peer."""
        return self._followed(self.machine.receive(data, sender, now_ms), now_ms)

    def timer(self, name: str, now_ms: int) -> list[Effect]:
        """Take the end of a timer that was set by an effect."""
        return self._followed(self.machine.timer(name, now_ms), now_ms)

    def submit_job(self, job: Job, signature: str, now_ms: int) -> list[Effect]:
        """Enter a job on behalf of its submitter (64-byte Ed25519 signature in hex, empty if it has no key)."""
        return self._put((a.Submit(job=job, signature=signature),), now_ms)

    def answer(self, job: JobId, opened: int, outcome: Bid | Abstention, now_ms: int) -> list[Effect]:
        """Seal this member's answer to a call (or show it, on a chain that does not seal)."""
        return self.answers((Given(job, opened, outcome),), now_ms)

    def answers(self, given: Sequence[Given], now_ms: int) -> list[Effect]:
        """Seal answers that came together: in one item, and durable together before it leaves."""
        keeps: list[Effect] = []
        acts: list[Value] = []
        for each in given:
            if (each.job, each.opened) not in self._sealed:
                keep, act = self._seal(each)
                keeps.append(keep)
                acts.append(act)
        acts += self._opining.due(self.application.state, self._shown)
        return [*keeps, *(self._put(acts, now_ms) if acts else [])]

    def opine(self, job: JobId, opened: int, scores: Mapping[ClusterId, int], now_ms: int) -> list[Effect]:
        """Take this member's opinions of its rivals' facts; they leave with its answer, or now if that has left."""
        self._opining.think((job, opened), scores)
        said = self._opining.due(self.application.state, self._shown)
        return self._put(said, now_ms) if said else []

    def _seal(self, given: Given) -> tuple[Keep, a.Commit | a.Reveal]:
        key = given.job, given.opened
        keep = self._kept.get(key) or Keep(
            job=given.job, opened=given.opened, answer=given.outcome, salt=self._salts(*key)
        )
        self._kept[key] = keep
        self._sealed.add(key)
        if not self.application.state.parameters.sealed:
            return keep, self._reveal(keep)
        cluster = self.application.state.members[self.me].cluster.id
        seal = a.seal(given.job, cluster, keep.answer, keep.salt)
        return keep, a.Commit(job=given.job, opened=given.opened, seal=seal)

    def started(self, jobs: Sequence[JobId], now_ms: int) -> list[Effect]:
        """Say that this member's scheduler took these jobs."""
        return self._put([a.Start(job=job) for job in jobs], now_ms)

    def refused(self, job: JobId, reason: str, now_ms: int) -> list[Effect]:
        """Say that this member's scheduler would not take the job."""
        return self._put((a.Refuse(job=job, reason=reason[:200]),), now_ms)

    def ended(self, job: JobId, run_s: int, succeeded: bool, now_ms: int) -> list[Effect]:
        """Say that the job ended after `run_s` seconds."""
        return self._put((a.End(job=job, run_s=run_s, succeeded=succeeded),), now_ms)

    def put(self, acts: tuple[Value, ...], now_ms: int) -> list[Effect]:
        """Put any acts of this member on the ledger (receipts, declarations, endorsements)."""
        return self._put(acts, now_ms)

    def _put(self, acts: Sequence[Value], now_ms: int) -> list[Effect]:
        self._unsaid.extend(a.payloads(acts, payload_bytes_max(len(self.application.sequences))))
        return self._say(now_ms)

    def _say(self, now_ms: int) -> list[Effect]:
        """Sign what waits, in its order, as far as the replica takes it; the rest when a height is decided."""
        out: list[Effect] = []
        while self._unsaid and self.machine.takes(self._unsaid[0]):
            out.extend(self._followed(self.machine.submit(self._unsaid.popleft(), now_ms), now_ms))
        return out

    def _reveal(self, keep: Keep) -> a.Reveal:
        self._shown.add((keep.job, keep.opened))
        return a.Reveal(job=keep.job, opened=keep.opened, answer=keep.answer, salt=keep.salt)

    def _followed(self, effects: list[e.Effect], now_ms: int) -> list[Effect]:
        """Return the effects with what a decided height or a conviction makes us do, in place."""
        out: list[Effect] = []
        for effect in effects:
            out.append(effect)
            if isinstance(effect, e.Convict):
                out.extend(self._report(effect.evidence, now_ms))
            elif isinstance(effect, e.Refuted):
                self._doubts.note(effect.charge)
            elif isinstance(effect, e.Decided):
                out.extend(self._after(effect, now_ms))
        return out

    def _report(self, evidence: Evidence | FalseBlock, now_ms: int) -> list[Effect]:
        """File what others can check, if an item holds it."""
        report = self._fitted(evidence)
        return [] if report is None else self._put((report,), now_ms)

    def _fitted(self, evidence: Evidence | FalseBlock) -> a.Report | None:
        """Return a report that fits an item, with the proposer's vote alone if not with all; None if there is none."""
        forms = [evidence]
        if isinstance(evidence, FalseBlock) and any(vote.kind is Kind.PROPOSE for vote in evidence.votes):
            forms.append(replace(evidence, votes=tuple(v for v in evidence.votes if v.kind is Kind.PROPOSE)))
        room = payload_bytes_max(len(self.application.sequences))
        reports = (a.Report(evidence=canonical(form.plain()).decode()) for form in forms)
        return next((report for report in reports if len(a.encode_acts((report,))) <= room), None)

    def _accuse(self, now_ms: int) -> list[Effect]:
        """Report false blocks of the last heights when it is this member's turn, and answer reports of others."""
        state = self.application.state
        attests = [
            _attest(state, charge)
            for charge in self._doubts.large(lambda charge: self._fitted(charge) is not None)
            if refuted(state, charge)
        ]
        found: list[Evidence | FalseBlock] = [
            *self._doubts.answers(state, self.machine.pool),
            *self._doubts.ripe(state),
        ]
        said = [each for one in found for each in self._report(one, now_ms)]
        words = [act for act in attests if act is not None]
        return [*said, *(self._put(words, now_ms) if words else [])]

    def _after(self, decided: e.Decided, now_ms: int) -> list[Effect]:
        application = decided.application
        if not isinstance(application, LedgerApplication) or application.record is None:
            raise MisuseError("a decided height left no record")
        record = application.record
        out: list[Effect] = [Did(record)]
        for decision in record.decisions:
            self._kept.pop((decision.job.id, decision.opened), None)
            self._opining.forget(decision.job.id)
            if decision.winner == self.application.state.members[self.me].cluster.id:
                out.append(Won(decision.job, decision.nodes))
        return [*out, *self._say(now_ms), *self._accuse(now_ms), *self._pending(now_ms)]

    def _pending(self, now_ms: int) -> list[Effect]:
        """Return what open calls still want of us: an answer, or the showing of a sealed one.

        An answer that was kept and never sealed, because we stopped in between, is sealed now.
        """
        out: list[Effect] = []
        reveals: list[Value] = []
        unsealed: list[Given] = []
        for job, call in self.application.state.calls.items():
            key = job, call.opened
            keep = self._kept.get(key)
            if keep is not None and self.me in call.seals:
                if call.closed is not None and self.me not in call.answers and key not in self._shown:
                    reveals.append(self._reveal(keep))
            elif self._wanted(call, key):
                if keep is not None:
                    unsealed.append(Given(job, call.opened, keep.answer))
                else:
                    self._asked.add(key)
                    out.append(Called(call.job, call.opened, call.snapshots[self.me], self._rivals(call)))
        reveals += self._opining.due(self.application.state, self._shown)
        return [*out, *self.answers(unsealed, now_ms), *(self._put(reveals, now_ms) if reveals else [])]

    def _rivals(self, call: Call) -> tuple[ClusterSnapshot, ...]:
        heard = self.application.state.parameters.assessments
        return (*call.snapshots[: self.me], *call.snapshots[self.me + 1 :]) if heard else ()

    def _wanted(self, call: Call, key: tuple[JobId, int]) -> bool:
        takes_part = self.me < len(call.snapshots) and call.closed is None and self.me not in call.seals
        return takes_part and key not in self._asked and key not in self._sealed


def _attest(state: LedgerState, charge: FalseBlock) -> a.Attest | None:
    """Return this member's word against who proposed a block; None if its proposal is not at hand."""
    vote = next((vote for vote in charge.votes if vote.kind is Kind.PROPOSE), None)
    if vote is None or vote.value is None:
        return None
    return a.Attest(
        cluster=state.members[vote.seat].cluster.id,
        height=vote.height,
        round=vote.round,
        value=vote.value,
        signature=vote.signature.hex(),
    )

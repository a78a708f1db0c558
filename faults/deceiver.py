"""A member that can be made to misbehave: it stands where an honest participant stands, and holds the same key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from faults.drivers import DRIVERS, Driver
from faults.plan import Fault
from faults.rogue import HONESTLY, Conduct, Forge, RogueReplica
from quorate.consensus.effects import Head, ReplicaSettings
from quorate.domain.bidding import Abstention, Bid
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, JobId, Value
from quorate.ledger import participant as p
from quorate.ledger.acts import Act
from quorate.ledger.application import LedgerApplication
from quorate.ports import Signer


def rogue(
    me: int,
    application: LedgerApplication,
    signer: Signer,
    settings: ReplicaSettings,
    head: Head | None,
    fault: Callable[[], Fault | None],
    seed: int = 0,
) -> RogueReplica:
    """Return the replica of a member whose faults are named by `fault()`; `seed` throws its dice."""

    def acting() -> Conduct:
        line = fault()
        if line is None:
            return HONESTLY
        driver = DRIVERS[line.driver]
        return Conduct(driver.ballot, driver.speak, driver.lead, driver.blind, line.against)

    return RogueReplica(Forge(me, signer, acting, seed), application, settings, head)


class Deceiver:
    """A participant over a rogue replica, with a driver that acts while `fault()` names one."""

    def __init__(self, member: p.Participant, forge: Forge, fault: Callable[[], Fault | None]) -> None:
        """Stand in for `member`, whose replica works with `forge`."""
        self._member = member
        self._fault = fault
        self._forge = forge

    @property
    def application(self) -> LedgerApplication:
        """The state before the height being decided."""
        return self._member.application

    def _driver(self) -> Driver | None:
        line = self._fault()
        return None if line is None else DRIVERS[line.driver]

    def _sent(self, effects: list[p.Effect]) -> list[p.Effect]:
        driver = self._driver()
        if driver is not None and driver.tamper is not None:
            return driver.tamper(self._forge, effects)
        held, self._forge.held = self._forge.held, []
        return [*held, *effects]

    def start(self, now_ms: int) -> list[p.Effect]:
        """Begin, or begin again."""
        return self._sent(self._member.start(now_ms))

    def receive(self, data: bytes, sender: int, now_ms: int) -> list[p.Effect]:
        """Take one message."""
        return self._sent(self._member.receive(data, sender, now_ms))

    def timer(self, name: str, now_ms: int) -> list[p.Effect]:
        """Take the end of a timer."""
        return self._sent(self._member.timer(name, now_ms))

    def submit_job(self, job: Job, signature: str, now_ms: int) -> list[p.Effect]:
        """Enter a job."""
        return self._sent(self._member.submit_job(job, signature, now_ms))

    def answer(self, job: JobId, opened: int, outcome: Bid | Abstention, now_ms: int) -> list[p.Effect]:
        """Seal an answer: the driver's, while it acts."""
        return self.answers((p.Given(job, opened, outcome),), now_ms)

    def answers(self, given: Sequence[p.Given], now_ms: int) -> list[p.Effect]:
        """Seal answers: the driver's, while it acts."""
        return self._sent(self._member.answers([self._false(each) for each in given], now_ms))

    def _false(self, given: p.Given) -> p.Given:
        driver = self._driver()
        call = self.application.state.calls.get(given.job)
        if driver is None or call is None:
            return given
        return replace(given, outcome=driver.answer(call.job, call.snapshots[self._member.me], given.outcome))

    def opine(self, job: JobId, opened: int, scores: Mapping[ClusterId, int], now_ms: int) -> list[p.Effect]:
        """Take opinions of rivals; what a driver makes of them is seen where they are signed."""
        return self._sent(self._member.opine(job, opened, scores, now_ms))

    def started(self, jobs: Sequence[JobId], now_ms: int) -> list[p.Effect]:
        """Say that won jobs run, unless the driver drops them."""
        driver = self._driver()
        return [] if driver is not None and driver.drops else self._sent(self._member.started(jobs, now_ms))

    def refused(self, job: JobId, reason: str, now_ms: int) -> list[p.Effect]:
        """Say that a won job was not taken."""
        return self._sent(self._member.refused(job, reason, now_ms))

    def ended(self, job: JobId, run_s: int, succeeded: bool, now_ms: int) -> list[p.Effect]:
        """Say that a job ended."""
        return self._sent(self._member.ended(job, run_s, succeeded, now_ms))

    def put(self, acts: tuple[Value, ...], now_ms: int) -> list[p.Effect]:
        """Put acts on the ledger."""
        return self._sent(self._member.put(acts, now_ms))

    def pace(self, round_timeout_ms: int, leader_timeout_ms: int) -> None:
        """Let round 0 take so long from the next round timer on, and its leader so long to propose."""
        self._member.pace(round_timeout_ms, leader_timeout_ms)

    def drain(self) -> list[p.Effect]:
        """Return what is still to be sent after `LedgerBroken`."""
        return self._member.drain()

    def kept(self) -> list[p.Keep]:
        """Return the sealed answers that may still have to be shown."""
        return self._member.kept()

    def unsettled(self) -> list[Act]:
        """Return this member's acts that no block has included yet."""
        return self._member.unsettled()

    @property
    def unsaid(self) -> int:
        """How many items wait to be signed."""
        return self._member.unsaid

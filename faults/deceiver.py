"""A member that can be made to misbehave: it stands where an honest participant stands, and holds the same key."""

from collections.abc import Callable
from random import Random

from faults.drivers import Driver
from faults.forging import Forge
from quorate.domain.bidding import Abstention, Bid
from quorate.domain.jobs import Job
from quorate.domain.values import JobId, Value
from quorate.ledger import participant as p
from quorate.ledger.acts import Act
from quorate.ledger.application import LedgerApplication
from quorate.ports import Signer


class Deceiver:
    """An honest participant with a driver that acts while `acting()` names one."""

    def __init__(
        self, honest: p.Participant, signer: Signer, acting: Callable[[], Driver | None], seed: int = 0
    ) -> None:
        """Stand in for `honest`; `seed` throws the driver's dice."""
        self._honest = honest
        self._acting = acting
        self._forge = Forge(honest.me, signer, Random(seed))

    @property
    def application(self) -> LedgerApplication:
        """The state before the height being decided."""
        return self._honest.application

    def _sent(self, effects: list[p.Effect]) -> list[p.Effect]:
        driver = self._acting()
        held, self._forge.held = self._forge.held, []
        if driver is None or driver.tamper is None:
            return [*held, *effects]
        self._forge.held = held
        self._forge.application = self.application
        return driver.tamper(self._forge, effects)

    def start(self, now_ms: int) -> list[p.Effect]:
        """Begin, or begin again."""
        return self._sent(self._honest.start(now_ms))

    def receive(self, data: bytes, sender: int, now_ms: int) -> list[p.Effect]:
        """Take one message."""
        return self._sent(self._honest.receive(data, sender, now_ms))

    def timer(self, name: str, now_ms: int) -> list[p.Effect]:
        """Take the end of a timer."""
        return self._sent(self._honest.timer(name, now_ms))

    def submit_job(self, job: Job, signature: str, now_ms: int) -> list[p.Effect]:
        """Enter a job."""
        return self._sent(self._honest.submit_job(job, signature, now_ms))

    def answer(self, job: JobId, opened: int, outcome: Bid | Abstention, now_ms: int) -> list[p.Effect]:
        """Seal an answer: the driver's, while it acts."""
        driver = self._acting()
        call = self.application.state.calls.get(job)
        if driver is not None and call is not None:
            outcome = driver.answer(call.job, call.snapshots[self._honest.me], outcome)
        return self._sent(self._honest.answer(job, opened, outcome, now_ms))

    def started(self, job: JobId, now_ms: int) -> list[p.Effect]:
        """Say that a won job runs, unless the driver drops it."""
        driver = self._acting()
        return [] if driver is not None and driver.drops else self._sent(self._honest.started(job, now_ms))

    def refused(self, job: JobId, reason: str, now_ms: int) -> list[p.Effect]:
        """Say that a won job was not taken."""
        return self._sent(self._honest.refused(job, reason, now_ms))

    def ended(self, job: JobId, run_s: int, succeeded: bool, now_ms: int) -> list[p.Effect]:
        """Say that a job ended."""
        return self._sent(self._honest.ended(job, run_s, succeeded, now_ms))

    def put(self, acts: tuple[Value, ...], now_ms: int) -> list[p.Effect]:
        """Put acts on the ledger."""
        return self._sent(self._honest.put(acts, now_ms))

    def unsettled(self) -> list[Act]:
        """Return this member's acts that no block has included yet."""
        return self._honest.unsettled()

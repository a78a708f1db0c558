"""A member that can be made to misbehave, and the ways it can.

A `Deceiver` stands where an honest participant stands and holds the same key. While a driver acts, it changes what
the member says; otherwise it is the honest member. No driver sets anything that the protocol reads: peers find out
from what was signed, or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass

from quorate.domain.bidding import Abstention, Bid, Claim
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.values import BASIS_POINTS, JobId, Value
from quorate.ledger import participant as p
from quorate.ledger.acts import Act
from quorate.ledger.application import LedgerApplication
from quorate.market.rule import RULE_AUTHOR, rule_forecast

Answering = Callable[[Job, ClusterSnapshot, Bid | Abstention], Bid | Abstention]
"""Makes a false answer out of an honest one."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One way to misbehave."""

    name: str
    says: str
    """The driver's own line for people."""
    answer: Answering


def _bid(job: Job, facts: ClusterSnapshot, honest: Bid | Abstention, *, score_bp: int) -> Bid:
    if isinstance(honest, Bid):
        return honest.model_copy(update={"score_bp": score_bp, "wanted_bp": score_bp})
    return Bid(
        job=job.id,
        cluster=facts.cluster.id,
        score_bp=score_bp,
        wanted_bp=score_bp,
        reasoning="every requirement is met",
        forecast=rule_forecast(job),
        author=RULE_AUTHOR,
    )


def inflated(job: Job, facts: ClusterSnapshot, honest: Bid | Abstention) -> Bid:
    """Bid 1.00 whatever the facts."""
    return _bid(job, facts, honest, score_bp=BASIS_POINTS)


def _claiming(bid: Bid, *claims: Claim) -> Bid:
    named = {claim.fact for claim in claims}
    kept = tuple(claim for claim in bid.evidence if claim.fact not in named)
    return bid.model_copy(update={"evidence": (*kept, *claims)})


def false_occupancy(job: Job, facts: ClusterSnapshot, honest: Bid | Abstention) -> Bid:
    """Sign that every node is free."""
    bid = _bid(job, facts, honest, score_bp=BASIS_POINTS if isinstance(honest, Abstention) else honest.score_bp)
    return _claiming(bid, Claim(fact="nodes_free", value=facts.cluster.nodes))


def false_capability(job: Job, facts: ClusterSnapshot, honest: Bid | Abstention) -> Bid:
    """Sign that the nodes have the GPUs and memory that the job asks for."""
    bid = _bid(job, facts, honest, score_bp=BASIS_POINTS)
    return _claiming(
        bid,
        Claim(fact="gpus_per_node", value=job.gpus_per_node + 8),
        Claim(fact="memory_gib_per_node", value=2 * job.memory_gib_per_node + 4_096),
    )


DRIVERS: dict[str, Driver] = {
    driver.name: driver
    for driver in (
        Driver("inflated-bid", "bids 1.00 whatever the facts", inflated),
        Driver("false-occupancy", "signs more free nodes than the ledger allows", false_occupancy),
        Driver("false-capability", "signs GPUs and memory that its nodes do not have", false_capability),
    )
}


class Deceiver:
    """An honest participant with a driver that acts when `acting()` names one."""

    def __init__(self, honest: p.Participant, acting: Callable[[], Driver | None]) -> None:
        """Stand in for `honest`."""
        self._honest = honest
        self._acting = acting

    @property
    def application(self) -> LedgerApplication:
        """The state before the height being decided."""
        return self._honest.application

    def start(self, now_ms: int) -> list[p.Effect]:
        """Begin, or begin again."""
        return self._honest.start(now_ms)

    def receive(self, data: bytes, sender: int, now_ms: int) -> list[p.Effect]:
        """Take one message."""
        return self._honest.receive(data, sender, now_ms)

    def timer(self, name: str, now_ms: int) -> list[p.Effect]:
        """Take the end of a timer."""
        return self._honest.timer(name, now_ms)

    def submit_job(self, job: Job, signature: str, now_ms: int) -> list[p.Effect]:
        """Enter a job."""
        return self._honest.submit_job(job, signature, now_ms)

    def answer(self, job: JobId, opened: int, outcome: Bid | Abstention, now_ms: int) -> list[p.Effect]:
        """Seal an answer: the driver's, while it acts."""
        driver = self._acting()
        call = self.application.state.calls.get(job)
        if driver is not None and call is not None:
            outcome = driver.answer(call.job, call.snapshots[self._honest.me], outcome)
        return self._honest.answer(job, opened, outcome, now_ms)

    def started(self, job: JobId, now_ms: int) -> list[p.Effect]:
        """Say that a won job runs."""
        return self._honest.started(job, now_ms)

    def refused(self, job: JobId, reason: str, now_ms: int) -> list[p.Effect]:
        """Say that a won job was not taken."""
        return self._honest.refused(job, reason, now_ms)

    def ended(self, job: JobId, run_s: int, succeeded: bool, now_ms: int) -> list[p.Effect]:
        """Say that a job ended."""
        return self._honest.ended(job, run_s, succeeded, now_ms)

    def put(self, acts: tuple[Value, ...], now_ms: int) -> list[p.Effect]:
        """Put acts on the ledger."""
        return self._honest.put(acts, now_ms)

    def unsettled(self) -> list[Act]:
        """Return this member's acts that no block has included yet."""
        return self._honest.unsettled()


def unknown_driver(name: str) -> str:
    """Return the sentence for a driver that does not exist."""
    return f"there is no fault driver {name!r}; drivers: {', '.join(DRIVERS)}"

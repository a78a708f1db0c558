"""Play one schedule: seat everybody, let the weather and the liars loose, and say what came of it."""

import gc
import traceback
from dataclasses import dataclass, field

from tests.simulation.adversaries import seat_liar
from tests.simulation.checkers import Checkers, Violation
from tests.simulation.core import shared_decoding
from tests.simulation.keys import EdwardsKeys, HashKeys
from tests.simulation.network import EPOCH_MS, Member, Network, Stuck
from tests.simulation.register import Register
from tests.simulation.schedule import Schedule

PATIENCE_LIVE_MS = 600_000
"""Simulated time after healing within which the honest must reach the last height, where liveness is owed."""

PATIENCE_ELSE_MS = 20_000
"""Simulated time after healing for schedules that are owed safety only."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a schedule came to; `law` is None when every law held."""

    seed: int
    law: str | None = None
    detail: str = ""
    heights: int = 0
    events: int = 0
    now_ms: int = 0
    restarts: int = 0
    forks: int = 0
    liars: int = 0
    convicted: frozenset[int] = field(default=frozenset())
    refuted: frozenset[int] = field(default=frozenset())
    live_owed: bool = False
    finished: bool = False
    digest: str = ""


class Table:
    """A seated schedule."""

    def __init__(
        self,
        plan: Schedule,
        digest: bool = False,
        forks: bool = False,
        signatures: str = "hash",
        laws: frozenset[str] | None = None,
    ) -> None:
        """Seat everybody; nothing runs yet."""
        self.plan = plan
        keys = EdwardsKeys(plan.seed) if signatures == "ed25519" else HashKeys(plan.seed)
        public = [keys.signer(seat).public_key for seat in range(plan.n)]
        genesis = Register(plan, [key.hex() for key in public])
        self.network = Network(plan, digest)
        self.network.forks = forks
        fastest = EPOCH_MS + max(plan.offsets_ms)
        self.checkers = Checkers(plan, keys, public, forks, lambda: self.network.now + fastest, laws)
        self.network.taps.append(self.checkers.on_wire)
        hands = dict(plan.liars)
        self.members: list[Member] = []
        for seat in range(plan.n):
            if seat in hands:
                self.network.endpoints.append(seat_liar(seat, hands[seat], self.network, keys, genesis))
            else:
                member = Member(seat, self.network, keys, genesis, self.checkers)
                self.members.append(member)
                self.network.endpoints.append(member)

    def set_going(self) -> None:
        """Start everybody and put crashes and items into the queue."""
        endpoints, network = self.network.endpoints, self.network
        for seat, endpoint in enumerate(endpoints):
            network.at(seat % 3, _start, endpoint, None)
        for crash in self.plan.crashes:
            network.at(crash.at_ms, endpoints[crash.seat].light, crash, None)
        for when, seat, payload in self.plan.items:
            network.at(when, endpoints[seat].submit, payload.encode(), None)
        if not self.plan.eager:
            network.at(self.plan.heal_ms + 1000, self._nudge, 0, None)

    def _nudge(self, count: int, _: object) -> None:
        """In a lazy schedule nothing is due without items: somebody submits again and again after healing."""
        member = self.members[count % len(self.members)]
        member.submit(b'{"nudge":%d}' % count)
        self.network.at(self.network.now + 700, self._nudge, count + 1, None)

    def done(self) -> bool:
        """Say whether every honest seat is past the last height."""
        last = self.plan.heights
        return all(m.halted or (m.application.height > last and m.replica is not None) for m in self.members)

    def run(self) -> bool:
        """Play to the end; say whether the honest got there."""
        self.set_going()
        patience = PATIENCE_LIVE_MS if self.plan.live else PATIENCE_ELSE_MS
        return self.network.run(self.plan.heal_ms + patience, self.done)


def _start(endpoint: object, _: object) -> None:
    endpoint.start()


def play(
    plan: Schedule,
    digest: bool = False,
    forks: bool = False,
    signatures: str = "hash",
    laws: frozenset[str] | None = None,
) -> Outcome:
    """Play a schedule; a broken law, or an exception out of the core, is in the outcome."""
    gc.disable()
    try:
        return _play(Table(plan, digest, forks, signatures, laws), forks)
    finally:
        gc.collect(0)  # what a schedule leaves is all garbage by now, and young: cheaper than to let it grow old
        gc.enable()


def _play(table: Table, forks: bool) -> Outcome:
    with shared_decoding():
        law, detail, finished = _judge(table, forks)
    plan = table.plan
    return Outcome(
        seed=plan.seed,
        law=law,
        detail=detail,
        heights=table.checkers.heights,
        events=table.network.events,
        now_ms=table.network.now,
        restarts=sum(member.restarts for member in table.members),
        forks=table.checkers.forks,
        liars=len(plan.liars),
        convicted=frozenset(table.checkers.convicted_by),
        refuted=frozenset(table.checkers.refuted_by),
        live_owed=plan.live,
        finished=finished,
        digest=table.network.trace_digest(),
    )


def _judge(table: Table, forks: bool) -> tuple[str | None, str, bool]:
    try:
        finished = table.run()
    except Violation as violation:
        return violation.law, violation.detail, False
    except Stuck as stuck:
        return ("liveness", str(stuck), False) if table.plan.live else (None, "", False)
    except Exception as error:  # noqa: BLE001 - whatever the core raises on a peer's bytes is a finding
        place = traceback.extract_tb(error.__traceback__)[-1]
        return "raised", f"{type(error).__name__}: {error} at {place.filename}:{place.lineno}", False
    if table.plan.live and not finished and not forks:
        heights = [member.application.height for member in table.members]
        return "liveness", f"honest seats stand at {heights} after {table.network.now} ms", False
    return None, "", finished

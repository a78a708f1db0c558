"""A few replicas joined by a queue, for worked examples: one virtual clock, one hop of latency, every effect kept.

`cut(frm, to, data)` says that a message is lost. Persisted records are kept per seat, so that a seat can crash and come
back from them.
"""

import heapq
from collections.abc import Callable, Iterable

from quorate.consensus.effects import (
    Broadcast,
    CancelTimer,
    Convict,
    Decided,
    Effect,
    Head,
    Persist,
    ReplicaSettings,
    Send,
    Serve,
    SetTimer,
)
from quorate.consensus.messages import encode_decided_lines, fitting
from quorate.consensus.plain import entry_line
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier
from quorate.domain.deciding import Entry
from tests.quorate.consensus.toy import CHAIN, Toy, signer, toy

Cut = Callable[[int, int, bytes], bool]


class Net:
    def __init__(
        self,
        application: Toy | None = None,
        settings: ReplicaSettings | None = None,
        cut: Cut = lambda frm, to, data: False,
        latency_ms: int = 50,
    ) -> None:
        self.genesis = application or toy()
        self.settings = settings or ReplicaSettings()
        self.cut = cut
        self.latency_ms = latency_ms
        self.n = len(self.genesis.sequences)
        self.now_ms = 0
        self.queue: list[tuple[int, int, int, str, int, bytes]] = []
        self.order = 0
        self.timers: dict[tuple[int, str], int] = {}
        self.effects: list[list[Effect]] = [[] for _ in range(self.n)]
        self.logs: list[list[bytes]] = [[] for _ in range(self.n)]
        self.ledgers: list[list[Entry]] = [[] for _ in range(self.n)]
        self.sent: list[tuple[int, int | None, bytes]] = []
        self.down: set[int] = set()
        self.replicas = [self.new(i) for i in range(self.n)]

    def new(self, seat: int) -> Replica:
        application, head = self.genesis, None
        for entry in self.ledgers[seat]:
            head = Head(entry.certificate, application.committee)
            application = application.apply(entry.block, entry.items)
        return Replica(seat, application, signer(seat), Ed25519Verifier(), self.settings, head)

    def start(self, seats: Iterable[int] | None = None) -> None:
        for seat in range(self.n) if seats is None else seats:
            self.perform(seat, self.replicas[seat].start(self.now_ms))

    def crash(self, seat: int) -> None:
        self.down.add(seat)
        self.timers = {key: at for key, at in self.timers.items() if key[0] != seat}

    def restart(self, seat: int) -> None:
        self.down.discard(seat)
        self.replicas[seat] = self.new(seat)
        self.replicas[seat].restore(self.logs[seat])
        self.start([seat])

    def submit(self, seat: int, payload: bytes) -> None:
        self.perform(seat, self.replicas[seat].submit(payload, self.now_ms))

    def deliver(self, frm: int, to: int, data: bytes) -> None:
        if to != frm and not self.cut(frm, to, data):
            self._push(self.now_ms + self.latency_ms, "message", frm, to, data)

    def _push(self, at: int, what: str, frm: int, to: int, data: bytes) -> None:
        self.order += 1
        heapq.heappush(self.queue, (at, self.order, to, what, frm, data))

    def perform(self, seat: int, effects: list[Effect]) -> None:
        self.effects[seat].extend(effects)
        for effect in effects:
            self._one(seat, effect)

    def _one(self, seat: int, effect: Effect) -> None:
        if isinstance(effect, Send):
            self.sent.append((seat, effect.to, effect.data))
            self.deliver(seat, effect.to, effect.data)
        elif isinstance(effect, Broadcast):
            self.sent.append((seat, None, effect.data))
            for to in range(self.n):
                self.deliver(seat, to, effect.data)
        elif isinstance(effect, SetTimer):
            self.timers[seat, effect.name] = self.now_ms + effect.after_ms
            self._push(self.now_ms + effect.after_ms, effect.name, seat, seat, b"")
        elif isinstance(effect, CancelTimer):
            self.timers.pop((seat, effect.name), None)
        elif isinstance(effect, Persist):
            self.logs[seat].append(effect.record)
        elif isinstance(effect, Decided):
            self.ledgers[seat].append(effect.entry)
        elif isinstance(effect, Serve):
            lines = [entry_line(entry) for entry in self.ledgers[seat][effect.height - 1 :]]
            self.deliver(seat, effect.to, encode_decided_lines(CHAIN, fitting(lines, self.settings.message_bytes_max)))

    def step(self) -> bool:
        if not self.queue:
            return False
        at, _, to, what, frm, data = heapq.heappop(self.queue)
        self.now_ms = max(self.now_ms, at)
        if to in self.down:
            return True
        if what == "message":
            self.perform(to, self.replicas[to].receive(data, frm, self.now_ms))
        elif self.timers.get((to, what)) == at:
            del self.timers[to, what]
            self.perform(to, self.replicas[to].timer(what, self.now_ms))
        return True

    def run(self, until: Callable[[], bool], limit_ms: int = 120_000) -> bool:
        while not until():
            if not self.step() or self.now_ms > limit_ms:
                return until()
        return True

    def heights(self) -> list[int]:
        return [len(ledger) for ledger in self.ledgers]

    def all_at(self, height: int, but: Iterable[int] = ()) -> Callable[[], bool]:
        seats = [seat for seat in range(self.n) if seat not in set(but)]
        return lambda: all(len(self.ledgers[seat]) >= height for seat in seats)

    def convictions(self) -> set[int]:
        found = (effect for effects in self.effects for effect in effects if isinstance(effect, Convict))
        return {effect.evidence.seat for effect in found}

    def agree(self) -> bool:
        longest = max(self.ledgers, key=len)
        return all(
            mine.block.digest == theirs.block.digest
            for ledger in self.ledgers
            for mine, theirs in zip(ledger, longest, strict=False)
        )

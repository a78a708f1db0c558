"""A seeded event queue that carries bytes between seats: loss, doubles, reordering, partitions, crashes, skewed clocks.

Honest seats are `Member`s: a replica, a disk that forgets what was not synced, and timers that run fast or slow. The
network knows nothing of the protocol; whatever lies lives in `adversaries.py` and sends its own bytes.
"""

import random
from collections.abc import Callable
from hashlib import blake2b
from heapq import heappop, heappush
from typing import Protocol

from quorate.consensus.messages import encode_decided
from quorate.consensus.replica import Replica
from quorate.consensus.wal import split_log
from quorate.domain.errors import LedgerBroken
from tests.simulation.core import (
    Broadcast,
    CancelTimer,
    Convict,
    Decided,
    Head,
    Persist,
    Refuted,
    Send,
    Serve,
    SetTimer,
    replica_settings,
)
from tests.simulation.register import CHAIN, Register
from tests.simulation.schedule import Crash, Schedule

EPOCH_MS = 1_000_000_000
"""What every clock shows when a schedule begins, give or take its offset."""

SERVED_MAX = 8
"""Heights in one answer to a seat that fell behind."""
KIND_AT = 4
ITEM_KIND = 1
PROPOSE_KIND = 2

EVENTS_MAX = 400_000
"""More events than any schedule that makes progress needs; beyond it the run is called stuck."""


class Stuck(Exception):
    """The schedule ran into its event limit."""


class Endpoint(Protocol):
    """Whoever sits at a seat."""

    def start(self) -> None:
        """Begin."""

    def deliver(self, data: bytes, sender: int) -> None:
        """Take one message."""

    def ring(self, name: str, token: int) -> None:
        """Take one timer."""


class Witness(Protocol):
    """Sees what honest seats do; the checkers implement it."""

    def sent(self, seat: int, data: bytes) -> None:
        """An honest seat put `data` on the wire."""

    def decided(self, seat: int, entry: object, before: Register, after: Register) -> None:
        """An honest seat decided."""

    def convicted(self, seat: int, evidence: object) -> None:
        """An honest seat holds evidence."""

    def missed(self) -> None:
        """A message reached an honest seat that was down or had not started."""

    def heard(self, seat: int, data: bytes) -> None:
        """An item reached an honest seat."""

    def forgot(self, seat: int, height: int) -> None:
        """An honest seat lost its memory while it stood at `height`."""

    def answered(self, seat: int, data: bytes, before: Register, stood: int, stands: tuple[int, int]) -> None:
        """An honest seat that stood in a round of `before.height` took a proposal; now it `stands` elsewhere."""

    def refuted(self, seat: int, charge: object, before: Register) -> None:
        """An honest seat holds a block of `before.height` to be false, and names those who voted for it."""


class Network:
    """The queue and the weather."""

    def __init__(self, plan: Schedule, digest: bool = False) -> None:
        """Stand at time zero with nothing in flight."""
        self.plan = plan
        self.now = 0
        self.events = 0
        self.rng = random.Random(plan.seed * 2 + 1)
        self.endpoints: list[Endpoint] = []
        self.forks = False
        """Whether the liars are so many that honest seats may part; one that meets the other branch stops."""
        self.lore: object | None = None
        """What the liars know together; the network only keeps it for them."""
        self.lore_keeper: int | None = None
        self.taps: list[Callable[[bytes, int], None]] = []
        self._queue: list[tuple[int, int, Callable[..., None], object, object]] = []
        self._order = 0
        self._trace = blake2b(digest_size=16) if digest else None
        self._bridges = plan.liar_seats() if plan.bridged else frozenset()

    def at(self, when_ms: int, act: Callable[..., None], first: object, second: object) -> None:
        """Run `act(first, second)` at a time."""
        self._order += 1
        heappush(self._queue, (when_ms, self._order, act, first, second))

    def broadcast(self, source: int, data: bytes) -> None:
        """Carry `data` to every other seat."""
        for tap in self.taps:
            tap(data, source)
        for target in range(self.plan.n):
            if target != source:
                self._carry(source, target, data)

    def send(self, source: int, target: int, data: bytes) -> None:
        """Carry `data` to one seat."""
        for tap in self.taps:
            tap(data, source)
        if target != source:
            self._carry(source, target, data)

    def _carry(self, source: int, target: int, data: bytes) -> None:
        plan, draw = self.plan, self.rng.random
        deliver = self.endpoints[target].deliver
        if self.now >= plan.heal_ms:
            self.at(self.now + 1 + int(draw() * plan.latency_ms), deliver, data, source)
            return
        if (plan.loss and draw() < plan.loss) or self._split(source, target):
            return
        copies = 2 if plan.twice and draw() < plan.twice else 1
        for _ in range(copies):
            delay = 1 + int(draw() * plan.latency_ms)
            if plan.jitter_ms and draw() < 0.2:
                delay += int(draw() * plan.jitter_ms)
            self.at(self.now + delay, deliver, data, source)

    def _split(self, source: int, target: int) -> bool:
        if source in self._bridges or target in self._bridges:
            return False
        for split in self.plan.splits:
            if split.start_ms <= self.now < split.end_ms:
                return split.sides[source] != split.sides[target]
        return False

    def run(self, until_ms: int, done: Callable[[], bool]) -> bool:
        """Play events until `done()` (asked every 16 events) or the time; say whether it was done."""
        queue, trace = self._queue, self._trace
        while queue:
            when, _, act, first, second = heappop(queue)
            if when > until_ms:
                return done()
            self.now = when
            self.events += 1
            if trace is not None:
                trace.update(b"%d %s %s\n" % (when, _traced(first), _traced(second)))
            act(first, second)
            if not self.events & 15 and done():
                return True
            if self.events > EVENTS_MAX:
                raise Stuck(f"{EVENTS_MAX} events by {self.now} ms")
        return done()

    def trace_digest(self) -> str:
        """Return the digest over every event played, if one was asked for."""
        return self._trace.hexdigest() if self._trace is not None else ""


def _traced(thing: object) -> bytes:
    """Return bytes that are equal for equal things in every process."""
    if isinstance(thing, bytes):
        return thing
    return repr(thing).encode() if isinstance(thing, str | int | Crash | None) else type(thing).__name__.encode()


class Disk:
    """What survives a crash: the synced bytes, and of the rest a prefix that may end in the middle of a record."""

    def __init__(self) -> None:
        """Begin empty."""
        self.entries: list[object] = []
        self.synced = b""
        self.unsynced = b""
        self._replacing = 0
        """Length of a fresh record that waits to replace the log as a whole; the old log stands until it is synced."""

    def append(self, record: bytes, fresh: bool, rng: random.Random) -> None:
        """Write without syncing; a fresh record may take the place of the whole log."""
        if fresh and rng.random() < 0.5:
            self.unsynced, self._replacing = record, len(record)
        else:
            self.unsynced += record

    def sync(self) -> None:
        """Make everything written durable."""
        if self.unsynced:
            self.synced = self.unsynced if self._replacing else self.synced + self.unsynced
            self.unsynced, self._replacing = b"", 0

    def power_cut(self, rng: random.Random, torn: bool) -> None:
        """Keep a prefix of what was not synced: whole, none of it, or up to any byte."""
        size = len(self.unsynced)
        kept = rng.randint(0, size) if torn else rng.choice((0, size))
        if not self._replacing:
            self.synced += self.unsynced[:kept]
        elif kept >= self._replacing:
            self.synced = self.unsynced[:kept]
        self.unsynced, self._replacing = b"", 0

    def records(self) -> list[bytes]:
        """Return the whole records, and cut off a torn one."""
        records, end = split_log(self.synced)
        self.synced = self.synced[:end]
        return records


class Member:
    """An honest seat."""

    def __init__(self, seat: int, network: Network, keys: object, genesis: Register, witness: Witness) -> None:
        """Sit down with an empty disk."""
        self.seat = seat
        self.network = network
        self.witness = witness
        self.disk = Disk()
        self.replica: Replica | None = None
        self._keys = keys
        self._signer = keys.signer(seat)
        self._genesis = genesis
        self.application = genesis
        self._skew = network.plan.skews[seat]
        self._offset = EPOCH_MS + network.plan.offsets_ms[seat]
        self._timers: dict[str, int] = {}
        self._token = 0
        self._fuse: int | None = None
        self._crash: Crash | None = None
        self.restarts = 0
        self.halted = False

    def clock(self) -> int:
        """Return this seat's own time in milliseconds."""
        return self.network.now + self._offset

    def start(self) -> None:
        """Boot from whatever the disk holds."""
        application, head = self._genesis, None
        for entry in self.disk.entries:
            head = Head(entry.certificate, application.committee)
            application = application.apply(entry.block, entry.items)
        self.application = application
        settings = replica_settings(self.network.plan)
        self.replica = Replica(self.seat, application, self._signer, self._keys, settings, head)
        if self.restarts:
            self.restore()
        self._ask(self.replica.start)

    def restore(self) -> None:
        """Hand the replica what the disk kept."""
        self.replica.restore(self.disk.records())

    def deliver(self, data: bytes, sender: int) -> None:
        """Take one message, unless down."""
        if self.replica is None:
            self.witness.missed()
        else:
            kind = data[KIND_AT] if len(data) > KIND_AT else 0
            if kind == ITEM_KIND:
                self.witness.heard(self.seat, data)
            before, stood = self.application, self.replica.round
            self._ask(self.replica.receive, data, sender)
            if kind == PROPOSE_KIND:
                self._answered(data, before, stood)

    def _answered(self, data: bytes, before: Register, stood: int) -> None:
        """Tell the witness where a proposal left me, unless it brought me down."""
        replica = self.replica
        if replica is not None:
            self.witness.answered(self.seat, data, before, stood, (replica.height, replica.round))

    def ring(self, name: str, token: int) -> None:
        """Take one timer, unless it was set again, cancelled, or we went down since."""
        if self.replica is not None and self._timers.get(name) == token:
            del self._timers[name]
            self._ask(self.replica.timer, name)

    def submit(self, payload: bytes, _: object = None) -> None:
        """Sign and spread an item, unless down."""
        if self.replica is not None:
            self._ask(self.replica.submit, payload)

    def _ask(self, method: Callable[..., list[object]], *words: object) -> None:
        """Ask the replica, and do what it wants."""
        try:
            effects = method(*words, self.clock())
        except LedgerBroken:
            if not self.network.forks:
                raise
            self._halt()
        else:
            self.carry_out(effects)

    def carry_out(self, effects: list[object]) -> None:
        """Do what the replica wants, in order; a lit fuse stops it in between."""
        for effect in effects:
            if self._fuse is not None:
                self._fuse -= 1
                if self._fuse < 0:
                    self._go_down()
                    return
            self._do(effect)

    def _do(self, effect: object) -> None:
        kind = type(effect)
        if kind is Broadcast:
            self.disk.sync()
            self.witness.sent(self.seat, effect.data)
            self.network.broadcast(self.seat, effect.data)
        elif kind is Send:
            self.disk.sync()
            self.witness.sent(self.seat, effect.data)
            self.network.send(self.seat, effect.to, effect.data)
        elif kind is SetTimer:
            self._token += 1
            self._timers[effect.name] = self._token
            when = self.network.now + max(1, int(effect.after_ms * self._skew))
            self.network.at(when, self.ring, effect.name, self._token)
        elif kind is CancelTimer:
            self._timers.pop(effect.name, None)
        elif kind is Persist:
            self.disk.append(effect.record, effect.fresh, self.network.rng)
        elif kind is Decided:
            self._decide(effect.entry)
        elif kind is Serve:
            self._serve(effect.to, effect.height)
        elif kind is Convict:
            self.witness.convicted(self.seat, effect.evidence)
        elif kind is Refuted:
            self.witness.refuted(self.seat, effect.charge, self.application)

    def _decide(self, entry: object) -> None:
        self.disk.sync()
        self.disk.entries.append(entry)
        before = self.application
        self.application = before.apply(entry.block, entry.items)
        self.witness.decided(self.seat, entry, before, self.application)

    def _serve(self, to: int, height: int) -> None:
        entries = self.disk.entries[height - 1 : height + SERVED_MAX - 1]
        if entries:
            self.network.send(self.seat, to, encode_decided(CHAIN, entries))

    def _halt(self) -> None:
        """Stop for good, as a node must that meets a certified history which is not its own: beyond the bound only."""
        for effect in self.replica.drain():
            self._do(effect)
        self.halted = True
        self.replica = None

    def light(self, crash: Crash, _: object) -> None:
        """Plan to stop a few effects from now, and to come back."""
        if self.replica is None or self._fuse is not None or self.halted:
            return
        self._fuse, self._crash = crash.fuse, crash
        self.network.at(self.network.now + crash.down_ms, self._back, crash, None)

    def _go_down(self) -> None:
        self.disk.power_cut(self.network.rng, self._crash.torn)
        self.replica = None
        self._fuse = None
        self._timers = {}
        self._token += 1
        self.witness.forgot(self.seat, self.application.height)

    def _back(self, crash: Crash, _: object) -> None:
        if self._fuse is not None:  # it never did enough to stop: stop it now
            self._go_down()
        if not self.halted:
            self.restarts += 1
            self.start()

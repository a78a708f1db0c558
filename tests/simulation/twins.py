"""Twins (Bano et al., arXiv 2004.10617): one seat's key runs on two machines, and the network is cut anew each round.

A case names, for each of the first rounds of one height, the leader and a cut of the n + 1 machines in two. It is kept
only if no renaming of the untwinned seats and no swap of the two copies gives a smaller one, so each case is new.
After the cut rounds everybody hears everybody, and the height must be decided, once.
"""

import itertools
import random
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import heappop, heappush

from quorate.consensus.replica import Replica
from tests.simulation.checkers import Checkers, Violation
from tests.simulation.core import (
    Broadcast,
    CancelTimer,
    Convict,
    Decided,
    Send,
    SetTimer,
    lead_as,
    replica_settings,
    shared_decoding,
)
from tests.simulation.keys import HashKeys
from tests.simulation.network import EPOCH_MS
from tests.simulation.register import Register
from tests.simulation.schedule import Schedule

Cut = tuple[int, int]
"""(leader, side mask): the leader is a seat; bit m of the mask says on which side machine m is."""

Renaming = tuple[tuple[int, ...], tuple[int, ...]]
"""(where each seat goes, where each machine goes)."""


def cuts(n: int) -> list[Cut]:
    """Return every (leader, mask) for n seats; seat 0 runs on machines 0 and n, seat k on machine k.

    A mask and its complement are the same cut; the one with machine 0 on side 0 stands for both.
    """
    return [(leader, mask) for leader in range(n) for mask in range(0, 1 << (n + 1), 2)]


def renamings(n: int) -> list[Renaming]:
    """Return every renaming that leaves a case the same: of seats 1 to n - 1, and of the copies of seat 0."""
    found = []
    for order in itertools.permutations(range(1, n)):
        seats = (0, *order)
        found.append((seats, (*seats, n)))
        found.append((seats, (n, *order, 0)))
    return found


def renamed(cut: Cut, renaming: Renaming) -> Cut:
    """Return the cut under other names."""
    leader, mask = cut
    seats, machines = renaming
    moved = 0
    for machine, target in enumerate(machines):
        if mask >> machine & 1:
            moved |= 1 << target
    if moved & 1:
        moved ^= (1 << len(machines)) - 1
    return seats[leader], moved


def cases(n: int, rounds: int) -> Iterator[tuple[Cut, ...]]:
    """Yield every case up to symmetry, smallest first.

    A sequence is the least of its orbit exactly when each element is the least that the renamings leaving all before
    it unchanged can make of it.
    """
    tables = [{cut: renamed(cut, renaming) for cut in cuts(n)} for renaming in renamings(n)]
    yield from _extend(cuts(n), tables, rounds)


def _extend(menu: list[Cut], tables: list[dict[Cut, Cut]], rounds: int) -> Iterator[tuple[Cut, ...]]:
    if not rounds:
        yield ()
        return
    for cut in menu:
        if all(cut <= table[cut] for table in tables):
            keeping = [table for table in tables if table[cut] == cut]
            for rest in _extend(menu, keeping, rounds - 1):
                yield (cut, *rest)


ROUND_MS = 1_000
REBROADCAST_MS = 1_400
"""Longer than a round: inside a cut nothing new is learnt by repeating, and every case has its answer sooner."""
PATIENCE_MS = 300_000


def sample(n: int, rounds: int, count: int, seed: int) -> Iterator[tuple[Cut, ...]]:
    """Draw cases of a size that cannot be enumerated."""
    rng = random.Random(seed)
    menu = cuts(n)
    for _ in range(count):
        yield tuple(rng.choice(menu) for _ in range(rounds))


class Stage:
    """One case on its machines; messages arrive at once and in order, timers fire when nothing is in flight."""

    def __init__(self, n: int, case: Sequence[Cut]) -> None:
        """Seat everybody."""
        self.case = case
        self.n = n
        self.plan = twin_plan(n)
        keys = HashKeys(0)
        public = [keys.signer(seat).public_key for seat in range(n)]
        genesis = Register(self.plan, [key.hex() for key in public])
        self.checkers = Checkers(self.plan, keys, public)
        settings = replace(replica_settings(self.plan), rebroadcast_ms=REBROADCAST_MS)
        self.seats = [*range(n), 0]
        self.replicas = [Replica(seat, genesis, keys.signer(seat), keys, settings) for seat in self.seats]
        for replica in self.replicas:
            lead_as(replica, [leader for leader, _ in case])
        self.applications = [genesis] * (n + 1)
        self.now = 0
        self._ends = [sum(ROUND_MS * 3**r // 2**r for r in range(k + 1)) for k in range(len(case))]
        """When each cut ends: as long as its round takes to give up."""
        self._flight: deque[tuple[int, bytes, int]] = deque()
        self._timers: list[tuple[int, int, int, str]] = []
        self._armed: dict[tuple[int, str], int] = {}
        self._order = 0

    def play(self) -> str | None:
        """Play to the end; return what broke."""
        try:
            for machine, replica in enumerate(self.replicas):
                self._do(machine, replica.start(self._clock(machine)))
            while not self._done():
                if not self._step():
                    return f"liveness: heights {[a.height for a in self.applications]} at {self.now} ms"
        except Violation as violation:
            return str(violation)
        return None

    def _done(self) -> bool:
        return not self._flight and all(a.height > 1 for a in self.applications[1 : self.n])

    def _step(self) -> bool:
        if self._flight:
            machine, data, sender = self._flight.popleft()
            self._do(machine, self.replicas[machine].receive(data, sender, self._clock(machine)))
            return True
        while self._timers:
            when, order, machine, name = heappop(self._timers)
            if self._armed.get((machine, name)) == order:
                del self._armed[machine, name]
                self.now = when
                self._do(machine, self.replicas[machine].timer(name, self._clock(machine)))
                return when < PATIENCE_MS
        return False

    def _clock(self, machine: int) -> int:
        """Return a machine's time; the second copy's is a second ahead, so that the copies' blocks differ."""
        return self.now + EPOCH_MS + (1_000 if machine == self.n else 0)

    def _do(self, machine: int, effects: Sequence[object]) -> None:
        for effect in effects:
            kind = type(effect)
            if kind is Broadcast:
                self._carry(machine, range(self.n + 1), effect.data)
            elif kind is Send:
                self._carry(machine, [m for m, seat in enumerate(self.seats) if seat == effect.to], effect.data)
            elif kind is SetTimer:
                self._order += 1
                self._armed[machine, effect.name] = self._order
                heappush(self._timers, (self.now + max(1, effect.after_ms), self._order, machine, effect.name))
            elif kind is CancelTimer:
                self._armed.pop((machine, effect.name), None)
            elif kind is Decided:
                before = self.applications[machine]
                self.applications[machine] = before.apply(effect.entry.block, effect.entry.items)
                if 0 < machine < self.n:
                    self.checkers.decided(machine, effect.entry, before, self.applications[machine])
            elif kind is Convict and 0 < machine < self.n:
                self.checkers.convicted(machine, effect.evidence)

    def _carry(self, source: int, targets: Iterable[int], data: bytes) -> None:
        if 0 < source < self.n:
            self.checkers.sent(source, data)
        place = bisect_right(self._ends, self.now)
        mask = self.case[place][1] if place < len(self.case) else None
        for target in targets:
            if self.seats[target] == self.seats[source]:
                continue
            if mask is None or (mask >> source & 1) == (mask >> target & 1):
                self._flight.append((target, data, self.seats[source]))


def play_cases(n: int, source: Iterable[Sequence[Cut]]) -> Iterator[tuple[Sequence[Cut], str | None]]:
    """Play cases; yield each with what broke, None if every law held.

    Keys are the same in every case, so equal bytes come again and again: they are decoded once.
    """
    with shared_decoding():
        for case in source:
            yield case, Stage(n, case).play()


def twin_plan(n: int) -> Schedule:
    """Return the plan under a case: equal weights, seat 0 lies, one height, no items."""
    return Schedule(
        seed=0,
        n=n,
        liars=((0, ("twin",)),),
        tables=((1000,) * n,),
        heights=1,
        loss=0.0,
        twice=0.0,
        latency_ms=1,
        jitter_ms=0,
        heal_ms=0,
        splits=(),
        crashes=(),
        skews=(1.0,) * n,
        offsets_ms=(0,) * n,
        eager=True,
        items=(),
        timeout_ms=ROUND_MS,
        rebroadcast_ms=REBROADCAST_MS,
        grace_ms=50,
        recent_entries=16,
        live=True,
    )

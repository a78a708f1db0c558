"""What one seed means: a committee, its changing weights, the weather of the network, crashes, and who lies how.

A schedule is drawn whole before anything runs, so that a seed is a complete description of a run and a failure is
reproduced by one number. Times are milliseconds of simulated time.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

TRICKS = (
    "twin",
    "echo",
    "unjustified",
    "two_proposals",
    "two_votes",
    "contrary",
    "silent",
    "selective",
    "nullify_spam",
    "far_rounds",
    "two_items",
    "censor",
    "replay",
    "garbage",
    "withhold",
    "delay",
    "forge",
    "slander",
    "two_exts",
    "edge_of_time",
    "bad_block",
    "false_certificate",
    "bad_items",
    "stale_previous",
    "boast",
    "two_signatures",
    "false_status",
    "vanish",
)
"""Names of the tricks in `adversaries.py`, in a fixed order: a seed draws from this tuple."""

STRONG = ("twin", "echo", "unjustified", "unjustified", "selective", "two_proposals")
"""Tricks that a seed draws more often than others: alone they come closest to breaking something."""

HANDS = (
    ("echo", "vanish"),
    ("echo", "selective", "vanish"),
    ("selective", "unjustified"),
    ("two_proposals", "unjustified"),
    ("twin", "withhold"),
)
"""Tricks that do harm together; a seed draws one of these hands now and then."""

Powers = tuple[int, ...]
"""Voting power of each seat in milli-units, 0 for a jailed one."""


BLACKOUT_MS = 40
"""Within so much time all lose power in a blackout."""


def quorum(members: int, active: int, power: int, total: int) -> bool:
    """Two thirds by count and two thirds by weight (protocol 2.1), written again here on purpose."""
    return active > 0 and total > 0 and 3 * members >= 2 * active and 3 * power >= 2 * total


@dataclass(frozen=True, slots=True)
class Split:
    """A partition: between `start_ms` and `end_ms` seats hear only seats with their own number in `sides`."""

    start_ms: int
    end_ms: int
    sides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Crash:
    """A seat stops `fuse` effects after `at_ms` and comes back `down_ms` later with what its disk kept."""

    seat: int
    at_ms: int
    fuse: int
    down_ms: int
    torn: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that a run needs; see `draw`."""

    seed: int
    n: int
    liars: tuple[tuple[int, tuple[str, ...]], ...]
    """Seats that lie, each with its tricks."""
    tables: tuple[Powers, ...]
    """Weight tables; the state of the ledger picks one per height."""
    heights: int
    """Heights to decide."""
    loss: float
    twice: float
    latency_ms: int
    jitter_ms: int
    heal_ms: int
    """From here on: no loss, no partition, nobody down, delays at most `latency_ms`."""
    splits: tuple[Split, ...]
    crashes: tuple[Crash, ...]
    skews: tuple[float, ...]
    offsets_ms: tuple[int, ...]
    eager: bool
    """Whether a block is always due, or only when new items are."""
    items: tuple[tuple[int, int, str], ...]
    """(time, seat, payload) to submit."""
    timeout_ms: int
    rebroadcast_ms: int
    grace_ms: int
    recent_entries: int
    """Decided entries a replica keeps for others; older ones come from the ledger."""
    bridged: bool = field(default=False)
    """Whether partitions part the honest only: liars hear and reach everybody."""
    live: bool = field(default=False)
    """Whether the honest alone are a quorum under every table, so that liveness is owed."""

    def dark_ms(self) -> int | None:
        """Return when most of the honest lose power together, None if they never do."""
        times = sorted(crash.at_ms for crash in self.crashes)
        most = len(self.honest()) // 2 + 1
        runs = [first for first, last in zip(times, times[most - 1 :], strict=False) if last - first <= BLACKOUT_MS]
        return runs[0] if runs else None

    def liar_seats(self) -> frozenset[int]:
        """Return the seats that lie."""
        return frozenset(seat for seat, _ in self.liars)

    def prompt(self) -> bool:
        """Say whether nothing stands in the way of deciding every height in its first round.

        No liar, no loss, no crash, and the fastest clock's round outlasts six of the slowest messages and the grace.
        """
        hops = 6 * self.latency_ms + self.grace_ms
        calm = not self.liars and self.heal_ms == 1 and not self.crashes
        return calm and self.leader_ms() * min(self.skews) > hops

    def grace_outlasts_votes(self) -> bool:
        """Say whether the fastest clock waits long enough, after a quorum of NOTARIZE, for everybody's FINALIZE."""
        return self.grace_ms * min(self.skews) >= 2 * self.latency_ms

    def repeats_in_time(self) -> bool:
        """Say whether the slowest clock repeats what was lost before the fastest clock's round is over.

        A replica repeats itself at the second tick at which it stands where it stood.
        """
        repeated = 2 * self.rebroadcast_ms * max(self.skews) + 6 * self.latency_ms + self.grace_ms
        return repeated < self.leader_ms() * min(self.skews)

    def leader_ms(self) -> int:
        """Return how long a leader may be silent: in half of the schedules less than the round."""
        return self.timeout_ms * 2 // 3 if self.seed % 4 in (1, 2) else self.timeout_ms

    def honest(self) -> list[int]:
        """Return the honest seats in order."""
        lying = self.liar_seats()
        return [seat for seat in range(self.n) if seat not in lying]


def within_bound(powers: Powers, lying: frozenset[int]) -> bool:
    """Say whether the liars hold less than a third of the active seats, or less than a third of the weight."""
    active = [seat for seat, power in enumerate(powers) if power]
    count = sum(seat in lying for seat in active)
    weight = sum(powers[seat] for seat in active if seat in lying)
    return 3 * count < len(active) or 3 * weight < sum(powers)


def live_without(powers: Powers, lying: frozenset[int]) -> bool:
    """Say whether the others are a quorum on their own."""
    active = [seat for seat, power in enumerate(powers) if power]
    honest = [seat for seat in active if seat not in lying]
    return quorum(len(honest), len(active), sum(powers[seat] for seat in honest), sum(powers))


def _powers(rng: random.Random, n: int, lying: frozenset[int]) -> Powers:
    shape = rng.randrange(6)
    if shape == 0:
        powers = [1000] * n
    elif shape == 1:
        powers = [1000 if seat in lying else rng.randint(500, 650) for seat in range(n)]
    elif shape == 2:
        powers = [500 if seat in lying else rng.randint(850, 1000) for seat in range(n)]
    elif shape == 3:
        powers = [rng.choice((500, 1000)) for _ in range(n)]
    else:
        powers = [rng.randint(500, 1000) for _ in range(n)]
    if n >= 6 and rng.random() < 0.2:
        powers[rng.randrange(n)] = 0
    return tuple(powers)


def _size(rng: random.Random) -> int:
    draw = rng.random()
    if draw < 0.70:
        return 6
    if draw < 0.82:
        return rng.choice((4, 5))
    if draw < 0.97:
        return rng.choice((7, 8, 9))
    return rng.randint(10, 16)


def _liar_count(rng: random.Random, n: int) -> int:
    draw = rng.random()
    if draw < 0.10:
        return 0
    if draw < 0.16 and n >= 6:
        return n // 3
    return rng.randint(1, max(1, (n - 1) // 3))


def _soon(rng: random.Random, until_ms: int) -> int:
    """Draw a time before `until_ms`, each scale as likely as the next: much happens in a height's first moments."""
    return min(until_ms - 1, int(until_ms ** rng.random())) if until_ms > 1 else 0


def _splits(rng: random.Random, n: int, heal_ms: int) -> tuple[Split, ...]:
    splits = []
    at = _soon(rng, 3000) if rng.random() < 0.7 else 0
    while at < heal_ms and len(splits) < 12:
        end = min(heal_ms, at + 10 + _soon(rng, 6000))
        ways = rng.choice((2, 2, 2, 3))
        splits.append(Split(at, end, tuple(rng.randrange(ways) for _ in range(n))))
        at = end + (0 if rng.random() < 0.6 else _soon(rng, 3000))
    return tuple(splits)


def _crashes(rng: random.Random, honest: list[int], heal_ms: int, dark: float) -> tuple[Crash, ...]:
    crashes = []
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
        at = _soon(rng, heal_ms)
        down = min(heal_ms - at, rng.choice((1, 50, 400, 3000)))
        crashes.append(Crash(rng.choice(honest), at, rng.randrange(0, 12), down, rng.random() < 0.5))
    if rng.random() < dark:
        crashes += _blackout(rng, honest, heal_ms)
    return tuple(crashes)


def _blackout(rng: random.Random, honest: list[int], heal_ms: int) -> list[Crash]:
    """Everybody, or everybody but a few, loses power within a moment: what no disk holds is gone."""
    at = _soon(rng, heal_ms)
    spared = rng.sample(honest, rng.choice((0, 0, 1, 2)))
    down = min(heal_ms - at, rng.choice((100, 1000)))
    dark = [seat for seat in honest if seat not in spared]
    return [
        Crash(seat, at + rng.randrange(0, BLACKOUT_MS), rng.randrange(0, 3), down, rng.random() < 0.5) for seat in dark
    ]


def _payload(rng: random.Random, number: int) -> str:
    if rng.random() < 0.1:
        return f'{{"from":{rng.randint(1, 5)},"note":{number}}}'
    return f'{{"note":{number}}}'


def _items(rng: random.Random, honest: list[int], until_ms: int) -> tuple[tuple[int, int, str], ...]:
    count = rng.randint(1, 3 * len(honest))
    rows = [(rng.randrange(0, until_ms), rng.choice(honest), _payload(rng, number)) for number in range(count)]
    return tuple(sorted(rows))


def _startable(plan: Schedule) -> Schedule:
    """Let one honest seat's items wait for no later height: where everybody's do, nothing is ever due.

    Only a lazy schedule asks for that: in an eager one heights are decided without items.
    """
    waiting = {seat for _, seat, payload in plan.items if json.loads(payload).get("from", 1) > 1}
    if plan.eager or len(waiting) < len(plan.honest()):
        return plan
    free = min(waiting)
    return replace(
        plan, items=tuple((at, seat, _at_once(text) if seat == free else text) for at, seat, text in plan.items)
    )


def _at_once(payload: str) -> str:
    return f'{{"note":{json.loads(payload)["note"]}}}'


def draw(
    seed: int,
    n: int | None = None,
    liars: int | None = None,
    tricks: tuple[str, ...] | None = None,
    beyond: bool = False,
    rough: bool | None = None,
    stage: str | None = None,
) -> Schedule:
    """Draw the schedule of `seed`; the named arguments pin what the seed would have chosen.

    A few seeds, unless something is pinned, mean a staged schedule (`STAGES`); `stage` asks for one.
    """
    if (n, liars, tricks, rough, stage) == (None,) * 5 and not beyond:
        stage = _stage(seed)
    if stage is not None:
        return STAGES[stage](seed)
    rng = random.Random(seed)
    n = _size(rng) if n is None else n
    count = _liar_count(rng, n) if liars is None else liars
    lying = frozenset(rng.sample(range(n), count))
    while True:
        tables = _draw_tables(rng, n, lying, beyond)
        if tables is not None:
            break
        lying = frozenset(sorted(lying)[:-1])
    honest = [seat for seat in range(n) if seat not in lying]
    weather = rng.random() < 0.75 if rough is None else rough
    heal_ms = rng.choice((1500, 4000, 8000, 15000)) if weather else 1
    menu = TRICKS + STRONG if tricks is None else tricks
    hands = tuple((seat, _hand(rng, menu)) for seat in sorted(lying))
    dark = 0.7 if any("vanish" in tricks for _, tricks in hands) else 0.15
    plan = Schedule(
        seed=seed,
        n=n,
        liars=hands,
        tables=tables,
        heights=rng.choice((2, 3, 3, 4, 5)),
        loss=rng.choice((0.0, 0.02, 0.1, 0.2, 0.3)) if weather else 0.0,
        twice=rng.choice((0.0, 0.0, 0.05, 0.2)) if weather else 0.0,
        latency_ms=rng.choice((5, 20, 60, 120)),
        jitter_ms=rng.choice((0, 50, 300, 1500)) if weather else 0,
        heal_ms=heal_ms,
        splits=_splits(rng, n, heal_ms) if weather and rng.random() < 0.6 else (),
        crashes=_crashes(rng, honest, heal_ms, dark) if weather else (),
        skews=tuple(rng.uniform(0.7, 1.4) for _ in range(n)),
        offsets_ms=tuple(rng.randrange(-1500, 1500) for _ in range(n)),
        eager=rng.random() < 0.7,
        items=_items(rng, honest, heal_ms + 1000),
        timeout_ms=rng.choice((500, 1000, 1000, 2000)),
        rebroadcast_ms=rng.choice((300, 500, 900)),
        grace_ms=rng.choice((20, 50, 150)),
        recent_entries=rng.choice((1, 2, 16)),
        live=all(live_without(powers, lying) for powers in tables),
    )
    return _startable(plan)


def _draw_tables(rng: random.Random, n: int, lying: frozenset[int], beyond: bool) -> tuple[Powers, ...] | None:
    """Draw tables, or say None when these liars can hardly be kept within the bound."""
    tables: list[Powers] = []
    wanted = rng.choice((1, 2, 3, 4))
    for _ in range(60):
        powers = _powers(rng, n, lying)
        if beyond or within_bound(powers, lying):
            tables.append(powers)
        if len(tables) == wanted:
            return tuple(tables)
    return tuple(tables) or None


def _hand(rng: random.Random, menu: tuple[str, ...]) -> tuple[str, ...]:
    """Draw one to three tricks; a seat that does too many things at once convicts itself before it does harm."""
    if set(TRICKS) <= set(menu) and rng.random() < 0.15:
        return rng.choice(HANDS)
    count = min(len(menu), rng.choice((1, 1, 2, 3)))
    return tuple(sorted(set(rng.sample(menu, count))))


STAGED = 0.02
"""Share of the seeds that mean each of the stages."""


def _stage(seed: int) -> str | None:
    place = int(random.Random(f"stage {seed}").random() / STAGED)
    return DRAWN[place] if place < len(DRAWN) else None


def _staged(
    seed: int, rng: random.Random, powers: Powers, hands: dict[int, str], sides: tuple[int, ...], heal_ms: int
) -> Schedule:
    """Return a schedule whose only weather is one partition of the honest, from the start until it heals."""
    n, lying = len(powers), frozenset(hands)
    return Schedule(
        seed=seed,
        n=n,
        liars=tuple((seat, (hands[seat],)) for seat in sorted(hands)),
        tables=(powers,),
        heights=2,
        loss=0.0,
        twice=0.0,
        latency_ms=rng.choice((5, 20)),
        jitter_ms=0,
        heal_ms=heal_ms,
        splits=(Split(0, heal_ms, sides),),
        crashes=(),
        skews=tuple(rng.uniform(0.7, 1.4) for _ in range(n)),
        offsets_ms=tuple(rng.randrange(-1500, 1500) for _ in range(n)),
        eager=True,
        items=(),
        timeout_ms=500,
        rebroadcast_ms=rng.choice((300, 500)),
        grace_ms=20,
        recent_entries=16,
        bridged=True,
        live=live_without(powers, lying),
    )


def _courier(seed: int) -> Schedule:
    """Every honest seat alone with one liar, which carries the nullification of each round to all but one of them.

    When the partition heals, each lacks another one, so nobody can lead before they have told each other.
    """
    rng = random.Random(f"courier {seed}")
    n = rng.choice((4, 5, 6))
    powers = tuple(rng.randint(900, 1000) for _ in range(n))
    return _staged(seed, rng, powers, {rng.randrange(n): "courier"}, tuple(range(n)), 20_000)


def _schism(seed: int) -> Schedule:
    """Two halves of the honest, and liars who take part in both: heavy ones, or light ones in numbers.

    They are within the bound by count, or by weight; with either alone as the quorum, both halves would decide.
    """
    rng = random.Random(f"schism {seed}")
    n, count, mine, theirs = rng.choice(
        ((7, 2, 1000, 500), (8, 2, 1000, 500), (10, 3, 1000, 500), (7, 3, 500, 1000), (10, 4, 500, 1000))
    )
    lying = rng.sample(range(n), count)
    honest = [seat for seat in range(n) if seat not in lying]
    rng.shuffle(honest)
    sides = tuple(int(seat in honest[: len(honest) // 2]) for seat in range(n))
    powers = tuple(mine if seat in lying else theirs for seat in range(n))
    return _staged(seed, rng, powers, dict.fromkeys(lying, "schism"), sides, 15_000)


def _rift(seed: int) -> Schedule:
    """A schism beyond the bound: two liars of six, and both halves decide height after height until they meet."""
    rng = random.Random(f"rift {seed}")
    order = rng.sample(range(6), 6)
    sides = tuple(int(seat in order[2:4]) for seat in range(6))
    plan = _staged(seed, rng, (1000,) * 6, dict.fromkeys(order[:2], "schism"), sides, rng.choice((800, 1500, 2500)))
    return replace(plan, heights=30, latency_ms=rng.choice((20, 60)))


STAGES: dict[str, Callable[[int], Schedule]] = {"courier": _courier, "schism": _schism, "rift": _rift}
"""Schedules that are built rather than drawn, because weather alone would hardly ever make them."""
DRAWN = ("courier", "schism")
"""Those within the bound, which a seed may mean by itself."""

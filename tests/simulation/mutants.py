"""Protocols that are wrong in one place each: if a campaign does not notice, the adversary is too weak.

A mutant replaces one function of the core while it is hunted. `hunt` plays schedules until a law breaks.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from quorate.consensus import (
    bodies,
    catchup,
    certificate,
    desk,
    height,
    judging,
    leading,
    proposing,
    refuting,
    replica,
    rounds,
)
from quorate.consensus import table as tables
from quorate.consensus.effects import Persist
from quorate.consensus.wal import RecordKind
from quorate.domain.deciding import Committee, Kind, pack_ext
from quorate.domain.errors import CommitteeMismatch
from tests.simulation.play import Outcome, play
from tests.simulation.schedule import draw

Patch = tuple[object, str, object]

Machine = height.HeightMachine
Table = tables.Table


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong protocol."""

    patches: tuple[Patch, ...]
    pin: dict[str, object] = field(default_factory=dict)
    """What every schedule of the hunt has in common."""
    laws: frozenset[str] | None = None
    """The only laws whose breach counts as noticing; None for all."""
    beyond: bool = False
    """Hunted with two colluders of six: a fork that convicts nobody is the kill."""


@dataclass(frozen=True, slots=True)
class Kill:
    """The schedule, counted from one, and the law that broke."""

    schedule: int
    by: str


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    """Let a mutant live."""
    before = [(thing, name, vars(thing)[name]) for thing, name, _ in mutant.patches]
    for thing, name, new in mutant.patches:
        setattr(thing, name, new)
    try:
        yield
    finally:
        for thing, name, old in before:
            setattr(thing, name, old)


def _quorum(rule: Callable[[int, int, int, int], bool]) -> tuple[Patch, ...]:
    return (rounds, "is_quorum", rule), (certificate, "is_quorum", rule)


def _minus_one(members: int, active: int, power: int, total: int) -> bool:
    return 3 * (members + 1) >= 2 * active and 3 * power * active >= 2 * total * (active - 1)


def _floor(members: int, active: int, power: int, total: int) -> bool:
    return members >= 2 * active // 3


def _weights_only(members: int, active: int, power: int, total: int) -> bool:
    return total > 0 and 3 * power >= 2 * total


def _count_only(members: int, active: int, power: int, total: int) -> bool:
    return active > 0 and 3 * members >= 2 * active


def _majority(members: int, active: int, power: int, total: int) -> bool:
    return 2 * members > active and 2 * power > total


def _stale_weights() -> tuple[Patch, ...]:
    plain = Table.__init__

    def begin(self: Table, desk_: object, application: object, pool: object, head: object, before: object) -> None:
        plain(self, desk_, application, pool, head, before)
        if head is not None:
            old = zip(self.committee.seats, head.committee.powers, strict=True)
            seats = tuple(seat.model_copy(update={"power": power}) for seat, power in old)
            self.committee = Committee(height=self.committee.height, seats=seats, priorities=self.committee.priorities)

    return ((Table, "__init__", begin),)


def _no_justification() -> tuple[Patch, ...]:
    plain = judging.justified
    return ((judging, "justified", lambda table, vote: vote.parent == -1 or plain(table, vote)),)


def _forgetting(method: str, kind: Kind) -> tuple[Patch, ...]:
    """Let a method of the height machine overlook my own vote of one kind."""
    plain = getattr(Machine, method)

    def careless(self: Machine, round_: rounds.Round, *rest: object) -> None:
        mine = round_.mine.pop(kind, None)
        try:
            plain(self, round_, *rest)
        finally:
            if mine is not None:
                round_.mine[kind] = mine

    return ((Machine, method, careless),)


def _nullify_the_last_too() -> tuple[Patch, ...]:
    plain = Machine.on_timeout

    def on_timeout(self: Machine, now_ms: int) -> None:
        plain(self, now_ms)
        last = self.table.rounds.get(self.table.round - 1)
        if self.decided is None and last is not None and Kind.NULLIFY not in last.mine and self.table.power:
            self._cast(last, self.table.sign(Kind.NULLIFY, last.number, None))

    return ((Machine, "on_timeout", on_timeout),)


def _double_notarize() -> tuple[Patch, ...]:
    plain = Machine._evaluate
    done: set[tuple[int, int, str]] = set()

    def evaluate(self: Machine) -> None:
        plain(self)
        round_ = self.table.rounds.get(self.table.round)
        if round_ is None or Kind.NOTARIZE not in round_.mine or self.decided is not None:
            return
        for proposal in list(round_.proposals):
            place = (id(self), round_.number, proposal.block.digest)
            if proposal.block.digest != round_.mine[Kind.NOTARIZE].value and place not in done:
                done.add(place)
                self._vote_on(round_, proposal)

    return ((Machine, "_evaluate", evaluate),)


def _wal_without(*kinds: RecordKind) -> tuple[Patch, ...]:
    plain = desk.Desk.persist

    def persist(self: desk.Desk, kind: RecordKind, body: bytes, *, fresh: bool = False) -> None:
        if kind not in kinds:
            plain(self, kind, body, fresh=fresh)

    return ((desk.Desk, "persist", persist),)


def _wal_after_send() -> tuple[Patch, ...]:
    plain = desk.Desk.flush

    def flush(self: desk.Desk) -> list[object]:
        effects = plain(self)
        late = [effect for effect in effects if isinstance(effect, Persist)]
        return [effect for effect in effects if not isinstance(effect, Persist)] + late

    return ((desk.Desk, "flush", flush),)


def _loose_evidence() -> tuple[Patch, ...]:
    plain = Table.accuse

    def accuse(self: Table, vote: object) -> None:
        plain(self, vote)
        votes = self.at(vote.round).votes
        first, second = (votes.get((kind, vote.seat)) for kind in (Kind.NOTARIZE, Kind.NULLIFY))
        if first is not None and second is not None:
            self.desk.convict(tables.Evidence(vote.seat, first, second), self.height)

    return ((Table, "accuse", accuse),)


def _forward_only() -> tuple[Patch, ...]:
    plain = Machine.on_proposal

    def on_proposal(self: Machine, proposal: object, now_ms: int) -> None:
        plain(self, replace(proposal, justification=()), now_ms)

    return ((Machine, "on_proposal", on_proposal),)


def _parked_dropped() -> tuple[Patch, ...]:
    plain = Machine._vote_on

    def vote_on(self: Machine, round_: rounds.Round, proposal: object) -> None:
        plain(self, round_, proposal)
        value = proposal.block.digest
        if Kind.NOTARIZE not in round_.mine and value not in round_.refused:
            round_.refused[value] = "parked"

    return ((Machine, "_vote_on", vote_on),)


def _quiet_rebroadcast(self: replica.Replica, *_: object) -> None:
    self._desk.out.append(replica.SetTimer("rebroadcast", self._settings.rebroadcast_ms))


def _powerless_admitted(self: Table, vote: object) -> None:
    if vote.height != self.height or vote.seat >= len(self.committee.powers):
        raise CommitteeMismatch("no such seat")


def _backwards_allowed() -> tuple[Patch, ...]:
    plain = proposing.misfit

    def misfit(application: object, block: object, head: object) -> str | None:
        wrong = plain(application, block, head)
        return None if wrong is not None and wrong.startswith("its time") else wrong

    return (judging, "misfit", misfit), (proposing, "misfit", misfit)


def _future_allowed() -> tuple[Patch, ...]:
    plain = judging._wrong_at_first_sight

    def wrong(table: Table, block: object) -> str | None:
        now, table.now_ms = table.now_ms, table.now_ms + 10_000_000
        try:
            return plain(table, block)
        finally:
            table.now_ms = now

    return ((judging, "_wrong_at_first_sight", wrong),)


def _provable_anyway() -> tuple[Patch, ...]:
    plain = judging._wrong_at_first_sight

    def wrong(table: Table, block: object) -> object:
        found = plain(table, block)
        return None if found is None else replace(found, provable=True)

    return ((judging, "_wrong_at_first_sight", wrong),)


def _any_vote(vote: object, block: object) -> bool:
    return vote.kind in {Kind.PROPOSE, Kind.NOTARIZE}


def _forgotten_proposal() -> tuple[Patch, ...]:
    plain = Machine.restore_proposal

    def restore(self: Machine, proposal: object, sent: bytes) -> None:
        plain(self, proposal, sent)
        self.table.at(proposal.vote.round).sent = None

    return ((Machine, "restore_proposal", restore),)


def _set_order() -> tuple[Patch, ...]:
    plain = Table.certificates_for

    def certificates_for(self: Table, status: object) -> list[object]:
        held = {str(cert.votes): cert for cert in plain(self, status)}
        return [held[name] for name in set(held)]

    return ((Table, "certificates_for", certificates_for),)


def _yes(*_: object, **__: object) -> bool:
    return True


def _nothing(*_: object, **__: object) -> None:
    return None


def _empty(*_: object, **__: object) -> list[object]:
    return []


FORK = frozenset({"agreement"})
"""Nothing but a fork counts: the audit of certificates would notice a wrong quorum at once."""

GONE: dict[str, object] = {"n": 6, "liars": 1, "tricks": ("echo", "selective", "vanish")}
"""A liar whose vote others need, and who is never heard again after a blackout."""

UNJUSTIFIED: dict[str, object] = {"n": 6, "liars": 1, "tricks": ("unjustified",)}
"""A liar that does nothing but propose anew what others may have decided: freely drawn, it has its hands full."""

MUTANTS: dict[str, Callable[[], Mutant]] = {
    "quorum_minus_one": lambda: Mutant(_quorum(_minus_one)),
    "majority": lambda: Mutant(_quorum(_majority)),
    "floor_of_two_thirds_n4": lambda: Mutant(_quorum(_floor), {"n": 4, "liars": 1}, FORK),
    "floor_of_two_thirds_n5": lambda: Mutant(_quorum(_floor), {"n": 5, "liars": 1}, FORK),
    "floor_of_two_thirds_n7": lambda: Mutant(_quorum(_floor), {"n": 7, "liars": 2}, FORK),
    "majority_forks": lambda: Mutant(_quorum(_majority), laws=FORK),
    "weights_only": lambda: Mutant(_quorum(_weights_only)),
    "weights_only_forks": lambda: Mutant(_quorum(_weights_only), laws=FORK),
    "count_only": lambda: Mutant(_quorum(_count_only)),
    "count_only_forks": lambda: Mutant(_quorum(_count_only), laws=FORK),
    "weights_of_the_height_before": lambda: Mutant(_stale_weights()),
    "jailed_seats_vote": lambda: Mutant(((Table, "admit", _powerless_admitted), (certificate, "_quorate", _nothing))),
    "no_justification": lambda: Mutant(_no_justification(), UNJUSTIFIED),
    "finalize_after_nullify": lambda: Mutant(_forgetting("_finalize", Kind.NULLIFY)),
    "nullify_after_finalize": lambda: Mutant(_nullify_the_last_too()),
    "double_notarize": lambda: Mutant(_double_notarize()),
    "no_wal": lambda: Mutant(((replica.Replica, "restore", _nothing),)),
    "wal_written_after_send": lambda: Mutant(_wal_after_send()),
    "votes_not_in_wal": lambda: Mutant(_wal_without(RecordKind.VOTE)),
    "proposals_not_in_wal": lambda: Mutant(_wal_without(RecordKind.PROPOSE)),
    "certificates_not_in_wal": lambda: Mutant(_wal_without(RecordKind.CERTIFICATES), GONE),
    "blocks_not_in_wal": lambda: Mutant(_wal_without(RecordKind.BLOCK)),
    "items_not_in_wal": lambda: Mutant(_wal_without(RecordKind.ITEM, RecordKind.HEIGHT)),
    "restored_proposal_forgotten": lambda: Mutant(_forgotten_proposal()),
    "vote_signature_unchecked": lambda: Mutant(((desk.Desk, "signed_vote", _yes),)),
    "item_signature_unchecked": lambda: Mutant(((desk.Desk, "signed_item", _yes),)),
    "certificate_unchecked": lambda: Mutant(
        ((height, "verify_certificate", _nothing), (judging, "verify_certificate", _nothing))
    ),
    "certificate_quorum_unchecked": lambda: Mutant(((certificate, "_quorate", _nothing),)),
    "previous_certificate_unchecked": lambda: Mutant(((judging, "_wrong_previous", _nothing),)),
    "evidence_too_loose": lambda: Mutant(_loose_evidence()),
    "evidence_never_filed": lambda: Mutant(((desk.Desk, "convict", _nothing),), beyond=True),
    "branches_pass_in_silence": lambda: Mutant(((judging, "meet", _nothing),), {"stage": "rift"}, beyond=True),
    "clocks_charged": lambda: Mutant(_provable_anyway()),
    "any_vote_charged": lambda: Mutant(((refuting, "vouches", _any_vote),)),
    "inclusion_rule_off": lambda: Mutant(
        ((proposing, "first_lacking", _nothing), (leading, "first_lacking", _nothing))
    ),
    "empty_reports": lambda: Mutant(((height, "pack_ext", lambda held: pack_ext([0] * len(held))),)),
    "reports_ignored": lambda: Mutant(
        (
            (proposing, "owed", lambda cert, committee, sequences: tuple(sequences)),
            (leading, "owed", lambda cert, committee, sequences: tuple(sequences)),
        )
    ),
    "judge_skipped": lambda: Mutant(((proposing.Judge, "__call__", _nothing),)),
    "results_not_executed": lambda: Mutant(((proposing, "same", _yes), (judging, "same", _yes))),
    "order_of_items_unchecked": lambda: Mutant(((proposing, "disorder", _nothing),)),
    "parent_unchecked": lambda: Mutant(((proposing, "misfit", _nothing), (judging, "misfit", _nothing))),
    "time_runs_backwards": lambda: Mutant(_backwards_allowed()),
    "time_from_the_future": lambda: Mutant(_future_allowed()),
    "rounds_never_time_out": lambda: Mutant(((Machine, "on_timeout", _nothing),)),
    "never_rebroadcast": lambda: Mutant(((replica.Replica, "_rebroadcast", _quiet_rebroadcast),)),
    "parked_proposals_dropped": lambda: Mutant(_parked_dropped()),
    "certificates_in_proposals_ignored": lambda: Mutant(_forward_only()),
    "status_never_answered": lambda: Mutant(((Table, "certificates_for", _empty),)),
    "no_catching_up": lambda: Mutant(((catchup.Archive, "serve", _nothing),)),
    "missing_bodies_never_fetched": lambda: Mutant(((bodies.Bodies, "_send", _nothing),)),
    "next_height_not_buffered": lambda: Mutant(((replica.Replica, "_buffer", _nothing),)),
    "sets_iterated": lambda: Mutant(_set_order()),
}
"""Every mutant by name; built when hunted, for each wraps the core as it stands."""


def names() -> list[str]:
    """Return every mutant's name."""
    return list(MUTANTS)


def pinned(name: str) -> str:
    """Say in words what every schedule of a mutant's hunt has in common, nothing if they are drawn freely."""
    mutant = MUTANTS[name]()
    pin = ({"n": 6, "liars": 2, "beyond": True} if mutant.beyond else {}) | mutant.pin
    if mutant.laws is not None:
        pin["laws"] = "+".join(sorted(mutant.laws))
    return f" [{', '.join(f'{key}={value}' for key, value in pin.items())}]" if pin else ""


def hunt(name: str, seed: int, schedules: int) -> Kill | None:
    """Play until the mutant is noticed; None if it survives."""
    if name == "sets_iterated":
        return _hunt_order(seed, schedules)
    mutant = MUTANTS[name]()
    with alive(mutant):
        for number in range(schedules):
            outcome = _play(mutant, seed + number)
            if outcome.law is not None:
                return Kill(number + 1, f"{outcome.law}: {outcome.detail}")
            if mutant.beyond and outcome.forks and 3 * len(outcome.convicted) < 6:
                return Kill(number + 1, "a fork that convicts nobody")
    return None


def _play(mutant: Mutant, seed: int) -> Outcome:
    if mutant.beyond:
        pin = {"n": 6, "liars": 2, "tricks": ("echo", "two_proposals"), "beyond": True} | mutant.pin
        return play(draw(seed, **pin), forks=True)
    return play(draw(seed, **mutant.pin), laws=mutant.laws)


def _hunt_order(seed: int, schedules: int) -> Kill | None:
    """Play the same seeds under two hash seeds and compare traces."""
    step = 50
    for start in range(0, schedules, step):
        first, second = (_digests(seed + start, step, hash_seed) for hash_seed in ("1", "2"))
        for place, (left, right) in enumerate(zip(first, second, strict=True)):
            if left != right:
                return Kill(start + place + 1, "two hash seeds give two traces")
    return None


def _digests(seed: int, count: int, hash_seed: str) -> list[str]:
    command = [sys.executable, "-m", "tests.simulation.mutants", "sets_iterated", str(seed), str(count)]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


def _print_digests(name: str, seed: int, count: int) -> None:
    with alive(MUTANTS[name]()):
        for number in range(count):
            sys.stdout.write(play(draw(seed + number), digest=True).digest + "\n")


if __name__ == "__main__":
    _print_digests(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

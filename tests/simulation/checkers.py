"""What must hold whatever the weather and the liars: judged from the wire and the ledgers, apart from the core's code.

Quorum arithmetic, signed bytes, certificates, inclusion and evidence are written again here (and in `wire.py`), so that
a fault of the core cannot hide in its own helper. Each check raises `Violation` with the name of the law it guards.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quorate.domain.deciding import Block, Item
from tests.simulation import wire
from tests.simulation.register import Register
from tests.simulation.schedule import Powers, Schedule, quorum
from tests.simulation.wire import Ballot

ITEMS_PER_SENDER_MAX = 64
"""Items of one sender that a block may carry."""
DRIFT_MAX_S = 5
"""How far a block's time may run ahead of a voter's clock."""
BLOCK_ITEM_BYTES = 600_000
ITEM_COST = 256
"""A sender's items in a block may cost its share of the first; each costs its payload and the second."""


ROUNDS_AHEAD = 64
"""Votes of rounds further ahead may be dropped."""


@dataclass(frozen=True)
class Body:
    """A block and its items, decided or not."""

    block: Block
    items: tuple[Item, ...]


class Violation(Exception):
    """A law was broken; `law` names it."""

    def __init__(self, law: str, detail: str) -> None:
        """Keep the law beside the sentence."""
        super().__init__(f"{law}: {detail}")
        self.law = law
        self.detail = detail


def incompatible(first: Ballot, second: Ballot) -> bool:
    """Say whether one seat may never sign both (protocol 1.5; decided 14)."""
    if (first.seat, first.height, first.round) != (second.seat, second.height, second.round):
        return False
    kinds = {first.kind, second.kind}
    if kinds == {"finalize", "nullify"}:
        return True
    if len(kinds) != 1 or first.kind == "nullify":
        return False
    return (first.value, first.extra) != (second.value, second.extra)


class Checkers:
    """One schedule's judge."""

    def __init__(
        self,
        plan: Schedule,
        keys: object,
        public: list[bytes],
        forks_allowed: bool = False,
        latest_ms: Callable[[], int] | None = None,
        laws: frozenset[str] | None = None,
    ) -> None:
        """Watch a schedule from its beginning.

        Args:
            plan: the schedule.
            keys: checks signatures.
            public: the seats' keys.
            forks_allowed: count forks instead of stopping at the first.
            latest_ms: tells what the fastest honest clock shows.
            laws: the only laws that count; None for all.
        """
        self._laws = laws
        self._latest_ms = latest_ms
        self.plan = plan
        self.lying = plan.liar_seats()
        self.honest = plan.honest()
        self.convicted_by: dict[int, set[int]] = defaultdict(set)
        """Convicted seat to the honest seats that hold evidence."""
        self.refuted_by: dict[int, set[int]] = defaultdict(set)
        """Seat to the honest seats that hold its vote for a false block."""
        self.forks = 0
        self.heights = 0
        self._keys = keys
        self._public = public
        self._forks_allowed = forks_allowed
        self._blocks: dict[int, str] = {}
        self._states: dict[tuple[int, str], str] = {}
        self._audited: set[tuple[int, str, bytes]] = set()
        self._powers: dict[str, Powers] = {}
        self._ballots: dict[tuple[int, str, int, int], Ballot] = {}
        self._held: dict[int, dict[int, set[int]]] = {seat: defaultdict(set) for seat in range(plan.n)}
        self._floors: dict[int, list[int]] = {}
        self._proposals: set[bytes] = set()
        """What honest leaders sent."""
        self._crashed_at: dict[int, int] = {}
        self._bases: dict[int, Sequence[int]] = {}
        """Per height, the item numbers that blocks below have included."""
        self._items: dict[tuple[int, int], dict[str, object]] = defaultdict(dict)
        self._evidence_seen: set[bytes] = set()
        self._hindered = False
        """Whether a round may have passed without anybody's fault, on a calm day too."""

    def _broken(self, law: str, detail: str) -> None:
        if self._laws is None or law in self._laws:
            raise Violation(law, detail)

    # -- what honest seats put on the wire ---------------------------------------------------------------------------

    def sent(self, seat: int, data: bytes) -> None:
        """An honest seat never signs two incompatible votes, whatever it forgot in between."""
        ballot = wire.ballot(data)
        if ballot is None:
            item = wire.item(data)
            if item is not None and item.sender == seat:
                self._one_story(wire.item_ballot(item))
                self.heard(seat, data)
            return
        if ballot.seat != seat:
            return
        new = self._one_story(ballot)
        if ballot.kind == "propose":
            self._proposals.add(data)
        if ballot.kind == "finalize" and new:  # said again later, it still reports what was held when it was signed
            self._own_items_reported(ballot)

    def _one_story(self, ballot: Ballot) -> bool:
        """Hold a statement against what its seat said before; say whether it is new."""
        group = "end" if ballot.kind in ("finalize", "nullify") else ballot.kind
        place = (ballot.seat, group, ballot.height, ballot.round)
        before = self._ballots.setdefault(place, ballot)
        if before is not ballot and incompatible(before, ballot):
            self._broken("one story", f"honest seat {ballot.seat} signed {before} and {ballot}")
        return before is ballot

    def _own_items_reported(self, ballot: Ballot) -> None:
        bases = self._bases.get(ballot.height, [0] * self.plan.n)
        holds = [
            min(pair[0], pair[1] + ITEMS_PER_SENDER_MAX) for pair in zip(self.holdings(ballot.seat), bases, strict=True)
        ]
        if self._crashed_at.get(ballot.seat) == ballot.height:
            holds = [min(pair) for pair in zip(holds, ballot.ext, strict=True)]
        if any(said < held for said, held in zip(ballot.ext, holds, strict=True)):
            self._broken(
                "honest report",
                f"seat {ballot.seat} reports {ballot.ext} at height {ballot.height} but holds {holds}",
            )
        floor = self._floors.setdefault(ballot.height, holds)
        self._floors[ballot.height] = [min(pair) for pair in zip(floor, holds, strict=True)]

    def missed(self) -> None:
        """A message reached a seat that had not started: lost, and not said again before a round may have passed."""
        self._hindered = self._hindered or not self.plan.repeats_in_time()

    def heard(self, seat: int, data: bytes) -> None:
        """Note an item that reached an honest seat from its honest sender."""
        item = wire.item(data)
        if item is None or item.sender in self.lying or item.sender >= self.plan.n:
            return
        if self._keys.valid(self._public[item.sender], wire.item_signed_bytes(item), item.signature):
            self._held[seat][item.sender].add(item.seq)

    def forgot(self, seat: int, height: int) -> None:
        """A seat crashed: what it held in memory is gone, and what it signed before may be sent only now."""
        self._crashed_at[seat] = height
        self._held[seat] = defaultdict(set)

    def holdings(self, seat: int) -> list[int]:
        """Return, per sender, the highest seq up to which `seat` surely holds everything."""
        tops = []
        for sender in range(self.plan.n):
            seqs, top = self._held[seat].get(sender, ()), 0
            while top + 1 in seqs:
                top += 1
            tops.append(top)
        return tops

    def on_wire(self, data: bytes, source: int) -> None:
        """Catalogue every item that anybody sends, all versions."""
        item = wire.item(data)
        if item is not None:
            self._items[item.sender, item.seq][wire.item_digest(item)] = item

    # -- decisions ---------------------------------------------------------------------------------------------------

    def decided(self, seat: int, entry: object, before: Register, after: Register) -> None:
        """Agreement, validity, inclusion, audit, equal digests."""
        value = wire.block_digest(entry.block)
        height = before.height
        known = self._blocks.setdefault(height, value)
        if known != value:
            self.forks += 1
            if not self._forks_allowed:
                self._broken("agreement", f"height {height}: {known[:12]} and {value[:12]}")
        proof = (height, value, wire.certificate_bytes(entry.certificate))
        if proof not in self._audited:
            self._audited.add(proof)
            self._audit(before, value, entry.certificate)
            self._validity(before, entry)
        self._promptness(height, value, entry.certificate.round)
        self._bases.setdefault(after.height, after.sequences)
        state = self._states.setdefault((height, value), after.state)
        if state != after.state:
            self._broken("equal digests", f"height {height} left {state[:12]} and {after.state[:12]}")
        self.heights = max(self.heights, height)

    def _promptness(self, height: int, value: str, round_no: int) -> None:
        """On a calm day the first round decides; its block may be decided in the next if votes outlast the grace."""
        if not self.plan.prompt() or self._hindered or round_no == 0:
            return
        firsts = {self._ballots.get((seat, "propose", height, 0)) for seat in self.honest}
        first = any(ballot is not None and ballot.value == value for ballot in firsts)
        if not first or self.plan.grace_outlasts_votes():
            self._broken("promptness", f"height {height} took round {round_no} on a calm day")

    def _audit(self, before: Register, value: str, certificate: object) -> None:
        """The certificate holds a joint quorum of valid FINALIZE signatures of this height's seats."""
        fault = self.certificate_fault(certificate, "finalize", before.height, value, before.powers())
        if fault:
            self._broken("audit", f"height {before.height}: {fault}")

    def certificate_fault(
        self, certificate: object, kind: str, height: int, value: str | None, powers: Powers
    ) -> str | None:
        """Say what is wrong with a certificate, None if nothing."""
        return self.ballots_fault(wire.certificate_ballots(certificate), kind, height, value, powers)

    def ballots_fault(
        self, ballots: list[Ballot], kind: str, height: int, value: str | None, powers: Powers
    ) -> str | None:
        """Say why these ballots are no certificate, None if they are one."""
        seats = [ballot.seat for ballot in ballots]
        if len(set(seats)) != len(seats):
            return f"a seat stands twice in {seats}"
        for ballot in ballots:
            if (ballot.kind, ballot.height, ballot.value) != (kind, height, value):
                return f"{ballot} does not belong to {kind} {height} {value}"
            if not 0 <= ballot.seat < len(powers) or not powers[ballot.seat]:
                return f"seat {ballot.seat} has no vote"
            if not self.signed(ballot):
                return f"the signature of seat {ballot.seat} does not verify"
        active = sum(power > 0 for power in powers)
        weight = sum(powers[seat] for seat in seats)
        if not quorum(len(seats), active, weight, sum(powers)):
            return f"{len(seats)}/{active} seats with weight {weight}/{sum(powers)} are no quorum"
        return None

    def signed(self, ballot: Ballot) -> bool:
        """Say whether the ballot's signature verifies under its seat's key."""
        in_range = 0 <= ballot.seat < len(self._public)
        return in_range and self._keys.valid(self._public[ballot.seat], ballot.signed, ballot.signature)

    def _validity(self, before: Register, entry: object) -> None:
        """Honest re-execution accepts the block."""
        block, items = entry.block, entry.items
        facts = (block.chain, block.height, block.parent)
        if facts != (before.chain, before.height, before.parent):
            self._broken("validity", f"block says {facts}, its place is {before.height} {before.parent[:12]}")
        if block.at_s < before.head_at_s:
            self._broken("validity", f"time runs backwards: {block.at_s} after {before.head_at_s}")
        if self._latest_ms is not None:
            latest = max(before.head_at_s, self._latest_ms() // 1000 + DRIFT_MAX_S)
            if block.at_s > latest:
                self._broken("validity", f"time {block.at_s} lies beyond {latest}, which no honest clock allows")
        self._items_in_order(before, block, items)
        if block.results != before.results(block.at_s, items, block.previous):
            self._broken("validity", f"height {block.height}: results differ from re-execution")
        self._previous(before, block)
        self._inclusion(before, block, items)
        self._powers[wire.block_digest(block)] = before.powers()

    def _items_in_order(self, before: Register, block: object, items: tuple[object, ...]) -> None:
        if tuple(block.items) != tuple(wire.item_digest(item) for item in items):
            self._broken("validity", "the body differs from the digests of the block")
        places = [(item.sender, item.seq) for item in items]
        if places != sorted(set(places)):
            self._broken("validity", f"items out of order: {places}")
        counts = list(before.sequences)
        for item in items:
            counts[item.sender] += 1
            if item.seq != counts[item.sender]:
                self._broken("validity", f"seat {item.sender} skips to item {item.seq}")
            if not self._keys.valid(self._public[item.sender], wire.item_signed_bytes(item), item.signature):
                self._broken("validity", f"item {item.seq} of seat {item.sender} is not signed by it")
            refusal = before.judge(item)
            if refusal is not None:
                self._broken("validity", f"a refused item was decided: {refusal}")
        if any(now - old > ITEMS_PER_SENDER_MAX for now, old in zip(counts, before.sequences, strict=True)):
            self._broken("validity", "more items of one sender than a block may carry")

    def _previous(self, before: Register, block: object) -> None:
        """The block carries a valid FINALIZE certificate of its parent, judged by the parent's weights."""
        if block.height == 1:
            if block.previous is not None:
                self._broken("audit", "the first block carries a certificate")
            return
        if block.previous is None:
            self._broken("audit", f"block {block.height} carries no certificate of its parent")
        powers = self._powers[before.parent]
        fault = self.certificate_fault(block.previous, "finalize", before.height - 1, before.parent, powers)
        if fault:
            self._broken("audit", f"the certificate inside block {block.height}: {fault}")

    def _inclusion(self, before: Register, block: object, items: tuple[object, ...]) -> None:
        if block.previous is None:
            return
        powers = self._powers[before.parent]
        needed = reported(wire.certificate_ballots(block.previous), powers)
        floors = self._floors.get(before.height - 1)
        liars = sum(powers[seat] for seat in self.lying)
        if floors is not None and 3 * liars < sum(powers):
            needed = [max(pair) for pair in zip(needed, floors, strict=True)]
        for sender, upto in enumerate(needed):
            self._not_censored(before, sender, upto, items)

    def _not_censored(self, before: Register, sender: int, upto: int, items: tuple[object, ...]) -> None:
        start = before.sequences[sender]
        reached = max([start, *(item.seq for item in items if item.sender == sender)])
        if reached >= min(upto, start + ITEMS_PER_SENDER_MAX):
            return
        versions = self._versions(sender, reached + 1)
        spent = sum(len(item.payload) + ITEM_COST for item in items if item.sender == sender)
        room = BLOCK_ITEM_BYTES // self.plan.n - spent
        if not any(before.judge(item) or len(item.payload) + ITEM_COST > room for item in versions):
            self._broken(
                "inclusion",
                f"block {before.height} stops at item {reached} of seat {sender}, {upto} were reported",
            )

    # -- proposals ---------------------------------------------------------------------------------------------------

    def answered(self, seat: int, data: bytes, before: Register, stood: int, stands: tuple[int, int]) -> None:
        """Whoever hears an honest leader's proposal that proves itself approves it at once (P-11, P-12).

        Only blocks without items, of which nothing is owed, are held to this: nothing can be missing for them.
        """
        if data not in self._proposals or self._forks_allowed:  # beyond the bound two blocks may be notarized
            return
        shown = wire.proposal(data)
        if shown is None or not before.powers()[seat]:
            return
        height, round_no = shown.ballot.height, shown.ballot.round
        if height != before.height or not stood <= round_no <= stood + ROUNDS_AHEAD or stands > (height, round_no):
            return
        if not self._bare(shown.block, before) or not self._justified(shown, before.powers()):
            return
        if (seat, "notarize", height, round_no) not in self._ballots:
            self._broken(
                "approval", f"seat {seat} in round {stands[1]} does not approve {shown.ballot}, whose proof is complete"
            )

    def _bare(self, block: dict[str, object], before: Register) -> bool:
        """Say whether a block follows `before` and neither names items nor owes any."""
        if block["items"] or block["parent"] != before.parent:
            return False
        if block["previous"] is None:
            return True
        powers = self._powers.get(before.parent)
        if powers is None:
            return False
        needed = reported(wire.plain_ballots(block["previous"]), powers)
        return all(upto <= start for upto, start in zip(needed, before.sequences, strict=True))

    def _justified(self, shown: wire.Shown, powers: Powers) -> bool:
        """Say whether a proposal carries every certificate that it rests on."""
        carried = {(c["kind"], c["round"]): wire.plain_ballots(c) for c in shown.certificates}
        height, parent = shown.ballot.height, shown.ballot.extra
        wanted: list[tuple[str, int, str | None]] = [
            ("nullify", number, None) for number in range(parent + 1, shown.ballot.round)
        ]
        if parent >= 0:
            wanted.append(("notarize", parent, shown.ballot.value))
        return all(
            (kind, number) in carried and self.ballots_fault(carried[kind, number], kind, height, value, powers) is None
            for kind, number, value in wanted
        )

    def refuted(self, seat: int, charge: object, before: Register) -> None:
        """What an honest seat calls false is false, and nobody honest voted for it (P-23).

        One exception: a block that leaves out an owed item of a seat that signed two payloads under its number. Whoever
        holds the one that may be left out votes for the block in good faith; the ledger waits for both to be shown.
        """
        fault = self._fault(charge.block, before)
        disputed = self._disputed(charge.block, before)
        if fault is None and not disputed:
            self._broken("refuted", f"seat {seat} calls a valid block of height {before.height} false")
        if not charge.votes:
            self._broken("refuted", f"seat {seat} charges nobody")
        excusable = disputed and (fault is None or fault.startswith("inclusion"))
        for ballot in map(wire.vote_ballot, charge.votes):
            place = (ballot.kind, ballot.height, ballot.value, ballot.extra)
            if place not in {(kind, before.height, charge.block.digest, -1) for kind in ("propose", "notarize")}:
                self._broken("refuted", f"{ballot} is no vote for the block that seat {seat} calls false")
            if not self.signed(ballot):
                self._broken("refuted", f"seat {ballot.seat} did not sign {ballot}")
            if ballot.seat not in self.lying and not excusable:
                self._broken("framed", f"honest seat {ballot.seat} voted for a block called false: {fault}")
            self.refuted_by[ballot.seat].add(seat)

    def _disputed(self, block: object, before: Register) -> bool:
        """Say whether a block stops before an item of which its sender, a liar, signed two payloads."""
        items = [self._seen(digest) for digest in block.items]
        for sender in self.lying:
            reached = max([before.sequences[sender], *(i.seq for i in items if i is not None and i.sender == sender)])
            if len({item.payload for item in self._versions(sender, reached + 1)}) > 1:
                return True
        return False

    def _versions(self, sender: int, seq: int) -> list[object]:
        """Return what a seat signed under a number; what others made of it on the way excuses nobody."""
        public = self._public[sender]
        seen = self._items.get((sender, seq), {}).values()
        return [item for item in seen if self._keys.valid(public, wire.item_signed_bytes(item), item.signature)]

    def _seen(self, digest: str) -> object | None:
        return next((versions[digest] for versions in self._items.values() if digest in versions), None)

    def _fault(self, block: object, before: Register) -> str | None:
        """Return what is wrong with a block, whatever laws count in this run; None if it is valid."""
        items = [self._seen(digest) for digest in block.items]
        if None in items:
            return "an item of it was never seen"
        entry = Body(block, tuple(items))
        laws, latest = self._laws, self._latest_ms
        self._laws = self._latest_ms = None
        try:
            self._validity(before, entry)
        except Violation as violation:
            return str(violation)
        finally:
            self._laws, self._latest_ms = laws, latest
        return None

    # -- evidence ----------------------------------------------------------------------------------------------------

    def convicted(self, seat: int, evidence: object) -> None:
        """Every conviction is two incompatible signatures of one lying seat."""
        first, second = wire.evidence_pair(evidence)
        mark = first.signature + second.signature
        if mark not in self._evidence_seen:
            self._evidence_seen.add(mark)
            if first.seat not in self.lying:
                self._broken("framed", f"honest seat {first.seat} is convicted by {first} and {second}")
            if not incompatible(first, second):
                self._broken("evidence", f"{first} and {second} are no contradiction")
            if not (self.signed(first) and self.signed(second)):
                self._broken("evidence", f"{first} and {second} are not both signed by seat {first.seat}")
        self.convicted_by[first.seat].add(seat)


def reported(ballots: list[Ballot], powers: Powers) -> list[int]:
    """Return, per sender, the highest seq that signers with more than a third of the whole weight report."""
    total = sum(powers)
    needed = []
    for sender in range(len(powers)):
        said = sorted(((ballot.ext[sender], powers[ballot.seat]) for ballot in ballots), reverse=True)
        weight, top = 0, 0
        for seq, power in said:
            weight += power
            if 3 * weight > total:
                top = seq
                break
        needed.append(top)
    return needed

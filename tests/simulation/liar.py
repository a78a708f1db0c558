"""A seat that lies: one or two real replicas with a real key, whose words its tricks bend, add to, or swallow.

Liars live outside the core and set nothing that the core reads. They see every message of the network (the worst case)
and share what they saw. What they do with it is in `adversaries.py`.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from quorate.consensus.leader import Rotation
from quorate.consensus.messages import (
    Proposal,
    decode,
    encode_proposal,
    encode_vote,
)
from quorate.consensus.replica import Replica
from quorate.consensus.signing import sign_vote
from quorate.domain.deciding import Block, Certificate, Item, Kind, Vote, pack_ext
from quorate.domain.errors import LedgerBroken, QuorateError
from tests.simulation import wire
from tests.simulation.core import Broadcast, CancelTimer, Decided, Send, SetTimer, replica_settings
from tests.simulation.network import EPOCH_MS, Network
from tests.simulation.register import CHAIN, Register
from tests.simulation.wire import Ballot

LOG_MAX = 300
Words = list[tuple[bytes, int]]
"""Messages to one target, each with an extra delay in milliseconds."""


class Lore:
    """What the liars of one schedule know together: everything that went over any wire."""

    def __init__(self, rng: random.Random) -> None:
        """Know nothing yet."""
        self.rng = rng
        self.ballots: dict[tuple[int, int], list[Ballot]] = defaultdict(list)
        self.raw: dict[tuple[int, int], list[bytes]] = defaultdict(list)
        self.proposals: dict[int, list[bytes]] = defaultdict(list)
        self.certificates: list[bytes] = []
        self.items: dict[str, bytes] = {}
        self.log: list[bytes] = []
        self._decoded: dict[bytes, object] = {}

    def on_wire(self, data: bytes, ballot: Ballot | None) -> None:
        """Note one message."""
        if len(self.log) < LOG_MAX:
            self.log.append(data)
        elif self.rng.random() < 0.1:
            self.log[self.rng.randrange(LOG_MAX)] = data
        if ballot is not None:
            self.ballots[ballot.height, ballot.round].append(ballot)
            self.raw[ballot.height, ballot.round].append(data)
            if ballot.kind == "propose":
                self.proposals[ballot.height].append(data)
            return
        item = wire.item(data)
        if item is not None:
            self.items[wire.item_digest(item)] = data
        elif len(data) > wire.KIND_AT and data[wire.KIND_AT] == Kind.CERTIFICATES:
            self.certificates.append(data)

    def read(self, data: bytes) -> object | None:
        """Decode once; None if the core's codec refuses it."""
        if data not in self._decoded:
            try:
                self._decoded[data] = decode(CHAIN, data)
            except QuorateError:
                self._decoded[data] = None
        return self._decoded[data]

    def blocks(self, height: int) -> list[Block]:
        """Return every block proposed at a height."""
        found: dict[str, Block] = {}
        for data in self.proposals[height]:
            proposal = self.read(data)
            if isinstance(proposal, Proposal):
                found[proposal.block.digest] = proposal.block
        return list(found.values())

    def bodies(self, block: Block) -> tuple[Item, ...] | None:
        """Return the items of a block, None if one was never seen."""
        found = []
        for digest in block.items:
            data = self.items.get(digest)
            item = None if data is None else self.read(data)
            if not isinstance(item, Item):
                return None
            found.append(item)
        return tuple(found)

    def known_certificates(self, height: int) -> list[Certificate]:
        """Return certificates that travelled, of one height."""
        found = []
        for data in self.certificates[-20:]:
            message = self.read(data)
            if message is not None:
                found += [c for c in message.certificates if c.height == height]
        return found


class Inner:
    """One replica of a liar, with its own timers."""

    def __init__(self, liar: "Liar", name: str) -> None:
        """Make the replica; `name` tells copies apart."""
        self.liar = liar
        self.name = name
        plan = liar.network.plan
        self.replica = Replica(liar.seat, liar.genesis, liar.signer, liar.keys, replica_settings(plan))
        self.stopped = False
        self.timers: dict[str, int] = {}
        self.token = 0

    def ring(self, name: str, token: int) -> None:
        """Take one timer."""
        if self.timers.get(name) == token:
            del self.timers[name]
            self.ask(self.replica.timer, name)

    def ask(self, method: Callable[..., list[object]], *words: object) -> None:
        """Ask the replica; beyond the bound it may meet the branch it helped to make, and stops then."""
        if self.stopped:
            return
        try:
            effects = method(*words, self.clock())
        except LedgerBroken:
            if not self.liar.network.forks:
                raise
            self.stopped = True
        else:
            self.liar.emit(self, effects)

    def clock(self) -> int:
        """Return this copy's time; the second copy's is a second ahead, so that their blocks differ."""
        return self.liar.clock() + (1_000 if self.name == "b" else 0)


class Liar:
    """A seat whose replicas speak through tricks."""

    def __init__(
        self, seat: int, tricks: Sequence[type["Trick"]], network: Network, keys: object, genesis: Register
    ) -> None:
        """Sit down; liars of one network share their lore."""
        self.seat = seat
        self.network = network
        self.keys = keys
        self.signer = keys.signer(seat)
        self.genesis = genesis
        self.rng = random.Random(network.plan.seed * 64 + seat)
        self.previous: Certificate | None = None
        self.gone = False
        if network.lore is None:
            network.lore = Lore(self.rng)
        self.lore = network.lore
        self.inners = [Inner(self, "a")]
        if any(trick.two_copies for trick in tricks):
            self.inners.append(Inner(self, "b"))
        self.sides = [self.rng.randrange(2) for _ in range(network.plan.n)]
        self.tricks = [trick(self) for trick in tricks]
        self._speakers = [trick.speak for trick in self.tricks if type(trick).speak is not Trick.speak]
        self.watchers = [trick.saw for trick in self.tricks if type(trick).saw is not Trick.saw]
        network.taps.append(self.on_wire)

    def clock(self) -> int:
        """Return this seat's time."""
        return self.network.now + EPOCH_MS + self.network.plan.offsets_ms[self.seat]

    def start(self) -> None:
        """Start every copy and every trick with a clock of its own."""
        for inner in self.inners:
            inner.ask(inner.replica.start)
        for trick in self.tricks:
            if trick.period_ms:
                self.network.at(self.network.now + self.rng.randrange(1, trick.period_ms), self._tick, trick, None)

    def _tick(self, trick: "Trick", _: object) -> None:
        trick.tick()
        pause = trick.period_ms // 2 + self.rng.randrange(trick.period_ms)
        self.network.at(self.network.now + pause, self._tick, trick, None)

    def on_wire(self, data: bytes, source: int) -> None:
        """See everything; the first liar keeps the record for all."""
        if self.network.lore_keeper is None:
            self.network.lore_keeper = self.seat
        ballot = None
        if self.network.lore_keeper == self.seat or self.watchers:
            ballot = wire.ballot(data)
        if self.network.lore_keeper == self.seat:
            self.lore.on_wire(data, ballot)
        if self.watchers and ballot is not None and source not in self.network.plan.liar_seats():
            for saw in self.watchers:
                saw(ballot, source)

    def deliver(self, data: bytes, sender: int) -> None:
        """Hand a message to the copies whose side the sender is on."""
        for place, inner in enumerate(self.inners):
            if len(self.inners) == 1 or self.sides[sender] == place:
                inner.ask(inner.replica.receive, data, sender)

    def submit(self, payload: bytes, _: object = None) -> None:
        """Liars number their items themselves."""

    def emit(self, inner: Inner, effects: Iterable[object]) -> None:
        """Carry out what a copy wants, bent by the tricks."""
        for effect in effects:
            kind = type(effect)
            if kind is Broadcast:
                self.say(effect.data, self.audience(inner))
            elif kind is Send:
                self.say(effect.data, [effect.to])
            elif kind is SetTimer:
                inner.token += 1
                inner.timers[effect.name] = inner.token
                self.network.at(self.network.now + max(1, effect.after_ms), inner.ring, effect.name, inner.token)
            elif kind is CancelTimer:
                inner.timers.pop(effect.name, None)
            elif kind is Decided:
                self.previous = effect.entry.certificate

    def audience(self, inner: Inner) -> list[int]:
        """Return whom a copy talks to."""
        others = [seat for seat in range(self.network.plan.n) if seat != self.seat]
        if len(self.inners) == 1:
            return others
        place = self.inners.index(inner)
        return [seat for seat in others if self.sides[seat] == place]

    def say(self, data: bytes, targets: Iterable[int]) -> None:
        """Say something through the tricks."""
        for target in targets:
            words: Words = [(data, 0)]
            for speak in self._speakers:
                words = [spoken for word, delay in words for spoken in speak(target, word, delay)]
            for word, delay in words:
                self.plainly(word, target, delay)

    def plainly(self, data: bytes, target: int, delay: int = 0) -> None:
        """Say something past the tricks."""
        if self.gone:
            return
        if delay:
            self.network.at(self.network.now + delay, self._late, target, data)
        else:
            self.network.send(self.seat, target, data)

    def _late(self, target: int, data: bytes) -> None:
        self.network.send(self.seat, target, data)

    # -- what tricks build with --------------------------------------------------------------------------------------

    @property
    def application(self) -> Register:
        """The state this seat has reached."""
        return self.inners[0].replica.application

    @property
    def round(self) -> int:
        """The round this seat is in."""
        return self.inners[0].replica.round

    def others(self) -> list[int]:
        """Return every other seat."""
        return [seat for seat in range(self.network.plan.n) if seat != self.seat]

    def some(self) -> list[int]:
        """Return everybody, or a random part."""
        others = self.others()
        if self.rng.random() < 0.4:
            return others
        return self.rng.sample(others, self.rng.randint(1, len(others)))

    def vote(self, kind: Kind, height: int, round_no: int, value: str | None, **more: object) -> Vote:
        """Sign a vote."""
        return sign_vote(CHAIN, self.signer, kind, height, round_no, self.seat, value=value, **more)

    def cast(
        self, targets: Iterable[int], kind: Kind, height: int, round_no: int, value: str | None, **more: object
    ) -> None:
        """Sign and say a vote, past the tricks."""
        data = encode_vote(CHAIN, self.vote(kind, height, round_no, value, **more))
        for target in targets:
            self.plainly(data, target)

    def propose(
        self, targets: Iterable[int], block: Block, round_no: int, parent: int, justification: Iterable[Certificate]
    ) -> None:
        """Sign and say a proposal, past the tricks."""
        vote = self.vote(Kind.PROPOSE, block.height, round_no, block.digest, parent=parent)
        data = encode_proposal(CHAIN, Proposal(vote, block, tuple(justification)))
        for target in targets:
            self.plainly(data, target)

    def zeros(self) -> bytes:
        """Return an ext that reports nothing."""
        return pack_ext([0] * self.network.plan.n)

    def new_block(self, shift_s: int = 0) -> Block:
        """Build a block of the present height that differs from others by its time."""
        application, height = self.application, self.application.height
        known = self.lore.blocks(height)
        base = self.rng.choice(known) if known else None
        items = (self.lore.bodies(base) if base else None) or ()
        previous = base.previous if base else self.previous
        at_s = max(application.head_at_s, (self.clock() // 1000) + shift_s)
        return assemble(application, items, previous, at_s)

    def leads(self, round_no: int) -> bool:
        """Say whether this seat leads a round of the present height."""
        return Rotation(self.application.committee).leader(round_no) == self.seat


def assemble(application: Register, items: tuple[Item, ...], previous: Certificate | None, at_s: int) -> Block:
    """Build the block an honest leader would build of these parts."""
    results = application.results(at_s, items, previous)
    digests = tuple(item.digest for item in items)
    return Block(application.chain, application.height, application.parent, at_s, digests, previous, results)


class Trick:
    """One way to lie."""

    period_ms: ClassVar[int] = 0
    """Mean pause between acts, 0 for a trick that only reacts."""
    two_copies: ClassVar[bool] = False
    """Whether the seat runs two replicas."""

    def __init__(self, liar: Liar) -> None:
        """Belong to a liar."""
        self.liar = liar
        self.rng = liar.rng
        self.half = {seat for seat in range(liar.network.plan.n) if liar.rng.random() < 0.5}

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Bend an outgoing message."""
        return [(data, delay)]

    def saw(self, ballot: Ballot, source: int) -> None:
        """React to an honest seat's vote or proposal."""

    def tick(self) -> None:
        """Act by the clock."""

    def mine(self, data: bytes, *kinds: Kind) -> Vote | None:
        """Return my own vote in `data` if it is of these kinds."""
        if len(data) <= wire.KIND_AT or data[wire.KIND_AT] not in kinds:
            return None
        message = self.liar.lore.read(data)
        vote = message.vote if isinstance(message, Proposal) else message
        return vote if isinstance(vote, Vote) and vote.seat == self.liar.seat else None

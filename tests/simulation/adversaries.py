"""The tricks: each one way to lie, and what a seat that uses some of them is made of.

A trick may bend outgoing words (`speak`), react to somebody's words (`saw`), or act by its own clock (`tick`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from quorate.consensus.messages import (
    Proposal,
    encode_item,
    encode_proposal,
    encode_vote,
)
from quorate.consensus.signing import sign_item, vote_bytes
from quorate.domain.deciding import Block, Item, Kind, pack_ext
from tests.simulation import wire
from tests.simulation.forgeries import (
    BadItems,
    FalseCertificate,
    FalseStatus,
    Forge,
    Garbage,
    Replay,
    Slander,
    TwoItems,
    hollow,
)
from tests.simulation.liar import Liar, Trick, Words, assemble
from tests.simulation.network import Network
from tests.simulation.register import CHAIN, Register
from tests.simulation.stages import Courier, Schism
from tests.simulation.wire import Ballot


class Twin(Trick):
    """Two copies with one key; who hears which copy changes now and then."""

    two_copies: ClassVar[bool] = True

    period_ms: ClassVar[int] = 1500

    def tick(self) -> None:
        """Deal the seats anew."""
        self.liar.sides = [self.rng.randrange(2) for _ in self.liar.sides]


class Echo(Trick):
    """Signs whatever anybody signs, and finalizes and nullifies the same round to different ears."""

    def __init__(self, liar: Liar) -> None:
        """Remember what was already echoed to whom."""
        super().__init__(liar)
        self._said: set[tuple[object, ...]] = set()
        self._wide = self.rng.choice((0.0, 0.3, 1.0))

    def saw(self, ballot: Ballot, source: int) -> None:
        """Agree with the voter, and perhaps with everybody."""
        if ballot.round > self.liar.round + 80:
            return
        targets = self.liar.others() if self.rng.random() < self._wide else [source]
        if ballot.kind == "nullify":
            self._cast(targets, Kind.NULLIFY, ballot)
            return
        if ballot.kind in ("propose", "notarize"):
            self._cast(targets, Kind.NOTARIZE, ballot, parent=ballot.extra)
        if ballot.kind in ("notarize", "finalize"):
            ext = ballot.extra if ballot.kind == "finalize" else self.liar.zeros()
            self._cast(targets, Kind.FINALIZE, ballot, ext=ext)

    def _cast(self, targets: list[int], kind: Kind, ballot: Ballot, **more: object) -> None:
        place = (kind, ballot.height, ballot.round, ballot.value)
        new = [target for target in targets if (*place, target) not in self._said]
        self._said.update((*place, target) for target in new)
        if new:
            self.liar.cast(new, kind, ballot.height, ballot.round, ballot.value, **more)


class Unjustified(Trick):
    """Proposes a new block in a later round as if nothing had happened before, or on an earlier round's word."""

    period_ms: ClassVar[int] = 150

    def __init__(self, liar: Liar) -> None:
        """Remember the rounds already tried."""
        super().__init__(liar)
        self._tried: set[tuple[int, int]] = set()
        self._friend = self.rng.choice(liar.others())
        self._hides = self.rng.random() < 0.7

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Let one seat alone know that I finalized: it decides, and the others can be led astray."""
        if self._hides and target != self._friend and self.mine(data, Kind.FINALIZE) is not None:
            return []
        return [(data, delay)]

    def tick(self) -> None:
        """Try the next rounds that are mine."""
        liar = self.liar
        height = liar.application.height
        if height > liar.network.plan.heights:
            return
        for round_no in range(max(1, liar.round - 1), liar.round + 3):
            if (height, round_no) not in self._tried and liar.leads(round_no):
                self._tried.add((height, round_no))
                self._try(height, round_no)

    def _try(self, height: int, round_no: int) -> None:
        liar = self.liar
        block = liar.new_block(self.rng.choice((-1, 1, 2)))
        parent = -1
        known = liar.lore.known_certificates(height)
        if self.rng.random() < 0.4:
            parent = self.rng.randrange(-1, round_no)
            notarized = [c for c in known if c.kind is Kind.NOTARIZE and c.round == parent]
            blocks = {b.digest: b for b in liar.lore.blocks(height)}
            if notarized and notarized[0].value in blocks:
                block = blocks[notarized[0].value]
        keep = [c for c in known if self.rng.random() < 0.5]
        if self.rng.random() < 0.3:
            keep.append(hollow(liar, Kind.NULLIFY, height, self.rng.randrange(round_no), None))
        liar.propose(liar.some(), block, round_no, parent, keep)


class Reshaper(Trick):
    """A leader that shows another block than its replica's, to all or to half."""

    all_targets: ClassVar[float] = 0.5

    def __init__(self, liar: Liar) -> None:
        """Remember what each of my proposals became."""
        super().__init__(liar)
        self._made: dict[bytes, bytes] = {}
        self._values: dict[tuple[int, int, str], str] = {}
        if self.rng.random() < self.all_targets:
            self.half = set(range(liar.network.plan.n))

    def reshape(self, block: Block, items: tuple[Item, ...]) -> Block | None:
        """Return the other block, None to leave it."""
        raise NotImplementedError

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Replace my fresh proposals, and my NOTARIZE of them."""
        if target not in self.half:
            return [(data, delay)]
        vote = self.mine(data, Kind.PROPOSE, Kind.NOTARIZE)
        if vote is None:
            return [(data, delay)]
        if vote.kind is Kind.NOTARIZE:
            other = self._values.get((vote.height, vote.round, vote.value))
            if other is None:
                return [(data, delay)]
            vote = self.liar.vote(Kind.NOTARIZE, vote.height, vote.round, other, parent=vote.parent)
            return [(encode_vote(CHAIN, vote), delay)]
        if data not in self._made:
            self._made[data] = self._remake(data)
        return [(self._made[data], delay)]

    def _remake(self, data: bytes) -> bytes:
        proposal = self.liar.lore.read(data)
        items = self.liar.lore.bodies(proposal.block)
        stale = proposal.vote.height != self.liar.application.height
        if proposal.vote.parent != -1 or items is None or stale:
            return data
        block = self.reshape(proposal.block, items)
        if block is None:
            return data
        old = proposal.vote
        self._values[old.height, old.round, old.value] = block.digest
        vote = self.liar.vote(Kind.PROPOSE, old.height, old.round, block.digest, parent=-1)
        return encode_proposal(CHAIN, Proposal(vote, block, proposal.justification))


class TwoProposals(Reshaper):
    """Shows one block to half of the seats and another to the rest."""

    all_targets: ClassVar[float] = 0.0

    def reshape(self, block: Block, items: tuple[Item, ...]) -> Block | None:
        """Change the time."""
        return assemble(self.liar.application, items, block.previous, block.at_s + 1)


class Censor(Reshaper):
    """Leaves one sender's items out."""

    def reshape(self, block: Block, items: tuple[Item, ...]) -> Block | None:
        """Drop all items of one sender, or everybody's."""
        if not items:
            return None
        victim = self.rng.choice(items).sender
        kept = tuple(item for item in items if item.sender != victim and self.rng.random() < 0.9)
        ordered = _consecutive(kept, self.liar.application.sequences)
        return assemble(self.liar.application, ordered, block.previous, block.at_s)


def _consecutive(items: tuple[Item, ...], sequences: tuple[int, ...]) -> tuple[Item, ...]:
    reached = list(sequences)
    kept = []
    for item in items:
        if item.seq == reached[item.sender] + 1:
            reached[item.sender] += 1
            kept.append(item)
    return tuple(kept)


class EdgeOfTime(Reshaper):
    """Proposes at the edge of what clocks allow, so that honest clocks disagree."""

    def reshape(self, block: Block, items: tuple[Item, ...]) -> Block | None:
        """Move the time by up to the drift that voters allow, or into the past."""
        head = self.liar.application.head_at_s
        at_s = self.rng.choice((head, max(0, head - 1), block.at_s + self.rng.randint(2, 8), block.at_s + 1000))
        return assemble(self.liar.application, items, block.previous, at_s)


class BadBlock(Reshaper):
    """Breaks exactly one rule of what a block is."""

    def reshape(self, block: Block, items: tuple[Item, ...]) -> Block | None:
        """Draw a rule and break it."""
        application = self.liar.application
        breakers: list[Callable[[], Block]] = [
            lambda: replace(block, results={"state": "0" * 64}),
            lambda: replace(block, parent="1" * 64),
            lambda: replace(block, chain="another"),
            lambda: replace(block, height=block.height + 1),
            lambda: assemble(application, tuple(reversed(items)), block.previous, block.at_s),
            lambda: assemble(application, items[1:], block.previous, block.at_s),
            lambda: assemble(application, items + items[-1:], block.previous, block.at_s),
            lambda: assemble(application, (*items, self._unsigned()), block.previous, block.at_s),
            lambda: assemble(application, self._refused(items), block.previous, block.at_s),
            lambda: replace(block, previous=None),
        ]
        return self.rng.choice(breakers)()

    def _unsigned(self) -> Item:
        victim = self.rng.randrange(self.liar.network.plan.n)
        seq = self.liar.application.sequences[victim] + 1
        forged = Item(victim, seq, b'{"note":0}', bytes(64))
        for target in self.liar.others():
            self.liar.plainly(encode_item(CHAIN, forged), target)
        return forged

    def _refused(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        seat = self.liar.seat
        seq = self.liar.application.sequences[seat] + 1
        bad = sign_item(CHAIN, seat, seq, b'{"bad":1}', self.liar.signer)
        for target in self.liar.others():
            self.liar.plainly(encode_item(CHAIN, bad), target)
        rest = [item for item in items if item.sender != seat]
        return tuple(sorted([*rest, bad], key=lambda item: (item.sender, item.seq)))


class StalePrevious(Reshaper):
    """Carries a certificate of the parent that is old, thin, forged or of another kind."""

    def reshape(self, block: Block, items: tuple[Item, ...]) -> Block | None:
        """Spoil `previous`."""
        old = block.previous
        if old is None:
            return None
        first = old.votes[0]
        spoilt = [
            replace(old, votes=old.votes[:-1]),
            replace(old, votes=old.votes[:1]),
            replace(old, round=old.round + 1),
            replace(old, height=max(1, old.height - 1)),
            replace(old, value="2" * 64),
            replace(old, votes=(first._replace(signature=bytes(64)), *old.votes[1:])),
            replace(old, votes=tuple(v._replace(ext=bytes(len(v.ext))) for v in old.votes)),
        ]
        return assemble(self.liar.application, items, self.rng.choice(spoilt), block.at_s)


class TwoVotes(Trick):
    """Notarizes one value to half and another to the rest."""

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Swap the value of my NOTARIZE for one half."""
        vote = self.mine(data, Kind.NOTARIZE)
        if vote is None or target not in self.half:
            return [(data, delay)]
        known = [block.digest for block in self.liar.lore.blocks(vote.height)] + ["3" * 64]
        other = self.liar.vote(Kind.NOTARIZE, vote.height, vote.round, self.rng.choice(known), parent=vote.parent)
        return [(encode_vote(CHAIN, other), delay)]


class Contrary(Trick):
    """Says the opposite of what its replica says."""

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """NOTARIZE and FINALIZE become NULLIFY; NULLIFY becomes FINALIZE of something seen."""
        vote = self.mine(data, Kind.NOTARIZE, Kind.FINALIZE, Kind.NULLIFY)
        if vote is None or (target not in self.half and vote.kind is not Kind.NOTARIZE):
            return [(data, delay)]
        if vote.kind is not Kind.NULLIFY:
            other = self.liar.vote(Kind.NULLIFY, vote.height, vote.round, None, reason=1)
            return [(encode_vote(CHAIN, other), delay)]
        blocks = self.liar.lore.blocks(vote.height)
        if not blocks:
            return []
        value = self.rng.choice(blocks).digest
        other = self.liar.vote(Kind.FINALIZE, vote.height, vote.round, value, ext=self.liar.zeros())
        return [(encode_vote(CHAIN, other), delay)]


class Silent(Trick):
    """Says nothing, for ever or for stretches."""

    period_ms: ClassVar[int] = 2000

    def __init__(self, liar: Liar) -> None:
        """Draw whether the silence ever ends."""
        super().__init__(liar)
        self._quiet = True
        self._forever = self.rng.random() < 0.5

    def tick(self) -> None:
        """Change the mood."""
        self._quiet = self._forever or self.rng.random() < 0.5

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Swallow."""
        return [] if self._quiet else [(data, delay)]


class Vanish(Trick):
    """Takes part, and one day says nothing ever again: what rests on its word alone is lost."""

    period_ms: ClassVar[int] = 30

    def __init__(self, liar: Liar) -> None:
        """Draw the day: when the lights go out, if they do."""
        super().__init__(liar)
        plan = liar.network.plan
        dark = plan.dark_ms()
        self._day_ms = self.rng.randrange(1, plan.heal_ms + 500) if dark is None else dark

    def tick(self) -> None:
        """Look at the calendar."""
        self.liar.gone = self.liar.network.now >= self._day_ms


class Selective(Trick):
    """Talks to some seats only."""

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Swallow what is meant for the others."""
        return [(data, delay)] if target in self.half else []


class Withhold(Trick):
    """Keeps some kinds of messages to itself, or tells only one seat."""

    def __init__(self, liar: Liar) -> None:
        """Draw what is withheld."""
        super().__init__(liar)
        kinds = [Kind.NOTARIZE, Kind.FINALIZE, Kind.NULLIFY, Kind.CERTIFICATES, Kind.PROPOSE, Kind.DECIDED, Kind.ITEM]
        self._kept = frozenset(self.rng.sample(kinds, self.rng.randint(1, 4)))
        self._friend = self.rng.randrange(liar.network.plan.n)

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Swallow the withheld kinds, but for a friend."""
        if target != self._friend and data[wire.KIND_AT] in self._kept:
            return []
        return [(data, delay)]


class Delay(Trick):
    """Says everything late, some things very late."""

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Add a delay."""
        extra = self.rng.choice((0, 30, 200, 1000, 4000))
        return [(data, delay + self.rng.randint(0, extra))]


class TwoExts(Trick):
    """Signs two reports of held items in one round."""

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Tell half of the seats that I hold nothing."""
        vote = self.mine(data, Kind.FINALIZE)
        if vote is None or target not in self.half:
            return [(data, delay)]
        other = self.liar.vote(Kind.FINALIZE, vote.height, vote.round, vote.value, ext=self.liar.zeros())
        return [(encode_vote(CHAIN, other), delay)]


class Boast(Trick):
    """Reports items that nobody holds."""

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Raise the report in my FINALIZE."""
        vote = self.mine(data, Kind.FINALIZE)
        if vote is None:
            return [(data, delay)]
        more = self.rng.choice((1, 3, 1_000_000))
        ext = pack_ext([more + seq for seq in self.liar.application.sequences])
        other = self.liar.vote(Kind.FINALIZE, vote.height, vote.round, vote.value, ext=ext)
        return [(encode_vote(CHAIN, other), delay)]


class TwoSignatures(Trick):
    """Signs the same words twice, so that equal votes differ in bytes."""

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Sign anew for half of the seats."""
        vote = self.mine(data, Kind.NOTARIZE, Kind.FINALIZE, Kind.NULLIFY)
        if vote is None or target not in self.half:
            return [(data, delay)]
        signature = self.liar.signer.sign_again(vote_bytes(CHAIN, vote), self.rng.randbytes(32))
        return [(encode_vote(CHAIN, replace(vote, signature=signature)), delay)]


class NullifySpam(Trick):
    """Gives up every round before it begins."""

    period_ms: ClassVar[int] = 200

    def tick(self) -> None:
        """Nullify this round and the next ones."""
        liar = self.liar
        for ahead in range(self.rng.randint(1, 4)):
            reason = self.rng.choice((0, 1, 200))
            liar.cast(liar.some(), Kind.NULLIFY, liar.application.height, liar.round + ahead, None, reason=reason)


class FarRounds(Trick):
    """Votes in rounds and heights that nobody has reached."""

    period_ms: ClassVar[int] = 150

    def tick(self) -> None:
        """Cast a few votes far away."""
        liar = self.liar
        for _ in range(4):
            height = max(1, liar.application.height + self.rng.choice((-2, -1, 0, 0, 0, 1, 2, 9, 2**40)))
            round_no = liar.round + self.rng.choice((1, 2, 5, 63, 64, 65, 100_000))
            kind = self.rng.choice((Kind.NOTARIZE, Kind.FINALIZE, Kind.NULLIFY))
            value = None if kind is Kind.NULLIFY else self.rng.choice(("4" * 64, "5" * 64))
            more = {"ext": liar.zeros()} if kind is Kind.FINALIZE else {}
            liar.cast(liar.some(), kind, height, round_no, value, **more)


TRICK_CLASSES: dict[str, type[Trick]] = {
    "twin": Twin,
    "echo": Echo,
    "unjustified": Unjustified,
    "two_proposals": TwoProposals,
    "two_votes": TwoVotes,
    "contrary": Contrary,
    "silent": Silent,
    "selective": Selective,
    "vanish": Vanish,
    "nullify_spam": NullifySpam,
    "far_rounds": FarRounds,
    "two_items": TwoItems,
    "censor": Censor,
    "replay": Replay,
    "garbage": Garbage,
    "withhold": Withhold,
    "delay": Delay,
    "forge": Forge,
    "slander": Slander,
    "two_exts": TwoExts,
    "edge_of_time": EdgeOfTime,
    "bad_block": BadBlock,
    "false_certificate": FalseCertificate,
    "bad_items": BadItems,
    "stale_previous": StalePrevious,
    "boast": Boast,
    "two_signatures": TwoSignatures,
    "false_status": FalseStatus,
    "courier": Courier,
    "schism": Schism,
}


def seat_liar(seat: int, tricks: tuple[str, ...], network: Network, keys: object, genesis: Register) -> Liar:
    """Seat a liar with the named tricks."""
    return Liar(seat, [TRICK_CLASSES[name] for name in tricks], network, keys, genesis)

"""A replica that votes, proposes and speaks as a driver wants: consistent with itself, so that nothing leaks.

What a driver must not say is never signed here; a wrapper that drops messages would leave the vote in certificates that
the honest core goes on to send. Everything else is the library's replica.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from hashlib import blake2b
from random import Random

from quorate.consensus import effects as e
from quorate.consensus.desk import Desk
from quorate.consensus.height import HeightMachine
from quorate.consensus.inclusion import owed
from quorate.consensus.judging import FRESH, justified
from quorate.consensus.messages import Proposal
from quorate.consensus.proposing import make_block
from quorate.consensus.replica import Replica
from quorate.consensus.rounds import Round
from quorate.consensus.signing import Ed25519Verifier
from quorate.domain.canonical import Plain
from quorate.domain.deciding import Block, Item, Kind, Reason
from quorate.domain.values import ClusterId, Digest
from quorate.ledger import acts as a
from quorate.ledger.application import LedgerApplication
from quorate.ports import Signer

INSISTS = "insists on its own bid"


class Choice(Enum):
    """What to do about a round."""

    HONEST = "vote as an honest member"
    SKIP = "skip whatever is proposed"
    WITHHOLD = "sign no vote"


Ballot = Callable[[int, int, int], Choice]
"""Chooses what to do about a round, from seed, height and round: once for all its votes, so that none contradict."""

Leading = Callable[["RogueHeight", Block], Block]
"""Makes the block that a rogue leader proposes out of the one that an honest leader would."""

Speaking = Callable[["Forge", tuple[a.Act, ...]], Sequence[tuple[a.Act, ...]]]
"""Makes the acts of one honest item into those of none, one or several items of a rogue."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """What acts now: how to vote, what to say, what to propose."""

    ballot: Ballot | None = None
    speak: Speaking | None = None
    lead: Leading | None = None
    blind: bool = False
    against: ClusterId | None = None
    """The rival that it is aimed at; the next seat if none is named."""


HONESTLY = Conduct()


@dataclass(slots=True)
class Forge:
    """What a rogue member works with: its seat, its key, its replica, the conduct that acts now, dice of its own."""

    me: int
    signer: Signer
    acting: Callable[[], Conduct]
    seed: int = 0
    replica: "RogueReplica | None" = None
    past: list[bytes] = field(default_factory=list)
    """Own messages, oldest first, for replaying."""
    held: list[e.Send | e.Broadcast] = field(default_factory=list)
    """Messages kept back, for delaying."""
    rng: Random = field(init=False)

    def __post_init__(self) -> None:
        """Throw dice by the seed and the seat."""
        self.rng = Random(f"{self.seed}|{self.me}")

    @property
    def application(self) -> LedgerApplication:
        """The state that the rogue sees."""
        application = self.replica.application if self.replica is not None else None
        assert isinstance(application, LedgerApplication)
        return application

    @property
    def chain(self) -> str:
        """The chain's name."""
        return self.application.chain

    @property
    def seats(self) -> int:
        """How many seats there are."""
        return len(self.application.sequences)

    @property
    def rival(self) -> int:
        """The seat of the rival that the driver is aimed at."""
        named = self.acting().against
        seat = self.application.state.seat_of(named) if named is not None else None
        return (self.me + 1) % self.seats if seat is None or seat == self.me else seat

    def choice(self, height: int, round_: int) -> Choice:
        """Return what to do about a round."""
        ballot = self.acting().ballot
        return Choice.HONEST if ballot is None else ballot(self.seed, height, round_)

    def half(self, data: bytes) -> list[e.Send]:
        """Return sends of `data` to every second rival, for telling two stories."""
        return [e.Send(to, data) for to in range(self.seats) if to != self.me and to % 2]


def contrarily(_seed: int, _height: int, _round: int) -> Choice:
    """Skip every round."""
    return Choice.SKIP


def never(_seed: int, _height: int, _round: int) -> Choice:
    """Vote in no round."""
    return Choice.WITHHOLD


def by_dice(seed: int, height: int, round_: int) -> Choice:
    """Choose by dice that nobody else throws; equal for equal seeds."""
    drawn = blake2b(f"{seed}|{height}|{round_}".encode(), digest_size=1).digest()[0]
    return list(Choice)[drawn % 3]


class RogueHeight(HeightMachine):
    """One height, voted and led as the driver wants."""

    def __init__(self, desk: Desk, application: LedgerApplication, plain: HeightMachine, forge: Forge) -> None:
        """Take over the table of the honest machine of this height."""
        table = plain.table
        super().__init__(desk, application, table.pool, table.head)
        self.table = table
        self._forge = forge
        self._made: set[Digest] = set()

    def _choice(self, round_: Round) -> Choice:
        return self._forge.choice(self.table.height, round_.number)

    @property
    def rival(self) -> int:
        """The seat of the rival that the driver is aimed at."""
        return self._forge.rival

    def _vote_on(self, round_: Round, proposal: Proposal) -> None:
        choice = self._choice(round_)
        if proposal.block.digest in self._made or (self._forge.acting().blind and justified(self.table, proposal.vote)):
            self._stand_by(round_, proposal)
        elif choice is Choice.HONEST:
            super()._vote_on(round_, proposal)
            return
        round_.refused[proposal.block.digest] = INSISTS
        if choice is Choice.SKIP:
            self._desk.out.append(e.Judged(self.table.height, round_.number, False, INSISTS))
            self._nullify(round_, Reason.INVALID, INSISTS)

    def _finalize(self, round_: Round) -> None:
        choice = self._choice(round_)
        if choice is Choice.HONEST:
            super()._finalize(round_)
        elif choice is Choice.SKIP and round_.notarized is not None and self.decided is None:
            self._nullify(round_, Reason.INVALID, INSISTS)

    def _nullify(self, round_: Round, reason: Reason, grounds: str) -> None:
        if self._choice(round_) is not Choice.WITHHOLD:
            super()._nullify(round_, reason, grounds)

    def _stand_by(self, round_: Round, proposal: Proposal) -> None:
        """Approve a block, however false."""
        value = proposal.block.digest
        self._cast(round_, self.table.sign(Kind.NOTARIZE, round_.number, value, parent=proposal.vote.parent))

    def _propose(self, round_: Round, block: Block, parent: int) -> None:
        lead = self._forge.acting().lead
        if lead is not None and parent == FRESH:
            block = lead(self, block)
            self.table.bodies.learn(block)
            self._made.add(block.digest)
        super()._propose(round_, block, parent)

    def without(self, block: Block, seat: int, first: int) -> Block:
        """Return the block without the items of a seat from number `first` on, its results in order."""
        items = self.table.bodies.items(block.digest) or ()
        kept: list[Item] = [item for item in items if item.sender != seat or item.seq < first]
        return make_block(self.table.application, kept, self.table.head, block.at_s)

    def owed_to(self, block: Block, seat: int) -> int:
        """Return up to which number the block owes a seat's items."""
        committee = None if self.table.head is None else self.table.head.committee
        return owed(block.previous, committee, self.table.application.sequences)[seat]


def censoring(machine: RogueHeight, block: Block) -> Block:
    """Leave the rival's items out, but for those that are owed: the block is valid all the same."""
    return machine.without(block, machine.rival, machine.owed_to(block, machine.rival) + 1)


def withholding(machine: RogueHeight, block: Block) -> Block:
    """Leave all of the rival's items out, owed or not."""
    return machine.without(block, machine.rival, 0)


def lying(machine: RogueHeight, block: Block) -> Block:
    """Claim other results than follow: where somebody gets a job nobody does, else the rival loses half its power."""
    results = block.results
    assert isinstance(results, dict)
    awards, powers = results["awards"], results["powers"]
    assert isinstance(awards, list)
    assert isinstance(powers, list)
    refused: list[Plain] = [[award[0], "unallocated", None] for award in awards if isinstance(award, list)]
    halved: list[Plain] = [500 if seat == machine.rival else power for seat, power in enumerate(powers)]
    false: dict[str, Plain] = {"awards": refused} if refused != awards else {"powers": halved}
    return replace(block, results={**results, **false})


class RogueReplica(Replica):
    """A replica whose votes, proposals and items are the driver's."""

    def __init__(
        self, forge: Forge, application: LedgerApplication, settings: e.ReplicaSettings, head: e.Head | None = None
    ) -> None:
        """Stand in the seat of the forge."""
        self.forge = forge
        super().__init__(forge.me, application, forge.signer, Ed25519Verifier(), settings, head)
        forge.replica = self

    def _new_machine(self) -> HeightMachine:
        assert isinstance(self.application, LedgerApplication)
        return RogueHeight(self._desk, self.application, super()._new_machine(), self.forge)

    def submit(self, payload: bytes, now_ms: int) -> list[e.Effect]:
        """Sign what the driver makes of an honest item."""
        speak = self.forge.acting().speak
        if speak is None:
            return super().submit(payload, now_ms)
        out: list[e.Effect] = []
        for acts in speak(self.forge, a.decode_acts(payload)):
            said = a.encode_acts(acts)
            out.extend(super().submit(said, now_ms) if acts and self.takes(said) else [])
        return out

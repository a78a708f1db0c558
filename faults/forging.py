"""Ways to misbehave on the wire: each takes what an honest member would send and returns what a rogue one sends.

Everything forged is signed with the member's own key (or, where the driver says so, with none that fits). What the
honest core inside remembers is untouched, so that a driver can also stop acting.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from quorate.consensus import effects as e
from quorate.consensus.evidence import Evidence
from quorate.consensus.messages import Proposal, decode, encode_item, encode_proposal, encode_vote
from quorate.consensus.signing import sign_item, sign_vote
from quorate.domain.canonical import canonical, digest
from quorate.domain.deciding import Block, Item, Kind, Reason, Vote
from quorate.domain.errors import ProtocolViolation
from quorate.ledger import acts as a
from quorate.ledger import participant as p
from quorate.ledger.application import LedgerApplication
from quorate.ports import Signer

OVERSIZED_BYTES = 1_000_001


@dataclass(slots=True)
class Forge:
    """What a rogue member works with: its seat, its key, the state it sees, and dice of its own."""

    me: int
    signer: Signer
    rng: Random
    past: list[bytes] = field(default_factory=list)
    """Own messages, oldest first, for replaying."""
    held: list[p.Effect] = field(default_factory=list)
    """Effects kept back, for delaying."""
    application: LedgerApplication | None = None

    @property
    def chain(self) -> str:
        """The chain's name."""
        assert self.application is not None
        return self.application.chain

    @property
    def seats(self) -> int:
        """How many seats there are."""
        assert self.application is not None
        return len(self.application.sequences)

    def half(self, data: bytes) -> list[p.Effect]:
        """Return sends of `data` to every second rival, for telling two stories."""
        return [e.Send(to, data) for to in range(self.seats) if to != self.me and to % 2]

    def vote(self, like: Vote, **changes: object) -> bytes:
        """Return a signed vote like another, with changes."""
        changed = replace(like, **changes)  # type: ignore[arg-type]
        made = sign_vote(
            self.chain, self.signer, changed.kind, changed.height, changed.round, self.me,
            value=changed.value, parent=changed.parent, reason=changed.reason, ext=changed.ext, grounds=changed.grounds,
        )  # fmt: skip
        return encode_vote(self.chain, made)


Tamper = Callable[[Forge, Sequence[p.Effect]], list[p.Effect]]
"""Makes what a rogue member sends out of what an honest one would."""

Outgoing = e.Send | e.Broadcast


def _message(forge: Forge, effect: Outgoing) -> Proposal | Vote | Item | None:
    try:
        message = decode(forge.chain, effect.data)
    except ProtocolViolation:
        return None
    return message if isinstance(message, Proposal | Vote | Item) else None


def _each(forge: Forge, effects: Sequence[p.Effect], change: Callable[[Outgoing], list[p.Effect]]) -> list[p.Effect]:
    out: list[p.Effect] = []
    for effect in effects:
        out.extend(change(effect) if isinstance(effect, Outgoing) else [effect])
    return out


def two_items(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Number two different sealed answers alike, and tell half of the rivals the other one."""

    def change(effect: Outgoing) -> list[p.Effect]:
        item = _message(forge, effect)
        if not isinstance(item, Item) or not isinstance(effect, e.Broadcast):
            return [effect]
        acts = [
            act.model_copy(update={"seal": digest(act.seal.encode())}) if isinstance(act, a.Commit) else act
            for act in a.decode_acts(item.payload)
        ]
        twin = sign_item(forge.chain, forge.me, item.seq, a.encode_acts(tuple(acts)), forge.signer)
        return [effect] if twin.payload == item.payload else [effect, *forge.half(encode_item(forge.chain, twin))]

    return _each(forge, effects, change)


def two_proposals(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """As leader, put two valid blocks to the vote in one round."""

    def change(effect: Outgoing) -> list[p.Effect]:
        proposal = _message(forge, effect)
        if not isinstance(proposal, Proposal) or proposal.vote.seat != forge.me or proposal.vote.parent != -1:
            return [effect]
        return [effect, *forge.half(_reproposed(forge, proposal, at_s=proposal.block.at_s + 1))]

    return _each(forge, effects, change)


def _reproposed(forge: Forge, proposal: Proposal, at_s: int) -> bytes:
    """Return a signed proposal of an empty block at another time: valid, and different."""
    assert forge.application is not None
    old = proposal.block
    results = forge.application.results(at_s, (), old.previous)
    block = Block(old.chain, old.height, old.parent, at_s, (), old.previous, results)
    vote = sign_vote(
        forge.chain, forge.signer, Kind.PROPOSE, old.height, proposal.vote.round, forge.me, value=block.digest
    )
    return encode_proposal(forge.chain, Proposal(vote, block, proposal.justification))


def _votes(
    forge: Forge, effects: Sequence[p.Effect], change: Callable[[Vote, Outgoing], list[p.Effect]]
) -> list[p.Effect]:
    def one(effect: Outgoing) -> list[p.Effect]:
        vote = _message(forge, effect)
        return change(vote, effect) if isinstance(vote, Vote) and vote.seat == forge.me else [effect]

    return _each(forge, effects, one)


def two_votes(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Approve two blocks in one round."""

    def change(vote: Vote, effect: Outgoing) -> list[p.Effect]:
        if vote.kind is not Kind.NOTARIZE:
            return [effect]
        return [effect, *forge.half(forge.vote(vote, value=digest(canonical([vote.value, "another"]))))]

    return _votes(forge, effects, change)


def contrary_vote(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Skip whatever is proposed, calling it invalid."""

    def change(vote: Vote, effect: Outgoing) -> list[p.Effect]:
        if vote.kind is Kind.NULLIFY:
            return [effect]
        if vote.kind is Kind.FINALIZE:
            return []
        skip = forge.vote(
            vote, kind=Kind.NULLIFY, value=None, parent=-1, reason=int(Reason.INVALID), grounds="insists on its own bid"
        )
        return [e.Broadcast(skip)]

    return _votes(forge, effects, change)


def random_vote(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Vote by dice: as an honest member would, to the contrary, or not at all."""
    choice = forge.rng.randrange(3)
    return [list(effects), contrary_vote(forge, effects), withheld_vote(forge, effects)][choice]


def withheld_vote(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Send no vote."""
    return _votes(forge, effects, lambda _vote, _effect: [])


def withheld_reveal(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Seal an answer and never show it."""

    def change(effect: Outgoing) -> list[p.Effect]:
        item = _message(forge, effect)
        shows = isinstance(item, Item) and any(isinstance(act, a.Reveal) for act in a.decode_acts(item.payload))
        return [] if shows else [effect]

    return _each(forge, effects, change)


def silence(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Send nothing."""
    return _each(forge, effects, lambda _: [])


def delay(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Send everything one step late."""
    late, forge.held = forge.held, [effect for effect in effects if isinstance(effect, Outgoing)]
    return [*late, *(effect for effect in effects if not isinstance(effect, Outgoing))]


def replaying(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Send old messages again beside the new ones."""
    mine = [effect.data for effect in effects if isinstance(effect, Outgoing)]
    old = [e.Broadcast(data) for data in forge.past[-20:]]
    forge.past = [*forge.past, *mine][-200:]
    return [*effects, *old] if mine else list(effects)


def forged_signature(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Send votes in a rival's name, beside its own."""

    def change(vote: Vote, effect: Outgoing) -> list[p.Effect]:
        rival = (forge.me + 1) % forge.seats
        forged = replace(vote, seat=rival, signature=forge.rng.randbytes(64))
        return [effect, e.Broadcast(encode_vote(forge.chain, forged))]

    return _votes(forge, effects, change)


def wrong_chain(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Send votes that are signed for another chain, beside its own."""

    def change(vote: Vote, effect: Outgoing) -> list[p.Effect]:
        other = "another chain"
        made = sign_vote(other, forge.signer, vote.kind, vote.height, vote.round, forge.me, value=vote.value,
                         parent=vote.parent, reason=vote.reason, ext=vote.ext)  # fmt: skip
        return [effect, e.Broadcast(encode_vote(other, made)), e.Broadcast(encode_vote(forge.chain, made))]

    return _votes(forge, effects, change)


def garbage(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Send oversized and malformed bytes beside everything."""

    def change(effect: Outgoing) -> list[p.Effect]:
        cut = effect.data[: forge.rng.randrange(1, len(effect.data) + 1)]
        noise = effect.data[:5] + forge.rng.randbytes(forge.rng.randrange(200))
        big = effect.data[:5] + bytes(OVERSIZED_BYTES) if forge.rng.randrange(20) == 0 else b""
        return [effect, *(e.Broadcast(data) for data in (cut, noise, big) if data)]

    return _each(forge, effects, change)


def censoring(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """As leader, leave a rival's items out of the block."""

    def change(effect: Outgoing) -> list[p.Effect]:
        proposal = _message(forge, effect)
        if not isinstance(proposal, Proposal) or proposal.vote.seat != forge.me or proposal.vote.parent != -1:
            return [effect]
        return [e.Broadcast(_reproposed(forge, proposal, at_s=proposal.block.at_s))]

    return _each(forge, effects, change)


def slander(forge: Forge, effects: Sequence[p.Effect]) -> list[p.Effect]:
    """Report a rival for two votes that it never signed, in place of every sealed answer of its own."""

    def change(effect: Outgoing) -> list[p.Effect]:
        item = _message(forge, effect)
        if not isinstance(item, Item) or not any(isinstance(act, a.Commit) for act in a.decode_acts(item.payload)):
            return [effect]
        report = a.Report(evidence=_accusation(forge))
        acts = (*a.decode_acts(item.payload), report)
        return [
            e.Broadcast(
                encode_item(forge.chain, sign_item(forge.chain, forge.me, item.seq, a.encode_acts(acts), forge.signer))
            )
        ]

    return _each(forge, effects, change)


def _accusation(forge: Forge) -> str:
    rival = (forge.me + 1) % forge.seats
    pair = [
        Vote(Kind.NOTARIZE, 1, 0, rival, digest(word), -1, 0, b"", forge.rng.randbytes(64)) for word in (b"one", b"two")
    ]
    return canonical(Evidence(rival, pair[0], pair[1]).plain()).decode()

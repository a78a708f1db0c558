"""Ways to misbehave on the wire: each takes what an honest member would send and returns what a rogue one sends.

Everything forged is signed with the member's own key (or, where the driver says so, with none that fits). What the
replica inside remembers is untouched, so that a driver can also stop acting.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from faults.rogue import Forge
from quorate.consensus import effects as e
from quorate.consensus.messages import Proposal, decode, encode_item, encode_proposal, encode_vote
from quorate.consensus.signing import sign_item, sign_vote
from quorate.domain.canonical import canonical, digest
from quorate.domain.deciding import Block, Item, Kind, Vote
from quorate.domain.errors import ProtocolViolation
from quorate.ledger import acts as a
from quorate.ledger import participant as p

OVERSIZED_BYTES = 1_000_001


def forged(forge: Forge, like: Vote, **changes: object) -> bytes:
    """Return a signed vote like another, with changes."""
    changed = replace(like, **changes)  # type: ignore[arg-type]
    made = sign_vote(
        forge.chain, forge.signer, changed.kind, changed.height, changed.round, forge.me,
        value=changed.value, parent=changed.parent, reason=changed.reason, ext=changed.ext, grounds=changed.grounds,
    )  # fmt: skip
    return encode_vote(forge.chain, made)


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
        if not isinstance(item, Item) or item.sender != forge.me or not isinstance(effect, e.Broadcast):
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
    """Return a signed proposal of an empty block at another time: different, and valid if nothing is owed."""
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
        return [effect, *forge.half(forged(forge, vote, value=digest(canonical([vote.value, "another"]))))]

    return _votes(forge, effects, change)


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
        made = replace(vote, seat=forge.rival, signature=forge.rng.randbytes(64))
        return [effect, e.Broadcast(encode_vote(forge.chain, made))]

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

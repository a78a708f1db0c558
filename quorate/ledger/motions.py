"""Joins, leaves, key rotation and release from jail: changes of the committee, by consent of a quorum.

A motion takes effect at the height at which members that form a joint quorum of that height's committee have
endorsed it on the ledger; the committee of the next height is the first that differs.
"""

from dataclasses import replace

from quorate.consensus.quorum import is_quorum
from quorate.domain.canonical import canonical_value, digest
from quorate.domain.clusters import MEMBERS_MAX
from quorate.ledger.acts import Join, Leave, Motion, Release, Rotate
from quorate.ledger.state import LedgerState, MemberState, with_standing
from quorate.reputation.standing import JOINER, Standing, released

MOTIONS_MAX = 64
"""Motions half endorsed at once; the oldest wait until others pass or are dropped by a restart of the vote."""


def endorse(state: LedgerState, before: LedgerState, seat: int, motion: Motion) -> tuple[LedgerState, str | None]:
    """Return the state with one seat's consent added (and the motion done, if that made a quorum), and a refusal."""
    refusal = _refusal(state, motion)
    if refusal is not None:
        return state, refusal
    if not before.power(before.members[seat]):
        return state, "a seat without power cannot endorse"
    name = digest(canonical_value(motion))
    if name not in state.endorsed and len(state.endorsed) >= MOTIONS_MAX:
        return state, f"{MOTIONS_MAX} motions are pending"
    seats = state.endorsed.get(name, frozenset()) | {seat}
    if not _passes(before, seats):
        return replace(state, endorsed={**state.endorsed, name: seats}), None
    kept = {key: value for key, value in state.endorsed.items() if key != name}
    return _done(replace(state, endorsed=kept), motion), None


def _passes(before: LedgerState, seats: frozenset[int]) -> bool:
    active = before.active()
    powers = [before.power(before.members[seat]) for seat in active]
    ours = [before.power(before.members[seat]) for seat in sorted(seats) if seat in active]
    return is_quorum(len(ours), len(active), sum(ours), sum(powers))


def _refusal(state: LedgerState, motion: Motion) -> str | None:
    if isinstance(motion, Join):
        if any(m.public_key == motion.public_key or m.cluster.id == motion.cluster.id for m in state.members):
            return f"{motion.cluster.id} or its key is a member already"
        if len(state.members) >= MEMBERS_MAX:
            return f"{MEMBERS_MAX} seats are taken"
        return None
    seat = state.seat_of(motion.cluster)
    if seat is None or state.members[seat].left:
        return f"{motion.cluster} is no member"
    if isinstance(motion, Release) and not state.members[seat].standing.jailed:
        return f"{motion.cluster} is not jailed"
    if isinstance(motion, Rotate) and any(m.public_key == motion.public_key for m in state.members):
        return "the new key is in use"
    return None


def _done(state: LedgerState, motion: Motion) -> LedgerState:
    if isinstance(motion, Join):
        return _joined(state, motion)
    seat = state.seat_of(motion.cluster)
    assert seat is not None
    if isinstance(motion, Release):
        return with_standing(state, seat, released(state.members[seat].standing, state.height))
    members = list(state.members)
    if isinstance(motion, Leave):
        members[seat] = replace(members[seat], left=True)
    else:
        members[seat] = replace(members[seat], public_key=motion.public_key)
    return replace(state, members=tuple(members))


def _joined(state: LedgerState, motion: Join) -> LedgerState:
    standing = Standing(
        cluster=motion.cluster.id,
        reputation=JOINER,
        probation_until=state.height + state.parameters.probation_heights,
    )
    member = MemberState(motion.cluster, motion.public_key, motion.background, standing)
    return replace(state, members=(*state.members, member), sequences=(*state.sequences, 0))

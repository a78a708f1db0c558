"""Joins, leaves, key rotation and release from jail: changes of the committee, by consent of a quorum.

A motion takes effect at the height at which members that form a joint quorum of that height's committee have
endorsed it on the ledger; the committee of the next height is the first that differs.
"""

from quorate.consensus.quorum import is_quorum
from quorate.domain.canonical import canonical_value, digest
from quorate.domain.deciding import SEATS_MAX
from quorate.domain.replacing import replace
from quorate.domain.values import Digest
from quorate.ledger.acts import Join, Leave, Motion, Release, Rotate
from quorate.ledger.state import LedgerState, MemberState
from quorate.reputation.standing import JOINER, Standing, released

MOTIONS_PER_SEAT = 16
"""Pending motions that one seat may stand behind; a further one withdraws its oldest: nobody can fill the list."""


def endorse(state: LedgerState, before: LedgerState, seat: int, motion: Motion) -> tuple[LedgerState, str | None]:
    """Return the state with one seat's consent added (and the motion done, if that made a quorum), and a refusal."""
    refusal = _refusal(state, motion)
    if refusal is not None:
        return state, refusal
    if not before.power(before.members[seat]):
        return state, "a seat without power cannot endorse"
    state, passed = stand(state, before, seat, digest(canonical_value(motion)))
    return (_done(state, motion) if passed else state), None


def stand(state: LedgerState, before: LedgerState, seat: int, name: Digest) -> tuple[LedgerState, bool]:
    """Return the state with one seat standing behind what `name` names, and whether that made a quorum and ended it."""
    state = _withdrawn(state, seat, name)
    seats = state.endorsed.get(name, frozenset()) | {seat}
    if not _passes(before, seats):
        return replace(state, endorsed={**state.endorsed, name: seats}), False
    kept = {key: value for key, value in state.endorsed.items() if key != name}
    return replace(state, endorsed=kept), True


def _withdrawn(state: LedgerState, seat: int, name: Digest) -> LedgerState:
    """Return the state without the seat's oldest consent, if it stands behind too many other motions."""
    mine = [other for other, seats in state.endorsed.items() if seat in seats and other != name]
    if len(mine) < MOTIONS_PER_SEAT:
        return state
    left = {**state.endorsed, mine[0]: state.endorsed[mine[0]] - {seat}}
    return replace(state, endorsed={other: seats for other, seats in left.items() if seats})


def _passes(before: LedgerState, seats: frozenset[int]) -> bool:
    active = before.active()
    powers = [before.power(before.members[seat]) for seat in active]
    ours = [before.power(before.members[seat]) for seat in sorted(seats) if seat in active]
    return is_quorum(len(ours), len(active), sum(ours), sum(powers))


def _refusal(state: LedgerState, motion: Motion) -> str | None:
    if isinstance(motion, Join):
        if any(m.public_key == motion.public_key or m.cluster.id == motion.cluster.id for m in state.members):
            return f"{motion.cluster.id} or its key is a member already"
        if len(state.members) >= SEATS_MAX:
            return f"{SEATS_MAX} seats are taken"
        if motion.background > motion.cluster.nodes:
            return f"{motion.cluster.id} declares {motion.background} busy of {motion.cluster.nodes} nodes"
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
        return _released(state, seat)
    members = list(state.members)
    if isinstance(motion, Leave):
        members[seat] = replace(members[seat], left=True)
    else:
        members[seat] = replace(members[seat], public_key=motion.public_key, keyed=state.height)
    return replace(state, members=tuple(members))


def _watches_until(state: LedgerState) -> int:
    """Return the first height with power for a member that begins after the height in progress."""
    return state.height + 1 + state.parameters.probation_heights


def _released(state: LedgerState, seat: int) -> LedgerState:
    """Begin anew; evidence of what was signed up to now is spent, or nobody would ever stay released."""
    members = list(state.members)
    judged = (state.height, max(members[seat].judged[1], state.sequences[seat]))
    fresh = released(members[seat].standing, _watches_until(state))
    members[seat] = replace(members[seat], standing=fresh, judged=judged)
    return replace(state, members=tuple(members))


def _joined(state: LedgerState, motion: Join) -> LedgerState:
    standing = Standing(
        cluster=motion.cluster.id,
        reputation=JOINER,
        probation_until=_watches_until(state),
    )
    member = MemberState(motion.cluster, motion.public_key, motion.background, standing)
    return replace(state, members=(*state.members, member), sequences=(*state.sequences, 0))

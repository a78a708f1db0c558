"""P-11: whatever arrives, in whatever order, however often, and whenever time runs out, the safety rule holds.

The world here is worse than any that the protocol promises to live through: every other seat signs everything, both
blocks of every round and all votes, for three rounds. One member hears any part of it in any order.
"""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.consensus.certificate import build_certificate
from quorate.consensus.effects import Broadcast, Decided, ReplicaSettings, Send
from quorate.consensus.evidence import pairs
from quorate.consensus.messages import Proposal, decode, encode_certificates, encode_item, encode_proposal, encode_vote
from quorate.consensus.proposing import make_block
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, sign_item, sign_vote
from quorate.domain.deciding import Kind, Vote, pack_ext
from tests.quorate.consensus.toy import CHAIN, payload, signer, toy

ME, N, ROUNDS = 1, 4, 3
ITEM = sign_item(CHAIN, 0, 1, payload(1), signer(0))


def proposals(block):
    """Return the proposals of one block, in every round that is not mine, on every parent."""
    for round_ in range(ROUNDS):
        leader = round_ % N
        for parent in range(-1, round_):
            if leader != ME:
                said = vote(leader, Kind.PROPOSE, round_, block.digest, parent)
                yield leader, encode_proposal(CHAIN, Proposal(said, block))


def votes(block, round_):
    """Return what seats 0, 2 and 3 could say about a block in a round, and the certificates of it."""
    for kind in (Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE):
        value = None if kind is Kind.NULLIFY else block.digest
        said = [vote(seat, kind, round_, value) for seat in (0, 2, 3)]
        if kind is not Kind.FINALIZE:  # a decision ends the script; let it come vote by vote
            yield 0, encode_certificates(CHAIN, [build_certificate(said)])
        yield from ((v.seat, encode_vote(CHAIN, v)) for v in said)


@cache
def world():
    """Return every message that the others could sign about two blocks in the first rounds of height 1."""
    blocks = [make_block(toy((1000,) * N), [ITEM], None, at) for at in range(2)]
    said = [message for block in blocks for message in proposals(block)]
    for round_ in range(ROUNDS):
        for block in blocks:
            said += votes(block, round_)
    return said


def vote(seat, kind, round_, value=None, parent=-1):
    ext = pack_ext((1, 0, 0, 0)) if kind is Kind.FINALIZE else b""
    return sign_vote(CHAIN, signer(seat), kind, 1, round_, seat, value=value, parent=parent, ext=ext)


TIMERS = ("round", "grace", "rebroadcast")


@cache
def kinds():
    """Return the places of proposals, of certificates and of single votes in the world."""
    found = {"proposal": [], "certificate": [], "vote": []}
    for place, (_, data) in enumerate(world()):
        message = decode(CHAIN, data)
        name = "proposal" if isinstance(message, Proposal) else "vote" if isinstance(message, Vote) else "certificate"
        found[name].append(place)
    return found


# As often a proposal, a certificate or a timer as a single vote: a script must get somewhere to prove anything.
events = st.lists(st.one_of(*map(st.sampled_from, (*kinds().values(), TIMERS))), min_size=8, max_size=40)


def play(script, crash_at=None):
    """Return the effects of one member under a script, per event; it may crash and restart from its log once."""
    machine = Replica(ME, toy((1000,) * N), signer(ME), Ed25519Verifier(), ReplicaSettings())
    steps = [machine.start(0), machine.receive(encode_item(CHAIN, ITEM), 0, 0)]
    for at, event in enumerate(script):
        if machine.height > 1:
            break
        if at == crash_at:
            records = [e.record for step in steps for e in step if type(e).__name__ == "Persist"]
            machine = Replica(ME, toy((1000,) * N), signer(ME), Ed25519Verifier(), ReplicaSettings())
            machine.restore(records)
            steps += [machine.start(at), machine.receive(encode_item(CHAIN, ITEM), 0, at)]
        if isinstance(event, str):
            steps.append(machine.timer(event, at))
        else:
            frm, data = world()[event]
            steps.append(machine.receive(data, frm, at))
    return steps


def signed(steps):
    """Return my own statements among what was sent."""
    found = []
    for step in steps:
        for effect in step:
            message = decode(CHAIN, effect.data) if isinstance(effect, Send | Broadcast) else None
            message = message.vote if isinstance(message, Proposal) else message
            if isinstance(message, Vote) and message.seat == ME:
                found.append(message)
    return found


@settings(max_examples=600)
@given(events, st.none() | st.integers(0, 60))
def test_no_order_of_events_makes_a_member_contradict_itself(script, crash_at):
    """P-11, P-20."""
    votes = signed(play(script, crash_at))
    assert not pairs(votes)
    for kind in (Kind.PROPOSE, Kind.NOTARIZE):
        said = {(v.round, v.value, v.parent) for v in votes if v.kind is kind}
        assert len(said) == len({round_ for round_, _, _ in said})
    closed = {(v.round, v.kind, v.value) for v in votes if v.kind in (Kind.FINALIZE, Kind.NULLIFY)}
    assert len(closed) == len({round_ for round_, _, _ in closed})


@settings(max_examples=100)
@given(events, st.none() | st.integers(0, 60))
def test_equal_events_give_equal_effects_also_across_a_restart(script, crash_at):
    """P-11: the replica is a function of what it is told."""
    assert play(script, crash_at) == play(script, crash_at)


@settings(max_examples=200)
@given(events)
def test_a_member_approves_nothing_that_is_not_justified(script):
    """P-12: NOTARIZE with parent p needs the nullification of all rounds since, and the block notarized in p."""
    steps = play(script)
    heard = [message for event in script if isinstance(event, int) for message in [decode(CHAIN, world()[event][1])]]
    heard_votes = [m for m in heard if isinstance(m, Vote)]
    for m in heard:
        if hasattr(m, "certificates"):
            heard_votes += [v for c in m.certificates for v in c.statements()]
    mine = signed(steps)
    for cast in mine:
        if cast.kind is not Kind.NOTARIZE:
            continue
        for number in range(cast.parent + 1, cast.round):
            seats = {v.seat for v in [*heard_votes, *mine] if v.kind is Kind.NULLIFY and v.round == number}
            assert len(seats) >= 3
        if cast.parent >= 0:
            seats = {
                v.seat
                for v in [*heard_votes, *mine]
                if (v.kind, v.round, v.value) == (Kind.NOTARIZE, cast.parent, cast.value)
            }
            assert len(seats) >= 3


@settings(max_examples=200)
@given(events)
def test_a_decision_always_rests_on_a_quorum_of_finalize(script):
    """P-11."""
    for step in play(script):
        for effect in step:
            if isinstance(effect, Decided):
                certificate = effect.entry.certificate
                assert certificate.kind is Kind.FINALIZE
                assert certificate.value == effect.entry.block.digest
                assert len(certificate.votes) >= 3

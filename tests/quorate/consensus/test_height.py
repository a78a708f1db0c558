"""P-11, P-12, P-17: one height told as transcripts: the good case, dead, equivocating and late leaders, parking."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.certificate import build_certificate
from quorate.consensus.effects import Broadcast, Convict, Decided, Judged, Persist, ReplicaSettings, Send, SetTimer
from quorate.consensus.evidence import verify_evidence
from quorate.consensus.messages import (
    Certificates,
    GetBlock,
    GetItems,
    Proposal,
    Status,
    decode,
    encode_block,
    encode_certificates,
    encode_item,
    encode_proposal,
    encode_status,
    encode_vote,
)
from quorate.consensus.proposing import make_block
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, sign_item, sign_vote
from quorate.consensus.wal import decode_record
from quorate.domain.deciding import Kind, Vote, pack_ext
from quorate.domain.errors import MisuseError
from tests.quorate.consensus.net import Net
from tests.quorate.consensus.toy import CHAIN, Toy, payload, signer, toy

SETTINGS = ReplicaSettings(round_timeout_ms=400, rebroadcast_ms=200, grace_ms=100, drift_max_s=5)


def replica(seat=1, application=None, settings=SETTINGS):
    return Replica(seat, application or toy(), signer(seat), Ed25519Verifier(), settings)


def sent(effects):
    """Return what these effects send, decoded, in order."""
    return [decode(CHAIN, effect.data) for effect in effects if isinstance(effect, Send | Broadcast)]


def kinds(effects):
    """Return one word per message sent."""
    return [m.kind.name if isinstance(m, Vote) else type(m).__name__ for m in sent(effects)]


def item(seat, seq=1, add=1):
    return sign_item(CHAIN, seat, seq, payload(add), signer(seat))


def block_of(items, at_s=0, application=None):
    return make_block(application or toy(), items, None, at_s)


def proposal(leader, round_, block, parent=-1, justification=()):
    vote = sign_vote(CHAIN, signer(leader), Kind.PROPOSE, 1, round_, leader, value=block.digest, parent=parent)
    return encode_proposal(CHAIN, Proposal(vote, block, justification))


def vote(kind, seat, round_=0, value=None, parent=-1, held=(0,) * 6):
    made = sign_vote(
        CHAIN, signer(seat), kind, 1, round_, seat,
        value=value, parent=parent, ext=pack_ext(held) if kind is Kind.FINALIZE else b"",
    )  # fmt: skip
    return encode_vote(CHAIN, made)


def feed(machine, messages, now_ms=10):
    effects = []
    for frm, data in messages:
        effects += machine.receive(data, frm, now_ms)
    return effects


def test_the_good_case_takes_three_hops():
    """P-11: propose, notarize, finalize; 50 ms a hop."""
    net = Net(latency_ms=50)
    net.start()
    net.submit(0, payload(7))
    assert net.run(net.all_at(1))
    assert net.now_ms == 150
    assert all(machine.application.total == 7 for machine in net.replicas)


@pytest.mark.parametrize(("leader_timeout_ms", "cost_ms"), [(1_000, 400), (120, 120)])
def test_a_dead_leader_costs_one_timeout(leader_timeout_ms, cost_ms):
    """P-11, P-22: seat 0 leads round 0 and is dead; round 1 decides within the shorter of T0 and L0 and four hops."""
    net = Net(settings=replace(SETTINGS, leader_timeout_ms=leader_timeout_ms), latency_ms=50)
    net.crash(0)
    net.start(range(1, 6))
    for seat in range(1, 6):
        net.submit(seat, payload(1))
    assert net.run(net.all_at(1, [0]))
    assert net.now_ms <= cost_ms + 4 * 50
    assert {entry.certificate.round for ledger in net.ledgers[1:] for entry in ledger} == {1}


@given(st.integers(1, 399), st.integers(1, 500))
def test_a_round_whose_leader_proposes_lasts_as_long_as_ever(at_ms, patience):
    """P-22: the first proposal of the round turns the leader's timer into what is left of the round's."""
    machine = replica(settings=replace(SETTINGS, leader_timeout_ms=patience))
    machine.start(0)
    assert SetTimer("round", min(patience, 400)) in machine.submit(payload(1), 0)
    one, other = item(0), item(0, add=2)
    effects = feed(machine, [(0, encode_item(CHAIN, one)), (0, proposal(0, 0, block_of([one])))], at_ms)
    assert [e.after_ms for e in effects if isinstance(e, SetTimer) and e.name == "round"] == [400 - at_ms]
    again = feed(machine, [(0, proposal(0, 0, block_of([other])))], at_ms)
    assert {e.after_ms for e in again if isinstance(e, SetTimer) and e.name == "round"} <= {400 - at_ms}


def test_a_proposal_is_approved_once_and_its_block_is_durable_before_the_vote():
    """P-11, P-20."""
    one = item(0)
    machine = replica()
    machine.start(0)
    effects = feed(machine, [(0, encode_item(CHAIN, one)), (0, proposal(0, 0, block_of([one])))])
    assert kinds(effects) == ["NOTARIZE"]
    order = [type(e).__name__ for e in effects if isinstance(e, Persist | Broadcast)]
    assert order == ["Persist", "Persist", "Broadcast"]
    assert [decode_record(e.record).kind.name for e in effects if isinstance(e, Persist)] == ["BLOCK", "VOTE"]
    assert Judged(1, 0, True, "") in effects
    assert kinds(feed(machine, [(0, proposal(0, 0, block_of([one])))])) == []


def test_a_second_proposal_of_one_round_is_not_approved_and_convicts_its_leader():
    """P-11, P-16."""
    one = item(0)
    machine = replica()
    machine.start(0)
    first, second = block_of([one]), block_of([one], at_s=1)
    effects = feed(machine, [(0, encode_item(CHAIN, one)), (0, proposal(0, 0, first)), (0, proposal(0, 0, second))])
    assert kinds(effects) == ["NOTARIZE"]
    (conviction,) = [e for e in effects if isinstance(e, Convict)]
    assert conviction.evidence.seat == 0
    verify_evidence(conviction.evidence, toy().committee, CHAIN, Ed25519Verifier())


def test_an_equivocating_leader_decides_nothing_in_its_round_and_the_next_leader_does():
    """P-11: half of the members see one block, half the other; nothing forks, everybody who saw both convicts."""
    net = Net(settings=SETTINGS)
    net.crash(0)
    net.start(range(1, 6))
    one = item(0)
    blocks = [block_of([one]), block_of([one], at_s=1)]
    for seat in range(1, 6):
        net.deliver(0, seat, encode_item(CHAIN, one))
        net.deliver(0, seat, proposal(0, 0, blocks[seat % 2]))
    assert net.run(net.all_at(1, [0]))
    assert net.agree()
    assert {entry.certificate.round for ledger in net.ledgers[1:] for entry in ledger} == {1}


def test_a_proposal_with_a_missing_item_is_parked_fetched_and_then_approved():
    """P-17."""
    one = item(3)
    machine = replica()
    machine.start(0)
    effects = machine.receive(proposal(0, 0, block_of([one])), 0, 10)
    assert sent(effects) == [GetItems(1, (one.digest,))]
    assert [e.to for e in effects if isinstance(e, Send)] == [0]
    assert kinds(machine.receive(encode_item(CHAIN, one), 3, 20)) == ["NOTARIZE"]


def test_what_was_not_answered_is_asked_of_others():
    """P-18."""
    one = item(3)
    machine = replica()
    machine.start(0)
    machine.receive(proposal(0, 0, block_of([one])), 0, 10)
    machine.timer("rebroadcast", 200)
    effects = machine.timer("rebroadcast", 400)
    asked = [e.to for e in effects if isinstance(e, Send) and isinstance(decode(CHAIN, e.data), GetItems)]
    assert len(asked) >= 1
    assert 0 not in asked
    assert 1 not in asked


def test_a_proposal_that_comes_before_its_round_is_kept_and_judged_when_the_round_begins():
    """P-17, design lesson 4."""
    one = item(2)
    machine = replica()
    machine.start(0)
    feed(machine, [(2, encode_item(CHAIN, one))])
    block = block_of([one])
    assert kinds(feed(machine, [(2, proposal(2, 2, block))])) == []
    votes = [(seat, vote(Kind.NULLIFY, seat, round_)) for round_ in (0, 1) for seat in (0, 2, 3, 4)]
    effects = feed(machine, votes)
    assert machine.round == 2
    assert "NOTARIZE" in kinds(effects)


def test_a_proposal_that_is_not_justified_is_not_approved():
    """P-12: round 2 on a fresh block needs the nullification of rounds 0 and 1."""
    one = item(2)
    machine = replica()
    machine.start(0)
    feed(machine, [(2, encode_item(CHAIN, one))])
    feed(machine, [(seat, vote(Kind.NULLIFY, seat, 1)) for seat in (0, 2, 3, 4)])
    assert machine.round == 2
    effects = feed(machine, [(2, proposal(2, 2, block_of([one])))])
    assert kinds(effects) == []
    machine.timer("rebroadcast", 200)
    statuses = [m for m in sent(machine.timer("rebroadcast", 400)) if isinstance(m, Status)]
    assert [status.missing for status in statuses] == [(0,)]
    assert "NOTARIZE" in kinds(feed(machine, [(seat, vote(Kind.NULLIFY, seat, 0)) for seat in (0, 2, 3, 4)]))


def test_after_a_notarization_only_the_notarized_block_may_follow():
    """P-12: with round 0 notarized and not nullified, a fresh block in round 1 is never approved."""
    one = item(0)
    machine = replica(3)
    machine.start(0)
    good, other = block_of([one]), block_of([one], at_s=1)
    feed(machine, [(0, encode_item(CHAIN, one)), (0, proposal(0, 0, good))])
    feed(machine, [(seat, vote(Kind.NOTARIZE, seat, 0, good.digest)) for seat in (0, 2, 4)])
    assert machine.round == 1
    assert kinds(feed(machine, [(1, proposal(1, 1, other))])) == []
    false_claim = feed(machine, [(1, proposal(1, 1, other, parent=0))])
    assert "NOTARIZE" not in kinds(false_claim)
    again = replica(3)
    again.start(0)
    feed(again, [(0, encode_item(CHAIN, one)), (0, proposal(0, 0, good))])
    feed(again, [(seat, vote(Kind.NOTARIZE, seat, 0, good.digest)) for seat in (0, 2, 4)])
    assert kinds(feed(again, [(1, proposal(1, 1, good, parent=0))])) == ["NOTARIZE"]


def test_finalize_and_nullify_exclude_each_other_whatever_comes_first():
    """P-11: the whole safety rule."""
    one = item(0)
    block = block_of([one])
    notarizations = [(seat, vote(Kind.NOTARIZE, seat, 0, block.digest)) for seat in (0, 2, 3, 4)]
    machine = replica()
    machine.start(0)
    feed(machine, [(0, encode_item(CHAIN, one)), (0, proposal(0, 0, block))])
    assert "NULLIFY" in kinds(machine.timer("round", 400))
    assert "FINALIZE" not in kinds(feed(machine, notarizations))
    other = replica()
    other.start(0)
    feed(other, [(0, encode_item(CHAIN, one)), (0, proposal(0, 0, block))])
    assert "FINALIZE" in kinds(feed(other, notarizations))
    later = [m for m in sent(other.timer("round", 400)) if isinstance(m, Vote)]
    assert [(m.kind, m.round) for m in later] == [(Kind.NULLIFY, 1)]


def test_a_proposal_is_still_approved_after_the_round_was_given_up():
    """P-11: NOTARIZE is allowed after NULLIFY."""
    one = item(0)
    machine = replica()
    machine.start(0)
    feed(machine, [(0, encode_item(CHAIN, one))])
    assert "NULLIFY" in kinds(machine.timer("round", 400))
    assert kinds(feed(machine, [(0, proposal(0, 0, block_of([one])))])) == ["NOTARIZE"]


@pytest.mark.parametrize(
    ("spoil", "grounds"),
    [
        (lambda block: replace(block, at_s=6), "the latest that this clock allows"),
        (lambda block: replace(block, parent="00" * 32), "its parent is not"),
        (lambda block: replace(block, chain="other"), "another chain"),
        (lambda block: replace(block, results={"total": 999}), "its results do not follow"),
        (lambda block: replace(block, items=(*block.items, *block.items)), "is at item"),
    ],
    ids=["time", "parent", "chain", "results", "items twice"],
)
def test_an_invalid_proposal_is_refused_with_its_grounds(spoil, grounds):
    """P-7."""
    one = item(0)
    machine = replica()
    machine.start(0)
    feed(machine, [(0, encode_item(CHAIN, one))])
    effects = feed(machine, [(0, proposal(0, 0, spoil(block_of([one]))))])
    (refusal,) = [message for message in sent(effects) if isinstance(message, Vote)]
    assert (refusal.kind, refusal.reason) == (Kind.NULLIFY, 1)
    assert grounds in refusal.grounds
    assert [e.approves for e in effects if isinstance(e, Judged)] == [False]


def test_an_item_that_the_application_refuses_makes_a_block_invalid():
    """P-7."""
    bad = sign_item(CHAIN, 0, 1, b'{"bad":true}', signer(0))
    machine = replica()
    machine.start(0)
    effects = feed(machine, [(0, encode_item(CHAIN, bad)), (0, proposal(0, 0, block_of([bad])))])
    assert "it is marked bad" in next(m.grounds for m in sent(effects) if isinstance(m, Vote))


def test_a_leader_leaves_a_refused_item_and_what_follows_it_out():
    """P-13."""
    net = Net()
    net.start()
    net.submit(1, payload(1))
    net.submit(1, b'{"bad":true}')
    net.submit(1, payload(3))
    net.submit(2, payload(10))
    assert net.run(net.all_at(2), 3_000) or net.heights()[0] >= 1
    assert {i.seq for entry in net.ledgers[0] for i in entry.items if i.sender == 1} == {1}


def test_a_certificate_inside_a_proposal_moves_the_receiver_on():
    """P-12, design lesson 1."""
    one = item(1)
    machine = replica(4)
    machine.start(0)
    feed(machine, [(1, encode_item(CHAIN, one))])
    votes = [decode(CHAIN, vote(Kind.NULLIFY, seat, 0)) for seat in (0, 1, 2, 3)]
    effects = feed(machine, [(1, proposal(1, 1, block_of([one]), justification=(build_certificate(votes),)))])
    assert machine.round == 1
    assert "NOTARIZE" in kinds(effects)


def test_a_notarized_block_that_is_not_known_is_fetched_and_then_finalized():
    """P-17."""
    one = item(0)
    block = block_of([one])
    machine = replica()
    machine.start(0)
    feed(machine, [(0, encode_item(CHAIN, one))])
    effects = feed(machine, [(seat, vote(Kind.NOTARIZE, seat, 0, block.digest)) for seat in (0, 2, 3, 4)])
    assert GetBlock(1, block.digest) in sent(effects)
    assert "FINALIZE" in kinds(feed(machine, [(2, encode_block(CHAIN, block))]))


def test_the_next_leader_proposes_the_notarized_block_again_after_the_grace():
    """P-12: leader of round 1 holds the notarization of round 0 but no decision."""
    one = item(0)
    block = block_of([one])
    machine = replica(1)
    machine.start(0)
    feed(machine, [(0, encode_item(CHAIN, one)), (0, proposal(0, 0, block))])
    effects = feed(machine, [(seat, vote(Kind.NOTARIZE, seat, 0, block.digest)) for seat in (0, 2, 3)])
    assert not any(isinstance(m, Proposal) for m in sent(effects))
    assert SetTimer("grace", 100) in effects
    (made,) = [m for m in sent(machine.timer("grace", 200)) if isinstance(m, Proposal)]
    assert (made.vote.round, made.vote.parent, made.vote.value) == (1, 0, block.digest)
    assert [c.kind for c in made.justification] == [Kind.NOTARIZE]


def test_a_leader_passes_over_a_lost_notarized_block_only_if_it_is_nullified():
    """P-12, design lesson 5."""
    one = item(1)
    machine = replica(1)
    machine.start(0)
    feed(machine, [(1, encode_item(CHAIN, one))])
    lost = "ab" * 32
    effects = feed(machine, [(seat, vote(Kind.NOTARIZE, seat, 0, lost)) for seat in (0, 2, 3, 4)])
    effects += machine.timer("grace", 200)
    assert not any(isinstance(m, Proposal) for m in sent(effects))
    effects = feed(machine, [(seat, vote(Kind.NULLIFY, seat, 0)) for seat in (0, 2, 3, 4)])
    (made,) = [m for m in sent(effects) if isinstance(m, Proposal)]
    assert (made.vote.round, made.vote.parent) == (1, -1)


def test_a_status_of_an_earlier_round_is_answered_with_certificates():
    """P-18, design lessons 2 and 3."""
    machine = replica()
    machine.start(0)
    feed(machine, [(seat, vote(Kind.NULLIFY, seat, 0)) for seat in (0, 2, 3, 4)])
    assert machine.round == 1
    answer = sent(machine.receive(encode_status(CHAIN, Status(1, 0, (), (0,) * 6)), 5, 50))
    (certificates,) = [m for m in answer if isinstance(m, Certificates)]
    assert [(c.kind, c.round) for c in certificates.certificates] == [(Kind.NULLIFY, 0)]
    behind = replica(5)
    behind.start(0)
    behind.receive(encode_certificates(CHAIN, certificates.certificates), 1, 60)
    assert behind.round == 1


def test_no_timer_runs_while_nothing_is_due_and_one_liar_cannot_start_it():
    """P-22: less than a third of votes moves nobody; a third does."""
    machine = replica()
    effects = machine.start(0)
    assert [e.name for e in effects if isinstance(e, SetTimer)] == ["rebroadcast"]
    feed(machine, [(5, vote(Kind.NULLIFY, 5, 0))])
    assert not machine.active
    assert kinds(machine.timer("round", 900)) == []
    feed(machine, [(4, vote(Kind.NULLIFY, 4, 0))])
    assert machine.active


def test_the_application_is_asked_again_when_it_wants_to_be():
    """P-22."""
    machine = replica(0, toy(tick_s=3))
    effects = machine.start(1_000)
    assert SetTimer("wake", 2_000) in effects
    assert not machine.active
    effects = machine.timer("wake", 3_000)
    assert any(isinstance(m, Proposal) for m in sent(effects))


def test_a_committee_of_one_decides_alone():
    """P-10."""
    machine = Replica(0, toy((700,)), signer(0), Ed25519Verifier(), SETTINGS)
    machine.start(0)
    effects = machine.submit(payload(3), 10)
    assert [e.entry.block.height for e in effects if isinstance(e, Decided)] == [1]
    assert machine.application.total == 3


def test_seats_without_power_never_lead_and_never_count():
    """P-10, P-12: of six seats two are jailed; their votes add nothing, their items are taken."""
    net = Net(toy((0, 1000, 0, 1000, 1000, 1000)))
    net.start()
    net.submit(0, payload(5))
    net.submit(3, payload(1))
    assert net.run(net.all_at(1))
    assert net.run(lambda: all(r.application.total == 6 for r in net.replicas), 5_000)
    assert {v.seat for ledger in net.ledgers for e in ledger for v in e.certificate.votes} <= {1, 3, 4, 5}
    proposers = {m.vote.seat for seat, _, data in net.sent for m in [decode(CHAIN, data)] if isinstance(m, Proposal)}
    assert proposers <= {1, 3, 4, 5}
    assert not any(isinstance(decode(CHAIN, data), Vote) for seat, _, data in net.sent if seat in (0, 2))


class Fickle(Toy):
    def results(self, at_s, items, previous):
        fickle[0] += 1
        return {"total": fickle[0]}


fickle = [0]


def test_an_application_that_refuses_its_own_results_is_our_own_mistake():
    """P-7."""
    base = toy()
    machine = Replica(0, Fickle(base.committee, base.sequences), signer(0), Ed25519Verifier(), SETTINGS)
    machine.start(0)
    with pytest.raises(MisuseError, match="is `results` pure"):
        machine.submit(payload(1), 10)


def test_equal_events_give_equal_effects():
    """P-11: the replica is a function of what it is told."""
    one = item(0)
    block = block_of([one])
    events = [
        (0, encode_item(CHAIN, one)),
        (0, proposal(0, 0, block)),
        *[(seat, vote(Kind.NOTARIZE, seat, 0, block.digest)) for seat in (0, 2, 3, 4)],
        *[(seat, vote(Kind.FINALIZE, seat, 0, block.digest)) for seat in (4, 3, 2, 0)],
    ]
    runs = []
    for _ in range(2):
        machine = replica()
        runs.append([*machine.start(0), *feed(machine, events), *machine.timer("rebroadcast", 200)])
    assert runs[0] == runs[1]
    assert any(isinstance(e, Decided) for e in runs[0])

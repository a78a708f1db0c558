"""P-7, P-12, P-17: yes, no, or not yet."""

from dataclasses import replace

import pytest

from quorate.consensus.certificate import build_certificate
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Convict, Head, ReplicaSettings, Send
from quorate.consensus.judging import Approved, Parked, Refused, check_history, justified, verdict
from quorate.consensus.messages import GetItems, GetRange, Proposal, decode
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import make_block
from quorate.consensus.signing import Ed25519Verifier, sign_item, sign_vote
from quorate.consensus.table import Table
from quorate.domain.deciding import Kind, pack_ext
from quorate.domain.errors import LedgerBroken
from tests.quorate.consensus.toy import CHAIN, payload, signer, toy

N = 4
ONE = sign_item(CHAIN, 2, 1, payload(5), signer(2))


def finalized(block, height, held, seats=(0, 1, 2)):
    return build_certificate(
        sign_vote(CHAIN, signer(i), Kind.FINALIZE, height, 0, i, value=block.digest, ext=pack_ext(held)) for i in seats
    )


def tables(held=(0, 0, 0, 0)):
    """Return the tables of heights 1 and 2 at seat 1; at the second, the head's signers report `held`."""
    settings = ReplicaSettings()
    desk = Desk(1, CHAIN, signer(1), Ed25519Verifier(), settings)
    first = Table(desk, toy((1000,) * N), Pool((0,) * N, settings), None, None)
    block = make_block(first.application, [], None, 0)
    head = Head(finalized(block, 1, held), first.committee)
    second = Table(desk, first.application.apply(block, []), Pool((0,) * N, settings), head, first)
    return first, second


def proposed(table, block, round_=0, parent=-1, leader=1):
    table.bodies.learn(block)
    vote = sign_vote(
        CHAIN, signer(leader), Kind.PROPOSE, table.height, round_, leader, value=block.digest, parent=parent
    )
    return Proposal(vote, block)


def test_a_valid_block_is_approved_once_its_items_are_here():
    _, table = tables()
    proposal = proposed(table, make_block(table.application, [ONE], table.head, 0))
    assert verdict(table, proposal) == Parked()
    (request,) = [decode(CHAIN, e.data) for e in table.desk.flush() if isinstance(e, Send)]
    assert request == GetItems(2, (ONE.digest,))
    table.pool.add(ONE)
    assert verdict(table, proposal) == Approved()


def test_an_owed_item_that_is_not_here_parks_the_proposal_until_it_comes():
    """P-15, P-17."""
    _, table = tables(held=(0, 0, 1, 0))
    proposal = proposed(table, make_block(table.application, [], table.head, 0), leader=0)
    assert verdict(table, proposal) == Parked()
    (request,) = [decode(CHAIN, e.data) for e in table.desk.flush() if isinstance(e, Send)]
    assert request == GetRange(2, 2, 1, 1)
    table.pool.add(ONE)
    found = verdict(table, proposal)
    assert isinstance(found, Refused)
    assert "leaves out item 1 of seat 2" in found.grounds


def test_a_certificate_of_the_parent_that_does_not_verify_refuses_the_block():
    """P-7: another quorum's certificate of the same parent is as good as mine, a forged one is not."""
    _, table = tables()
    block = make_block(table.application, [], table.head, 0)
    wider = build_certificate([*table.head.certificate.statements(), *finalized_vote(table, 3)])
    assert verdict(table, proposed(table, replace(block, previous=wider))) == Approved()
    forged = replace(wider, votes=(*wider.votes[:-1], wider.votes[-1]._replace(signature=bytes(64))))
    found = verdict(table, proposed(table, replace(block, previous=forged)))
    assert isinstance(found, Refused)
    assert "the certificate of its parent is invalid" in found.grounds


def finalized_vote(table, seat):
    value = table.head.certificate.value
    return [sign_vote(CHAIN, signer(seat), Kind.FINALIZE, 1, 0, seat, value=value, ext=pack_ext((0,) * N))]


def test_a_time_ahead_of_this_clock_is_refused_and_one_before_the_parent_too():
    """P-7."""
    _, table = tables()
    table.now_ms = 10_000
    for at_s, fine in ((0, True), (15, True), (16, False)):
        found = verdict(table, proposed(table, make_block(table.application, [], table.head, at_s)))
        assert isinstance(found, Approved) == fine


def test_a_proposal_rests_on_nullifications_since_its_parent_and_on_its_parents_notarization():
    """P-12."""
    _, table = tables()
    block = make_block(table.application, [], table.head, 0)
    fresh = proposed(table, block, round_=2)
    assert not justified(table, fresh.vote)
    assert sorted(table.needed) == [0, 1]
    for number in (0, 1):
        votes = [sign_vote(CHAIN, signer(i), Kind.NULLIFY, 2, number, i) for i in (0, 1, 2)]
        table.at(number).nullified = build_certificate(votes)
    assert verdict(table, fresh) == Approved()
    again = proposed(table, block, round_=2, parent=0)
    assert verdict(table, again) == Parked()
    votes = [sign_vote(CHAIN, signer(i), Kind.NOTARIZE, 2, 0, i, value="aa" * 32) for i in (0, 1, 2)]
    table.at(0).notarized = build_certificate(votes)
    assert verdict(table, again) == Refused("round 0 notarized another block")


def test_a_block_on_another_certified_branch_convicts_those_who_signed_both():
    """P-16: beyond the bound, a fork is seen as soon as its next block arrives."""
    first, table = tables()
    other = make_block(toy((1000,) * N), [], None, 7)
    first.witness(table.head.certificate)
    first.desk.flush()
    branch = toy((1000,) * N).apply(other, [])
    head = Head(finalized(other, 1, (0,) * N, (1, 2, 3)), first.committee)
    found = verdict(table, proposed(table, make_block(branch, [], head, 7)))
    assert found == Refused("its parent is not the block decided last")
    convicted = [e.evidence.seat for e in table.desk.flush() if isinstance(e, Convict)]
    assert convicted == [1, 2]


def test_a_certified_block_that_does_not_follow_here_breaks_the_ledger():
    """P-20: the node must stop."""
    _, table = tables()
    block = make_block(table.application, [], table.head, 0)
    check_history(table, block, ())
    with pytest.raises(LedgerBroken, match="its results do not follow"):
        check_history(table, replace(block, results={"total": 1}), ())
    with pytest.raises(LedgerBroken, match="its parent"):
        check_history(table, replace(block, parent="00" * 32), ())

"""P-12: what the leader of a round may propose, and when it must wait."""

from quorate.consensus.certificate import build_certificate
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Head, ReplicaSettings, Send
from quorate.consensus.judging import FRESH
from quorate.consensus.leading import JUSTIFICATION_BYTES_MAX, block_to_propose, find_parent, justification
from quorate.consensus.messages import GetBlock, GetRange, decode
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import make_block
from quorate.consensus.signing import Ed25519Verifier, sign_vote
from quorate.consensus.table import Table
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Kind, pack_ext
from tests.quorate.consensus.toy import CHAIN, signer, toy

N = 4


def table(application=None, head=None):
    settings = ReplicaSettings()
    desk = Desk(1, CHAIN, signer(1), Ed25519Verifier(), settings)
    return Table(desk, application or toy((1000,) * N), Pool((0,) * N, settings), head, None)


def certificate(kind, number, value=None):
    return build_certificate(
        sign_vote(CHAIN, signer(i), kind, 1, number, i, value=None if kind is Kind.NULLIFY else value) for i in range(3)
    )


def asked(known):
    return [decode(CHAIN, e.data) for e in known.desk.flush() if isinstance(e, Send)]


def test_in_round_0_a_fresh_block_is_proposed_once_something_is_due():
    known = table()
    assert find_parent(known) == FRESH
    assert block_to_propose(known, FRESH) is None
    known.due = True
    block = block_to_propose(known, FRESH)
    assert block == make_block(known.application, [], None, 0)
    assert block.digest in known.made


def test_after_nullified_rounds_a_fresh_block_is_justified_by_them():
    known = table()
    known.round = 2
    assert find_parent(known) is None
    assert list(known.needed) == [1]
    for number in (0, 1):
        known.at(number).nullified = certificate(Kind.NULLIFY, number)
    assert find_parent(known) == FRESH
    assert [c.round for c in justification(known, FRESH)] == [1, 0]


def test_the_latest_notarized_block_is_proposed_again_after_its_grace():
    known = table()
    block = make_block(known.application, [], None, 0)
    known.bodies.learn(block)
    known.round = 1
    known.at(0).notarized = certificate(Kind.NOTARIZE, 0, block.digest)
    assert find_parent(known) == 0
    assert block_to_propose(known, 0) is None
    known.graced = 1
    assert block_to_propose(known, 0) == block
    known.round = 2
    known.at(1).nullified = certificate(Kind.NULLIFY, 1)
    assert find_parent(known) == 0
    assert block_to_propose(known, 0) == block
    assert [(c.kind, c.round) for c in justification(known, 0)] == [(Kind.NOTARIZE, 0), (Kind.NULLIFY, 1)]


def test_a_notarized_block_that_is_lost_is_fetched_and_passed_over_only_if_nullified():
    """Design lesson 5."""
    known = table()
    known.round = 1
    known.at(0).notarized = certificate(Kind.NOTARIZE, 0, "ab" * 32)
    assert find_parent(known) is None
    assert asked(known) == [GetBlock(1, "ab" * 32)]
    known.at(0).nullified = certificate(Kind.NULLIFY, 0)
    assert find_parent(known) == FRESH


def test_a_leader_fetches_what_it_owes_from_one_who_reported_it():
    """P-15."""
    application = toy((1000,) * N)
    block = make_block(application, [], None, 0)
    votes = [
        sign_vote(CHAIN, signer(i), Kind.FINALIZE, 1, 0, i, value=block.digest, ext=pack_ext((0, 0, 0, 2 if i else 0)))
        for i in range(N)
    ]
    known = table(application.apply(block, []), Head(build_certificate(votes), application.committee))
    known.due = True
    assert block_to_propose(known, FRESH) is None
    (request,) = [e for e in known.desk.flush() if isinstance(e, Send)]
    assert decode(CHAIN, request.data) == GetRange(2, 3, 1, 2)
    assert request.to in (2, 3)


def test_a_justification_fits_and_holds_the_newest():
    """P-8."""
    known = table()
    known.round = 2_000
    one = certificate(Kind.NULLIFY, 0)
    for number in range(2_000):
        known.at(number).nullified = one
    chosen = justification(known, FRESH)
    assert 0 < len(chosen) < 2_000
    assert sum(len(canonical(c.plain())) for c in chosen) <= JUSTIFICATION_BYTES_MAX

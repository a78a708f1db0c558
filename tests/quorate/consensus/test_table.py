"""P-11, P-18, P-19: what one height's table admits, remembers and answers."""

import pytest

from quorate.consensus.certificate import build_certificate
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Convict, Observed, ReplicaSettings
from quorate.consensus.messages import MISSING_MAX, Proposal, Status
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import make_block
from quorate.consensus.signing import Ed25519Verifier, sign_vote
from quorate.consensus.table import EARLY_BYTES_MAX, Table
from quorate.domain.deciding import Block, Kind
from quorate.domain.errors import CommitteeMismatch
from tests.quorate.consensus.toy import CHAIN, GENESIS, signer, toy

POWERS = (1000, 1000, 1000, 1000, 0, 1000)


def table(me=1, key=None, **changes):
    settings = ReplicaSettings(**changes)
    desk = Desk(me, CHAIN, signer(me if key is None else key), Ed25519Verifier(), settings)
    return Table(desk, toy(POWERS), Pool((0,) * 6, settings), None, None)


def vote(seat, kind=Kind.NULLIFY, round_=0, value="aa" * 32, height=1, ext=b"\0" * 24):
    null, final = kind is Kind.NULLIFY, kind is Kind.FINALIZE
    return sign_vote(
        CHAIN, signer(seat), kind, height, round_, seat, value=None if null else value, ext=ext if final else b""
    )


@pytest.mark.parametrize(
    "wrong",
    [vote(0, height=2), vote(4), vote(7), vote(0, round_=65), vote(0, Kind.FINALIZE, ext=b"\0" * 20)],
    ids=["height", "no power", "no seat", "round", "ext"],
)
def test_a_vote_that_cannot_belong_here_is_not_admitted(wrong):
    """P-11, P-19."""
    with pytest.raises(CommitteeMismatch):
        table().admit(wrong)
    table().admit(vote(0, round_=64))


def test_who_may_use_power():
    """P-10, P-21."""
    assert table().power == 1000
    assert table(4).power == 0
    assert table(9).power == 0
    assert table(key=2).power == 0
    assert table(silent_through=1).power == 0


def test_the_same_vote_is_no_news_and_a_different_one_is_until_its_seat_is_convicted():
    """P-16, P-19."""
    known = table()
    one, other = (vote(0, Kind.NOTARIZE, value=value * 32) for value in ("aa", "bb"))
    assert known.news(one)
    known.at(0).count(one, known.committee)
    assert not known.news(one)
    assert known.known(one)
    assert known.news(other)
    known.accuse(other)
    assert [type(e) for e in known.desk.flush()] == [Convict]
    assert not known.news(other)


def test_votes_after_their_certificate_are_news_only_to_those_who_want_them():
    votes = [vote(seat) for seat in (0, 1, 2, 3)]
    for wants in (True, False):
        known = table(verify_late=wants)
        known.at(0).nullified = build_certificate(votes)
        assert known.news(vote(5), direct=True) == wants
        assert known.news(vote(4)), "what somebody else brings is checked at once"


def test_the_votes_of_a_certificate_are_held_against_their_signers():
    """P-16: a certificate brings votes that never reached us alone."""
    known = table()
    final = vote(0, Kind.FINALIZE)
    known.at(0).count(final, known.committee)
    known.witness(build_certificate([vote(seat) for seat in (0, 2, 3, 5)]))
    effects = known.desk.flush()
    assert [e.evidence.seat for e in effects if isinstance(e, Convict)] == [0]
    assert [e.vote.seat for e in effects if isinstance(e, Observed)] == [0, 2, 3, 5]


def test_missing_rounds_are_named_the_newest_first_and_answered_with_what_is_held():
    """P-18."""
    asking, holding = table(), table()
    asking.round = 100
    assert asking.missing() == tuple(range(99, 99 - MISSING_MAX, -1))
    asking.round = 3
    asking.needed[1] = None
    for number in range(3):
        asking.at(number).notarized = holding.at(number).notarized = build_certificate(
            [vote(seat, Kind.NOTARIZE, number) for seat in (0, 1, 2, 3)]
        )
        holding.at(number).nullified = build_certificate([vote(seat, Kind.NULLIFY, number) for seat in (0, 1, 2, 3)])
    holding.round = 3
    assert asking.status() == Status(1, 3, (1,), (0,) * 6)
    assert holding.certificates_for(asking.status()) == [holding.at(1).notarized, holding.at(1).nullified]
    behind = holding.certificates_for(Status(1, 2, (), (0,) * 6))
    assert behind == holding.entered_by()
    assert len(behind) == 2


def test_a_leader_cannot_make_us_keep_more_than_its_share_of_early_blocks():
    """P-19."""
    known = table()
    big = "x" * (EARLY_BYTES_MAX // 3)
    kept = 0
    for round_ in range(1, 9):
        block = Block(CHAIN, 1, GENESIS, round_, (), None, big)
        proposal = Proposal(vote(0, Kind.PROPOSE, round_, block.digest), block)
        if known.has_room(proposal):
            known.at(round_).proposals.append(proposal)
            kept += 1
    assert kept == 2
    small = make_block(toy(POWERS), [], None, 0)
    assert known.has_room(Proposal(vote(0, Kind.PROPOSE, 0, small.digest), small))


def test_blocks_of_past_rounds_are_forgotten_unless_they_were_notarized():
    """P-19."""
    known = table()
    blocks = [make_block(toy(POWERS), [], None, at) for at in range(3)]
    for number, block in enumerate(blocks):
        known.at(number).proposals.append(Proposal(vote(0, Kind.PROPOSE, number, block.digest), block))
        known.bodies.learn(block)
    known.at(0).notarized = build_certificate([vote(seat, Kind.NOTARIZE, 0, blocks[0].digest) for seat in (0, 1, 2, 3)])
    known.round = 2
    known.forget_past()
    assert [known.bodies.block(block.digest) is not None for block in blocks] == [True, False, True]

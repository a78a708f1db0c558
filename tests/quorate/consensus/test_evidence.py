"""P-16: a pair convicts exactly when its two statements are incompatible and truly signed by the seat."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.evidence import (
    Evidence,
    FalseBlock,
    ItemClaim,
    evidence_from,
    incompatible,
    item_evidence,
    pairs,
    report_from,
    verify_evidence,
    verify_votes,
    vouches,
)
from quorate.consensus.plain import read_json
from quorate.consensus.signing import Ed25519Verifier, sign_item, sign_vote
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Block, Kind, pack_ext
from quorate.domain.errors import CommitteeMismatch, MessageMalformed, SignatureInvalid
from tests.quorate.consensus.strategies import votes
from tests.quorate.consensus.toy import CHAIN, GENESIS, committee, signer

KINDS = (Kind.PROPOSE, Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE)
A, B = "aa" * 32, "bb" * 32
HELD = pack_ext((1, 0, 0))


def said(kind, value=A, round_=0, seat=1, key=1, height=1, **more):
    if kind is Kind.NULLIFY:
        value = None
    if kind is Kind.FINALIZE:
        more.setdefault("ext", HELD)
    return sign_vote(CHAIN, signer(key), kind, height, round_, seat, value=value, **more)


def convicts(a, b, seat=1):
    verify_evidence(Evidence(seat, a, b), committee((1000,) * 3), CHAIN, Ed25519Verifier())


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (said(Kind.PROPOSE), said(Kind.PROPOSE, B)),
        (said(Kind.PROPOSE, round_=2), said(Kind.PROPOSE, round_=2, parent=1)),
        (said(Kind.NOTARIZE), said(Kind.NOTARIZE, B)),
        (said(Kind.NOTARIZE, round_=2), said(Kind.NOTARIZE, round_=2, parent=0)),
        (said(Kind.FINALIZE), said(Kind.FINALIZE, B)),
        (said(Kind.FINALIZE), said(Kind.FINALIZE, ext=pack_ext((2, 0, 0)))),
        (said(Kind.FINALIZE), said(Kind.NULLIFY)),
        (said(Kind.NULLIFY), said(Kind.FINALIZE)),
    ],
    ids=["proposals", "proposal parents", "notarize", "notarize parents", "finalize", "ext", "fin+null", "null+fin"],
)
def test_every_incompatible_pair_of_votes_convicts(a, b):
    """P-16, class A."""
    convicts(a, b)
    assert [e.seat for e in pairs([a, b])] == [1]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (said(Kind.NOTARIZE), said(Kind.NOTARIZE)),
        (said(Kind.NOTARIZE), said(Kind.NULLIFY)),
        (said(Kind.NOTARIZE), said(Kind.FINALIZE, B)),
        (said(Kind.NULLIFY), said(Kind.NULLIFY, reason=1)),
        (said(Kind.FINALIZE), said(Kind.FINALIZE, B, round_=1)),
        (said(Kind.FINALIZE), said(Kind.FINALIZE, B, height=2)),
        (said(Kind.PROPOSE), said(Kind.NOTARIZE, B)),
    ],
    ids=["same", "notarize+nullify", "notarize+finalize", "reasons", "rounds", "heights", "kinds"],
)
def test_what_an_honest_seat_may_sign_never_convicts(a, b):
    """P-16: whoever files such a pair slanders."""
    with pytest.raises(MessageMalformed, match="compatible"):
        convicts(a, b)
    assert pairs([a, b]) == []


@given(votes(KINDS), votes(KINDS))
def test_incompatibility_is_symmetric_and_never_with_oneself(a, b):
    """P-16."""
    assert incompatible(a, b) == incompatible(b, a)
    assert not incompatible(a, a)


def test_signatures_and_seats_are_checked():
    """P-16: nobody is convicted by what another signed."""
    with pytest.raises(SignatureInvalid):
        convicts(said(Kind.NOTARIZE), said(Kind.NOTARIZE, B, key=2))
    with pytest.raises(CommitteeMismatch):
        convicts(said(Kind.NOTARIZE), said(Kind.NOTARIZE, B, seat=2, key=2))
    with pytest.raises(CommitteeMismatch):
        convicts(said(Kind.NOTARIZE, seat=7), said(Kind.NOTARIZE, B, seat=7), seat=7)
    with pytest.raises(SignatureInvalid):
        verify_evidence(
            Evidence(1, said(Kind.NOTARIZE), said(Kind.NOTARIZE, B)), committee((1000,) * 3), "other", Ed25519Verifier()
        )


def test_two_payloads_under_one_number_convict_and_one_payload_twice_does_not():
    """P-16."""
    one, other = (sign_item(CHAIN, 1, 4, payload, signer(1)) for payload in (b"1", b"2"))
    found = item_evidence(one, other)
    assert found is not None
    verify_evidence(found, committee((1000,) * 3), CHAIN, Ed25519Verifier())
    assert item_evidence(one, one) is None
    assert item_evidence(one, sign_item(CHAIN, 1, 5, b"2", signer(1))) is None
    assert isinstance(found.first, ItemClaim)
    with pytest.raises(MessageMalformed):
        convicts(found.first, replace(found.second, seq=5))
    with pytest.raises(MessageMalformed):
        convicts(found.first, said(Kind.NOTARIZE))


@given(votes(KINDS), votes(KINDS))
def test_evidence_comes_back_from_its_json(a, b):
    """P-16."""
    evidence = Evidence(a.seat, replace(a, grounds=""), replace(b, grounds=""))
    assert evidence_from(read_json(canonical(evidence.plain()))) == evidence


def test_item_evidence_comes_back_from_its_json_and_broken_json_is_refused():
    """P-16."""
    one, other = (sign_item(CHAIN, 1, 4, payload, signer(1)) for payload in (b"1", b"2"))
    found = item_evidence(one, other)
    plain = found.plain()
    assert evidence_from(plain) == found
    for broken in (None, [], {}, {**plain, "seat": -1}, {**plain, "more": 1}, {**plain, "first": {"kind": "status"}}):
        with pytest.raises(MessageMalformed):
            evidence_from(broken)


@given(st.lists(votes(KINDS), max_size=8))
def test_pairs_find_a_seat_exactly_if_two_of_its_votes_are_incompatible(drawn):
    """P-16, against brute force."""
    guilty = {a.seat for a in drawn for b in drawn if a.seat == b.seat and incompatible(a, b)}
    assert [e.seat for e in pairs(drawn)] == sorted(guilty)


# -- a false block (P-23) --------------------------------------------------------------------------------------------


def block_of(height=1, total=3):
    return Block(CHAIN, height, GENESIS, 0, (), None, {"total": total})


def vote_for(block, seat=1, kind=Kind.PROPOSE, signed_by=None, **changes):
    fields = {"value": block.digest, "parent": -1, **changes}
    return sign_vote(CHAIN, signer(seat if signed_by is None else signed_by), kind, block.height, 0, seat, **fields)


def check(*said):
    verify_votes(FalseBlock(block_of(), (), said), committee((1000, 1000, 0)), CHAIN, Ed25519Verifier())


def test_a_vote_vouches_for_a_block_if_it_is_for_it_as_a_fresh_one():
    """P-23."""
    block = block_of()
    check(vote_for(block), vote_for(block, 0, Kind.NOTARIZE))
    for vote in (
        vote_for(block, parent=0),
        vote_for(block, value=A),
        vote_for(block, kind=Kind.FINALIZE),
        replace(vote_for(block), height=2),
    ):
        assert not vouches(vote, block)
        with pytest.raises(MessageMalformed, match="does not vouch"):
            check(vote)


def test_votes_of_a_charge_are_checked_under_the_committee_of_its_height():
    with pytest.raises(SignatureInvalid, match="seat 1 did not sign"):
        check(vote_for(block_of(), signed_by=0))
    for seat in (2, 3):
        with pytest.raises(CommitteeMismatch, match="has no vote"):
            check(vote_for(block_of(), seat))


@given(st.integers(0, 9), st.sets(st.sampled_from([(s, k) for s in range(4) for k in (2, 3)]), min_size=1))
def test_a_charge_reads_back_as_written(total, who):
    block, item = block_of(total=total), sign_item(CHAIN, 1, 1, b'{"add":1}', signer(1))
    charge = FalseBlock(block, (item,), tuple(vote_for(block, seat, Kind(kind)) for seat, kind in sorted(who)))
    assert report_from(read_json(canonical(charge.plain()))) == charge


def test_what_is_neither_a_pair_nor_a_charge_is_refused():
    block = block_of()
    good = FalseBlock(block, (), (vote_for(block), vote_for(block, 2))).plain()
    assert report_from(good).votes
    for bad in (
        {**good, "votes": []},
        {**good, "votes": [*good["votes"], good["votes"][0]]},
        {**good, "votes": good["votes"][::-1]},
        {**good, "items": None},
        {**good, "more": 1},
        {**good, "block": {}},
        {},
        None,
    ):
        with pytest.raises(MessageMalformed):
            report_from(bad)

"""P-23: of all who refused a false block two report it, and the others only if that did not help."""

from dataclasses import replace

import pytest

from quorate.consensus.effects import ReplicaSettings
from quorate.consensus.evidence import FalseBlock, verify_evidence
from quorate.consensus.pool import Pool
from quorate.consensus.signing import Ed25519Verifier, sign_item, sign_vote
from quorate.domain.deciding import Kind
from quorate.ledger.doubts import WAIT_MAX, Doubts
from quorate.ledger.height import PAST_HEIGHTS
from quorate.ledger.state import Reported, founded
from tests.quorate.ledger import build as make

STATE = founded(make.genesis(6))
BLOCK = make.Chain(make.genesis(6)).block([], 1)
CHARGE = FalseBlock(BLOCK, (), (sign_vote("x", make.key("c2"), Kind.PROPOSE, 1, 0, 2, value=BLOCK.digest),))


def doubting(me):
    doubts = Doubts(me)
    doubts.note(CHARGE)
    return doubts


def after(height, **changes):
    return replace(STATE, height=height + 1, **changes)


def test_members_take_their_turn_after_the_accused_two_at_a_time():
    when = {me: next(height for height in range(1, 9) if doubting(me).ripe(after(height))) for me in (3, 4, 5, 0, 1)}
    assert when == {3: 1, 4: 1, 5: 3, 0: 3, 1: 5}
    assert max(when.values()) == 1 + WAIT_MAX


def held(state, *items):
    """A pool that holds these items."""
    pool = Pool(state.sequences, ReplicaSettings())
    for item in items:
        pool.add(item)
    return pool


def signed_item(payload, name="c5"):
    return sign_item(STATE.chain, 5, 1, payload, make.key(name))


def reporting(*items):
    return after(1, reported=(Reported(4, replace(CHARGE, items=items), "ab" * 32, 1),))


def test_whoever_holds_another_payload_than_a_report_shows_files_both_once():
    doubts, state = Doubts(0), reporting(signed_item(b"[]"))
    (pair,) = doubts.answers(state, held(state, signed_item(b"[[]]")))
    verify_evidence(pair, state.committee(), state.chain, Ed25519Verifier())
    assert pair.seat == 5
    assert doubts.answers(state, held(state, signed_item(b"[[]]"))) == []


@pytest.mark.parametrize(
    ("shown", "holds"),
    [
        (signed_item(b"[]"), signed_item(b"[]")),
        (signed_item(b"[]", "c4"), signed_item(b"[[]]")),
        (replace(signed_item(b"[]"), sender=200), signed_item(b"[[]]")),
    ],
    ids=["the same", "forged", "nobody's"],
)
def test_a_report_whose_items_contradict_nothing_is_not_answered(shown, holds):
    state = reporting(shown)
    assert Doubts(0).answers(state, held(state, holds)) == []


def test_a_block_is_reported_once():
    doubts = doubting(3)
    assert doubts.ripe(after(1)) == [CHARGE]
    assert doubts.ripe(after(2)) == []


@pytest.mark.parametrize("me", [3, 5])
def test_nobody_reports_a_block_that_was_judged(me):
    doubts = doubting(me)
    assert doubts.ripe(after(3, tried=frozenset({(2, 1)}))) == []
    assert doubts.ripe(after(4)) == []


def test_while_another_report_of_the_block_waits_nothing_is_added_and_if_it_failed_the_next_in_turn_speaks():
    doubts = doubting(5)
    assert doubts.ripe(after(3, reported=(Reported(4, CHARGE, "ab" * 32, 2),))) == []
    assert doubts.ripe(after(4)) == [CHARGE]


def test_what_can_no_longer_be_tried_is_forgotten():
    assert doubting(3).ripe(after(PAST_HEIGHTS - 1)) == [CHARGE]
    assert doubting(3).ripe(after(PAST_HEIGHTS)) == []

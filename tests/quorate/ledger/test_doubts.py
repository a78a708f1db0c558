"""P-23: of all who refused a false block two report it, and the others only if that did not help."""

from dataclasses import replace

import pytest

from quorate.consensus.evidence import FalseBlock
from quorate.consensus.signing import sign_vote
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
    assert doubts.ripe(after(3, reported=(Reported(4, CHARGE, "ab" * 32),))) == []
    assert doubts.ripe(after(4)) == [CHARGE]


def test_what_can_no_longer_be_tried_is_forgotten():
    assert doubting(3).ripe(after(PAST_HEIGHTS - 1)) == [CHARGE]
    assert doubting(3).ripe(after(PAST_HEIGHTS)) == []

"""Forged bytes convict who signed them, and nobody else; what nobody signed convicts nobody. docs/protocol.md P-16."""

import pytest

from quorate.consensus.messages import decode
from quorate.domain.deciding import Item, Kind, Vote
from quorate.domain.errors import ProtocolViolation
from tests.faults.rogues import Group


@pytest.mark.parametrize(
    ("driver", "what"), [("two-votes", Kind.NOTARIZE), ("two-proposals", Kind.PROPOSE), ("two-bids", "item")]
)
def test_two_stories_are_held_against_who_tells_them(driver, what):
    group = Group(driver)
    group.open("j1")
    for _ in range(6):
        group.height()
    assert {evidence.seat for evidence in group.convicted} == {0}
    first = group.convicted[0].first
    assert (first.kind if isinstance(first, Vote) else "item") == what
    assert group.members[1].application.state.members[0].standing.jailed
    assert not any(member.standing.jailed for member in group.members[1].application.state.members[1:])


@pytest.mark.parametrize("driver", ["forged-signature", "wrong-chain", "garbage", "replay", "delay"])
def test_what_nobody_signed_convicts_nobody_and_stops_nothing(driver):
    group = Group(driver)
    group.open("j1")
    for _ in range(3):
        group.height()
    assert group.convicted == []
    assert all(member.standing.reputation == 1_000 for member in group.members[1].application.state.members)


def refused(group):
    bad = 0
    for sender, data in group.sent:
        if sender == 0:
            try:
                decode(group.chain, data)
            except ProtocolViolation:
                bad += 1
    return bad


def test_garbage_is_garbage_and_honest_drivers_send_none():
    loud, quiet = Group("garbage"), Group("delay")
    loud.height()
    quiet.height()
    assert refused(loud) > 0
    assert refused(quiet) == 0


def test_a_silent_member_sends_nothing_and_a_driver_can_stop_acting():
    group = Group("silence")
    group.height()
    assert all(sender != 0 for sender, _ in group.sent)
    group.active = False
    group.height()
    assert any(sender == 0 for sender, _ in group.sent)


def test_a_member_that_delays_holds_nothing_back_for_ever():
    group = Group("delay")
    group.open("j1")
    mine = [decode(group.chain, data) for sender, data in group.sent if sender == 0]
    assert any(isinstance(message, Item) for message in mine)

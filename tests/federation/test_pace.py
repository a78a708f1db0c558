"""Rounds follow the delay that is measured, and nobody who answers slowly can stretch them. docs/protocol.md P-22."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.pace import BACKOFF, CAP_MS, FLOOR_MS, LEADER_FLOOR_MS, SLACK_MS, Pace, common_delay_ms

DELAYS = st.floats(0, 400)


@given(st.integers(4, 13), st.data())
def test_a_third_that_answers_slowly_cannot_stretch_the_delay(members, data):
    f = (members - 1) // 3
    honest = data.draw(st.lists(DELAYS, min_size=members - 1 - f, max_size=members - 1 - f))
    liars = data.draw(st.lists(st.floats(0, 1e9), min_size=f, max_size=f))
    delay = common_delay_ms(dict(enumerate([*honest, *liars])), members)
    assert delay is not None
    assert delay <= max(honest)


@given(st.lists(DELAYS, min_size=5, max_size=5))
def test_the_delay_reaches_all_members_but_a_third(delays):
    delay = common_delay_ms(dict(enumerate(delays)), 6)
    assert sum(each <= delay for each in delays) >= 4


@pytest.mark.parametrize("known", [0, 1, 3])
def test_while_too_few_have_answered_rounds_are_as_long_as_the_settings_say(known):
    pace = Pace(grace_ms=50, default_ms=1_000)
    for seat in range(known):
        pace.answered(seat, 2.0)
    assert (pace.round_timeout_ms(6), pace.leader_timeout_ms(6)) == (1_000, 1_000)


def test_a_round_takes_three_delays_and_its_leader_two_and_a_little():
    pace = Pace(grace_ms=50, default_ms=1_000)
    for seat in range(5):
        pace.answered(seat, 140.0)
    for _ in range(30):
        pace.decided(270.0)
    assert (pace.round_timeout_ms(6), pace.leader_timeout_ms(6)) == (3 * 70 + SLACK_MS, 2 * 70 + SLACK_MS)


@given(st.lists(st.floats(0, 1e7), min_size=5, max_size=5), st.lists(st.floats(0, 1e7), max_size=30))
def test_rounds_and_leaders_have_their_delays_and_in_the_next_round_the_grace_too_between_a_floor_and_a_cap(
    trips, heights
):
    pace = Pace(grace_ms=50, default_ms=1_000)
    for seat, trip in enumerate(trips):
        pace.answered(seat, trip)
    for took in heights:
        pace.decided(took)
    delay_ms = common_delay_ms({s: t / 2 for s, t in enumerate(trips)}, 6) or 0
    whole, silent = pace.round_timeout_ms(6), pace.leader_timeout_ms(6)
    assert silent <= whole
    for timeout, delays, floor_ms in ((whole, 3, FLOOR_MS), (silent, 2, LEADER_FLOOR_MS)):
        assert floor_ms <= timeout <= CAP_MS
        waits = timeout > delays * delay_ms and BACKOFF * timeout > 50 + delays * delay_ms
        assert timeout == CAP_MS or waits


def test_a_few_slow_heights_change_nothing_and_many_do():
    pace = Pace(grace_ms=50, default_ms=1_000)
    for seat in range(5):
        pace.answered(seat, 1.0)
    for _ in range(5):
        for took in (10.0, 10.0, 900.0):
            pace.decided(took)
    assert (pace.round_timeout_ms(6), pace.leader_timeout_ms(6)) == (FLOOR_MS, LEADER_FLOOR_MS)
    for _ in range(16):
        pace.decided(300.0)
    assert pace.round_timeout_ms(6) > 600

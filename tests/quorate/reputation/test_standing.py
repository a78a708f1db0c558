"""How a standing moves: bounded, one way per cause, and never by an accusation. docs/protocol.md P-52 to P-57."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.reputation import standing as s
from quorate.reputation.standing import Standing

STANDINGS = st.builds(
    Standing,
    cluster=st.just("c0"),
    reputation=st.integers(0, 1_000),
    jailed=st.booleans(),
    probation_until=st.integers(0, 50),
)
MOVES = {
    "contradicted": s.contradicted,
    "absent": s.absent,
    "present": s.present,
    "completed": lambda now: s.completed(now, 0),
    "completed well": lambda now: s.completed(now, 10),
    "completed badly": lambda now: s.completed(now, -10),
    "jailed": s.jailed,
}
PENALTIES = ("contradicted", "absent", "jailed")


@settings(max_examples=300)
@given(STANDINGS, st.lists(st.sampled_from(sorted(MOVES)), max_size=60), st.integers(1, 100))
def test_no_history_leaves_the_bounds(now, moves, height):
    for move in moves:
        now = MOVES[move](now)
        assert 0 <= now.reputation <= 1_000
        power = now.power(height)
        assert power == 0 or 500 <= power <= 1_000
        assert (power == 0) == (now.jailed or height < now.probation_until)


def test_presence_at_the_top_leaves_the_very_same_standing():
    top = s.Standing(cluster="c0")
    assert s.present(top) is top


@given(STANDINGS, st.sampled_from(PENALTIES), st.integers(1, 100))
def test_no_penalty_ever_raises_anything(now, penalty, height):
    after = MOVES[penalty](now)
    assert after.reputation <= now.reputation
    assert after.power(height) <= now.power(height)


@given(STANDINGS, STANDINGS, st.sampled_from(sorted(MOVES)))
def test_who_stood_higher_never_falls_below(one, other, move):
    low, high = sorted((one, other), key=lambda each: each.reputation)
    assert MOVES[move](low).reputation <= MOVES[move](high).reputation or (
        move == "absent" and low.reputation <= s.ABSENCE_FLOOR
    )


@given(STANDINGS, st.integers(1, 500))
def test_absence_alone_never_goes_below_its_floor(now, times):
    before = now.reputation
    for _ in range(times):
        now = s.absent(now)
    assert now.reputation >= min(before, s.ABSENCE_FLOOR)


@given(STANDINGS, st.integers(-1_000, 1_000))
def test_a_completed_job_never_costs_and_never_earns_more_than_its_two_parts(now, points):
    after = s.completed(now, points)
    assert now.reputation <= after.reputation <= now.reputation + s.COMPLETION + s.CALIBRATION_MAX


def test_one_contradiction_takes_full_trust_to_six_tenths():
    assert s.contradicted(Standing(cluster="c0")).reputation == 600


def test_forty_jobs_earn_it_back():
    now, jobs = s.contradicted(Standing(cluster="c0")), 0
    while now.reputation < 1_000:
        now, jobs = s.completed(now, 0), jobs + 1
    assert jobs == 40


def test_a_jailed_member_has_no_power_and_keeps_its_record():
    caught = s.jailed(Standing(cluster="c0", reputation=700))
    assert (caught.power(10**6), caught.reputation) == (0, 700)


def test_a_released_member_starts_over_as_a_joiner():
    free = s.released(s.jailed(Standing(cluster="c0")), 30)
    assert free == Standing(cluster="c0", reputation=s.JOINER, probation_until=30)
    assert [free.power(height) for height in (29, 30)] == [0, 500]


@pytest.mark.parametrize(("reputation", "power"), [(0, 500), (499, 500), (500, 500), (777, 777), (1_000, 1_000)])
def test_power_is_reputation_between_a_half_and_one(reputation, power):
    assert Standing(cluster="c0", reputation=reputation).power(1) == power

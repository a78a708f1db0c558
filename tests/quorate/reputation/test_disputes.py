"""P-71: how far two accounts of a job are apart, and what several of them cost together."""

from hypothesis import given
from hypothesis import strategies as st

from quorate.reputation.disputes import cost, distance
from quorate.reputation.standing import DISPUTE_MAX, POWER_MIN, Standing, disputed

TIMES = st.integers(0, 100_000)


@given(TIMES, TIMES, st.booleans(), st.booleans(), TIMES)
def test_two_accounts_are_apart_exactly_if_they_differ_and_never_further_than_ten(mine, theirs, a, b, walltime):
    apart = distance(mine, a, theirs, b, walltime)
    assert 0 <= apart <= DISPUTE_MAX
    assert (apart == 0) == ((mine, a) == (theirs, b))
    assert apart == distance(theirs, b, mine, a, walltime)
    if a != b:
        assert apart == DISPUTE_MAX


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 500)), min_size=3, max_size=6))
def test_disputes_cost_what_the_middle_of_them_says(said):
    assert min(d for d, _ in said) <= cost(said) <= max(d for d, _ in said)


@given(st.integers(0, 1_000), st.integers(1, 50))
def test_disputes_never_take_more_than_ten_and_never_any_power_below_its_floor(reputation, milli):
    before = Standing(cluster="c", reputation=reputation)
    after = disputed(before, milli)
    assert before.reputation - 10 <= after.reputation <= before.reputation
    assert after.reputation >= min(reputation, POWER_MIN)
    assert after.power(1) >= POWER_MIN

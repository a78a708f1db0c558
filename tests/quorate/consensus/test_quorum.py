"""P-10: the joint quorum, against brute force in exact fractions."""

from fractions import Fraction
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.quorum import is_quorum, is_third

powers = st.lists(st.integers(500, 1000), min_size=1, max_size=13)


@given(powers, st.data())
def test_a_quorum_is_two_thirds_by_count_and_two_thirds_by_power(weights, data):
    """P-10."""
    chosen = data.draw(st.sets(st.sampled_from(range(len(weights)))))
    power = sum(weights[i] for i in chosen)
    count_share = Fraction(len(chosen), len(weights))
    power_share = Fraction(power, sum(weights))
    expected = count_share >= Fraction(2, 3) and power_share >= Fraction(2, 3)
    assert is_quorum(len(chosen), len(weights), power, sum(weights)) == expected


@given(st.lists(st.integers(500, 1000), min_size=4, max_size=7))
def test_two_quorums_share_an_honest_seat_while_a_third_is_honest_either_way(weights):
    """P-10: any f below a third by count, or below a third by power."""
    seats = range(len(weights))
    total = sum(weights)
    sets = [set(c) for k in range(len(weights) + 1) for c in combinations(seats, k)]
    quorums = [s for s in sets if is_quorum(len(s), len(weights), sum(weights[i] for i in s), total)]
    few = [s for s in sets if 3 * len(s) < len(weights) or 3 * sum(weights[i] for i in s) < total]
    largest = [s for s in few if not any(s < other for other in few)]
    for one, other in combinations(quorums, 2):
        common = one & other
        assert all(not common <= liars for liars in largest)


def test_four_equal_votes_of_six_decide_and_three_do_not():
    assert is_quorum(4, 6, 4_000, 6_000)
    assert not is_quorum(3, 6, 3_000, 6_000)


def test_after_a_fall_to_0_600_four_votes_with_the_fallen_one_do_not_decide():
    """Protocol 2.4: total 5.600; 3.600 with it, 4.000 without it."""
    assert is_quorum(4, 6, 4_000, 5_600)
    assert not is_quorum(4, 6, 3_600, 5_600)
    assert is_quorum(5, 6, 4_600, 5_600)


def test_the_count_quorum_is_the_ceiling_for_every_size():
    for n in range(1, 101):
        least = next(k for k in range(n + 1) if is_quorum(k, n, k * 1000, n * 1000))
        assert least == -(-2 * n // 3)


def test_an_empty_committee_decides_nothing():
    assert not is_quorum(0, 0, 0, 0)
    assert not is_third(0, 0, 0, 0)


def test_a_third_is_non_strict_on_both_measures():
    assert is_third(2, 6, 2_000, 6_000)
    assert not is_third(2, 6, 1_900, 6_000)
    assert not is_third(1, 6, 2_000, 6_000)

"""The median of weights is what no minority moves. docs/protocol.md P-70, P-71."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.median import weighted_median

PAIRS = st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 9)), min_size=1, max_size=12).filter(
    lambda pairs: any(weight for _, weight in pairs)
)


@given(PAIRS)
def test_at_most_half_of_the_weight_lies_on_either_side(pairs):
    median = weighted_median(pairs)
    total = sum(weight for _, weight in pairs)
    assert 2 * sum(weight for value, weight in pairs if value < median) < total
    assert 2 * sum(weight for value, weight in pairs if value > median) <= total
    assert any(value == median and weight for value, weight in pairs)


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_and_what_weighs_nothing_cannot_matter(pairs, rng):
    mixed = [*rng.sample(pairs, len(pairs)), (99, 0)]
    assert weighted_median(mixed) == weighted_median(pairs)


@given(PAIRS, st.integers(-99, 99))
def test_less_than_half_moves_it_no_further_than_the_others_say(pairs, loud):
    total = sum(weight for _, weight in pairs)
    moved = weighted_median([*pairs, (loud, max(0, total - 1))])
    values = [value for value, weight in pairs if weight]
    assert min(values) <= moved <= max(values)


def test_there_is_no_median_of_nothing():
    for nothing in ([], [(3, 0)]):
        with pytest.raises(ValueError, match="needs weight"):
            weighted_median(nothing)

"""P-12: everybody leads in proportion to power, nobody without power leads, and nothing drifts."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.leader import Rotation, next_priorities, step
from tests.quorate.consensus.toy import committee

powers = st.lists(st.integers(500, 1000) | st.just(0), min_size=1, max_size=10)


@given(powers)
def test_over_as_many_steps_as_the_total_each_seat_leads_as_often_as_its_power(weights):
    """P-12, with powers scaled down so that a whole cycle is short."""
    weights = [w // 100 for w in weights]
    priorities, led = (0,) * len(weights), Counter()
    for _ in range(sum(weights)):
        lead, priorities = step(priorities, weights)
        led[lead] += 1
    assert [led[i] for i in range(len(weights))] == weights
    assert priorities == (0,) * len(weights)


@given(powers, st.integers(0, 40))
def test_rounds_go_on_with_the_steps_of_the_rotation(weights, round_):
    """P-12: r extra steps for round r."""
    table = committee(weights)
    priorities, lead = table.priorities, None
    for _ in range(round_ + 1):
        lead, priorities = step(priorities, table.powers)
    rotation = Rotation(table)
    assert rotation.leader(round_) == lead
    assert lead is None or weights[lead] > 0
    assert (lead is None) == (sum(weights) == 0)


def test_equal_seats_lead_in_turn_and_ties_go_to_the_lower_seat():
    rotation = Rotation(committee((1000,) * 4))
    assert [rotation.leader(r) for r in range(6)] == [0, 1, 2, 3, 0, 1]


@given(st.lists(powers.filter(any), min_size=2, max_size=12))
def test_priorities_stay_within_a_few_totals_whatever_the_powers_do(history):
    """P-12: no drift, whoever joins, falls or is jailed."""
    n = min(map(len, history))
    history = [weights[:n] if any(weights[:n]) else [500] * n for weights in history]
    priorities = (0,) * n
    for before, after in pairwise(history):
        priorities = next_priorities(priorities, before, after)
        assert all(abs(p) <= 3 * sum(after) for p in priorities)
        assert all(p == 0 for p, w in zip(priorities, after, strict=True) if w == 0)


def test_a_seat_that_joins_or_comes_back_stands_at_the_end_of_the_queue():
    """P-12."""
    joined = next_priorities((0, 0), (1000, 1000), (1000, 1000, 500))
    assert min(joined) == joined[2]
    released = next_priorities((0, 0, 0), (1000, 0, 1000), (1000, 500, 1000))
    assert min(released) == released[1]


def test_two_in_a_row_is_impossible_for_equal_seats_across_heights():
    priorities, leaders = (0,) * 6, []
    for _ in range(12):
        lead, _ = step(priorities, (1000,) * 6)
        leaders.append(lead)
        priorities = next_priorities(priorities, (1000,) * 6, (1000,) * 6)
    assert leaders == [0, 1, 2, 3, 4, 5] * 2

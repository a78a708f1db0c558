"""P-70: opinions move a bid only if more than half of those who may speak agree, and never by more than a tenth."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quorate.market.assess import assessed_bp

SCORES = st.integers(0, 10_000)
OPINIONS = st.lists(st.tuples(SCORES, st.integers(500, 1_000)), max_size=8)


def weight(opinions):
    return sum(w for _, w in opinions)


@settings(max_examples=300)
@given(SCORES, OPINIONS, st.integers(0, 3_000))
def test_no_opinion_moves_a_bid_further_than_a_tenth_or_out_of_bounds(score, opinions, silent):
    moved = assessed_bp(score, opinions, weight(opinions) + silent)
    assert abs(moved - score) <= score // 10
    assert 0 <= moved <= 10_000


@settings(max_examples=300)
@given(SCORES, OPINIONS, st.integers(0, 9_000))
def test_half_of_the_power_moves_nothing(score, opinions, silent):
    assume(silent >= weight(opinions))
    assert assessed_bp(score, opinions, weight(opinions) + silent) == score


@given(st.integers(1, 10_000), OPINIONS)
def test_what_all_say_within_reach_is_what_counts(score, opinions):
    assume(opinions)
    said = [(min(10_000, score + score // 20), w) for _, w in opinions]
    assert assessed_bp(score, said, weight(said)) == said[0][0]


@settings(max_examples=300)
@given(SCORES, OPINIONS, st.integers(0, 3_000), st.integers(0, 7), st.integers(0, 10_000))
def test_a_better_opinion_never_lowers_a_bid(score, opinions, silent, place, more):
    assume(opinions)
    total, place = weight(opinions) + silent, place % len(opinions)
    value, w = opinions[place]
    raised = [*opinions[:place], (min(10_000, value + more), w), *opinions[place + 1 :]]
    assert assessed_bp(score, raised, total) >= assessed_bp(score, opinions, total)


@given(SCORES, OPINIONS, st.integers(0, 3_000), st.randoms(use_true_random=False))
def test_the_order_of_opinions_cannot_matter(score, opinions, silent, rng):
    total = weight(opinions) + silent
    assert assessed_bp(score, rng.sample(opinions, len(opinions)), total) == assessed_bp(score, opinions, total)


def test_nobody_who_could_speak_leaves_the_bid_as_it_is():
    assert assessed_bp(8_000, [], 0) == 8_000

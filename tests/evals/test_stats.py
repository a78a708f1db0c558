import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.stats import (
    Interval,
    clopper_pearson,
    groups_needed,
    hodges_lehmann,
    holm,
    kendall_tau_b,
    mcnemar,
    naive_p,
    normal_quantile,
    paired_mean,
    pinball,
    verdict,
    wilcoxon,
    wilson,
)

shares = st.tuples(st.integers(0, 400), st.integers(1, 400)).filter(lambda pair: pair[0] <= pair[1])


@given(shares)
def test_both_intervals_of_a_share_hold_it_and_stay_within_nought_and_one(pair):
    hits, n = pair
    for found in (wilson(hits, n), clopper_pearson(hits, n)):
        assert 0 <= found.low <= found.estimate <= found.high <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_lowers_a_p_and_keeps_their_order(ps):
    adjusted = holm(ps)
    assert all(a >= p or math.isclose(a, p) for a, p in zip(adjusted, ps, strict=True))
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    assert all(adjusted[i] <= adjusted[j] for i, j in itertools.pairwise(order))


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=12), st.lists(st.integers(-5, 5), min_size=2, max_size=12))
def test_tau_is_symmetric_bounded_and_turns_sign_with_the_order(a, b):
    n = min(len(a), len(b))
    tau = kendall_tau_b(a[:n], b[:n])
    if not math.isnan(tau):
        assert -1 <= tau <= 1
        assert math.isclose(tau, kendall_tau_b(b[:n], a[:n]))
        assert math.isclose(tau, -kendall_tau_b([-x for x in a[:n]], b[:n]), abs_tol=1e-12)


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0.05, 0.95))
def test_pinball_loss_is_never_negative_and_nought_when_right(told, seen, quantile):
    assert pinball(told, seen, quantile) >= 0
    assert pinball(seen, seen, quantile) == 0


def test_the_pinball_optimum_is_the_quantile():
    rng = random.Random(1)
    seen = [rng.random() for _ in range(4_000)]
    best = min((sum(pinball(q / 100, s, 0.9) for s in seen), q) for q in range(101))[1]
    assert 88 <= best <= 92


def test_known_intervals_come_out():
    # Newcombe 1998, table I: 81 of 263 gives Wilson 0.2553 to 0.3662; exact 0.2527 to 0.3676.
    found, exact = wilson(81, 263), clopper_pearson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert (round(exact.low, 4), round(exact.high, 4)) == (0.2527, 0.3676)


def test_no_failure_in_three_hundred_leaves_one_percent_open():
    assert 0.009 < 1 - 0.05 ** (1 / 300) < clopper_pearson(0, 300).high < 0.013


def test_a_share_of_nothing_is_unknown():
    assert math.isnan(wilson(0, 0).estimate)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_mcnemar_is_the_exact_binomial_on_discordant_pairs():
    a = {str(i): [True] for i in range(10)} | {f"x{i}": [False] for i in range(2)}
    b = {str(i): [i >= 8] for i in range(10)} | {f"x{i}": [True] for i in range(2)}
    assert mcnemar(a, b) == pytest.approx(2 * sum(math.comb(10, k) for k in (8, 9, 10)) / 2**10)


def test_mcnemar_refuses_groups_of_several_bids():
    with pytest.raises(ValueError, match="one bid per group"):
        mcnemar({"g": [True, False]}, {"g": [True, True]})


def test_signed_ranks_match_the_published_table():
    # n = 10, W = 8 is the two-sided 5 % critical value (p = 0.0488, Wilcoxon 1945).
    ranks = [-1, -7, 2, 3, 4, 5, 6, 8, 9, 10]
    assert wilcoxon(ranks) == pytest.approx(0.0488, abs=1e-4)
    assert wilcoxon([0, 0, 0]) == 1.0


def test_with_ties_the_approximation_agrees_with_drawn_signs():
    rng = random.Random(3)
    values = np.array([round(rng.gauss(0.3, 1), 1) or 0.1 for _ in range(49)])
    order = np.sort(np.abs(values))
    low, high = (np.searchsorted(order, np.abs(values), side) for side in ("left", "right"))
    ranks = (low + 1 + high) / 2
    signs = np.random.default_rng(1).choice([-1, 1], (20_000, len(values)))
    drawn = (np.abs(signs @ ranks) >= abs(np.sign(values) @ ranks)).mean()
    assert wilcoxon(list(values)) == pytest.approx(drawn, abs=0.01)


def test_the_location_shift_is_the_median_of_pair_means():
    found = hodges_lehmann([1.0, 2.0, 9.0])
    assert found.estimate == 3.5
    assert found.low <= found.estimate <= found.high


def test_the_normal_quantile_is_the_known_one():
    assert normal_quantile(0.975) == pytest.approx(1.959964, abs=1e-6)


def test_few_groups_are_judged_by_sign_flips():
    # Eight positive differences: 2 of 256 sign patterns are as extreme.
    found = paired_mean([0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0.2, 0.15], seed=1)
    assert found.p == pytest.approx(2 / 256)
    assert 0 < found.low < found.estimate < found.high


def test_the_bootstrap_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    hit = sum(
        found.low <= 0.1 <= found.high
        for i in range(200)
        for found in [paired_mean(list(rng.normal(0.1, 0.3, 60)), seed=i, draws=500)]
    )
    assert 0.89 <= hit / 200 <= 0.99


def test_equals_are_equals():
    assert paired_mean([0.0] * 50, seed=1).p == 1.0
    assert math.isnan(paired_mean([], seed=1).estimate)


def test_the_same_seed_gives_the_same_interval():
    values = [0.01 * i for i in range(30)]
    assert paired_mean(values, seed=4) == paired_mean(values, seed=4)


def test_ignoring_clusters_raises_false_alarms():
    rng = np.random.default_rng(7)
    naive = clustered = 0
    for i in range(200):
        group = rng.normal(0, 0.1, 60)[:, None] + rng.normal(0, 0.1, (60, 6))
        naive += naive_p(list(group.ravel())) < 0.05
        clustered += paired_mean(list(group.mean(axis=1)), seed=i, draws=400).p < 0.05
    assert naive > 40
    assert clustered <= 20


@pytest.mark.parametrize(
    ("low", "high", "p", "word"),
    [
        (0.03, 0.09, 0.001, "better"),
        (-0.09, -0.03, 0.001, "worse"),
        (-0.01, 0.015, 0.4, "equivalent"),
        (0.001, 0.015, 0.001, "equivalent"),
        (-0.05, 0.06, 0.7, "undecided"),
        (0.03, 0.09, 0.2, "undecided"),
    ],
)
def test_a_verdict_weighs_interval_margin_and_corrected_p(low, high, p, word):
    assert verdict(Interval((low + high) / 2, low, high, p, 100), p, margin=0.02) == word


def test_a_handful_of_equal_groups_proves_nothing():
    assert verdict(Interval(0.0, 0.0, 0.0, 1.0, 8), 1.0, margin=0.02) == "undecided"


def test_the_groups_needed_shrink_with_the_square_of_the_margin():
    values = [0.4, -0.4] * 50
    assert groups_needed(values, 0.02) == pytest.approx(4 * groups_needed(values, 0.04), rel=0.03)

import random

import pytest

from evals.compare import compare, overall


def measures(name, groups, value, rng=None, sd=0.0):
    return {name: {str(i): [value + (rng.gauss(0, sd) if rng else 0.0)] for i in range(groups)}}


def test_the_verdict_follows_the_direction_of_the_figure():
    low, high = measures("regret", 60, 0.01), measures("regret", 60, 0.20)
    assert compare(low, high)[0].verdict == "worse"
    assert compare(high, low)[0].verdict == "better"
    low, high = measures("tau", 60, 0.4), measures("tau", 60, 0.9)
    assert compare(low, high)[0].verdict == "better"


def test_a_small_certain_difference_is_none():
    assert compare(measures("grounded", 60, 0.950), measures("grounded", 60, 0.955))[0].verdict == "equivalent"


def test_noise_is_undecided_and_says_how_many_groups_would_do():
    rng = random.Random(1)
    found = compare(measures("tau", 30, 0.5, rng, 0.3), measures("tau", 30, 0.5, rng, 0.3))[0]
    assert found.verdict == "undecided"
    assert found.needed > 100


def test_only_groups_that_both_answered_are_compared():
    a = {"grounded": {"x": [1.0], "y": [0.0]}}
    b = {"grounded": {"y": [0.0], "z": [1.0]}}
    assert compare(a, b)[0].difference.groups == 1


def test_figures_that_one_run_lacks_are_left_out():
    assert compare({"tau": {"x": [1.0]}}, {"grounded": {"x": [1.0]}}) == []


def test_primary_figures_share_one_error_rate():
    a = {name: {str(i): [0.0] for i in range(8)} for name in ("grounded", "feasible")}
    b = {"grounded": {str(i): [0.5] for i in range(8)}, "feasible": {str(i): [0.1 * (i % 2)] for i in range(8)}}
    grounded = next(one for one in compare(a, b) if one.metric.name == "grounded")
    assert grounded.adjusted_p == pytest.approx(2 * grounded.difference.p)


def test_one_worse_primary_figure_makes_the_whole_worse():
    a = measures("grounded", 60, 0.9) | measures("tau", 60, 0.5)
    b = measures("grounded", 60, 0.5) | measures("tau", 60, 0.9)
    assert overall(compare(a, b)) == "worse"
    assert overall(compare(a, a)) == "equivalent"
    assert overall([]) == "undecided"

"""Forecasts are scored by proper rules, so that saying what one believes is best. docs/protocol.md P-57."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.bidding import Forecast
from quorate.reputation.calibration import loss, pinball, points
from quorate.reputation.standing import CALIBRATION_MAX

SECONDS = st.integers(0, 10**6)
WHOLE = st.integers(1, 10**6)


def forecast(success_bp=9_500):
    told = {"start_p50_s": 0, "start_p90_s": 60, "run_p50_s": 700, "run_p90_s": 1_000}
    return Forecast.model_validate({**told, "success_bp": success_bp, "author": "rule"})


@given(st.sampled_from([50, 90]), SECONDS, SECONDS, WHOLE)
def test_pinball_is_the_textbook_loss_floored(quantile, said, came, scale):
    exact = Fraction(quantile if came >= said else 100 - quantile, 100) * abs(came - said) * 10_000 / scale
    assert pinball(quantile, said, came, scale) == exact.numerator // exact.denominator


@given(st.sampled_from([50, 90]), SECONDS, WHOLE)
def test_a_perfect_quantile_loses_nothing(quantile, came, scale):
    assert pinball(quantile, came, came, scale) == 0


@given(st.lists(st.integers(0, 400), min_size=5, max_size=40), st.sampled_from([50, 90]), st.integers(0, 400))
def test_no_forecast_beats_the_true_quantile_over_what_came(came, quantile, other):
    true = sorted(came)[(quantile * len(came) - 1) // 100]

    def exact(said):
        return sum(abs(c - said) * (quantile if c >= said else 100 - quantile) for c in came)

    assert exact(true) <= exact(other)
    # The integer loss floors each term, so it may differ by less than one unit a term.
    scaled = {said: sum(pinball(quantile, said, c, 10_000) for c in came) for said in (true, other)}
    assert scaled[true] <= scaled[other] + len(came)


@given(st.integers(0, 100), st.integers(0, 100))
def test_the_true_probability_of_success_minimises_the_expected_loss(belief, said):
    def expected(percent):
        told = forecast(success_bp=100 * percent)
        return belief * loss(told, 0, 700, True, 1_000) + (100 - belief) * loss(told, 0, 700, False, 1_000)

    assert expected(belief) <= expected(said) + 100


@given(SECONDS, SECONDS)
def test_points_are_bounded_and_have_the_sign_of_the_gain(mine, baseline):
    got = points(mine, baseline)
    assert -CALIBRATION_MAX <= got <= CALIBRATION_MAX
    assert got == 0 or (got > 0) == (mine < baseline)


@given(SECONDS, SECONDS, SECONDS)
def test_a_smaller_loss_never_earns_less(one, other, baseline):
    assert points(min(one, other), baseline) >= points(max(one, other), baseline)


def test_repeating_the_rules_forecast_earns_nothing():
    assert points(1_234, 1_234) == 0


@pytest.mark.parametrize(("success_bp", "brier"), [(9_500, 25), (0, 10_000), (10_000, 0)])
def test_the_worked_example(success_bp, brier):
    # Ran 800 of 1,000 s, at once. start p90 60 s: 0.1 * 60 = 6 -> 60; run p50 700: 0.5 * 100 = 50 -> 500;
    # run p90 1000: 0.1 * 200 = 20 -> 200; Brier (1 - 0.95)^2 = 0.0025 -> 25.
    assert loss(forecast(success_bp=success_bp), 0, 800, True, 1_000) == 60 + 500 + 200 + brier

"""How good a forecast was, once its job has ended: proper scores, so that honesty is the best forecast.

Pinball loss for the quantiles (strictly proper for a quantile) and Brier score for the success probability
(Gneiting and Raftery 2007, sections 6.2 and 3.1), each in units of 1/10,000; compared with the rule's forecast
for the same job. Integers throughout, floored toward the baseline.
"""

from quorate.domain.bidding import Forecast
from quorate.domain.values import BASIS_POINTS
from quorate.reputation.standing import CALIBRATION_MAX


def pinball(quantile_percent: int, forecast_s: int, actual_s: int, scale_s: int) -> int:
    """Return the pinball loss of one quantile forecast, in 1/10,000 of `scale_s`.

    >>> pinball(90, 100, 200, 100), pinball(90, 200, 100, 100)
    (9000, 1000)
    """
    gap = actual_s - forecast_s
    weight = quantile_percent if gap >= 0 else 100 - quantile_percent
    return abs(gap) * weight * BASIS_POINTS // (100 * max(1, scale_s))


def loss(forecast: Forecast, start_s: int, run_s: int, succeeded: bool, walltime_s: int) -> int:
    """Return the sum of the four pinball losses and the Brier score, each in 1/10,000; 0 is perfect.

    `start_s` is the delay from award to start, `run_s` the time it ran; losses are relative to `walltime_s`.
    """
    brier = (BASIS_POINTS * succeeded - forecast.success_bp) ** 2 // BASIS_POINTS
    quantiles = (
        pinball(50, forecast.start_p50_s, start_s, walltime_s)
        + pinball(90, forecast.start_p90_s, start_s, walltime_s)
        + pinball(50, forecast.run_p50_s, run_s, walltime_s)
        + pinball(90, forecast.run_p90_s, run_s, walltime_s)
    )
    return quantiles + brier


def points(loss_bp: int, baseline_bp: int) -> int:
    """Return -10..10 milli-units: by how much the forecast beat the baseline, relative to it.

    >>> points(500, 1000), points(1000, 1000), points(9000, 1000)
    (5, 0, -10)
    """
    gain = baseline_bp - loss_bp
    scaled = abs(gain) * CALIBRATION_MAX // max(1, baseline_bp)
    return min(CALIBRATION_MAX, scaled) if gain >= 0 else -min(CALIBRATION_MAX, scaled)

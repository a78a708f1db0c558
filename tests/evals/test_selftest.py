from pathlib import Path

import pytest

from backends.reading import read_federation
from evals.planted import CLEAN, CLEAN_NOISY, DEFECTS
from evals.selftest import CAUGHT_MIN, alarms, narrowed, questions, trial

FEDERATION = read_federation(Path(__file__).parents[2] / "data" / "federations" / "reference.toml")


SAMPLES = questions(FEDERATION, 20)


@pytest.mark.slow
@pytest.mark.parametrize("planted", [CLEAN, CLEAN_NOISY], ids=lambda planted: planted.name)
def test_a_clean_bidder_fails_nothing(planted):
    assert trial(planted, SAMPLES, epochs=2, seed=1).missed == ()


@pytest.mark.slow
def test_planted_defects_are_caught_by_the_figure_meant_for_them():
    found = [trial(planted, narrowed(planted, SAMPLES), epochs=2, seed=1) for planted in DEFECTS]
    missed = [each.planted.name for each in found if not each.caught]
    assert len(missed) <= (1 - CAUGHT_MIN) * len(DEFECTS), missed


@pytest.mark.slow
def test_equals_rarely_raise_an_alarm():
    found = [bool(raised) for raised in alarms(questions(FEDERATION, 12)[:200], 20, seed=1, draws=1_000)]
    assert sum(found) <= 4  # at 5 % each, five or more of twenty happen once in four hundred

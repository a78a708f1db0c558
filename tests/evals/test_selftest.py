from pathlib import Path

import pytest

from backends.reading import read_federation
from evals.planted import CLEAN, CLEAN_NOISY, DEFECTS
from evals.selftest import CAUGHT_MIN, alarms, questions, trials

FEDERATION = read_federation(Path(__file__).parents[2] / "data" / "federations" / "reference.toml")


@pytest.mark.slow
def test_planted_defects_are_caught_by_the_figure_meant_for_them_and_clean_bidders_fail_nothing():
    found = list(trials(questions(FEDERATION, 24), epochs=2))
    clean = [trial for trial in found if trial.planted in {CLEAN, CLEAN_NOISY}]
    assert [trial.missed for trial in clean] == [(), ()]
    missed = [trial.planted.name for trial in found if trial.planted in DEFECTS and not trial.caught]
    assert len(missed) <= (1 - CAUGHT_MIN) * len(DEFECTS), missed


@pytest.mark.slow
def test_equals_rarely_raise_an_alarm():
    found = [bool(raised) for raised in alarms(questions(FEDERATION, 12), 20, seed=1, draws=1_000)]
    assert sum(found) <= 4  # at 5 % each, five or more of twenty happen once in four hundred

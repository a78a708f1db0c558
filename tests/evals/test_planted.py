from collections import Counter
from pathlib import Path

import pytest

from backends.reading import read_federation
from evals.attacks import inject, payloads
from evals.datasets import grid
from evals.metrics import BY_NAME, metric
from evals.oracle import feasible
from evals.planted import CLEAN, DEFECTS, attacked_by, clean, run
from evals.scorers import measure

FEDERATION = read_federation(Path(__file__).parents[2] / "data" / "federations" / "reference.toml")
GRID = grid(FEDERATION, 3, "dev", 6)


def test_there_are_at_least_twenty_five_with_names_of_their_own():
    assert len(DEFECTS) >= 25
    assert len({planted.name for planted in DEFECTS}) == len(DEFECTS)


def test_each_is_meant_for_a_figure_that_has_a_goal():
    assert all(metric(planted.caught_by).goal is not None for planted in DEFECTS)
    assert len(Counter(planted.caught_by for planted in DEFECTS)) >= 20
    assert {planted.caught_by for planted in DEFECTS} & BY_NAME.keys()


def test_the_clean_bidder_says_nothing_false():
    measured = measure(run(CLEAN, GRID, 1, 1))
    for name in ("grounded", "evidence", "schema_first_pass", "feasible"):
        assert {value for inside in measured[name].values() for value in inside} == {1.0}


@pytest.mark.parametrize("payload", list(payloads())[::7], ids=lambda payload: payload.name)
def test_a_payload_is_recognised_in_its_slot_and_its_control_is_not(payload):
    sample = next(sample for sample in GRID if feasible(sample))
    for text, kind in ((payload.text, payload.kind), (payload.benign, "")):
        job = inject(sample.job, payload.slot, text)
        assert attacked_by(sample.model_copy(update={"job": job})) == kind


def test_a_draft_of_what_cannot_run_scores_nought():
    assert all((clean(sample).score > 0) == feasible(sample) for sample in GRID)

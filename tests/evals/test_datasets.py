from collections import Counter
from pathlib import Path

import pytest

from backends.reading import read_federation
from evals.datasets import SET_NAMES, boundary, canary, dataset, grid, infeasible, run_share_quantile
from evals.oracle import feasible, oracle_bp
from evals.samples import FAMILIES

REFERENCE = Path(__file__).parents[2] / "data" / "federations" / "reference.toml"


@pytest.fixture(scope="module")
def federation():
    return read_federation(REFERENCE)


@pytest.fixture(scope="module")
def full(federation):
    return dataset("full", federation)


@pytest.mark.parametrize("name", SET_NAMES)
def test_equal_seeds_give_equal_questions_with_unique_ids(federation, name):
    first, second = dataset(name, federation), dataset(name, federation)
    assert [sample.hash for sample in first] == [sample.hash for sample in second]
    assert len({sample.id for sample in first}) == len(first)


def test_the_two_splits_share_no_question_but_the_canary(federation, full):
    held = {sample.hash for sample in dataset("full", federation, split="held_out")}
    shared = [sample for sample in full if sample.hash in held]
    assert {sample.family for sample in shared} == {"F10"}


def test_every_family_has_its_planned_size(full):
    sizes = Counter(sample.family for sample in full)
    assert sizes["F1"] == 600
    assert sizes["F2"] == 216
    assert sizes["F3"] == 20 * 6
    assert sizes["F5"] >= 2 * 300
    assert sizes["F6"] >= 2 * 120
    assert sizes["F7"] >= 200
    assert sizes["F10"] == 30
    assert set(sizes) == set(FAMILIES) - {"F9"}


def test_the_quick_set_is_about_sixty_questions_of_all_kinds(federation):
    quick = dataset("quick", federation)
    assert 55 <= len(quick) <= 65
    assert {sample.family for sample in quick} == {"F1", "F2", "F3", "F4", "F5"}


def test_a_grid_group_is_one_job_on_one_state_asked_of_every_cluster(federation):
    for number in range(0, 60, 6):
        group = grid(federation, 1, "dev", number + 1)[-6:]
        assert len({sample.job for sample in group}) == 1
        assert [sample.snapshot.cluster.id for sample in group] == [cluster.id for cluster in federation.clusters]
        assert sum(map(feasible, group)) >= 3


def test_boundaries_are_missed_below_and_met_at_the_need(federation):
    for sample in boundary(federation, 5, "held_out"):
        assert feasible(sample) is not sample.group.endswith("below"), sample.id


def test_nothing_fits_where_nothing_should(federation):
    samples = infeasible(federation, 5, "dev")
    assert not any(map(feasible, samples))
    assert all(oracle_bp(sample) == 0 for sample in samples)


def test_the_canary_never_changes(federation):
    # A change here is a change of what every earlier day was measured on.
    assert [sample.hash for sample in canary(federation)[:2]] == ["3593e759dba69df9", "c84dcc7dce66c0e8"]


def test_every_pair_has_its_other_half(full):
    ids = {sample.id: sample for sample in full}
    for sample in full:
        if sample.side in {"follow_up", "attack"}:
            other = ids[sample.pair]
            assert other.side == ("source" if sample.side == "follow_up" else "control")
            assert other.group == sample.group


def test_hidden_run_times_stay_within_the_limit(full):
    timed = [sample for sample in full if sample.run_s is not None]
    assert timed
    assert all(0 < sample.run_s <= sample.job.walltime_s for sample in timed)
    assert 0.4 < run_share_quantile(0.5) < run_share_quantile(0.9) <= 1

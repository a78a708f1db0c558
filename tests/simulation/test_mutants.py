"""The adversary notices wrong protocols: some of the quick ones here, all of them by `run mutants`."""

import pytest

from tests.simulation.mutants import MUTANTS, alive, hunt
from tests.simulation.play import play
from tests.simulation.schedule import draw

QUICK = ["floor_of_two_thirds_n4", "finalize_after_nullify", "no_wal", "certificates_in_proposals_ignored"]


@pytest.mark.parametrize("name", QUICK)
def test_a_mutant_is_noticed_within_a_hundred_schedules(name: str) -> None:
    assert hunt(name, seed=1, schedules=100) is not None


def test_whoever_never_answers_a_status_is_stuck_after_a_courier() -> None:
    with alive(MUTANTS["status_never_answered"]()):
        outcome = play(draw(1, stage="courier"))
    assert outcome.law == "liveness"


@pytest.mark.parametrize("name", ["weights_only_forks", "count_only_forks"])
def test_a_quorum_by_one_measure_alone_forks_in_a_schism(name: str) -> None:
    mutant = MUTANTS[name]()
    with alive(mutant):
        laws = {play(draw(seed, stage="schism"), laws=mutant.laws).law for seed in range(1, 9)}
    assert "agreement" in laws


def test_there_are_at_least_twenty_mutants() -> None:
    assert len(MUTANTS) >= 20


def test_the_core_is_itself_again_after_a_hunt() -> None:
    with alive(MUTANTS["floor_of_two_thirds_n4"]()):
        assert play(draw(1, n=4, liars=1)).law is not None
    assert play(draw(1, n=4, liars=1)).law is None

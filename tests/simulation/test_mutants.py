"""The adversary notices wrong protocols: three of the quick ones here, all of them by `run mutants`."""

import pytest

from tests.simulation.mutants import MUTANTS, alive, hunt
from tests.simulation.play import play
from tests.simulation.schedule import draw


@pytest.mark.parametrize("name", ["floor_of_two_thirds_n4", "finalize_after_nullify", "no_wal"])
def test_a_mutant_is_noticed_within_a_hundred_schedules(name: str) -> None:
    assert hunt(name, seed=1, schedules=100) is not None


def test_there_are_at_least_twenty_mutants() -> None:
    assert len(MUTANTS) >= 20


def test_the_core_is_itself_again_after_a_hunt() -> None:
    with alive(MUTANTS["floor_of_two_thirds_n4"]()):
        assert play(draw(1, n=4, liars=1)).law is not None
    assert play(draw(1, n=4, liars=1)).law is None

"""Twins: the enumeration is complete and free of repetitions, and a sample of it breaks no law."""

import itertools
from itertools import islice

from tests.simulation.mutants import MUTANTS, alive
from tests.simulation.twins import cases, cuts, play_cases, renamed, renamings, sample


def test_the_enumeration_equals_brute_force_over_all_renamings() -> None:
    menu, names = cuts(4), renamings(4)
    orbits = {
        min(tuple(renamed(cut, name) for cut in case) for name in names) for case in itertools.product(menu, repeat=2)
    }
    assert sorted(orbits) == list(cases(4, 2))


def test_one_and_a_half_million_cases_stand_for_all_of_four_rounds() -> None:
    first = sum(1 for _ in cases(4, 3))
    assert first == 25_740
    assert len(cuts(4)) == 64


def test_no_law_breaks_in_a_sample_of_all_cases_of_four_seats() -> None:
    broken = [(case, fault) for case, fault in play_cases(4, islice(cases(4, 4), 0, None, 15_013)) if fault]
    assert not broken


def test_no_law_breaks_in_samples_of_six_and_seven_seats() -> None:
    for n in (6, 7):
        broken = [(case, fault) for case, fault in play_cases(n, sample(n, 4, 40, seed=n)) if fault]
        assert not broken


def test_twins_notice_a_core_that_finalizes_what_it_nullified() -> None:
    with alive(MUTANTS["finalize_after_nullify"]()):
        assert any(fault for _, fault in play_cases(4, islice(cases(4, 4), 0, None, 997)))

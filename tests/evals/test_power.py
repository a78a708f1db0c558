import statistics

from evals.power import CHANGES, DESIGN, GROUPS, power, table


def test_the_simulated_power_table_is_the_planned_one():
    cells = list(table(repeats=300, seed=20260801))
    assert [(cell.groups, cell.change) for cell in cells] == [(g, c) for g in GROUPS for c in CHANGES]
    apart = [abs(cell.power - cell.planned) for cell in cells]
    assert max(apart) <= 0.14, [(c.groups, c.change, c.power, c.planned) for c in cells]
    assert statistics.fmean(apart) <= 0.05


def test_a_hundred_groups_find_five_points_nine_times_in_ten():
    assert power(100, 0.05, repeats=300, seed=1) >= 0.9 - 0.03
    assert DESIGN[100][2] >= 0.9


def test_no_change_is_rarely_found():
    assert power(100, 0.0, repeats=400, seed=1) <= 0.06

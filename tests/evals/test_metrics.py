import math

from evals.metrics import BY_NAME, METRICS, PRIMARY, Line, interval, lines, metric
from evals.stats import PRIMARY_MAX, Interval


def test_primary_figures_are_few_and_names_are_unique():
    assert len(PRIMARY) <= PRIMARY_MAX
    assert len(BY_NAME) == len(METRICS)


def test_every_part_of_a_family_is_judged_by_the_familys_goal():
    assert metric("attack:direct").goal == 0.01
    assert metric("relation:lang_ja").better == "less"


def test_where_every_group_agrees_the_exact_interval_stands():
    found = interval({str(i): [1.0] for i in range(30)}, metric("grounded"))
    assert found.estimate == 1.0
    assert 0.87 < found.low < 0.9


def test_one_group_says_nothing_of_others():
    assert interval({"g": [0.4]}, metric("grounded")).low == 0.0
    assert interval({"g": [0.4]}, metric("tau")).low == -1.0
    assert interval({"g": [0.4]}, metric("latency_ms")).low == -math.inf


def test_few_groups_have_students_interval_within_the_possible():
    found = interval({"a": [0.9], "b": [1.0], "c": [0.5]}, metric("grounded"))
    assert (round(found.low, 3), found.high) == (0.143, 1.0)


def test_a_goal_is_missed_only_beyond_doubt():
    assert Line(metric("grounded"), Interval(0.9, 0.85, 0.95)).missed
    assert not Line(metric("grounded"), Interval(0.9, 0.8, 0.99)).missed
    assert Line(metric("regret"), Interval(0.1, 0.05, 0.2)).missed
    assert not Line(metric("latency_ms"), Interval(9_999, 9_000, 11_000)).missed


def test_lines_come_in_the_order_of_the_metrics_then_the_parts():
    measures = {"attack:direct": {"g": [0.0]}, "tau": {"g": [1.0]}, "answered": {"g": [1.0]}}
    assert [line.metric.name for line in lines(measures)] == ["answered", "tau", "attack:direct"]

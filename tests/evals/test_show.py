import json
import math

from evals.compare import compare
from evals.runs import finished_run
from evals.show import compared_json, compared_lines, number, run_lines, spread
from evals.stats import Interval
from tests.evals.made import made_run


def test_figures_are_short_and_unknown_is_a_dash():
    assert [number(value) for value in (0.12345, 1234.5, math.nan)] == ["0.123", "1234", "-"]
    assert spread(Interval(0.5, -math.inf, math.inf)) == "0.500"


def test_a_run_is_a_table_with_its_name_above(tmp_path):
    shown = run_lines(finished_run(made_run(tmp_path / "a")))
    assert shown[0].startswith("a: profile local")
    assert any(line.startswith("grounded") for line in shown)


def test_a_comparison_ends_with_one_word_and_is_plain_json():
    measures = {"tau": {str(i): [0.5] for i in range(30)}}
    compared = compare(measures, measures)
    assert compared_lines(compared)[-1] == "verdict: equivalent"
    json.dumps(compared_json(compared), allow_nan=False)

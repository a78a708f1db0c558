from evals.metrics import lines
from evals.runs import finished_run
from evals.scorers import measure
from tests.ui import evaluated
from ui.viewmodel import evals


def test_every_figure_is_the_evaluations_own(tmp_path):
    run = finished_run(evaluated.write(tmp_path, "one"))
    rows = evals.figure_rows(run)
    assert {row.metric for row in rows} == {line.metric.name for line in lines(measure(run.records), 1)}
    assert evals.evals_title(run).startswith("No goal missed") or "missed beyond doubt" in evals.evals_title(run)
    assert evals.run_words(run).startswith("one: profile rule")


def test_a_run_compared_with_itself_is_not_worse(tmp_path):
    run = finished_run(evaluated.write(tmp_path, "one"))
    word, rows = evals.compared(run, run)
    assert word != "worse"
    assert {row.verdict for row in rows} <= {"equivalent", "undecided"}
    assert rows


def test_one_answer_is_judged_alone(tmp_path):
    run = finished_run(evaluated.write(tmp_path, "one"))
    assert evals.judged(run.records[0])
    assert evals.sample_label(run.records[0]).endswith("epoch 1")

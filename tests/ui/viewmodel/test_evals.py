import dataclasses

import pytest

from agents.rendering import bid_inputs
from evals.forms import in_form
from evals.metrics import lines
from evals.runs import finished_run
from evals.scorers import measure
from prompts import load
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


@pytest.mark.parametrize("version", [1, 2])
def test_the_question_is_rendered_again_and_says_that_it_was(tmp_path, version):
    prompt = load("bid", version)
    run = finished_run(evaluated.write(tmp_path, "one", prompt=prompt.ref))
    shown = evals.question(run, run.records[0])
    system, user = prompt.render(bid_inputs(run.records[0].sample.job, run.records[0].sample.snapshot))
    assert shown.text == f"[system]\n{system}\n\n[user]\n{user}"
    assert shown.says.startswith(f"Rendered again from bid/{version}; its hash is the one that the run kept.")


def test_another_form_of_a_prompt_is_shown_in_that_form(tmp_path):
    prompt = in_form(load("bid", 2), "shouting")
    run = finished_run(evaluated.write(tmp_path, "one", prompt=prompt.ref))
    formed = dataclasses.replace(run, manifest=run.manifest.model_copy(update={"form": "shouting"}))
    assert prompt.system[:40] in (evals.question(formed, run.records[0]).text or "")
    assert evals.question(run, run.records[0]).text is None


def test_a_text_that_is_not_here_is_not_made_up(tmp_path):
    gone = load("bid", 2).ref.model_copy(update={"version": 99})
    other = load("bid", 2).ref.model_copy(update={"sha256": "0" * 64})
    for name, ref, says in (("a", gone, "which is not here"), ("b", other, "another text than bid/2 is here")):
        run = finished_run(evaluated.write(tmp_path, name, prompt=ref))
        shown = evals.question(run, run.records[0])
        assert shown.text is None
        assert says in shown.says


def test_a_file_that_was_not_released_is_named(tmp_path):
    ref = load("bid", 2).ref.model_copy(update={"version": 99})
    run = finished_run(evaluated.write(tmp_path, "one", prompt=ref))
    drafted = dataclasses.replace(run, manifest=run.manifest.model_copy(update={"draft": "runs/mine.md"}))
    assert "asked with runs/mine.md, which is not here" in evals.question(drafted, run.records[0]).says


def test_the_rule_was_asked_nothing(tmp_path):
    run = finished_run(evaluated.write(tmp_path, "one"))
    assert evals.question(run, run.records[0]) == evals.Question(None, "Nobody was asked in words: the rule answered.")

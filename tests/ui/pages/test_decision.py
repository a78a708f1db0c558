import pytest

from tests.ui import factory
from tests.ui.screen import heading, page, text
from ui import words
from ui.runs import load


@pytest.mark.parametrize("number", range(1, 11), ids=factory.KINDS)
def test_each_kind_of_decision_gives_its_three_answers(kinds, number):
    report = load(kinds, "kinds").report
    row, names = report.decisions[number - 1], words.names_of(report)
    app = page("decision", kinds, run="kinds", job=row.job.id)
    assert not app.exception
    shown = text(app)
    assert words.explain_why(row, names) in shown
    assert words.explain_dissent(row, names) in shown
    assert words.explain_honesty(row, words.findings_of(report, row), names) in shown
    assert words.quorum_words(row) in shown.replace("\\", "")


def test_the_title_is_the_verdict(kinds):
    assert heading(page("decision", kinds, job="job_001")) == "Exascale Climate Modeling → R03 hybrid"
    assert heading(page("decision", kinds, job="job_009")) == "Exascale Climate Modeling: no quorum"
    assert heading(page("decision", kinds, job="job_010")) == "LLM Training: not placed"


def test_without_a_job_the_first_that_is_not_unanimous_is_shown(kinds):
    assert heading(page("decision", kinds)).startswith("LLM Training →")


def test_an_unknown_job_is_named_with_the_nearest(kinds):
    shown = text(page("decision", kinds, job="job_0O7"))
    assert "'job_0O7'; nearest: job_0" in shown


def test_evidence_shows_both_sides_of_a_real_lie(real):
    shown = text(page("decision", real, job="job_007"))
    assert "Evidence" in shown
    assert "class B · reputation 1.000 → 0.600" in shown
    assert "Signature " in shown
    assert "What everybody can compute" in shown


def test_prompt_reply_and_repair_are_shown_as_text(kinds):
    app = page("decision", kinds, job="job_007", agent="R00")
    shown = text(app)
    assert "You are HPC_RESOURCE_00. Bid for job job_007." in shown
    assert '{"score": 0.85,' in shown
    assert "code fence stripped" in shown


def test_next_and_previous_walk_through_the_jobs(kinds):
    app = page("decision", kinds, job="job_001")
    app.button(key="next").click().run()
    assert heading(app).startswith("LLM Training")
    assert app.query_params["job"] == ["job_002"] or app.query_params["job"] == "job_002"
    app.button(key="previous").click().run()
    assert heading(app).startswith("Exascale")

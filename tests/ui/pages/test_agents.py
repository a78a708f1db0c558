from tests.ui.screen import heading, page, text
from ui.runs import load


def test_who_lost_trust_and_why(real):
    app = page("agents", real)
    assert not app.exception
    assert heading(app) == "R00 lost trust after 1 fault"
    assert "R00 fell to 0.600 at height 21, job_007: nodes_free is 140, not 200" in text(app)


def test_the_table_is_the_reports_own(real):
    frame, report = page("agents", real).dataframe[0].value, load(real, "demo").report
    assert list(frame["Wins"]) == [sum(d.cluster == c.id for d in report.decisions) for c in report.federation.clusters]
    assert next(iter(frame["Status"])) == "BYZANTINE"


def test_it_says_what_would_fail_without_somebody(kinds):
    assert "Without R01, 1 decision would have had no quorum: job 2." in text(page("agents", kinds))

from tests.ui import evaluated
from tests.ui.screen import heading, page, text


def test_without_a_run_it_says_how_to_make_one(kinds):
    app = page("evals", kinds)
    assert not app.exception
    assert heading(app) == "No evaluation runs yet"
    assert "make eval" in text(app)


def test_a_run_is_shown_with_figures_comparison_and_one_sample(tmp_path):
    evaluated.write(tmp_path, "one")
    evaluated.write(tmp_path, "two", moved_bp=-600)
    app = page("evals", tmp_path)
    assert not app.exception
    assert "missed beyond doubt" in heading(app)
    firsts = [frame.value.columns[0] for frame in app.dataframe]
    assert firsts[:3] == ["Goal missed", "Figure", "Figure"]
    assert '"score_bp"' in text(app) or '"code"' in text(app)


def test_a_run_in_the_address_is_the_run_shown(tmp_path):
    evaluated.write(tmp_path, "one")
    evaluated.write(tmp_path, "two", moved_bp=-600)
    assert "one: profile rule" in text(page("evals", tmp_path, **{"evals-run": "one"}))

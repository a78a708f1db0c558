import pytest

from prompts import load
from tests.ui import evaluated
from tests.ui.hostile import STRINGS
from tests.ui.screen import bodies, heading, page, text
from tests.ui.test_hostile import OURS


def test_without_a_run_it_says_how_to_make_one(kinds):
    app = page("evals", kinds)
    assert not app.exception
    assert heading(app) == "No evaluation runs on this machine yet"
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


def test_a_sample_is_shown_with_its_prompt_its_reply_and_its_verdicts(tmp_path):
    evaluated.write(tmp_path, "one", prompt=load("bid", 2).ref, first='{"score": 0.71}')
    app = page("evals", tmp_path)
    assert not app.exception
    shown = text(app)
    assert "[system] You weigh one job for one cluster" in shown
    assert "Rendered again from bid/2" in shown
    assert '{"score": 0.71}' in shown
    assert "The first reply, before code checked" in shown
    assert any(list(frame.value.columns) == ["Figure", "Value"] for frame in app.dataframe)


def test_without_prompt_and_reply_it_says_why(tmp_path):
    evaluated.write(tmp_path, "one")
    shown = text(page("evals", tmp_path))
    assert "Nobody was asked in words: the rule answered." in shown
    assert "No reply was kept" in shown


@pytest.mark.parametrize("batch", range(len(STRINGS) // 10 + 1))
def test_a_hostile_reply_is_text(tmp_path, batch):
    said = " ".join(STRINGS[batch * 10 : batch * 10 + 10]).encode("utf-8", "replace").decode()
    evaluated.write(tmp_path, "one", prompt=load("bid", 2).ref, first=said)
    app = page("evals", tmp_path)
    assert not app.exception
    for body in bodies(app):
        bare = OURS.sub("", body)
        assert "<" not in bare
        assert ">" not in bare

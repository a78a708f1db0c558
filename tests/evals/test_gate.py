from dataclasses import replace

import pytest

from evals.gate import Limits, comparable, fallback_share, reasons
from evals.planted import CLEAN_NOISY, DEFECTS
from evals.runs import finished_run
from quorate.domain.errors import RequestInvalid
from tests.evals.made import made_run

BY_NAME = {planted.name: planted for planted in DEFECTS}


def test_a_whole_and_clean_run_may_go_in(tmp_path):
    assert reasons(finished_run(made_run(tmp_path / "a")), Limits(goals=True)) == []


def test_a_run_that_is_not_done_lacks_answers_or_is_small_may_not(tmp_path):
    run = finished_run(made_run(tmp_path / "a", leave_out=3, status="failed", detail="a bug"))
    said = reasons(run, Limits(samples_min=1_000))
    assert len(said) == 3
    assert "failed" in said[0]
    assert "a bug" in said[0]
    assert "lacks 3 of" in said[1]
    assert "at least 1000" in said[2]


def test_a_run_without_any_answer_may_not(tmp_path):
    run = finished_run(made_run(tmp_path / "a", leave_out=10_000))
    assert fallback_share(run) == 1.0
    assert len(reasons(run, Limits())) == 3


def test_silence_beyond_the_share_may_not_but_scripted_is_exempt(tmp_path):
    silent = finished_run(made_run(tmp_path / "a", BY_NAME["falls silent"]))
    assert any("without a model's bid" in why for why in reasons(silent, Limits(fallback_share_max=0.01)))
    exempt = finished_run(made_run(tmp_path / "b", BY_NAME["falls silent"], provider="scripted"))
    assert reasons(exempt, Limits(fallback_share_max=0.01)) == []


def test_a_regression_may_not_and_an_equal_may(tmp_path):
    base = finished_run(made_run(tmp_path / "base", CLEAN_NOISY, set_name="compare"))
    worse = finished_run(made_run(tmp_path / "worse", BY_NAME["lies about its type"], set_name="compare"))
    other = replace(CLEAN_NOISY, name="the same, drawn again")
    same = finished_run(made_run(tmp_path / "same", other, set_name="compare"))
    assert any("grounded got worse than base" in why for why in reasons(worse, Limits(), base))
    assert reasons(same, Limits(), base) == []
    assert not any("grounded" in why for why in reasons(base, Limits(), worse))


def test_missed_goals_count_only_if_asked_for(tmp_path):
    run = finished_run(made_run(tmp_path / "a", BY_NAME["lies about its type"]))
    assert reasons(run, Limits()) == []
    assert any(why.startswith("grounded is 0.000") for why in reasons(run, Limits(goals=True)))


def test_runs_of_other_questions_are_not_compared(tmp_path):
    a, b = (finished_run(made_run(tmp_path / name, set_name=name)) for name in ("quick", "compare"))
    empty = finished_run(made_run(tmp_path / "empty", leave_out=10_000))
    comparable(a, a)
    for other, shared in ((b, 24), (empty, 0)):
        with pytest.raises(RequestInvalid, match=f"share {shared} questions"):
            comparable(a, other)

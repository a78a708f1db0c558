import pytest

from evals.results import BEGIN, END, into, keep, result, table
from evals.runs import finished_run
from quorate.domain.errors import RequestInvalid
from tests.evals.made import made_run


def test_a_kept_run_holds_what_makes_it_repeatable(tmp_path):
    made = result(finished_run(made_run(tmp_path / "a")))
    assert made.models == ("planted",)
    assert made.tokens is not None
    assert made.cost_usd is None
    assert (made.commit, made.seed, made.epochs) == ("abc", 1, 1)
    assert all(figure.low <= figure.estimate <= figure.high for figure in made.figures)


def test_results_are_appended_and_no_run_stands_twice(tmp_path):
    path = tmp_path / "results" / "runs.jsonl"
    first, second = (finished_run(made_run(tmp_path / name)) for name in "ab")
    keep(first, path)
    before = path.read_text()
    keep(second, path)
    assert path.read_text().startswith(before)
    with pytest.raises(RequestInvalid, match="kept already"):
        keep(first, path)


def test_half_a_run_is_not_kept(tmp_path):
    with pytest.raises(RequestInvalid, match="not whole"):
        keep(finished_run(made_run(tmp_path / "a", leave_out=1)), tmp_path / "runs.jsonl")


def test_the_table_says_that_no_real_model_was_measured(tmp_path):
    scripted = result(finished_run(made_run(tmp_path / "a", provider="scripted")))
    remote = result(finished_run(made_run(tmp_path / "b", provider="sambanova")))
    assert any("not measured" in line for line in table([scripted]))
    assert not any("not measured" in line for line in table([scripted, remote]))


def test_a_document_takes_the_table_between_its_marks_and_nothing_else_changes(tmp_path):
    document = tmp_path / "README.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert into(document, ["| new |"])
    assert document.read_text() == f"before\n{BEGIN}\n| new |\n{END}\nafter\n"
    assert not into(document, ["| new |"])
    document.write_text("no marks")
    with pytest.raises(RequestInvalid, match="has no lines"):
        into(document, [])

import pytest

from quorate.domain.errors import RequestInvalid
from tests.ui import evaluated
from ui import results


def test_runs_are_listed_and_read(tmp_path):
    evaluated.write(tmp_path, "one")
    (tmp_path / "evals" / "notes").mkdir()
    assert results.list_evals(tmp_path / "evals") == ["one"]
    assert len(results.read_evals(tmp_path / "evals", "one").records) == len(evaluated.SAMPLES)


def test_a_name_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RequestInvalid, match="no evaluation run"):
        results.read_evals(tmp_path, "../../etc")


def test_without_kept_results_there_are_none(tmp_path):
    assert results.read_kept(tmp_path) == []

import pytest

from quorate.domain.errors import RequestInvalid
from tests.ui import evaluated
from ui import results


def test_runs_are_listed_and_read(tmp_path):
    evaluated.write(tmp_path, "one")
    (tmp_path / "evals" / "notes").mkdir()
    assert results.list_evals(tmp_path / "evals") == ["one"]
    assert len(results.read_evals(tmp_path / "evals", "one").records) == len(evaluated.SAMPLES)


def test_first_replies_are_read_by_sample_and_epoch(tmp_path):
    evaluated.write(tmp_path, "one", first="{}")
    replies = results.read_replies(tmp_path / "evals", "one")
    assert replies == {(sample.id, 1): "{}" for sample in evaluated.SAMPLES}
    assert results.read_replies(tmp_path / "evals", "none") == {}


def test_a_run_that_grew_has_another_stamp(tmp_path):
    root = tmp_path / "evals"
    folder = evaluated.write(tmp_path, "one")
    before = results.evals_stamp(root, "one")
    with (folder / "replies.jsonl").open("ab") as file:
        file.write(b"\n")
    assert results.evals_stamp(root, "one") != before
    assert results.evals_stamp(root, "none") == ()


def test_a_name_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RequestInvalid, match="no evaluation run"):
        results.read_evals(tmp_path, "../../etc")


def test_without_kept_results_there_are_none(tmp_path):
    assert results.read_kept(tmp_path) == []

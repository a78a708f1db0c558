"""`--resume`: the run that the same flags began, or the one that is named, and no other."""

import json
import shutil

import pytest

import wiring
from tests.doors import one_sentence, opened


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUORATE_PROFILE", raising=False)


@pytest.fixture
def cut_off(capsys, tmp_path):
    """A run whose process has died: no report, and a ledger that holds less than the run decided."""
    assert opened(capsys, "run", "--nodes", "4", "--no-times", "--quiet").status == 0
    folder = tmp_path / "runs/seed-42"
    (folder / "run.json").unlink()
    lines = (folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "ledger.jsonl").write_bytes(b"".join(lines[:2]))
    (folder / "checkpoints.sqlite").unlink()
    (folder / "said.json").unlink()
    return folder


def test_the_same_command_with_resume_finishes_the_run(capsys, cut_off):
    said = opened(capsys, "run", "--nodes", "4", "--no-times", "--json", "-", "--resume")
    assert said.status == 0, said.err
    assert json.loads(said.out)["status"] == "done"
    assert wiring.finished(wiring.Places(cut_off))
    assert "Network reference" in said.err, "the header stands above what a resumed run prints"


def test_a_run_is_resumed_by_its_name_whatever_the_flags(capsys, cut_off):
    assert opened(capsys, "demo", "--resume", "seed-42", "--quiet").status == 0
    assert wiring.finished(wiring.Places(cut_off))


def test_other_flags_do_not_pick_up_a_run_that_they_did_not_begin(capsys, cut_off):
    assert "begun with these flags" in one_sentence(opened(capsys, "run", "--nodes", "5", "--resume"))
    assert "begun with these flags" in one_sentence(opened(capsys, "demo", "--resume"))


@pytest.mark.parametrize("name", [[], ["seed-42"]], ids=["newest", "named"])
def test_a_run_that_was_killed_while_it_printed_is_printed_again(capsys, tmp_path, name):
    first = opened(capsys, "run", "--nodes", "4", "--no-times")
    before = {path.name: path.read_bytes() for path in (tmp_path / "runs/seed-42").iterdir()}
    again = opened(capsys, "run", "--nodes", "4", "--no-times", "--resume", *name)
    assert (again.status, again.out) == (first.status, first.out)
    assert {path.name: path.read_bytes() for path in (tmp_path / "runs/seed-42").iterdir()} == before


def test_of_two_runs_the_unfinished_one_is_resumed(capsys, cut_off):
    assert opened(capsys, "run", "--nodes", "4", "--no-times", "--quiet").status == 0
    assert opened(capsys, "run", "--nodes", "4", "--no-times", "--quiet", "--resume").status == 0
    assert wiring.finished(wiring.Places(cut_off))


def test_a_run_that_is_not_there_is_not_resumed(capsys):
    assert "no run 'x'" in one_sentence(opened(capsys, "run", "--resume", "x"))


def test_a_ledger_elsewhere_is_found_again_without_its_flag(capsys, tmp_path, cut_off):
    shutil.rmtree(cut_off)
    assert opened(capsys, "run", "--nodes", "4", "--no-times", "--quiet", "--ledger", "mine").status == 0
    (cut_off / "run.json").unlink()
    kept = (tmp_path / "mine").read_bytes()
    assert opened(capsys, "run", "--resume", "seed-42", "--quiet").status == 0
    assert (tmp_path / "mine").read_bytes() == kept
    assert not (cut_off / "ledger.jsonl").exists()


def test_the_same_command_with_its_ledger_elsewhere_goes_on_in_that_ledger(capsys, tmp_path):
    ran = ("run", "--nodes", "4", "--no-times", "--quiet", "--ledger")
    assert opened(capsys, *ran, "mine").status == 0
    whole = (tmp_path / "mine").read_bytes()
    (tmp_path / "mine").write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    for name in ("run.json", "checkpoints.sqlite", "said.json"):
        (tmp_path / "runs/seed-42" / name).unlink()
    said = opened(capsys, *ran, "mine", "--resume")
    assert said.status == 0, said.err
    now = (tmp_path / "mine").read_bytes().splitlines()
    assert now[:2] == whole.splitlines()[:2]
    assert len(now) == len(whole.splitlines())
    assert "begun with these flags" in one_sentence(opened(capsys, *ran, "other", "--resume"))


def test_a_damaged_ledger_is_not_gone_on_with(capsys, cut_off):
    (cut_off / "ledger.jsonl").write_bytes((cut_off / "ledger.jsonl").read_bytes().replace(b'"at_s":0', b'"at_s":1', 1))
    one_sentence_after_header(opened(capsys, "run", "--nodes", "4", "--no-times", "--resume", "--quiet"))


@pytest.mark.parametrize("name", ["checkpoints.sqlite", "said.json", "trace.jsonl", "request.json"])
def test_a_damaged_file_of_a_run_is_one_sentence(capsys, cut_off, name):
    (cut_off / name).write_bytes(b"\x00\xff no such thing" * 1_000)
    one_sentence_after_header(opened(capsys, "run", "--resume", "seed-42", "--quiet"))


def one_sentence_after_header(said) -> None:
    assert said.status == 2, said
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("error: ")
    assert said.err[:-1].isprintable()
    assert "Traceback" not in said.err

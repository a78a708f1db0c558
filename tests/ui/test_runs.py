import os

import pytest

from tests.ui import factory
from ui import runs
from ui.words import verdict


def test_a_real_run_is_folded_from_its_ledger(real):
    found = runs.load(real, "demo")
    assert (found.source, found.broken, found.trace_note) == ("ledger", None, "")
    assert verdict(found.report) == "8 of 8 jobs placed; one agent caught lying"


def test_what_the_ledger_gives_is_what_the_document_says(real):
    assert runs.load(real, "demo").report == runs.read_report(real / "demo" / "run.json")


def test_each_decision_has_its_record(real):
    found = runs.load(real, "demo")
    assert [found.record(row.job.id).winner for row in found.report.decisions] == [
        r.cluster for r in found.report.decisions
    ]


def test_a_run_without_a_ledger_is_shown_from_its_document(kinds):
    assert runs.load(kinds, "kinds").source == "report"


@pytest.mark.parametrize("name", ["", ".", "..", "../demo", "a/b", "a\x00b", "-x", "x" * 200, "demo\n"])
def test_a_name_that_is_none_is_refused(real, name):
    with pytest.raises(runs.RunMissing):
        runs.load(real, name)


def test_an_unknown_run_is_named_with_the_nearest(real):
    with pytest.raises(runs.RunMissing, match="'demi'; nearest: demo"):
        runs.load(real, "demi")


@pytest.mark.parametrize("line", [1, 5, 20, 40])
def test_a_ledger_is_shown_up_to_its_last_good_height(real, tmp_path, line):
    folder = tmp_path / "bad"
    folder.mkdir()
    lines = (real / "demo" / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"0", b"1", 3)
    (folder / "ledger.jsonl").write_bytes(b"".join(lines))
    found = runs.load(tmp_path, "bad")
    assert found.broken is not None
    assert found.broken.height == line - 1 == len(found.heights)
    assert found.report.heights == line - 1


def test_a_torn_last_line_costs_that_line_only(real, tmp_path):
    folder = tmp_path / "torn"
    folder.mkdir()
    whole = (real / "demo" / "ledger.jsonl").read_bytes()
    (folder / "ledger.jsonl").write_bytes(whole[:-20])
    found = runs.load(tmp_path, "torn")
    assert found.broken is not None
    assert found.broken.height == whole.count(b"\n") - 2


@pytest.mark.parametrize(
    ("name", "text"),
    [("run.json", '{"schema": "quorate.run/9"}'), ("ledger.jsonl", '{"schema":"quorate.genesis/7"}\n')],
)
def test_another_format_is_named(tmp_path, name, text):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / name).write_text(text)
    with pytest.raises(runs.RunOld, match="quorate"):
        runs.load(tmp_path, "old")


def test_rubbish_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "run.json").write_text("{")
    with pytest.raises(runs.RequestInvalid, match=r"run\.json cannot be read"):
        runs.load(tmp_path, "x")


def test_a_broken_trace_is_read_up_to_its_first_bad_line(tmp_path):
    shown = factory.report(("unanimous",))
    folder = factory.write(tmp_path, shown, factory.events(shown))
    whole = (folder / "trace.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "trace.jsonl").write_bytes(b"".join([*whole[:4], b'{"kind": "joke"}\n', *whole[4:]]))
    found = runs.load(tmp_path, "kinds")
    assert len(found.events) == 4
    assert "line 5" in found.trace_note


def test_runs_are_listed_newest_first_and_other_folders_are_none(tmp_path):
    for age, name in enumerate(["c", "b", "a"]):
        factory.write(tmp_path, factory.report(("unanimous",), run=name))
        os.utime(tmp_path / name, (1_000 + age, 1_000 + age))
    (tmp_path / "notes").mkdir()
    assert runs.list_runs(tmp_path) == ["a", "b", "c"]
    assert runs.list_runs(tmp_path / "nowhere") == []

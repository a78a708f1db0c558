import pytest

from tests.ui import factory
from tests.ui.screen import heading, page, text, tiles
from ui import words
from ui.runs import load
from ui.viewmodel.run import decision_lines


def test_a_real_run_answers_before_anything_is_clicked(real):
    app = page("run", real)
    assert not app.exception
    assert heading(app) == "8 of 8 jobs placed; one agent caught lying"
    assert "re-checked" in text(app)


def test_every_tile_is_the_reports_own_figure(real):
    app, report = page("run", real), load(real, "demo").report
    assert tiles(app) == list(words.tiles(report))


def test_the_table_holds_every_decision(kinds):
    app, report = page("run", kinds), load(kinds, "kinds").report
    frame = app.dataframe[0].value
    lines = decision_lines(report)
    assert list(frame["Title"]) == [line.title for line in lines]
    assert list(frame["How"]) == [line.how for line in lines]
    assert list(frame["Approval"]) == [line.approval for line in lines]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("cancelled", "Run cancelled after 3 of 8 jobs"),
        ("failed", "Run failed after 3 of 8 jobs: the provider went away"),
        ("running", "Running: 3 of 8 jobs decided"),
    ],
)
def test_a_run_that_did_not_end_well_says_so(tmp_path, status, expected):
    shown = factory.report(("unanimous",) * 3, status=status, submitted=8)
    factory.write(tmp_path, shown, factory.events(shown))
    assert heading(page("run", tmp_path)) == expected


def test_a_moment_in_the_address_is_the_moment_shown(real):
    app = page("run", real, at="15")
    assert not app.exception
    assert app.slider[0].value == 15
    assert "15 min, after job 2" in text(app)


def test_an_unknown_run_is_named_with_the_nearest(real):
    app = page("run", real, run="dema")
    assert not app.exception
    assert "'dema'; nearest: demo" in text(app)


def test_a_run_that_leaves_the_folder_is_no_run(real):
    app = page("run", real, run="../../etc")
    assert heading(app) == "There is no such run"


def test_another_format_is_read_only_with_its_version(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "run.json").write_text('{"schema": "quorate.run/0", "jobs": []}')
    app = page("run", tmp_path)
    assert heading(app) == "A run in another format"
    assert "'quorate.run/0'" in text(app)


def test_a_corrupt_ledger_stops_at_the_last_good_height(real, tmp_path):
    folder = tmp_path / "bad"
    folder.mkdir()
    lines = (real / "demo" / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    lines[13] = lines[13].replace(b'"at_s":', b'"at_S":', 1)
    (folder / "ledger.jsonl").write_bytes(b"".join(lines))
    (folder / "trace.jsonl").write_bytes((real / "demo" / "trace.jsonl").read_bytes())
    app = page("run", tmp_path)
    assert not app.exception
    assert "The ledger holds up to height 12" in text(app)
    assert "ends there" in text(app)

"""The decision records: numbered without a gap, whole, and all in the index."""

import re
from pathlib import Path

import pytest

from scripts import decision
from tests.house.tree import files, text

INDEX = Path("docs/adr/README.md")
SECTIONS = ("## Context", "## Decision", "## Alternatives", "## Consequences")


def _records() -> list[Path]:
    return [path for path in files() if path.match("docs/adr/[0-9]*.md")]


def test_the_numbers_run_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in _records()]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", _records(), ids=lambda path: path.stem)
def test_a_record_is_whole_and_stands_in_the_index(path: Path) -> None:
    title = text(path).splitlines()[0]
    assert re.fullmatch(rf"# {path.name[:4]} · .+", title), f"{path} opens with its number and title"
    assert re.search(r"^Status: (proposed|accepted|superseded by \d{4}), \d{4}-\d\d-\d\d$", text(path), re.MULTILINE)
    assert [line for line in text(path).splitlines() if line.startswith("## ")] == list(SECTIONS)
    assert f"[{title.removeprefix('# ')}]({path.name})" in text(INDEX), f"{INDEX} lacks it: make docs"


def test_the_index_names_nothing_that_is_gone() -> None:
    assert set(re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", text(INDEX))) == {path.name for path in _records()}


def test_a_new_record_takes_the_next_number_and_all_sections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "docs" / "adr"
    folder.mkdir(parents=True)
    (folder / "0007-old.md").touch()
    monkeypatch.setattr(decision, "FOLDER", folder)
    assert decision.main(["Peers talk TCP, at first!"]) == 0
    written = (folder / "0008-peers-talk-tcp-at-first.md").read_text("utf-8")
    assert written.startswith("# 0008 · Peers talk TCP, at first!\n\nStatus: proposed, ")
    assert [line for line in written.splitlines() if line.startswith("## ")] == list(SECTIONS)


def test_a_record_without_a_title_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert decision.main([""]) == 2
    assert capsys.readouterr().err == 'no title: make adr T="what was decided"\n'

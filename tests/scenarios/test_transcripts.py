"""The main scenarios as a person sees them at the terminal: compared line by line with what was read and agreed on."""

import difflib

import pytest

from tests.scenarios.transcripts import play, played, read, transcripts, write

AGAIN = "python -m tests.scenarios.transcripts"


@pytest.mark.slow
@pytest.mark.parametrize("path", transcripts(), ids=lambda path: path.stem)
def test_the_terminal_says_what_the_transcript_says(path):
    kept, now = path.read_text("utf-8"), played(path)
    difference = "\n".join(difflib.unified_diff(kept.splitlines(), now.splitlines(), "kept", "now", lineterm="", n=1))
    assert kept == now, f"{path.name} differs; if that is meant: {AGAIN} {path.stem}\n{difference[:4_000]}"


@pytest.mark.parametrize("path", transcripts(), ids=lambda path: path.stem)
def test_a_transcript_begins_with_what_it_shows_and_gives_a_command(path):
    steps = read(path.read_text("utf-8"))
    assert steps[0].asked[0].startswith("# ")
    assert any(step.answer is not None for step in steps)


def test_a_transcript_is_read_as_it_is_written_and_its_files_are_there(tmp_path, monkeypatch):
    text = "# Two jobs.\n\n> a.toml\nx = 1\n\ny = 2\n\n$ run --jobs none.toml\n----\nold\n\n$ verify none\n----\nold\n"
    assert write(read(text)) == text
    monkeypatch.chdir(tmp_path)
    now = list(play(read(text)))
    assert (tmp_path / "a.toml").read_text() == "x = 1\n\ny = 2\n\n"
    assert [step.answer[-2] for step in now if step.answer] == ["[exit status 2]"] * 2

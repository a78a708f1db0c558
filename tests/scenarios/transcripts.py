"""Transcripts: what a person gives at the terminal, `----`, and what comes. `python -m tests.scenarios.transcripts`
writes all of them again from what comes now (or those named), which is then read, as a change of prose would be.

A transcript is text: lines that begin with `#` say what it shows; `> NAME` begins a file, up to the next file or
command; `$ WORDS` is a command (`quorate` in front is left out), and what stands between `----` and the next command is
all it printed, standard output first, then its exit status if that is not 0.
"""

import io
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import cli

FOLDER = Path(__file__).resolve().parent
ANSWER = "----"


@dataclass(frozen=True)
class Step:
    """One part of a transcript, in its own words, and what came of it, for a command."""

    asked: tuple[str, ...]
    answer: tuple[str, ...] | None = None

    def text(self):
        """The step as it stands in a file."""
        return "\n".join([*self.asked, *([ANSWER, *self.answer] if self.answer is not None else [])])


def read(text):
    """The steps of a transcript."""
    steps, lines = [], text.splitlines()
    while lines:
        line = lines.pop(0)
        if not line.startswith("$ "):
            steps.append(Step((line,)))
            continue
        answer = []
        assert lines.pop(0) == ANSWER, f"a command is followed by {ANSWER}: {line}"
        while lines and not lines[0].startswith(("$ ", "# ", "> ")):
            answer.append(lines.pop(0))
        steps.append(Step((line,), tuple(answer)))
    return steps


def write(steps):
    """The text of steps."""
    return "\n".join(step.text() for step in steps).rstrip("\n") + "\n"


def play(steps) -> Iterator[Step]:
    """Play steps in the current folder; yield each with what came now."""
    file = None
    for step in steps:
        line = step.asked[0]
        if step.answer is not None:
            file = None
            yield Step(step.asked, (*given(shlex.split(line[2:])), ""))
            continue
        if line.startswith("> "):
            file = Path(line[2:])
            file.write_text("")
        elif file is not None:
            with file.open("a") as opened:
                opened.write(line + "\n")
        yield step


def given(words):
    """Give a command; the lines that it printed, and its exit status if that is not 0."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = cli.main(words)
    said = (out.getvalue() + err.getvalue()).splitlines()
    return [*said, *([f"[exit status {status}]"] if status else [])]


def played(path):
    """What a transcript says when it is played now, in a folder of its own."""
    os.environ.pop("QUORATE_PROFILE", None)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        return write(list(play(read(path.read_text("utf-8")))))


def transcripts():
    """The files."""
    return sorted(FOLDER.glob("*.txt"))


def main(names):
    """Write transcripts again; say which changed."""
    for path in transcripts():
        if names and path.stem not in names:
            continue
        now = played(path)
        changed = now != path.read_text("utf-8")
        path.write_text(now, "utf-8")
        sys.stdout.write(f"{path.name}: {'changed' if changed else 'as it was'}\n")


if __name__ == "__main__":
    main(sys.argv[1:])

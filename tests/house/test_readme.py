"""The README's examples are run: each `$ command` of a console block, and what it shows must be what comes."""

import os
import re
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.house.tree import ROOT, text

README = Path("README.md")
SECONDS_MAX = 120
# Shown but not run from here, and why.
NOT_RUN = {
    "make test": "it is what runs this test",
    "make check": "it is what runs this test",
    "make setup": "it has run, or this test could not",
    "make app": "it serves until it is stopped; tests/ui starts it",
}
# What `make test ARGS=...` hands down to the commands beneath it must not reach the examples.
MAKE_VARIABLES = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARGS", "SEED", "PROFILE", "SCHEDULES", "LEDGER"}


@dataclass(frozen=True, slots=True)
class Example:
    """A command of the README, and the lines shown beneath it; a line `...` stands for any number of lines."""

    command: str
    shown: tuple[str, ...]


def examples(markdown: str) -> list[Example]:
    """The commands in the console blocks of a Markdown text, in order."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL):
        lines = block.splitlines()
        starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in pairwise([*starts, len(lines)]):
            shown = tuple(line.rstrip() for line in lines[start + 1 : end] if line.strip())
            found.append(Example(lines[start][2:].split("  #")[0].strip(), shown))
    return found


def _plain(line: str) -> str:
    """A line without what differs from run to run: seconds, and the width of gaps."""
    return " ".join(re.sub(r"\d+(\.\d+)?(?= ?(s|ms|µs)\b)", "#", line).split())


def missing(shown: tuple[str, ...], came: str) -> list[str]:
    """The lines that are shown but did not come, in this order."""
    lines = iter(_plain(line) for line in came.splitlines())
    return [line for line in shown if line.strip() not in {"...", "…"} and _plain(line) not in lines]


def _to_run() -> list[Example]:
    return [example for example in examples(text(README)) if example.command not in NOT_RUN]


@pytest.mark.parametrize("example", _to_run(), ids=lambda example: example.command)
def test_an_example_of_the_readme_does_what_it_shows(example: Example) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in MAKE_VARIABLES}
    environment |= {"PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}", "COLUMNS": "120"}
    done = subprocess.run(
        ["bash", "-c", example.command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not missing(example.shown, done.stdout + done.stderr), (
        f"the README shows otherwise; what came:\n{done.stdout}"
    )


def test_the_readme_shows_the_two_commands() -> None:
    for command in ("make demo", "make test"):
        assert re.search(rf"^(\$ )?{command}\b", text(README), re.MULTILINE), command


def test_every_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text(Path("Makefile")), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?=[`\s])", text(README))) - targets == set()


def test_shown_lines_are_found_in_order_whatever_the_seconds_were() -> None:
    came = "job 1   decided in 0.41 s\nnoise\njob 2   decided in 0.39 s\n"
    assert missing(("job 1 decided in 0.50 s", "...", "job 2 decided in 0.10 s"), came) == []
    assert missing(("job 2 decided in 1 s", "job 1 decided in 1 s"), came) == ["job 1 decided in 1 s"]
    assert missing(("job 3",), came) == ["job 3"]


def test_commands_and_what_they_show_are_read_from_console_blocks_only() -> None:
    markdown = "```sh\n$ not me\n```\n```console\n$ a --b  # why\none\n\n$ c\n```\n"
    assert examples(markdown) == [Example("a --b", ("one",)), Example("c", ())]

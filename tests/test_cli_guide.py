"""docs/guide/run.md, executed: its files are written, its commands are given, its words are compared."""

import re
import shlex

import pytest

from tests.doors import ROOT, opened

GUIDE = (ROOT / "docs/guide/run.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Pipe:
    def __init__(self, data: bytes) -> None:
        import io

        self.buffer = io.BytesIO(data)


def steps(console: str) -> list[tuple[str, str, int]]:
    """Split a console block into commands, each with what it says and its exit status."""
    found = []
    for part in console.split("$ ")[1:]:
        command, _, rest = part.partition("\n")
        status = re.search(r"\[exit status (\d+)\]", rest)
        said = re.sub(r"\[exit status \d+\]\n?", "", rest)
        found.append((command, said, int(status.group(1)) if status else 0))
    return found


@pytest.mark.slow
def test_every_file_and_command_of_the_guide_does_what_it_says(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUORATE_PROFILE", raising=False)
    given = 0
    for form, name, body in BLOCK.findall(GUIDE):
        if form != "console":
            (tmp_path / name).write_text(body)
            continue
        for command, said, status in steps(body):
            piped, _, own = command.rpartition(" | ")
            if piped:
                monkeypatch.setattr("sys.stdin", Pipe(shlex.split(piped)[1].encode()))
            words = shlex.split(own or command)
            assert words[:2] == ["python", "cli.py"]
            got = opened(capsys, *words[2:])
            assert got.status == status, (command, got.err)
            if said:
                assert got.err == said
            given += 1
    assert given == 10


def test_every_flag_is_in_the_guide():
    import cli

    shown = cli.parser().format_help()
    assert "run" in shown
    commands = next(a for a in cli.parser()._actions if getattr(a, "choices", None))
    flags = {option for action in commands.choices["run"]._actions for option in action.option_strings}
    named = set(re.findall(r"--[a-z-]+", GUIDE))
    assert flags - {"-h", "--help", "--id", "--application", "--description", "--memory-gib-per-node"} <= named

"""docs/guide/federation.md, executed on one machine: every command is given, and what it says is what is printed."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from federating import free_ports
from tests.doors import ROOT
from tests.test_cli_guide import BLOCK, steps

GUIDE = (ROOT / "docs/guide/federation.md").read_text("utf-8")
CLI = f"{sys.executable} {ROOT / 'cli.py'}"
PATIENCE_S = 30.0
"""So long a command is given again, as a person would who waits for a job to end or a member to start."""


def pattern(said):
    """Words of the guide as a pattern: `...` stands for anything, a line of its own for any lines."""
    return re.compile(".*".join(re.escape(part) for part in said.strip().split("...")), re.DOTALL)


class Machine:
    """One machine with a folder, its own ports, and the members that were started on it."""

    def __init__(self, folder):
        self.folder, self.running = folder, []
        self.ports = {f"740{number}": str(port) for number, port in enumerate(free_ports(5))}

    def translated(self, text):
        for named, free in self.ports.items():
            text = text.replace(named, free)
        return text

    def start(self, words):
        with (self.folder / "members.log").open("ab") as log:
            self.running.append(
                subprocess.Popen(["bash", "-c", f"exec {words}"], cwd=self.folder, stdout=log, stderr=log)
            )

    def give(self, words, status, said):
        """Give a command until it says what is promised."""
        end = time.monotonic() + PATIENCE_S
        while True:
            done = subprocess.run(
                ["bash", "-c", words], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
                env={**os.environ, "COLUMNS": "400"},
            )  # fmt: skip
            found = (done.stdout + done.stderr).strip()
            if done.returncode == status and said.fullmatch(found):
                return
            assert time.monotonic() < end, (words, done.returncode, found, said.pattern)
            time.sleep(0.3)


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    (tmp_path / "homes").mkdir()
    yield made
    for process in made.running:
        process.send_signal(signal.SIGTERM)
    for process in made.running:
        process.wait(timeout=30)


@pytest.mark.slow
def test_every_command_of_the_guide_says_what_the_guide_says(machine):
    given = 0
    for form, name, body in BLOCK.findall(GUIDE):
        if form != "console":
            (machine.folder / name).write_text(body)
            continue
        for command, said, status in steps(body):
            words = machine.translated(command.replace("python cli.py", CLI))
            if words.endswith(" &"):
                machine.start(words.removesuffix(" &"))
            else:
                machine.give(words, status, pattern(machine.translated(said)))
            given += 1
    assert given >= 30


def test_every_command_around_members_is_in_the_guide():
    import cli

    commands = next(a for a in cli.parser()._actions if getattr(a, "choices", None))
    of_members = set(commands.choices) - {"demo", "run", "verify", "faults", "config", "probe", "federation"}
    named = set(re.findall(r"python cli\.py ([a-z-]+)", GUIDE))
    assert of_members <= named

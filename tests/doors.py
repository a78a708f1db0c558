"""Opens the terminal's door in this process or another, and remembers what it said."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cli

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


def opened(capsys, *argv: str) -> Said:
    """Call `main` here, in the current folder."""
    capsys.readouterr()
    status = cli.main(argv)
    said = capsys.readouterr()
    return Said(status, said.out, said.err)


def command(*argv: str) -> list[str]:
    return [sys.executable, str(ROOT / "cli.py"), *argv]


def process(folder: Path, *argv: str, stdin: bytes = b"", **environment: str) -> Said:
    """Run the command as a process of its own, in a folder."""
    done = subprocess.run(
        command(*argv), cwd=folder, input=stdin, capture_output=True, timeout=120, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def one_sentence(said: Said) -> str:
    """Assert that a person got exactly one printable line and status 2; return it."""
    assert said.status == 2, (said.status, said.out[:200], said.err[:500])
    assert said.out == "", "nothing was begun"
    lines = said.err.splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].startswith("error: ")
    assert lines[0].isprintable()
    assert "Traceback" not in said.err
    assert ";" in lines[0] or ":" in lines[0], "it names a remedy"
    return lines[0]

"""What no file of the project may hold: addresses of package indexes, paths of one machine, keys, big blobs."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

LINES_MAX = 600
BYTES_MAX = 1_000_000
TEXTS = {".cfg", ".css", ".js", ".json", ".jsonl", ".lock", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}
# A letter in brackets, so that this file does not hold them itself.
FORBIDDEN = {
    "an index address": r"p[y]pi\.org|python[h]osted\.org|--(extra-)?[i]ndex-url[ =]|--find-[l]inks",
    "a path of one machine": r"/[r]oot/|/[h]ome/\w|/[U]sers/\w|/[w]ork/|C:\\[U]sers",
    "a private key": r"BEGIN [A-Z ]*PRIVATE [K]EY",
    "a provider's key": r"\bsk-[A-Za-z0-9]{32,}|\bgh[pousr]_[A-Za-z0-9]{36}|\bAKIA[0-9A-Z]{16}\b",
}


def _texts() -> list[Path]:
    return [path for path in files() if path.suffix in TEXTS and path.name != "LICENSE"]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in _texts():
        for number, line in enumerate((ROOT / path).read_text("utf-8").splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{path}:{number}: {match.group()}")
    assert not found, f"{what}:\n" + "\n".join(found)


def test_no_program_text_is_longer_than_a_sitting() -> None:
    long = {}
    for path in files():
        if path.suffix in {".py", ".js", ".css", ".sh"}:
            lines = len((ROOT / path).read_text("utf-8").splitlines())
            if lines > LINES_MAX:
                long[path.as_posix()] = lines
    assert not long, f"over {LINES_MAX} lines, split them by thought: {long}"


def test_no_file_is_a_blob() -> None:
    big = {path.as_posix(): (ROOT / path).stat().st_size for path in files()}
    assert not {name: size for name, size in big.items() if size > BYTES_MAX}

"""A released prompt is never edited (docs/adr/0006): its hash stands in prompts/LOCK.toml."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

LOCK = ROOT / "prompts" / "LOCK.toml"


def _texts() -> list[Path]:
    return [path for path in files() if path.match("prompts/*/v*.md")]


def _lock() -> dict[str, str]:
    """`{"bid/v1": sha256, ...}`, whether written as quoted keys or as one table for each prompt."""
    if not LOCK.is_file():
        return {}
    flat: dict[str, str] = {}
    for key, value in tomllib.loads(LOCK.read_text("utf-8")).items():
        flat |= {f"{key}/{version}": sha for version, sha in value.items()} if isinstance(value, dict) else {key: value}
    return flat


@pytest.mark.parametrize("path", _texts(), ids=Path.as_posix)
def test_a_released_prompt_is_as_it_was_released(path: Path) -> None:
    name = f"{path.parts[1]}/{path.stem}"
    sha = hashlib.sha256((ROOT / path).read_bytes()).hexdigest()
    assert _lock().get(name) == sha, f"{path} differs from prompts/LOCK.toml: write the next version instead ({sha})"


def test_the_lock_names_no_prompt_that_is_gone() -> None:
    gone = sorted(set(_lock()) - {f"{path.parts[1]}/{path.stem}" for path in _texts()})
    assert not gone, f"locked but missing: {gone}"

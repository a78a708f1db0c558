"""Releasing prompts: new versions are locked, changed ones are refused."""

from pathlib import Path

import pytest

import prompts.__main__ as door
from tests.prompts.test_prompts import BODY, HEAD


def release(monkeypatch: pytest.MonkeyPatch, folder: Path) -> int:
    from prompts import load, lock, versions

    monkeypatch.setattr(door, "HERE", folder)
    monkeypatch.setattr(door, "lock", lambda: lock(folder))
    monkeypatch.setattr(door, "versions", lambda prompt_id: versions(prompt_id, folder))
    monkeypatch.setattr(door, "load", lambda prompt_id, version: load(prompt_id, version, folder))
    return door.main()


def test_a_new_version_is_locked_and_a_changed_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bid").mkdir()
    path = tmp_path / "bid" / "v1.md"
    path.write_text(HEAD + BODY)
    assert release(monkeypatch, tmp_path) == 0
    locked = (tmp_path / "LOCK.toml").read_text()
    path.write_text(HEAD + BODY + "\nOne line more.\n")
    assert release(monkeypatch, tmp_path) == 2
    assert "was changed after its release" in capsys.readouterr().err
    assert (tmp_path / "LOCK.toml").read_text() == locked


def test_the_shipped_lock_is_what_releasing_would_write() -> None:
    from prompts import HERE

    before = (HERE / "LOCK.toml").read_text()
    assert door.main() == 0
    assert (HERE / "LOCK.toml").read_text() == before

"""Runs killed by SIGKILL at many moments and resumed: everything finishes, nothing is allocated or asked twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.graph.dying import JOBS

ROOT = Path(__file__).resolve().parent.parent.parent
PLACED = sorted(job["id"] for job in JOBS if job["id"] != "too_wide")
DEATHS = int(os.environ.get("QUORATE_DEATHS", "10"))
"""How many deaths the suite dies; QUORATE_DEATHS=1700 dies at every moment."""


def lives(folder: Path, plans: list[str], *flags: str) -> list[dict]:
    """Let a child process fork and kill runs as planned."""
    command = [sys.executable, "-m", "tests.graph.dying", str(folder), ",".join(plans), *flags]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1_800, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def holds(found: dict) -> None:
    """Assert what has to be true after the last life."""
    where = f"killed at {found['deaths']}"
    assert not found["error"], f"{where}: {found['error']}"
    assert found["ends"] == [-9] * len(found["deaths"]) + [0], where
    assert found["status"] == "done", where
    assert found["awards"] == PLACED, f"{where}: each job is awarded exactly once"
    assert found["outcomes"] == {**dict.fromkeys(PLACED, "allocated"), "too_wide": "unallocated"}, where
    assert not found["asked_again"], f"{where}: asked again although the answer was stored"
    assert found["trace_in_order"], where


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict:
    (found,) = lives(tmp_path_factory.mktemp("whole") / "runs", [""])
    holds(found)
    return found


@pytest.mark.slow
def test_a_run_killed_at_any_moment_is_finished_by_the_next_life(whole, tmp_path):
    moments = len(whole["moments"])
    step = max(1, moments // DEATHS)
    found = lives(tmp_path / "runs", [str(k) for k in range(2 + step // 2, moments, step)])
    assert len(found) >= min(DEATHS, moments) - 2
    for each in found:
        holds(each)


@pytest.mark.slow
def test_a_run_killed_around_the_writing_of_a_height_is_finished(whole, tmp_path):
    writing = [k for k, kind in enumerate(whole["moments"], 1) if kind == "append"]
    assert len(writing) == 2 * whole["heights"], "before and after each height of the ledger"
    step = max(1, len(writing) // 5)
    for each in lives(tmp_path / "runs", [str(k) for k in writing[step // 2 :: step]]):
        holds(each)


@pytest.mark.slow
def test_a_run_killed_again_and_again_is_finished(tmp_path):
    for each in lives(tmp_path / "runs", ["90+60+200+31", "2+2+2+700+3+150"]):
        holds(each)


@pytest.mark.slow
def test_a_run_killed_while_bidders_think_asks_only_those_that_had_not_answered(tmp_path):
    """Answers come 50 ms apart here, so that a death falls between them."""
    for each in lives(tmp_path / "runs", ["53", "59"], "--slow"):
        holds(each)

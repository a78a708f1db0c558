"""Reads evaluation runs and kept results for the screen; writes nothing."""

from pathlib import Path

from evals.files import read_lines
from evals.results import Result
from evals.runs import Finished, Place, finished_run
from quorate.domain.errors import RequestInvalid
from ui.runs import RUN_ID

RUNS_MAX = 200
"""Newest evaluation runs that are listed."""


def list_evals(root: Path) -> list[str]:
    """Return the evaluation runs in a folder, newest first."""
    if not root.is_dir():
        return []
    found = [path for path in root.iterdir() if RUN_ID.match(path.name) and Place(path).manifest.is_file()]
    found.sort(key=lambda path: (Place(path).manifest.stat().st_mtime_ns, path.name), reverse=True)
    return [path.name for path in found[:RUNS_MAX]]


def read_evals(root: Path, name: str) -> Finished:
    """Return one evaluation run.

    Raises:
        RequestInvalid: there is none of that name, or it cannot be read.
    """
    if name not in list_evals(root):
        raise RequestInvalid(f"there is no evaluation run {name[:80]!r}; choose one from the list")
    return finished_run(root / name)


def evals_stamp(root: Path, name: str) -> tuple[int, ...]:
    """Return what changes when an evaluation run's files change: a cache's key."""
    place = Place(root / name)
    known = [path.stat() for path in (place.manifest, place.questions, place.replies) if path.is_file()]
    return tuple(mark for one in known for mark in (one.st_size, one.st_mtime_ns))


def read_replies(root: Path, name: str) -> dict[tuple[str, int], str]:
    """Return the first reply to each question as its model wrote it, by sample and epoch; empty if none was kept."""
    return {(one.sample, one.epoch): one.first for one in Place(root / name).answered()}


def read_kept(folder: Path) -> list[Result]:
    """Return the results that are kept, oldest first; none if nothing was kept yet."""
    path = folder / "runs.jsonl"
    return list(read_lines(path, Result)) if path.is_file() else []

"""QUORATE_REQUIRE=all turns a skip for a missing part into a failure, so that CI cannot pass by leaving things out."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import SKIPS, allowed_to_skip
from tests.house.tree import ROOT

SKIPPING = """
import pytest

@pytest.mark.skip(reason="no browser here")
def test_that_needs_a_browser(): ...

@pytest.mark.xfail(reason="known", strict=True)
def test_that_is_known_to_fail(): assert False

def test_that_passes(): ...
"""
MISSING_MODULE = 'import pytest\npytest.importorskip("no_such_module")\n'


def _run(folder: Path, source: str, require: str) -> str:
    (folder / "test_it.py").write_text(source, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir", ".", "."],
        cwd=folder,
        env=os.environ | {"QUORATE_REQUIRE": require, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_a_skip_is_a_failure_where_nothing_may_be_missing(tmp_path: Path) -> None:
    assert "1 passed, 1 xfailed, 1 error" in (out := _run(tmp_path, SKIPPING, "all"))
    assert "no browser here" in out


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    assert "1 passed, 1 skipped, 1 xfailed" in _run(tmp_path, SKIPPING, "")


def test_a_module_that_cannot_be_imported_is_a_failure_too(tmp_path: Path) -> None:
    assert "1 error" in _run(tmp_path, MISSING_MODULE, "all")


def test_every_foreign_skip_is_named_with_its_reason() -> None:
    assert all(skip["test"].count("::") >= 1 and len(skip["reason"]) > 10 for skip in SKIPS)
    assert not allowed_to_skip("tests/house/test_skips.py::test_a_skip_is_a_skip_elsewhere")


def test_a_foreign_skip_is_of_a_file_that_exists() -> None:
    files = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert {Path(skip["test"].split("::")[0]).name for skip in SKIPS} <= files

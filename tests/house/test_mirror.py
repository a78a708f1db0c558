"""A module and its test stand at the same place in two trees, so that either leads to the other."""

import ast
from pathlib import Path

import pytest

from tests.house.tree import ROOT, modules, tree

# A module without a test of its own, and where it is tested instead. Short, or the rule is wrong.
EXCEPTIONS = {
    "quorate/ports.py": "Protocols only; tests/contracts holds each implementation against them",
    "quorate/market/claims/__init__.py": "the package's laws and corpora are tests/quorate/market/test_claims.py",
    "app.py": "a door of a few lines; tests/ui drives it whole",
}
EXCEPTIONS_MAX = 8


def _holds_code(path: Path) -> bool:
    """Say whether a module defines anything; an `__init__.py` that only names its package does not."""
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in tree(path).body)


def _tests_of(path: Path) -> list[Path]:
    name = path.parent.name if path.name == "__init__.py" else path.stem.strip("_")
    folder = ROOT / "tests" / path.parent
    return [folder / f"test_{name}.py", *folder.glob(f"test_{name}_*.py")]


def _to_mirror() -> list[Path]:
    return [path for path in modules() if _holds_code(path) and path.as_posix() not in EXCEPTIONS]


@pytest.mark.parametrize("path", _to_mirror(), ids=Path.as_posix)
def test_a_module_has_its_test_at_the_mirrored_place(path: Path) -> None:
    wanted = _tests_of(path)
    assert any(test.is_file() for test in wanted), f"{path} has no test: write {wanted[0].relative_to(ROOT)}"


def test_the_exceptions_are_few_and_real() -> None:
    gone = [name for name in EXCEPTIONS if not (ROOT / name).is_file()]
    assert len(EXCEPTIONS) <= EXCEPTIONS_MAX
    assert not gone, f"no longer there, take them out of EXCEPTIONS: {gone}"

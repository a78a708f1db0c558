"""What the import floors and ruff cannot see of the library's purity, and of a rule: nobody reads a fault label."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import modules, names, tree

LIBRARY = [path for path in modules(doors=False) if path.parts[0] == "quorate"]
LABELS = re.compile("byzantine|faulty|malicious", re.IGNORECASE)
REMEDIES = {
    "hash": "differs between processes (PYTHONHASHSEED): use quorate.domain.canonical.digest",
    "id": "differs between processes: give the thing a name",
    "open": "files are opened by backends: take bytes or lines as an argument",
    "input": "the doors talk to people",
    "print": "the doors talk to people",
    "eval": "bytes from outside are parsed, never run",
    "exec": "bytes from outside are parsed, never run",
    "__import__": "the library knows what it imports",
}


@pytest.mark.parametrize("path", LIBRARY, ids=Path.as_posix)
def test_no_identifier_in_the_library_is_a_fault_label(path: Path) -> None:
    labels = sorted(name for name in names(path) if LABELS.search(name))
    assert not labels, (
        f"{path} uses {labels}: behaviour is judged from evidence; faults come from drivers (docs/adr/0008)"
    )


@pytest.mark.parametrize("path", LIBRARY, ids=Path.as_posix)
def test_the_library_calls_no_builtin_that_reaches_outside(path: Path) -> None:
    calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    found = {call.id: REMEDIES[call.id] for call in calls if isinstance(call, ast.Name) and call.id in REMEDIES}
    assert not found, f"{path}: {found}"


def test_there_is_a_library_to_look_at() -> None:
    assert len(LIBRARY) > 5

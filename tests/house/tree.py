"""What the house tests read: the files of the project, its packages, and the names in its Python."""

import ast
import io
import subprocess
import tokenize
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_PACKAGES = {"tests", "docs", "examples", "benchmarks", "scripts", "data", "requirements", "runs", "build"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, relative to its root: what git tracks or would, else all but hidden folders."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [Path(name) for name in listed.stdout.split("\0") if name]
    else:
        paths = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
        paths = [path for path in paths if not path.parts[0].startswith(".") and "node_modules" not in path.parts]
    return tuple(sorted(path for path in paths if (ROOT / path).is_file()))


@cache
def text(path: Path) -> str:
    """The text of a file of the project."""
    return (ROOT / path).read_text("utf-8")


def packages() -> set[str]:
    """The importable folders at the root: `quorate`, `agents`, and so on."""
    return {path.parts[0] for path in files() if len(path.parts) == 2 and path.name == "__init__.py"} - NOT_PACKAGES


def modules(*, doors: bool = True) -> list[Path]:
    """The Python files of the packages, and of the doors and the wiring beside them."""
    found = [path for path in files() if path.suffix == ".py" and path.parts[0] in packages()]
    return found + [path for path in files() if doors and path.suffix == ".py" and len(path.parts) == 1]


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(text(path), str(path))


@cache
def names(path: Path) -> frozenset[str]:
    """Every identifier in a Python file; not what stands in strings and comments."""
    tokens = tokenize.generate_tokens(io.StringIO(text(path)).readline)
    return frozenset(token.string for token in tokens if token.type == tokenize.NAME)

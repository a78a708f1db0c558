"""Counts what may only improve; `python scripts/ratchet.py` writes better numbers into tests/house/ratchet.toml."""

import ast
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RATCHET = ROOT / "tests" / "house" / "ratchet.toml"
OUTSIDE = {"tests", "docs", "scripts", "examples", "benchmarks", "runs", "build", "node_modules"}
LONG_FUNCTION_LINES = 60
HEADER = """\
# What may only improve. A test compares; `python scripts/ratchet.py` writes better numbers and refuses worse ones.
"""


def sources() -> list[Path]:
    """Return the Python files of the packages and the doors."""
    paths = [path for path in ROOT.rglob("*.py") if path.is_file()]
    parts = {path: path.relative_to(ROOT).parts for path in paths}
    return sorted(path for path in paths if parts[path][0] not in OUTSIDE and not parts[path][0].startswith("."))


def _is_any(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id == "Any") or (isinstance(node, ast.Attribute) and node.attr == "Any")


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def measure() -> dict[str, int]:
    """Return each number of the ratchet as it is now; less is better for all of them."""
    counts = {"any": 0, "type_ignores": 0, "noqas": 0, "long_functions": 0, "file_lines_max": 0}
    for path in sources():
        text = path.read_text("utf-8")
        nodes = list(ast.walk(ast.parse(text, str(path))))
        functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        counts["any"] += sum(map(_is_any, nodes))
        counts["type_ignores"] += text.count("# type: ignore")
        counts["noqas"] += text.count("# noqa")
        counts["long_functions"] += sum(_lines(node) > LONG_FUNCTION_LINES for node in functions)
        counts["file_lines_max"] = max(counts["file_lines_max"], len(text.splitlines()))
    return counts


def recorded() -> dict[str, int]:
    """Return each number as it stands in the file."""
    return {name: int(number) for name, number in tomllib.loads(RATCHET.read_text("utf-8")).items()}


def worse(before: dict[str, int], now: dict[str, int]) -> dict[str, str]:
    """Return what got worse, as `recorded -> measured`."""
    return {name: f"{before[name]} -> {now[name]}" for name in now if now[name] > before[name]}


def main() -> int:
    """Write the better numbers; exit 1, writing nothing, where one got worse."""
    now = measure()
    if RATCHET.exists() and (slipped := worse(recorded(), now)):
        print(f"not written, these got worse: {slipped}", file=sys.stderr)
        return 1
    RATCHET.write_text(HEADER + "".join(f"{name} = {number}\n" for name, number in now.items()), "utf-8")
    print(f"{RATCHET.relative_to(ROOT)}: {now}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

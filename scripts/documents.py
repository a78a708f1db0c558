"""Writes the generated parts of the documents: `python scripts/documents.py`, or `--check` to only compare.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`; what is written by hand around it stays.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/adr/README.md")


def floors() -> str:
    """Return who imports whom among the packages, as a Mermaid diagram drawn from the imports themselves."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    packages = [name for name in settings["root_packages"] if (ROOT / name / "__init__.py").is_file()]
    sys.path.insert(0, str(ROOT))
    graph = grimp.build_graph(*packages, cache_dir=None)
    arrows = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            arrows.add((importer.split(".")[0], imported.split(".")[0]))
    lines = [f"  {above} --> {below}" for above, below in sorted(arrows) if above != below]
    return "\n".join(["```mermaid", "flowchart TD", *(f"  {name}" for name in sorted(packages)), *lines, "```"])


def targets() -> str:
    """Return what `make` prints."""
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return f"```text\n{listed.stdout.rstrip()}\n```"


def decisions() -> str:
    """Return a line for each decision record: its title as a link, and its status."""
    lines = []
    for path in sorted((ROOT / "docs" / "adr").glob("[0-9]*.md")):
        text = path.read_text("utf-8")
        title = text.splitlines()[0].removeprefix("# ")
        status = re.search(r"^Status: ([^,]+)", text, re.MULTILINE)
        lines.append(f"- [{title}]({path.name}) ({status[1] if status else 'no status'})")
    return "\n".join(lines)


def evals() -> str:
    """Return the table of kept evaluation results, as `python -m evals table` prints it."""
    done = subprocess.run(
        [sys.executable, "-m", "evals", "table"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip()


PARTS: dict[str, Callable[[], str]] = {"floors": floors, "targets": targets, "decisions": decisions, "evals": evals}


def generated(text: str) -> str:
    """Return a document with each of its generated parts made again."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}\n{part[3]}", text)


def stale() -> dict[Path, str]:
    """Return the documents that are not as they would be written now, with what they should hold."""
    texts = {ROOT / name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}
    return {path: now for path, text in texts.items() if (now := generated(text)) != text}


def main(arguments: list[str]) -> int:
    """Write what is stale; with --check, write nothing and exit 1 where something is."""
    for path, text in (found := stale()).items():
        print(f"{path.relative_to(ROOT)} {'is stale: make docs' if '--check' in arguments else 'written'}")
        if "--check" not in arguments:
            path.write_text(text, "utf-8")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

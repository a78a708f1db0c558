"""Compile the consensus core and the simulator to machine code, outside the tree, and run a module of them there.

    python scripts/compiled.py -- tests.simulation.run --seed 1 --schedules 2000
    python scripts/compiled.py --check 300      the same seeds give the same traces, compiled and interpreted

The sources are copied into a folder named after their digest, so that a build is made once per state of the sources
and a run keeps its code while the tree goes on. Needs the development environment (mypyc) and a C compiler.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("quorate", "tests/simulation")
AS_THEY_ARE = {"register", "schedule", "mutants", "run"}
"""Modules of the simulator that gain nothing, or that do with classes what compiled ones do not allow."""
INTERPRETED = {"quorate/consensus/messages.py"}
"""`shared_decoding` replaces its `decode`, and a call from compiled code to compiled code cannot be replaced."""
DECIDING = "quorate/domain/deciding.py"
VALUES = "quorate.domain.deciding_values"
"""Where a build keeps the classes of `DECIDING` that pydantic makes: it reads signatures that compiled code lacks."""

SETTINGS = """\
[mypy]
python_version = 3.11
explicit_package_bases = True
ignore_missing_imports = True
disable_error_code = attr-defined, arg-type, union-attr, assignment, operator, call-arg, misc, index, call-overload,
    return-value
"""


def sources() -> list[Path]:
    """Return what a build is made of, relative to the root."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return [Path("tests/__init__.py"), *sorted(path.relative_to(ROOT) for path in found)]


def digest(paths: list[Path]) -> str:
    """Return twelve digits that name these sources, this script and this Python."""
    hasher = blake2b(sys.version.encode() + Path(__file__).read_bytes(), digest_size=6)
    for path in paths:
        hasher.update(str(path).encode() + b"\n" + (ROOT / path).read_bytes())
    return hasher.hexdigest()


def parted(text: str) -> tuple[str, str]:
    """Part a module in two: its classes that derive from `Value`, and the rest, which imports them.

    Both keep the imports, and the constants that stand before the first class.
    """
    body = ast.parse(text).body
    values = [node for node in body if isinstance(node, ast.ClassDef) and "Value" in map(ast.unparse, node.bases)]
    names = ", ".join(node.name for node in values)
    first = min(body.index(node) for node in values)
    head = [node for node in body[:first] if isinstance(node, ast.Import | ast.ImportFrom | ast.Assign)]
    rest = [*head, *ast.parse(f"from {VALUES} import {names}").body]
    rest += [node for node in body[first:] if node not in values]
    return _text([*head, *values]), _text(rest)


def _text(nodes: list[ast.stmt]) -> str:
    return ast.unparse(ast.Module(nodes, [])) + "\n"


def to_compile() -> list[str]:
    """Return the modules that become machine code; the rest of a build stays as it is."""
    core = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "quorate/consensus").glob("[a-z]*.py"))]
    chosen = ["quorate/domain/canonical.py", DECIDING, *(path for path in core if path not in INTERPRETED)]
    simulator = {
        path.stem for path in (ROOT / "tests/simulation").glob("[a-z]*.py") if not path.stem.startswith("test_")
    }
    return chosen + [f"tests/simulation/{name}.py" for name in sorted(simulator - AS_THEY_ARE)]


def build(folder: Path) -> None:
    """Copy the sources into `folder` and compile them there.

    Raises:
        SystemExit: there is no C compiler, or the compiler refused; what it said is shown.
    """
    if shutil.which("gcc") is None and shutil.which("cc") is None:
        raise SystemExit("no C compiler (gcc) is on the path: install one, or run the simulator interpreted")
    for path in sources():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, folder / path)
    values, rest = parted((ROOT / DECIDING).read_text("utf-8"))
    (folder / (VALUES.replace(".", "/") + ".py")).write_text(values, "utf-8")
    (folder / DECIDING).write_text(rest, "utf-8")
    (folder / "mypy.ini").write_text(SETTINGS, "utf-8")
    command = [sys.executable, "-m", "mypyc", "--config-file", "mypy.ini", *to_compile()]
    environment = os.environ | {"MYPYC_OPT_LEVEL": "2"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"mypyc refused:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def built(place: Path) -> Path:
    """Return the folder of the build of the present sources, made if it is not there."""
    folder = place / digest(sources())
    if not (folder / "done").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        build(folder)
        (folder / "done").touch()
    return folder


def run(folder: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a module in `folder` and return what it printed."""
    return subprocess.run([sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False)


def become(folder: Path, words: list[str]) -> NoReturn:
    """Be that module from now on: one process, whose end and signals are its own."""
    os.chdir(folder)
    os.execv(sys.executable, [sys.executable, "-m", *words])


def same_traces(folder: Path, count: int) -> bool:
    """Say whether every trace digest of the first `count` seeds is the same compiled and interpreted."""
    words = ["tests.simulation.run", "--schedules", str(count), "--digest"]
    runs = [run(place, words) for place in (folder, ROOT)]
    for done in runs:
        sys.stderr.write(done.stderr[-1000:])
    compiled, plain = (done.stdout.splitlines()[:count] for done in runs)
    return len(plain) == count and compiled == plain


def main(words: list[str] | None = None) -> int:
    """Build, then check or run; return the exit status of what ran."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    parser.add_argument("--place", type=Path, default=cache / "quorate-compiled", help="where builds are kept")
    parser.add_argument("--check", type=int, metavar="N", help="compare the traces of N seeds with interpreted ones")
    parser.add_argument("module", nargs="*", help="a module and its arguments, after --")
    options = parser.parse_args(words)
    folder = built(options.place)
    if options.check:
        same = same_traces(folder, options.check)
        print(f"{options.check} traces compiled and interpreted: {'equal' if same else 'DIFFERENT'}")
        return 0 if same else 1
    if not options.module:
        print(folder)
        return 0
    become(folder, options.module)


if __name__ == "__main__":
    sys.exit(main())

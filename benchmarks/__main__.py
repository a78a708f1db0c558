"""`python -m benchmarks [NAME ...]`: runs measurements one after another; without names it lists them."""

import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """Return the measurements there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def main(asked: list[str]) -> int:
    """Run the named measurements; each prints prediction, measurement and verdict for benchmarks/LEDGER.md."""
    unknown = [name for name in asked if name not in names()]
    if unknown or not asked:
        wrong = f"there is no measurement {unknown[0]!r}; " if unknown else ""
        print(f"{wrong}name one or more of: {', '.join(names())}", file=sys.stderr)
        return 2 if unknown else 0
    for name in asked:
        sys.argv = [name]
        print(f"== {name}")
        try:
            runpy.run_module(f"benchmarks.{name}", run_name="__main__")
        except SystemExit as end:
            if end.code not in (None, 0):
                print(f"{name}: exit {end.code}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

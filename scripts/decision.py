"""Begins a decision record: `python scripts/decision.py "what was decided"` writes the next docs/adr/NNNN-....md."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "adr"
BODY = """\
# {number:04} · {title}

Status: proposed, {day}

## Context

## Decision

## Alternatives

## Consequences
"""


def main(arguments: list[str]) -> int:
    """Write the record; exit 2 where no title was given."""
    title = " ".join(arguments).strip()
    if not re.search("[a-z]", title):
        print('no title: make adr T="what was decided"', file=sys.stderr)
        return 2
    number = 1 + max((int(path.name[:4]) for path in FOLDER.glob("[0-9]*.md")), default=0)
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    path = FOLDER / f"{number:04}-{slug}.md"
    day = datetime.now(tz=UTC).date().isoformat()
    path.write_text(BODY.format(number=number, title=title, day=day), "utf-8")
    print(f"{path.relative_to(FOLDER.parent.parent)}: fill it in, then make docs puts it into the index")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The one way in which the evaluation speaks to a terminal."""

import sys
import unicodedata
from collections.abc import Iterable, Sequence


def shown(text: str, chars_max: int = 200) -> str:
    r"""Return foreign text on one line, without characters that drive a terminal, at most `chars_max` long.

    >>> shown("a\x1b[2J\nb")
    'a?[2J b'
    """
    spaced = " ".join(text.split())
    kept = "".join("?" if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Co", "Cn"} else each for each in spaced)
    return kept if len(kept) <= chars_max else kept[: chars_max - 1] + "…"


def say(text: str = "") -> None:
    """Write one line to standard output."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def complain(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table: the first column to the left, the others to the right."""
    every = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return [line(every[0]), "  ".join("-" * width for width in widths), *map(line, every[1:])]

"""Lines for a terminal: foreign text made harmless, columns that keep their numbers, bars.

Every line is laid out here, in cells, before it is printed; nothing is left to wrapping. A number is never cut: text
gives way first, then whole columns at the breakpoints that their definitions name.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

FULL, MIDDLE, SMALL = 116, 100, 80
"""Breakpoints in columns: all of it; without the long texts; without bars. Piped output is always FULL wide."""

WIDTH_MAX = 200
"""Beyond this a line is hard to read across, so a wider terminal leaves a margin."""

AGREE, AGAINST, PROVEN, MUTED = "#2F80DB", "#D1631F", "#C04CA0", "#7D8590"
"""Approved and jobs; against; a proven contradiction; the rest. A terminal does not say whether it is light or dark:
each has a contrast of at least 3.6:1 on white and on black. None speaks alone: a word or a sign stands beside it."""

INDENT = 2

Style = str
"""A style in rich's notation; empty for the terminal's own."""

_MARKS_MAX = 3
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_ASCII = str.maketrans(dict(zip("✓✕≠◆–—→·×┊│─█▒░…“”−≥↑↓⋯", 'vx!*-->.x||-#:.~""->^v~', strict=True)))


def plain(text: str) -> str:
    r"""Return foreign text on one line, with everything that could drive a terminal spelt out.

    Control, invisible and direction-changing characters appear as escapes; so does a pile of combining marks.

    >>> print(plain("\x1b[31mred\x07 [bold]x[/]\u202e\ntwo"))
    \x1b[31mred\x07 [bold]x[/]\u202e two
    """
    return re.sub(r" {2,}", " ", _harmless(re.sub(r"[\n\t]", " ", text))).strip()


def _harmless(line: str) -> str:
    shown, marks = [], 0
    for character in line:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        shown.append(_spelt(character) if category in _UNSEEN or marks > _MARKS_MAX else character)
    return "".join(shown)


def _spelt(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def verbatim(text: str) -> list[str]:
    r"""Return foreign text line by line, spaces kept, each line made harmless.

    >>> verbatim("a\n  b  c\r\n\td\x1b")
    ['a', '  b  c', '    d\\x1b']
    """
    return [_harmless(line.expandtabs(4)) for line in text.replace("\r\n", "\n").split("\n")]


def carried(text: str, encoding: str) -> str:
    """Return text that the output's encoding can carry, sign for sign, so that widths stay.

    >>> carried("✓ 2 × 3", "ascii"), carried("✓", "utf-8")
    ('v 2 x 3', '✓')
    """
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(_ASCII).encode("ascii", errors="replace").decode("ascii")
    return text


@dataclass(frozen=True, slots=True)
class Screen:
    """What can be shown: how wide, and whether with emoji."""

    width: int = FULL
    emoji: bool = False

    @classmethod
    def of(cls, console: Console, *, emoji: bool) -> "Screen":
        """Return what a console can show: one fixed layout unless a person looks at it."""
        if not console.is_terminal:
            return cls()
        shows = emoji and not console.is_dumb_terminal and console.encoding.lower().startswith("utf")
        return cls(min(console.width, WIDTH_MAX), shows)

    def sign(self, emoji: str) -> str:
        """Return an emoji with its space, or nothing."""
        return f"{emoji} " if self.emoji and emoji else ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: numbers stand right and keep their width, texts stand left and may be cut."""

    title: str
    kind: Literal["number", "text", "rest"] = "text"
    """`rest`: text that takes what is left of the line."""
    at: int = 0
    """Narrowest screen that shows it."""
    below: int = WIDTH_MAX + 1
    """Shown only on screens narrower than this."""
    least: int = 8
    """A text is never cut below this many cells."""


Cell = Text | str


def cell(text: str, style: Style = "") -> Text:
    """Return foreign or own text as one harmless cell."""
    return Text(plain(text), style)


def grid(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], screen: Screen, *, wrap: Sequence[bool] | bool = False
) -> list[Text]:
    """Return a heading and one line per row, none wider than the screen; columns without titles get no heading.

    `wrap`: whether the last text is continued below instead of cut, for all rows or for each.
    """
    shown = [i for i, column in enumerate(columns) if column.at <= screen.width < column.below]
    chosen = [columns[i] for i in shown]
    texts = [[_text(row[i]) for i in shown] for row in rows]
    wraps = [wrap] * len(rows) if isinstance(wrap, bool) else wrap
    widths = _widths(chosen, texts, screen.width - INDENT)
    lines = [_line(chosen, [Text(c.title, MUTED) for c in chosen], widths)]
    for row, folds in zip(texts, wraps, strict=True):
        rest = folded(row[-1], widths[-1]) if folds else [row[-1]]
        lines.append(_line(chosen, [*row[:-1], *rest[:1]], widths))
        lines += [_line(chosen, [Text()] * (len(row) - 1) + [more], widths) for more in rest[1:]]
    return lines if any(column.title for column in chosen) else lines[1:]


def _text(value: Cell) -> Text:
    return value if isinstance(value, Text) else Text(value)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Text]], room: int) -> list[int]:
    """Return each column's width: numbers as wide as they are, texts cut from the widest until the line fits."""
    widths = [max([cell_len(c.title), *(row[i].cell_len for row in rows)]) for i, c in enumerate(columns)]
    gaps = 2 * (len(columns) - 1)
    while sum(widths) + gaps > room:
        kinds = [(c.kind == "rest", widths[i], i) for i, c in enumerate(columns) if c.kind != "number"]
        able = [entry for entry in kinds if entry[1] > columns[entry[2]].least]
        if not able:
            break
        index = max(able)[2]
        widths[index] = max(columns[index].least, widths[index] - (sum(widths) + gaps - room))
    return widths


def _line(columns: Sequence[Column], cells: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text(" " * INDENT)
    for index, (column, value, width) in enumerate(zip(columns, cells, widths, strict=True)):
        fitted = value if value.cell_len <= width or column.kind == "number" else cut(value, width)
        pad = Text(" " * (width - fitted.cell_len))
        line.append_text(Text("  ") if index else Text())
        line.append_text(pad + fitted if column.kind == "number" else fitted + pad)
    line.rstrip()
    return line


def cut(text: Text, width: int) -> Text:
    """Return text of at most `width` cells, an ellipsis where it was longer."""
    if text.cell_len <= width:
        return text
    kept = text.copy()
    kept.truncate(max(0, width - 1), overflow="crop")
    kept.rstrip()
    return kept.append("…")


def folded(text: Text, width: int) -> list[Text]:
    """Return text as lines of at most `width` cells, broken at spaces where there are any."""
    lines: list[str] = []
    for word in text.plain.split(" "):
        for piece in _pieces(word, width):
            if lines and cell_len(lines[-1]) + 1 + cell_len(piece) <= width:
                lines[-1] += f" {piece}"
            else:
                lines.append(piece)
    return [Text(part, text.style) for part in lines]


def _pieces(word: str, width: int) -> list[str]:
    pieces = []
    while cell_len(word) > width:
        head = set_cell_size(word, width).rstrip() or word[:1]
        pieces.append(word[: len(head)])
        word = word[len(head) :]
    return [*pieces, word]


LABEL_CELLS = 11
LABELLED = (Column("", "text", least=LABEL_CELLS), Column("", "rest"))


def labelled(label: str, text: str, screen: Screen, style: Style = "") -> list[Text]:
    """Return a sentence beside its label, continued below itself."""
    return grid(LABELLED, [(Text(f"{label:<{LABEL_CELLS}}", MUTED), cell(text, style))], screen, wrap=True)


def heading(screen: Screen, emoji: str, title: str, tail: Sequence[str] = (), *, style: Style = "bold") -> Text:
    """Return a line that opens a part: its name, what belongs to it, and a rule to the right edge."""
    line = Text(screen.sign(emoji))
    line.append(plain(title), style)
    for part in tail:
        line.append("  ·  ", MUTED).append(plain(part))
    left = screen.width - line.cell_len - 1
    return line.append(f" {'─' * left}", MUTED) if left >= 2 else cut(line, screen.width)


def filled(part: float, whole: float, width: int) -> int:
    """Return how many of `width` cells a share fills; something is never shown as nothing.

    >>> filled(0, 200, 20), filled(1, 200, 20), filled(100, 200, 20), filled(199, 200, 20)
    (0, 1, 10, 20)
    """
    if whole <= 0 or part <= 0:
        return 0
    return min(width, max(1, int(width * part / whole + 0.5)))


def bar(parts: Sequence[tuple[int, str, Style]], width: int, *, frame: bool = False) -> Text:
    """Return a bar from (cells, sign, style) parts, filled up with spaces."""
    line = Text("│", MUTED) if frame else Text()
    for cells, sign, style in parts:
        line.append(sign * cells, style)
    line.append(" " * (width - sum(cells for cells, _, _ in parts)))
    return line.append("│", MUTED) if frame else line


Sayer = Callable[[Text], None]
"""Prints one line that is already laid out."""


def sayer(console: Console) -> Sayer:
    """Return what prints a finished line: unwrapped, without markup or emoji names, in signs the output carries."""

    def say(line: Text) -> None:
        told = line.copy()
        told.plain = carried(told.plain, console.encoding)
        console.print(told, soft_wrap=True, markup=False, emoji=False, highlight=False)

    return say

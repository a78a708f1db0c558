"""Makes foreign text harmless for the place where it is shown: HTML, Markdown, CSV, a diagram, a file name.

What a model, a submitter or another peer wrote is data. It is shown as it is and never obeyed: no markup, no link, no
picture, no formula. Every place that puts foreign text on a screen or into a download goes through here.
"""

import csv
import html
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ICON = re.compile(r":(?=[\w+/-]+:)")

SHOWN_CHARS_MAX = 20_000
"""A pane shows this many characters; the rest is a download."""


def visible(text: str) -> str:
    r"""Return text with control and direction-changing characters spelt out, so that nothing acts unseen.

    >>> visible("a\x1b[31mb")
    'a␛[31mb'
    """
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return f"<U+{code:04X}>" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


def html_text(text: str) -> str:
    """Return text for an element or an attribute of HTML.

    >>> html_text('<img src=x onerror="alert(1)">')
    '&lt;img src=x onerror=&quot;alert(1)&quot;&gt;'
    """
    return html.escape(visible(text), quote=True)


def md(text: str) -> str:
    r"""Return text on one line for a label that is read as Markdown: every sign stands for itself.

    An icon code such as `:material/home:` is found after escapes are resolved, hence the joiner behind its colon.

    >>> print(md("**x** [a](b)"))
    \*\*x\*\* \[a\]\(b\)
    """
    line = " ".join(visible(text).split())
    return _MARKDOWN.sub(r"\\\1", _ICON.sub(":\u2060", line))


def csv_cell(value: object) -> str:
    """Return a value for a spreadsheet: text that would be a formula is kept as text by a quote before it (OWASP).

    >>> csv_cell("=1+1"), csv_cell(-1), csv_cell(None)
    ("'=1+1", '-1', '')
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    text = visible(str(value))
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV file (RFC 4180) whose cells no spreadsheet will execute."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([csv_cell(cell) for cell in header])
    writer.writerows([csv_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def file_name(text: str) -> str:
    """Return a name that is only a name: no folder, no dot in front.

    >>> file_name("../../etc/passwd")
    'etc_passwd'
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._-")[:80].replace("..", "_") or "file"


def shortened(text: str, limit: int = SHOWN_CHARS_MAX) -> tuple[str, int]:
    """Return what a pane shows of a text, and how many characters it leaves out."""
    return text[:limit], max(0, len(text) - limit)

"""Small parts that every page draws alike: a heading, a sentence card, a pane for foreign text, a download."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import streamlit as st

from ui.safe import csv_text, file_name, html_text, md, shortened

Colour = Literal["blue", "orange", "violet", "gray"]

COLOURS: dict[str, Colour] = {
    "unanimous": "blue",
    "contested": "orange",
    "re-voted": "orange",
    "equivocation": "violet",
    "no quorum": "orange",
    "not placed": "gray",
    "plain": "gray",
    "good": "blue",
    "busy": "blue",
    "bad": "orange",
    "waiting": "gray",
    "void": "violet",
    "warning": "orange",
}
"""What a state's badge is coloured with; the state's word stands on it, so colour is the second channel."""

HEAD = "margin:0;padding:0;font-size:2rem;line-height:1.2;font-weight:700;overflow-wrap:anywhere"
SUB = "margin:0;padding:0;font-size:1.25rem;line-height:1.3;font-weight:600"
SMALL = "margin:0;padding:0;font-size:1rem;line-height:1.3;font-weight:600"
SAID = "margin:0;line-height:1.55;overflow-wrap:anywhere"
QUIET = "margin:0;line-height:1.5;overflow-wrap:anywhere;opacity:.78"
TILES = "margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1rem"
TILE = (
    "margin:0;padding:14px 16px 12px;border-radius:8px;border:1px solid color-mix(in srgb,currentColor 16%,transparent)"
)
VALUE_CHARS = 10
VALUE = "margin:2px 0 0;font-size:1.9rem;font-weight:600;line-height:1.25;overflow-wrap:anywhere"
DETAIL = "margin:4px 0 0;font-size:13px;line-height:1.4;opacity:.8"
"""What gives headings and figures their height stands on them: a style sheet may arrive a moment after the words."""

STYLE = """
<style>
.q-pane { margin: 0; padding: 12px 14px; border-radius: 8px; border: 1px solid; border-color: color-mix(in srgb,
  currentColor 16%, transparent); background: color-mix(in srgb, currentColor 4%, transparent); font-size: 13px;
  line-height: 1.55; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 380px; overflow: auto; tab-size: 2;
  font-family: "Source Code Pro", ui-monospace, monospace; }
.q-pane ins { text-decoration: none; background: color-mix(in srgb, #4198EB 26%, transparent); display: block; }
.q-pane del { background: color-mix(in srgb, #F0814D 26%, transparent); display: block; }
.q-pane mark { background: color-mix(in srgb, #F0814D 45%, transparent); color: inherit; border-radius: 2px; }
</style>
"""


def style() -> None:
    """Put the look of panes into the page; colours come from the theme through `currentColor`."""
    st.html(" ".join(STYLE.split()))


def heading(text: str) -> None:
    """Draw a page's verdict as its only first heading. Not Markdown: a job's name may stand in it."""
    st.html(f'<h1 class="q-head" style="{HEAD}">{html_text(text)}</h1>')


def subheading(text: str) -> None:
    """Draw the question that a card answers."""
    st.html(f'<h2 style="{SUB}">{html_text(text)}</h2>')


def step(text: str) -> None:
    """Draw the name of one of several panes side by side."""
    st.html(f'<h3 style="{SMALL}">{html_text(text)}</h3>')


def answer(question: str, text: str) -> None:
    """Draw a question and its answer in at most two sentences."""
    with st.container(border=True, height="stretch"):
        st.html(f'<p style="{SAID}"><strong>{html_text(question)}</strong> {html_text(text)}</p>')


def figures(tiles: Iterable[tuple[str, str, str]]) -> None:
    """Draw figures as tiles: label, value, and a second line."""
    cells = (
        f'<div style="{TILE}"><dt style="font-size:14px">{html_text(label)}</dt>'
        f'<dd style="{_sized(value)}">{html_text(value)}</dd><dd style="{DETAIL}">{html_text(detail)}</dd></div>'
        for label, value, detail in tiles
    )
    st.html(f'<dl class="q-tiles" style="{TILES}">{"".join(cells)}</dl>')


def _sized(value: str) -> str:
    """Return how a figure is drawn: a long one smaller, so that a tile keeps to one line."""
    return VALUE if len(value) <= VALUE_CHARS else VALUE.replace("1.9rem", "1.4rem").replace("1.25", "1.7")


def sentence(text: str) -> None:
    """Draw a sentence that may hold foreign text."""
    st.html(f'<p style="{SAID}">{html_text(text)}</p>')


def quiet(text: str) -> None:
    """Draw a remark."""
    st.html(f'<p style="{QUIET}">{html_text(text)}</p>')


def badges(found: Iterable[tuple[str, str]]) -> None:
    """Draw (kind, text) badges as one element whose lines break between badges."""
    st.markdown(" ".join(f":{COLOURS.get(kind, 'gray')}-badge[{md(text)}]" for kind, text in found))


def pane(text: str | None, label: str, *, search: str = "") -> None:
    """Draw foreign text as it is, escaped, with what was searched for marked."""
    if text is None:
        quiet("Not kept: content is switched off for this run.")
        return
    shown, left = shortened(text)
    body = marked(shown, search) if search else html_text(shown)
    st.html(f'<pre class="q-pane" tabindex="0" role="region" aria-label="{html_text(label)}">{body}</pre>')
    if left:
        quiet(f"{left:,} more characters are in the download.")


def marked(text: str, search: str) -> str:
    """Return escaped text with every place of `search` marked, whatever its case.

    >>> marked("<b>Bid</b>", "bid")
    '&lt;b&gt;<mark>Bid</mark>&lt;/b&gt;'
    """
    found, rest, wanted = [], text, search.lower()
    while wanted and (at := rest.lower().find(wanted)) >= 0 and len(rest.lower()) == len(rest):
        found += [html_text(rest[:at]), f"<mark>{html_text(rest[at : at + len(wanted)])}</mark>"]
        rest = rest[at + len(wanted) :]
    return "".join([*found, html_text(rest)])


def differences(before: str, after: str, label: str) -> None:
    """Draw two texts as one with what went and what came."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=3)
    shown = list(lines)[2:402]  # not the two lines that name the files: there are none
    body = "".join(_difference(line) for line in shown) or html_text("no difference")
    st.html(f'<pre class="q-pane" tabindex="0" role="region" aria-label="{html_text(label)}">{body}</pre>')


def _difference(line: str) -> str:
    tag = {"+": "ins", "-": "del"}.get(line[:1], "")
    return f"<{tag}>{html_text(line)}</{tag}>" if tag else f"{html_text(line)}\n"


def download(
    label: str, name: str, data: Callable[[], bytes | str], mime: str, *, key: str, shortcut: str | None = None
) -> None:
    """Draw a download whose bytes are made when somebody asks for them; a page's first one has the key D."""
    st.download_button(label, data, file_name=file_name(name), mime=mime, key=key, on_click="ignore", shortcut=shortcut)


def csv_download(
    label: str, name: str, header: Sequence[str], rows: Callable[[], Iterable[Sequence[object]]], *, key: str,
    shortcut: str | None = None,
) -> None:  # fmt: skip
    """Draw a CSV download whose cells no spreadsheet executes."""
    download(label, name, lambda: csv_text(header, rows()), "text/csv", key=key, shortcut=shortcut)


def table_px(rows: int) -> int:
    """Return how high a table of so many rows is drawn, pixels: a head, the rows, a frame."""
    return 35 * (1 + rows) + 3

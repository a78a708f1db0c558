"""Three views of our own: the theatre, the vote matrix and the Gantt chart. Each has a table twin on its page.

They are inline components: files beside this one, no build, no package. Data goes in as plain values; every one of
them is put into the page as a text node, so that nothing a model wrote can act there.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from quorate.domain.values import JobId
from ui.viewmodel.run import Bar
from ui.viewmodel.theatre import Matrix, Theatre
from ui.words import fmt_weight

HERE = Path(__file__).parent

BUTTONS_MAX = 2_000
"""Up to so many jobs each bar is a button; above that a canvas draws them."""

HOW_CODES = {"unanimous": 0, "contested": 1, "re-voted": 2, "equivocation": 3}

Nothing = Callable[[], None]


def _text(name: str) -> str:
    """Return a component's file without indentation and whole-line comments: it travels with each first view."""
    lines = (line.strip() for line in (HERE / name).read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


@cache
def _component(name: str) -> Callable[..., Any]:
    return st.components.v2.component(
        f"quorate_{name}", html=_text(f"{name}.html"), css=_text(f"{name}.css"), js=_text(f"{name}.js")
    )


def theatre(shown: Theatre, *, key: str, title: str) -> None:
    """Draw one decision's messages. Playback stays in the browser and costs no byte."""
    marks = [asdict(mark) for mark in shown.marks]
    data = {
        "key": key,
        "alt": title,
        "lanes": [asdict(lane) for lane in shown.lanes],
        "capsules": [asdict(capsule) for capsule in shown.capsules],
        "marks": marks,
        "bands": [asdict(band) for band in shown.bands],
        "approving": [asdict(point) for point in shown.approving],
        "finalizing": [asdict(point) for point in shown.finalizing],
        "total": shown.total,
        "totalText": fmt_weight(shown.total),
        "needed": shown.needed,
        "neededText": fmt_weight(shown.needed),
        "crossing": shown.crossing,
        "decided": shown.decided,
        "verdict": shown.verdict,
        "timed": shown.timed,
    }
    _component("theatre")(data=data, key=f"theatre-{key}")


def votes(shown: Matrix, *, key: str) -> None:
    """Draw the vote matrix as a table."""
    _component("votes")(data=asdict(shown), key=f"votes-{key}")


def gantt(
    bars: Sequence[Bar], rows: Sequence[tuple[str, str]], *, key: str, at_s: int, end_s: int,
    ghosts: Sequence[Bar] = (), open_job: Callable[[JobId], None] | None = None,
) -> None:  # fmt: skip
    """Draw jobs over time; a click or Enter on one opens it.

    `rows`: (short name, type) of each cluster; `ghosts`: another run's bars, drawn as outlines.
    """
    large = len(bars) > BUTTONS_MAX
    hint = f"{len(bars):,} jobs: wheel and drag to zoom." if large else "Choose a job to open its decision."
    data: dict[str, object] = {
        "rows": [{"short": short, "type": kind} for short, kind in rows],
        "at": at_s, "end": max(end_s, 1), "hint": hint, "table": _columns(bars) if large else None,
        "bars": [] if large else [_plain(bar) for bar in bars],
        "ghosts": [] if large else [_plain(bar) for bar in ghosts],
    }  # fmt: skip
    result = _component("gantt")(data=data, key=f"gantt-{key}", on_open_change=_nothing, on_open_index_change=_nothing)
    chosen = result.open if result.open is not None else _at(bars, result.open_index)
    if chosen is not None and open_job is not None:
        open_job(JobId(str(chosen)))


def _nothing() -> None:
    """Give a trigger its attribute; the page reads it."""


def _at(bars: Sequence[Bar], index: int | None) -> JobId | None:
    return bars[index].job if index is not None and 0 <= index < len(bars) else None


def _plain(bar: Bar) -> dict[str, object]:
    return {
        "number": bar.number, "job": bar.job, "title": bar.title, "row": bar.row, "lane": bar.lane,
        "start": bar.start_s, "end": bar.end_s, "nodes": bar.nodes, "how": bar.how, "ended": bar.ended,
    }  # fmt: skip


def _columns(bars: Sequence[Bar]) -> pd.DataFrame:
    """Return ten thousand jobs in 14 bytes each: hours as 32-bit floats, the rest as small integers."""
    frame = pd.DataFrame(
        {
            "start": [bar.start_s / 3_600 for bar in bars],
            "end": [bar.end_s / 3_600 for bar in bars],
            "row": [bar.row for bar in bars],
            "lane": [bar.lane for bar in bars],
            "how": [HOW_CODES.get(bar.how, 4) for bar in bars],
            "nodes": [min(bar.nodes, 65_535) for bar in bars],
        }
    )
    return frame.astype(
        {"start": "float32", "end": "float32", "row": "uint8", "lane": "uint16", "how": "uint8", "nodes": "uint16"}
    )

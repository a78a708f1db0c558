"""Three views of our own: the theatre, the vote matrix and the Gantt chart. Each has a table twin on its page.

They are inline components: files beside this one, no build, no package. Data goes in as plain values; every one of
them is put into the page as a text node, so that nothing a model wrote can act there.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
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


_WORD = re.compile(r"""("(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)""")
"""Text in a script, which keeps its spaces. No text of ours holds a backtick within one."""


def _text(name: str) -> str:
    """Return a component's file without what only a person needs: it travels with each first view.

    Line ends stay, for a script may rest on them.
    """
    lines = (line.strip() for line in (HERE / name).read_text(encoding="utf-8").splitlines())
    kept = "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"
    if name.endswith(".css"):
        return re.sub(r" *([{};:,]) *", r"\1", kept)
    if name.endswith(".js"):
        return "".join(part if index % 2 else _squeezed(part) for index, part in enumerate(_WORD.split(kept)))
    return kept


def _squeezed(code: str) -> str:
    """Return code without spaces around signs; a plus or a minus keeps them, for two of them would be another sign."""
    return re.sub(r" *([{}()\[\];,:?=<>*%&|!]) *", r"\1", code)


@cache
def _component(name: str, look: str = "", *before: str) -> Callable[..., Any]:
    """Return a component of one script, the scripts before it and one look: its own, unless another is named."""
    look = look or name
    script = "".join(_text(f"{part}.js") for part in (*before, name))
    html, css = _text(f"{look}.html"), _text(f"{look}.css")
    return st.components.v2.component(f"quorate_{name}", html=html, css=css, js=script)


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
        "called": shown.called,
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
    bars: Sequence[Bar], rows: Sequence[tuple[str, str]], *, key: str, at_s: int, end_s: int, nodes: int = 0,
    ghosts: Sequence[Bar] = (), open_job: Callable[[JobId], None] | None = None,
    moved: Callable[[int], None] | None = None,
) -> None:  # fmt: skip
    """Draw jobs over time; a click or Enter on one opens it.

    `rows`: (short name, type) of each cluster; `nodes`: of all of them; `ghosts`: another run's bars, as outlines.
    `at_s`: the moment shown where the address names none. With `moved` it can be played and dragged, which costs no
    byte; `moved` is told where it came to rest, in minutes.
    """
    large = len(bars) > BUTTONS_MAX
    hint = f"{len(bars):,} jobs: wheel and drag to zoom." if large else "Choose a job to open its decision."
    data: dict[str, object] = {
        "key": key, "rows": [{"short": short, "type": kind} for short, kind in rows], "nodes": nodes, "hint": hint,
        "at": -(-at_s // 60) if moved else at_s / 60, "last": minutes_shown(end_s), "end": max(end_s, 1),
        "play": moved is not None, "table": _columns(bars) if large else None,
        "bars": [] if large else [_plain(bar) for bar in bars],
        "ghosts": [] if large else [_plain(bar) for bar in ghosts],
    }  # fmt: skip
    own = f"gantt-{key}"

    def rested() -> None:
        minute = st.session_state[own].get("at")
        if moved is not None and isinstance(minute, int | float):
            moved(min(minutes_shown(end_s), max(0, round(minute))))

    drawn = _component("gantt_many" if large else "gantt", "gantt", "gantt_time")
    result = drawn(data=data, key=own, on_open_change=_nothing, on_open_index_change=_nothing, on_at_change=rested)
    chosen = result.open if result.open is not None else _at(bars, result.open_index)
    if chosen is not None and open_job is not None:
        open_job(JobId(str(chosen)))


def minutes_shown(end_s: int) -> int:
    """Return the last minute of a time axis that ends at `end_s`: at least one."""
    return max(1, -(-end_s // 60))


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
    """Return ten thousand jobs in about ten bytes each: differences and lengths in the narrowest integers, s and exact.

    `start` and `number` are differences from the job before: bars come in order of start.
    """
    return pd.DataFrame(
        {
            "start": _narrow(_differences([bar.start_s for bar in bars])),
            "number": _narrow(_differences([bar.number for bar in bars])),
            "length": _narrow([bar.end_s - bar.start_s for bar in bars]),
            "row": _narrow([bar.row for bar in bars]),
            "lane": _narrow([bar.lane for bar in bars]),
            "how": _narrow([HOW_CODES.get(bar.how, 4) for bar in bars]),
            "nodes": _narrow([bar.nodes for bar in bars]),
        }
    )


def _differences(numbers: Sequence[int]) -> list[int]:
    return [*numbers[:1], *(after - before for before, after in pairwise(numbers))]


def _narrow(numbers: Sequence[int]) -> "pd.Series[int]":
    """Return numbers in the narrowest type that holds them all; 32 bits at most: JavaScript adds those as numbers."""
    low, high = min(numbers, default=0), max(numbers, default=0)
    kinds = ("uint8", "uint16", "uint32") if low >= 0 else ("int8", "int16", "int32")
    kind = next((k for k in kinds if low >= np.iinfo(k).min and high <= np.iinfo(k).max), "float64")
    return pd.Series(numbers, dtype=kind)

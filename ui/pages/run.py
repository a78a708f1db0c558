"""Run: how did it go, was anyone lying, how full is each cluster, which jobs were not unanimous?"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from quorate.domain.values import JobId
from ui import charts
from ui.components import gantt, minutes_shown
from ui.draw import csv_download, download, figures, heading, quiet, subheading, table_px
from ui.pages.live import panel
from ui.runs import LoadedRun, stamp
from ui.state import Context, asked_run, header
from ui.viewmodel.run import (
    Bar,
    DecisionLine,
    Moment,
    bars,
    decision_lines,
    fullness_words,
    moment_at,
    moment_words,
    types_of,
)
from ui.words import names_of, tiles, verdict

TABLE_ROWS_SHOWN = 9
"""Rows of the table of decisions before it scrolls in itself."""

EAGER_ROWS_MAX = 1_000
"""A longer table is sent in pieces, as it is scrolled."""

REPEATED_MAX = 100
"""Up to so many different words a column of a long table is sent as a list of them and places in it, piece by piece."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a run's page is drawn from, folded once per state of the run's files."""

    lines: tuple[DecisionLine, ...]
    bars: tuple[Bar, ...]
    last: int
    """End of the time axis, min."""
    end_s: int
    table: pd.DataFrame


@st.cache_resource(max_entries=6, show_spinner=False)
def _shown(_found: LoadedRun, folder: str, files: tuple[int, ...]) -> _Shown:
    del folder, files  # the cache's key
    lines, placed = tuple(decision_lines(_found.report)), tuple(bars(_found.report))
    end_s = max([_found.report.at_s, _found.report.after.at_s, *(bar.end_s for bar in placed)], default=0)
    return _Shown(lines, placed, minutes_shown(end_s), end_s, _table(lines))


def draw(context: Context) -> None:
    """Draw the page."""
    name = asked_run(context) or context.service.first()
    if name is not None and name in context.service.active():
        panel(context, name)
        return
    found = header(context)
    if found is None:
        return
    shown = _shown(found, str(found.folder), stamp(found.folder))
    heading(verdict(found.report))
    _tiles(found)
    now = _time(found, shown)
    left, right = st.columns([0.38, 0.62], gap="medium")
    with left, st.container(border=True, height="stretch"):
        _occupancy(found, now)
    with right, st.container(border=True, height="stretch"):
        _decisions(found, shown)
    with st.container(border=True):
        _gantt(found, shown)
    _downloads(found, shown.lines)


def _tiles(found: LoadedRun) -> None:
    # One element rather than five metrics: it has its height at once, so that nothing below it jumps.
    figures(tiles(found.report))


def _time(found: LoadedRun, shown: _Shown) -> Moment:
    """Draw the slider over ledger time and return the federation at that moment."""
    default = min(shown.last, -(-found.report.at_s // 60))
    chosen = st.slider("Time", 0, shown.last, default, format="%d min", key="at", bind="query-params")
    quiet(moment_words(found.report, chosen * 60))
    return moment_at(found.moments, chosen * 60)


def _occupancy(found: LoadedRun, now: Moment) -> None:
    subheading("How full is each cluster?")
    units = list(now.taken)
    unit = st.segmented_control("Unit", units, default="nodes", key="unit", label_visibility="collapsed") or "nodes"
    taken = now.taken.get(unit, now.taken["nodes"])
    names, types = names_of(found.report), types_of(found.report)
    option = charts.occupancy(taken, names, types, unit)
    height = 70 + charts.ROW_PX * len(taken)
    st.echarts_chart(option, height=height, key="occupancy", renderer="svg", alt=fullness_words(taken, names))
    without = [names[one.cluster] for one in taken if one.total == 0]
    if without:
        quiet(f"No {unit}: {', '.join(without)}.")


def _table(lines: Sequence[DecisionLine]) -> pd.DataFrame:
    """Return the decisions as a table; in a long one few bytes stand for what comes again and again."""
    long = len(lines) > EAGER_ROWS_MAX
    words: dict[str, list[str]] = {
        "Title": [line.title for line in lines],
        "To": [line.to for line in lines],
        "How": [line.how for line in lines],
        "Votes": [line.votes for line in lines],
        "Time": [line.time for line in lines],
    }
    few = {name for name, column in words.items() if long and len(set(column)) <= REPEATED_MAX}
    text = {name: pd.Series(column, dtype="category" if name in few else "str") for name, column in words.items()}
    return pd.DataFrame(
        {
            "Job": pd.Series([line.number for line in lines], dtype="uint32"),
            "Title": text["Title"],
            "To": text["To"],
            "How": text["How"],
            "Approval": pd.Series([line.approval for line in lines], dtype="float32" if long else "float64"),
            "Votes": text["Votes"],
            "Rounds": pd.Series([line.rounds for line in lines], dtype="uint16"),
            "Time": text["Time"],
        }
    )


def _decisions(found: LoadedRun, shown: _Shown) -> None:
    subheading("Decisions")
    quiet("Choose one to open it.")
    lines, columns = shown.lines, _columns()
    height = table_px(min(len(lines), TABLE_ROWS_SHOWN))
    if len(lines) > EAGER_ROWS_MAX:
        _long_table(found, shown, columns, height)
        return
    event = st.dataframe(
        shown.table, hide_index=True, column_config=columns, on_select="rerun", selection_mode="single-row",
        height=height, key="decisions", alt=f"{len(lines)} decisions with winner, votes and time",
    )  # fmt: skip
    rows = event["selection"]["rows"]
    if rows and rows[0] < len(lines):
        open_decision(found, lines[rows[0]].job)


def _columns() -> dict[str, ColumnConfig]:
    return {
        "Job": st.column_config.NumberColumn(width=44),
        "Title": st.column_config.TextColumn(width=170),
        "To": st.column_config.TextColumn(width=94),
        "How": st.column_config.TextColumn(width=90),
        "Approval": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width=88),
        "Votes": st.column_config.TextColumn(width=56),
        "Rounds": st.column_config.NumberColumn(width=58),
        "Time": st.column_config.TextColumn(width=60),
    }


def _long_table(found: LoadedRun, shown: _Shown, columns: dict[str, ColumnConfig], height: int) -> None:
    """Draw a table whose rows come as they are scrolled to; such a table has no selection, so a number opens a job."""
    count = len(shown.lines)
    alt = f"{count} decisions"
    st.dataframe(shown.table, hide_index=True, column_config=columns, height=height, lazy=True, alt=alt)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input("Job", 1, count, 1, key="open-number", width=160)
        if st.button("Open it", key="open-it"):
            open_decision(found, shown.lines[int(number) - 1].job)


def open_decision(found: LoadedRun, job: JobId) -> None:
    """Go to one job's decision."""
    st.session_state["job"] = job
    st.switch_page(st.session_state["pages"]["decision"], query_params={"run": found.id, "job": job})


def _gantt(found: LoadedRun, shown: _Shown) -> None:
    subheading("Which jobs ran where, and how was each decided?")
    report, names = found.report, names_of(found.report)
    rows = [(names[cluster.id], cluster.type) for cluster in report.federation.clusters]
    gantt(
        shown.bars, rows, key=found.id, at_s=min(report.at_s, shown.last * 60), end_s=shown.end_s,
        nodes=report.federation.totals.nodes, open_job=lambda job: open_decision(found, job), moved=_moved,
    )  # fmt: skip


def _moved(minute: int) -> None:
    """Take the moment at which the chart came to rest; the slider carries it into the address."""
    st.session_state["at"] = minute


def _downloads(found: LoadedRun, lines: Sequence[DecisionLine]) -> None:
    with st.container(horizontal=True, gap="small"):
        download(
            "Run (JSON)", f"{found.id}.json", lambda: found.report.model_dump_json(by_alias=True, indent=1),
            "application/json", key="d-run", shortcut="d",
        )  # fmt: skip
        ledger = found.folder / "ledger.jsonl"
        if ledger.is_file():
            download("Ledger (JSON Lines)", f"{found.id}.jsonl", ledger.read_bytes, "application/jsonl", key="d-ledger")
        csv_download(
            "Decisions (CSV)", f"{found.id}-decisions.csv",
            ("job", "id", "title", "to", "how", "approval", "votes", "rounds", "time"),
            lambda: [(x.number, x.job, x.title, x.to, x.how, x.approval, x.votes, x.rounds, x.time) for x in lines],
            key="d-decisions",
        )  # fmt: skip
        csv_download(
            "Occupancy (CSV)", f"{found.id}-occupancy.csv",
            ("at_s", "height", "unit", "cluster", "jobs", "background", "free"),
            lambda: [
                (m.at_s, m.height, unit, t.cluster, t.jobs, t.background, t.free)
                for m in found.moments for unit, taken in m.taken.items() for t in taken
            ],
            key="d-occupancy",
        )  # fmt: skip

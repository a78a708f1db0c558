"""Run: how did it go, was anyone lying, how full is each cluster, which jobs were not unanimous?"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from quorate.domain.values import JobId
from ui import charts
from ui.components import gantt
from ui.draw import csv_download, download, figures, heading, quiet, subheading
from ui.pages.live import panel
from ui.runs import LoadedRun
from ui.state import Context, asked_run, header
from ui.viewmodel.run import (
    DecisionLine,
    Moment,
    bars,
    decision_lines,
    fullness_words,
    horizon_s,
    moment_at,
    moment_words,
    types_of,
)
from ui.words import names_of, tiles, verdict

ROW_PX = 35
TABLE_ROWS_SHOWN = 9
"""Rows of the table of decisions before it scrolls in itself."""

EAGER_ROWS_MAX = 1_000
"""A longer table is sent in pieces, as it is scrolled."""


def draw(context: Context) -> None:
    """Draw the page."""
    name = asked_run(context) or context.service.first()
    if name is not None and name in context.service.active():
        panel(context, name)
        return
    found = header(context)
    if found is None:
        return
    heading(verdict(found.report))
    _tiles(found)
    now = _time(found)
    left, right = st.columns([0.46, 0.54], gap="medium")
    with left, st.container(border=True, height="stretch"):
        _occupancy(found, now)
    with right, st.container(border=True, height="stretch"):
        _decisions(found)
    with st.container(border=True):
        _gantt(found)
    _downloads(found)


def _tiles(found: LoadedRun) -> None:
    # One element rather than five metrics: it has its height at once, so that nothing below it jumps.
    figures(tiles(found.report))


def _time(found: LoadedRun) -> Moment:
    """Draw the slider over ledger time and return the federation at that moment."""
    last = max(1, -(-horizon_s(found.report) // 60))
    default = min(last, -(-found.report.at_s // 60))
    chosen = st.slider("Time", 0, last, default, format="%d min", key="at", bind="query-params")
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


def _decisions(found: LoadedRun) -> None:
    subheading("Decisions")
    quiet("Choose one to open it.")
    lines = decision_lines(found.report)
    frame = pd.DataFrame(
        {
            "Job": [line.number for line in lines],
            "Title": [line.title for line in lines],
            "To": [line.to for line in lines],
            "How": [line.how for line in lines],
            "Approval": [line.approval for line in lines],
            "Votes": [line.votes for line in lines],
            "Rounds": [line.rounds for line in lines],
            "Time": [line.time for line in lines],
        }
    )
    columns = {
        "Job": st.column_config.NumberColumn(width=44),
        "Title": st.column_config.TextColumn(width=168),
        "Approval": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width=104),
    }
    height = ROW_PX * (1 + min(len(lines), TABLE_ROWS_SHOWN)) + 3
    if len(lines) > EAGER_ROWS_MAX:
        _long_table(found, lines, frame, columns, height)
        return
    event = st.dataframe(
        frame, hide_index=True, column_config=columns, on_select="rerun", selection_mode="single-row",
        height=height, key="decisions", alt=f"{len(lines)} decisions with winner, votes and time",
    )  # fmt: skip
    rows = event["selection"]["rows"]
    if rows and rows[0] < len(lines):
        open_decision(found, lines[rows[0]].job)


def _long_table(
    found: LoadedRun, lines: Sequence[DecisionLine], frame: pd.DataFrame, columns: dict[str, ColumnConfig], height: int
) -> None:
    """Draw a table whose rows come as they are scrolled to; such a table has no selection, so a number opens a job."""
    st.dataframe(frame, hide_index=True, column_config=columns, height=height, lazy=True, alt=f"{len(lines)} decisions")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input("Job", 1, len(lines), 1, key="open-number", width=160)
        if st.button("Open it", key="open-it"):
            open_decision(found, lines[int(number) - 1].job)


def open_decision(found: LoadedRun, job: JobId) -> None:
    """Go to one job's decision."""
    st.session_state["job"] = job
    st.switch_page(st.session_state["pages"]["decision"], query_params={"run": found.id, "job": job})


def _gantt(found: LoadedRun) -> None:
    subheading("Which jobs ran where, and how was each decided?")
    report, names = found.report, names_of(found.report)
    rows = [(names[cluster.id], cluster.type) for cluster in report.federation.clusters]
    chosen = int(st.session_state.get("at", 0)) * 60
    gantt(
        bars(report), rows, key=found.id, at_s=chosen, end_s=horizon_s(report),
        open_job=lambda job: open_decision(found, job),
    )  # fmt: skip


def _downloads(found: LoadedRun) -> None:
    lines = decision_lines(found.report)
    with st.container(horizontal=True, gap="small"):
        ledger = found.folder / "ledger.jsonl"
        if ledger.is_file():
            download("Ledger (JSON Lines)", f"{found.id}.jsonl", ledger.read_bytes, "application/jsonl", key="d-ledger")
        download(
            "Run (JSON)", f"{found.id}.json", lambda: found.report.model_dump_json(by_alias=True, indent=1),
            "application/json", key="d-run",
        )  # fmt: skip
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

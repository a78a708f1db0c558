"""Agents: whom do we trust less now, since when and why; and what if one of them vanished?"""

import pandas as pd
import streamlit as st

from ui import charts
from ui.draw import csv_download, heading, quiet, subheading, table_px
from ui.runs import LoadedRun
from ui.state import Context, header
from ui.viewmodel.agents import agent_lines, agents_title, fallen, later_words, levels, pivotal
from ui.words import count, fmt_difference, fmt_weight, listed, names_of, plural


def draw(context: Context) -> None:
    """Draw the page."""
    found = header(context)
    if found is None:
        return
    heading(agents_title(found.report))
    with st.container(border=True):
        _reputation(found)
    with st.container(border=True):
        _table(found)
    with st.container(border=True):
        _vanished(found)


def _reputation(found: LoadedRun) -> None:
    subheading("Whom do we trust, and since when?")
    report, names = found.report, names_of(found.report)
    down = fallen(report)
    end_s = max(report.at_s, report.after.at_s)
    says = (
        f"Reputations over time; {listed([names[c] for c in down])} fell"
        if down
        else "Reputations over time; nobody fell"
    )
    st.altair_chart(
        charts.reputation(levels(report), down, names, end_s), alt=says, key="reputation", height=charts.REPUTATION_PX
    )
    drops = [level for level in levels(report) if level.drop]
    for level in drops:
        at = f"height {level.height}" + (f", {level.job}" if level.job else "")
        fell = f"fell to {fmt_weight(level.reputation)}" if level.fell else "was jailed"
        quiet(f"{names[level.cluster]} {fell} at {at}: {level.cause}")
    if not drops:
        quiet("No drop of half a hundredth or more; every line lies at the top.")


def _table(found: LoadedRun) -> None:
    subheading("What each did")
    names = names_of(found.report)
    lines = agent_lines(found.report)
    frame = pd.DataFrame(
        {
            "Agent": [f"{names[x.cluster]} · {x.cluster}" for x in lines],
            "Status": [x.status for x in lines],
            "Reputation": [fmt_weight(x.reputation) for x in lines],
            "Weight": [fmt_weight(x.weight) for x in lines],
            "History": [list(x.history) for x in lines],
            "Wins": [x.wins for x in lines],
            "Bids": [x.bids for x in lines],
            "Bid − rule": [fmt_difference(x.beyond_rule) if x.beyond_rule is not None else "–" for x in lines],
            "Repaired": [x.repaired for x in lines],
            "Silent": [x.silent for x in lines],
            "Dissent": [f"{100 * x.dissent:.1f} %" if x.dissent is not None else "–" for x in lines],
            "Faults": [x.findings for x in lines],
            "Mean": [f"{count(x.latency_ms)} ms" if x.latency_ms is not None else "–" for x in lines],
            "Tokens": [count(x.tokens) for x in lines],
        }
    )
    columns = {"History": st.column_config.LineChartColumn(y_min=0, y_max=1, width=110)}
    st.dataframe(
        frame, hide_index=True, column_config=columns, height=table_px(len(lines)), key="agents",
        alt="Each agent's reputation, wins, bids and faults",
    )  # fmt: skip
    quiet(later_words(found.report))
    csv_download(
        "Agents (CSV)", f"{found.id}-agents.csv", list(frame.columns.drop("History")),
        lambda: frame.drop(columns="History").itertuples(index=False), key="d-agents", shortcut="d",
    )  # fmt: skip


def _vanished(found: LoadedRun) -> None:
    subheading("If it vanished")
    names = names_of(found.report)
    needed = [(names[c.id], pivotal(found.report, c.id)) for c in found.report.federation.clusters]
    critical = [(name, jobs) for name, jobs in needed if jobs]
    if not critical:
        quiet("Every past decision would have stood without any single one of them. Counted again from the votes.")
        return
    for name, jobs in critical:
        shown = ", ".join(str(job) for job in jobs[:20])
        quiet(f"Without {name}, {plural(len(jobs), 'decision')} would have had no quorum: job {shown}.")
    quiet("Counted again from the votes in the ledger; a member that vanished still counts in the total.")

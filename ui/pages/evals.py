"""Evals: how good are the bids? It reads what evaluation runs wrote, and writes nothing."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd
import streamlit as st

from evals.answered import Record
from evals.runs import Finished
from quorate.domain.bidding import Bid
from quorate.domain.errors import RequestInvalid
from ui.draw import csv_download, heading, pane, quiet, sentence, step, subheading, table_px
from ui.results import evals_stamp, list_evals, read_evals, read_kept, read_replies
from ui.safe import visible
from ui.state import Context
from ui.viewmodel.evals import (
    compared,
    evals_title,
    figure_rows,
    judged,
    kept_rows,
    question,
    run_words,
    sample_label,
)

KEPT = ("Run", "Profile", "Model", "Prompt", "Set", "Answers", "Tokens", "Cost", "Commit")
ROWS_SHOWN = 16
SAMPLES_SHOWN = 2_000
"""Samples in the picker; the rest are in the run's own file."""


@st.cache_resource(max_entries=4, show_spinner=False)
def _run(root: str, name: str, files: tuple[int, ...]) -> Finished:
    del files  # part of the key: a run whose files grew is read again
    return read_evals(Path(root), name)


@st.cache_resource(max_entries=4, show_spinner=False)
def _replies(root: str, name: str, files: tuple[int, ...]) -> dict[tuple[str, int], str]:
    del files
    return read_replies(Path(root), name)


def _opened(root: Path, name: str) -> Finished:
    return _run(str(root), name, evals_stamp(root, name))


def draw(context: Context) -> None:
    """Draw the page."""
    root = context.service.folder / "evals"
    names = list_evals(root)
    if not names:
        _none(context)
        return
    slot = st.container()
    chosen = st.selectbox("Evaluation run", names, key="evals-run", bind="query-params")
    try:
        run = _opened(root, chosen)
    except RequestInvalid as error:
        with slot:
            heading("This evaluation run cannot be shown")
            sentence(f"{error}.")
        return
    with slot:
        heading(evals_title(run))
        quiet(run_words(run))
    with st.container(border=True):
        _figures(run)
    with st.container(border=True):
        _comparison(context, run, [name for name in names if name != chosen])
    with st.container(border=True):
        _sample(context, chosen, run)
    _kept(context)


def _none(context: Context) -> None:
    heading("No evaluation runs on this machine yet")
    sentence("An evaluation scores bids against facts, against reworded questions, and under attack.")
    quiet("Run one with: make eval. With the rule it needs no key; a figure about a model is measured, never typed.")
    _kept(context)


def _table(frame: pd.DataFrame, says: str, key: str) -> None:
    """Draw a table at the height that it will have: its script comes late, and the page would jump."""
    st.dataframe(frame, hide_index=True, height=table_px(min(len(frame), ROWS_SHOWN)), alt=says, key=key)


def _figures(run: Finished) -> None:
    subheading("Figures")
    rows = figure_rows(run)
    frame = pd.DataFrame(
        {
            "Goal missed": ["✕" if row.missed else "" for row in rows],
            "Figure": [row.metric for row in rows],
            "Means": [row.says for row in rows],
            "Mean (95 % interval)": [row.shown for row in rows],
            "Goal": [row.goal for row in rows],
            "Groups": [row.groups for row in rows],
        }
    )
    _table(frame, "Every figure with its interval and goal", "figures")
    csv_download(
        "Figures (CSV)", f"{run.manifest.id}-figures.csv", list(asdict(rows[0])) if rows else ["metric"],
        lambda: [tuple(asdict(row).values()) for row in rows], key="d-figures",
    )  # fmt: skip


def _comparison(context: Context, run: Finished, others: list[str]) -> None:
    subheading("Compared with another run")
    if not others:
        quiet("There is no other run. Run the same set with another prompt or profile, and compare here.")
        return
    other = st.selectbox("With", others, key="evals-other", bind="query-params")
    try:
        word, rows = compared(_opened(context.service.folder / "evals", other), run)
    except RequestInvalid as error:
        sentence(f"{error}.")
        return
    sentence(f"This run is {word} than the other." if word in ("better", "worse") else f"Verdict: {word}.")
    frame = pd.DataFrame(
        {
            "Figure": [f"{row.metric}{' *' if row.primary else ''}" for row in rows],
            "The other": [row.a for row in rows],
            "This run": [row.b for row in rows],
            "Difference (95 % interval)": [row.difference for row in rows],
            "Verdict": [row.verdict for row in rows],
            "Groups needed": [row.needed for row in rows],
        }
    )
    _table(frame, f"Comparison, verdict {word}", "compared")
    quiet("* primary: corrected by Holm over these; the others are exploratory.")


@st.fragment
def _sample(context: Context, name: str, run: Finished) -> None:
    subheading("One sample")
    if not run.records:
        quiet("This run has no answers yet.")
        return
    labels = [sample_label(record) for record in run.records[:SAMPLES_SHOWN]]
    place = st.selectbox("Sample", range(len(labels)), format_func=lambda i: visible(labels[i]), key="sample")
    record = run.records[place]
    one, two = st.columns(2)
    with one:
        step("Prompt")
        asked = question(run, record)
        if asked.text is not None:
            pane(asked.text, "Prompt")
        quiet(asked.says)
    with two:
        step("Reply")
        _reply(context, name, record)
        step("Answer, as it was signed")
        pane(_answer(record), "Answer")
    step("Verdicts on this answer alone")
    frame = pd.DataFrame(judged(record), columns=["Figure", "Value"])
    _table(frame, "What this answer alone is judged by", "judged")
    with st.expander("The job and the facts behind it"):
        pane(record.sample.model_dump_json(indent=1, include={"job", "snapshot"}), "The job and its facts")


def _reply(context: Context, name: str, record: Record) -> None:
    root = context.service.folder / "evals"
    kept = _replies(str(root), name, evals_stamp(root, name))
    first = kept.get((record.sample.id, record.epoch))
    if first:
        pane(first, "Reply")
        quiet("The first reply, before code checked, repaired or refused it.")
    else:
        quiet("No reply was kept: no model was asked, or none answered.")


def _answer(record: Record) -> str:
    outcome = record.answer.outcome
    return outcome.model_dump_json(indent=1, exclude={"job", "cluster"} if isinstance(outcome, Bid) else set())


def _kept(context: Context) -> None:
    try:
        kept = read_kept(context.service.engine.results)
    except RequestInvalid as error:
        sentence(f"{error}.")
        return
    if not kept:
        quiet(
            "Kept results: none yet. A figure about a real model reads “not measured” until somebody has measured it."
        )
        return
    with st.container(border=True):
        subheading("Kept results")
        frame = pd.DataFrame(kept_rows(kept), columns=list(KEPT))
        _table(frame, f"{len(kept)} kept results", "kept")

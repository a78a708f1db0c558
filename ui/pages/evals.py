"""Evals: how good are the bids? It reads what evaluation runs wrote, and writes nothing."""

from dataclasses import asdict

import pandas as pd
import streamlit as st

from evals.answered import Record
from evals.runs import Finished
from quorate.domain.bidding import Bid
from quorate.domain.errors import RequestInvalid
from ui.draw import csv_download, heading, pane, quiet, sentence, subheading
from ui.results import list_evals, read_evals, read_kept
from ui.state import Context
from ui.viewmodel.evals import compared, evals_title, figure_rows, judged, kept_rows, run_words, sample_label

KEPT = ("Run", "Profile", "Model", "Prompt", "Set", "Answers", "Tokens", "Cost", "Commit")
SAMPLES_SHOWN = 2_000
"""Samples in the picker; the rest are in the run's own file."""


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
        run = read_evals(root, chosen)
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
        _sample(run)
    _kept(context)


def _none(context: Context) -> None:
    heading("No evaluation runs yet")
    sentence("An evaluation scores bids against facts, against reworded questions, and under attack.")
    quiet("Run one with: make eval. With the rule it needs no key; a figure about a model is measured, never typed.")
    _kept(context)


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
    st.dataframe(frame, hide_index=True, alt="Every figure with its interval and goal", key="figures")
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
        word, rows = compared(read_evals(context.service.folder / "evals", other), run)
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
    st.dataframe(frame, hide_index=True, alt=f"Comparison, verdict {word}", key="compared")
    quiet("* primary: corrected by Holm over these; the others are exploratory.")


def _sample(run: Finished) -> None:
    subheading("One sample")
    if not run.records:
        quiet("This run has no answers yet.")
        return
    labels = [sample_label(record) for record in run.records[:SAMPLES_SHOWN]]
    place = st.selectbox("Sample", range(len(labels)), format_func=lambda i: labels[i], key="sample")
    record = run.records[place]
    one, two, three = st.columns(3)
    with one:
        quiet("Question")
        pane(record.sample.model_dump_json(indent=1, include={"job", "snapshot"}), "Question")
    with two:
        quiet("Answer")
        pane(_answer(record), "Answer")
    with three:
        quiet("Judged")
        rows = judged(record)
        frame = pd.DataFrame(rows, columns=["Figure", "Value"])
        st.dataframe(frame, hide_index=True, alt="What this answer alone is judged by", key="judged")


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
        st.dataframe(frame, hide_index=True, alt=f"{len(kept)} kept results", key="kept")

"""Evals: how good are the bids? It reads what evaluation runs wrote, and writes nothing."""

import streamlit as st

from ui.draw import heading, quiet, sentence
from ui.state import Context


def draw(context: Context) -> None:
    """Draw the page."""
    files = sorted(context.service.engine.results.glob("**/*.json*")) if context.service.engine.results.is_dir() else []
    if not files:
        heading("No evaluation results yet")
        sentence("An evaluation scores bids against facts, relations between questions, and attacks.")
        quiet("Run one with: make eval")
        return
    heading(f"{len(files)} result files")
    for file in files[:20]:
        quiet(file.name)
    st.empty()

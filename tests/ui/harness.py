"""Draws one page alone, as the shell would, on a folder of runs."""

from pathlib import Path

import streamlit as st

from serving import AppEngine
from ui.pages import agents, decision, evals, ledger, live, run, submit, whatif
from ui.service import Service
from ui.state import Context

PAGES = {
    "run": run.draw, "decision": decision.draw, "live": live.draw, "agents": agents.draw, "what-if": whatif.draw,
    "ledger": ledger.draw, "submit": submit.draw, "evals": evals.draw,
}  # fmt: skip


SERVICES: dict[str, Service] = {}


def service(root: str) -> Service:
    """Return the one service of a folder."""
    if root not in SERVICES:
        SERVICES[root] = Service(AppEngine(folder=Path(root)))
    return SERVICES[root]


def show(page: str, root: str) -> None:
    """Draw a page."""
    st.session_state.setdefault("pages", {})
    PAGES[page](Context(service(root)))

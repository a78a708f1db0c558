"""The frame around every page: navigation, tokens, and one service for the whole process."""

import time
from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from ui.draw import style
from ui.pages import agents, decision, evals, ledger, live, run, submit, whatif
from ui.service import Engine, Service
from ui.state import Context

Page = tuple[str, str, str, Callable[[Context], None]]

PAGES: tuple[Page, ...] = (
    ("run", "Run", "How did the run go, how full is each cluster, which jobs were not unanimous?", run.draw),
    ("decision", "Decision", "Why did this job go there, who disagreed, is somebody lying?", decision.draw),
    ("live", "Live", "What is happening now; cancel it here.", live.draw),
    ("agents", "Agents", "Whom do we trust less now, since when, and why?", agents.draw),
    ("what-if", "What-if", "Two runs side by side, one run counted again, another prompt.", whatif.draw),
    ("ledger", "Ledger", "Check all of it yourself: events, hash chain, evidence.", ledger.draw),
    ("submit", "Submit", "Your jobs, your federation, your provider, your faults.", submit.draw),
    ("evals", "Evals", "How good are the bids? Results, comparisons, single samples.", evals.draw),
)
"""(address, title, question that the page answers, what draws it), in a reader's order."""

PLAIN = ("", "run", "live")
"""Pages without panes of foreign text; the first one is the lightest."""

LAYOUT_S = 0.15
"""Twice in a session's first page: what a browser needs that is four times slower than a desktop."""

ICONS = {
    "run": ":material/dashboard:", "decision": ":material/how_to_vote:", "live": ":material/play_circle:",
    "agents": ":material/groups:", "what-if": ":material/compare_arrows:", "ledger": ":material/receipt_long:",
    "submit": ":material/add_task:", "evals": ":material/science:",
}  # fmt: skip


@st.cache_resource(show_spinner=False, on_release=Service.close)
def _service(_make: Callable[[], Engine]) -> Service:
    return Service(_make())


def show(make: Callable[[], Engine]) -> None:
    """Draw the app. `make` is called once a process, whoever comes first: a run belongs to the process."""
    st.set_page_config(page_title="Quorate", page_icon="static/favicon.svg", layout="wide")
    _let_settle("laid-out")
    here = Context(_service(make))
    pages = {name: _page(here, page) for name, page in zip(ICONS, PAGES, strict=True)}
    st.session_state["pages"] = pages
    chosen = st.navigation(list(pages.values()), position="top")
    if chosen.url_path not in PLAIN:
        style()
    _let_settle("styled")
    chosen.run()


def _let_settle(what: str) -> None:
    """Let a new browser take what was sent before the first words come: they would jump with it."""
    if what not in st.session_state:
        st.session_state[what] = True
        time.sleep(LAYOUT_S)


def _page(here: Context, page: Page) -> StreamlitPage:
    name, title, question, drawn = page
    return st.Page(
        partial(drawn, here), title=title, url_path=name, help=question, icon=ICONS[name], default=name == "run"
    )

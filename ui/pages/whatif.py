"""What-if: what would other weights, another quorum, another prompt or another provider have done?"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from quorate.domain.errors import RequestInvalid
from quorate.domain.trace import Prompted
from ui.components import gantt
from ui.draw import differences, heading, quiet, sentence, subheading
from ui.pages import lab
from ui.runs import LoadedRun
from ui.state import Context, header, opened
from ui.viewmodel.run import bars, horizon_s
from ui.viewmodel.whatif import SHARES, Pair, pairs, recount, recount_title, whatif_title
from ui.words import fmt_score, names_of, seconds

FIRST_SHARE = "two thirds"

SECTIONS = {"runs": "Two runs", "count": "Count again", "lab": "Prompt lab"}
"""What stands behind `q` in the address, and what is written on the choice."""


def draw(context: Context) -> None:
    """Draw the page."""
    found = header(context)
    if found is None:
        return
    chosen = _section()
    if chosen == "runs":
        _two_runs(context, found)
    elif chosen == "lab":
        lab.draw(context, found)
    else:
        _recount(found)


def _section() -> str:
    """Return which question is asked: the one in the address, or the one that the rest of it belongs to."""
    named = st.query_params.get("q")
    belongs = "runs" if "b" in st.query_params else "lab" if "lab" in st.query_params else "count"
    st.session_state["whatif"] = named if named in SECTIONS else belongs
    st.segmented_control(
        "Question", list(SECTIONS), format_func=SECTIONS.__getitem__, required=True, key="whatif",
        label_visibility="collapsed", on_change=_chosen_section,
    )  # fmt: skip
    return str(st.session_state["whatif"])


def _chosen_section() -> None:
    st.query_params["q"] = st.session_state["whatif"]


# -- one run, counted again ----------------------------------------------------------------------------------


def _recount(found: LoadedRun) -> None:
    report, names, chosen = found.report, names_of(found.report), st.session_state
    clusters = [cluster.id for cluster in report.federation.clusters]
    without = [name for name in chosen.get("without") or [] if name in clusters]
    share, kept = SHARES[chosen.get("share") or FIRST_SHARE], chosen.get("with-reputation", True)
    again = recount(report, without=without, share=share, reputation=kept)
    heading(recount_title(again))  # before the choices that it follows from, so that nothing jumps
    quiet("Counted again from the signed bids and votes in the ledger. No model is asked.")
    with st.container(border=True):
        st.pills("Without", clusters, selection_mode="multi", format_func=lambda c: names[c], key="without")
        with st.container(horizontal=True):
            st.segmented_control("Quorum", list(SHARES), default=FIRST_SHARE, key="share")
            st.toggle("Reputation counts in the ranking", value=True, key="with-reputation")
    frame = pd.DataFrame(
        {
            "": ["↔" if row.changed else "" for row in again],
            "Job": [row.number for row in again],
            "Title": [row.title for row in again],
            "Was": [row.was for row in again],
            "Would be": [row.now for row in again],
            "Votes": [row.votes for row in again],
        }
    )
    st.dataframe(frame.rename(columns={"": "Changed"}), hide_index=True, alt=recount_title(again), key="recount")


# -- two runs --------------------------------------------------------------------------------------------------


def _chosen_other() -> None:
    st.query_params["b"] = st.session_state["other-choice"]


def _two_runs(context: Context, found: LoadedRun) -> None:
    others = [name for name in context.service.runs() if name != found.id]
    if not others:
        heading("There is one run only")
        sentence("Start another one on the Submit page: another seed, provider, quorum or fault. Then compare here.")
        return
    asked = st.query_params.get("b")
    st.session_state["other-choice"] = other = asked if asked in others else others[0]
    theirs = _theirs(context, other)
    both = pairs(found.report, theirs.report) if theirs else []
    if theirs:
        heading(whatif_title(both))
    st.selectbox("Compare with", others, key="other-choice", on_change=_chosen_other)
    if theirs is None:
        return
    _pair_table(both)
    with st.container(border=True):
        subheading("Solid: this run. Outlined: the other")
        _ghosts(found, theirs)
    with st.container(border=True):
        _choices(found, theirs)


def _theirs(context: Context, other: str) -> LoadedRun | None:
    """Return the other run, None if it cannot be shown, said why."""
    try:
        return opened(context, other)
    except RequestInvalid as error:
        heading("That run cannot be shown")
        sentence(f"{error}.")
        return None


def _pair_table(both: Sequence[Pair]) -> None:
    frame = pd.DataFrame(
        {
            "Changed": ["↔" if pair.moved or pair.flipped else "" for pair in both],
            "Job": [pair.number for pair in both],
            "Title": [pair.title for pair in both],
            "This run": [pair.a for pair in both],
            "The other": [pair.b for pair in both],
            "Margin": [f"{fmt_score(pair.margin_a)} / {fmt_score(pair.margin_b)}" for pair in both],
            "Rounds": [f"{pair.rounds_a or '–'} / {pair.rounds_b or '–'}" for pair in both],
            "Time": [f"{seconds(pair.time_a)} / {seconds(pair.time_b)}" for pair in both],
        }
    )
    st.dataframe(frame, hide_index=True, alt=whatif_title(both), key="pairs")


def _ghosts(found: LoadedRun, theirs: LoadedRun) -> None:
    names = names_of(found.report)
    rows = [(names[cluster.id], cluster.type) for cluster in found.report.federation.clusters]
    end = max(horizon_s(found.report), horizon_s(theirs.report))
    gantt(
        bars(found.report), rows, key=f"ghost-{found.id}", at_s=found.report.at_s, end_s=end, ghosts=bars(theirs.report)
    )


def _choices(found: LoadedRun, theirs: LoadedRun) -> None:
    subheading("What differs in their choices")
    a, b = found.report, theirs.report
    rows = [("seed", a.seed, b.seed), ("profile", a.profile, b.profile), ("provider", a.provider, b.provider),
            ("model", a.model, b.model), ("federation", a.federation.name, b.federation.name),
            ("jobs", a.summary.submitted, b.summary.submitted), ("faults", len(a.faults), len(b.faults))]  # fmt: skip
    different = [(name, str(x), str(y)) for name, x, y in rows if x != y]
    if different:
        st.dataframe(pd.DataFrame(different, columns=["Choice", "This run", "The other"]), hide_index=True)
    else:
        quiet("Nothing: same seed, profile, federation, jobs and faults.")
    prompts = [
        next((e.text for e in run.events if isinstance(e, Prompted) and e.text), None) for run in (found, theirs)
    ]
    if prompts[0] and prompts[1] and prompts[0] != prompts[1]:
        differences(prompts[1], prompts[0], "Difference of the first prompts")

"""Which run, job and moment a browser looks at: in the address, so that a link reopens exactly this.

A page reads the address once, before its widgets; a widget writes it back when it changes.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from quorate.domain.errors import RequestInvalid
from quorate.domain.values import JobId
from quorate.ledger.report import DecisionRow
from ui.draw import badges, heading, quiet, sentence
from ui.runs import LoadedRun, RunMissing, RunOld, folder_of, load, nearest, stamp
from ui.safe import md
from ui.service import Service
from ui.words import plural, provider_words


@dataclass(frozen=True, slots=True)
class Context:
    """What the door hands to every page."""

    service: Service


@st.cache_resource(max_entries=6, show_spinner=False)
def _loaded(root: str, run: str, files: tuple[int, ...]) -> LoadedRun:
    del files  # part of the key: a run whose files grew is read again
    return load(Path(root), run)


def opened(context: Context, run: str) -> LoadedRun:
    """Return a run, read once per state of its files.

    Raises:
        RequestInvalid: it cannot be shown, in a sentence.
    """
    root = context.service.folder
    return _loaded(str(root), run, stamp(folder_of(root, run)))


def asked_run(context: Context) -> str | None:
    """Return the run in the address, else the one looked at last, else the newest."""
    known = context.service.runs()
    named = st.query_params.get("run") or st.session_state.get("run")
    if named is not None and (named in known or st.query_params.get("run")):
        return str(named)
    return known[0] if known else None


def remember(run: str) -> None:
    """Put a run into the address and into this browser's memory."""
    st.session_state["run"] = run
    if st.query_params.get("run") != run:
        st.query_params["run"] = run


def _choose() -> None:
    st.query_params.from_dict({"run": st.session_state["run-choice"]})
    st.session_state["run"] = st.session_state["run-choice"]


def choose_run(context: Context, run: str) -> None:
    """Draw the selector of runs; the address follows it."""
    known = context.service.runs()
    options = known if run in known else [run, *known]
    st.session_state["run-choice"] = run
    st.selectbox("Run", options, key="run-choice", on_change=_choose, label_visibility="collapsed", width=240)


def header(context: Context) -> LoadedRun | None:
    """Draw the line above every page and return the run it is about; None if there is nothing to show, said why."""
    run = asked_run(context)
    if run is None:
        no_runs(context)
        return None
    try:
        found = opened(context, run)
    except RunMissing as error:
        missing(context, error)
        return None
    except RunOld as error:
        with st.container(horizontal=True):
            choose_run(context, run)
        heading("A run in another format")
        sentence(f"Read-only: {error}.")
        return None
    except RequestInvalid as error:
        heading("This run cannot be shown")
        sentence(f"{error}.")
        return None
    remember(run)
    _line(context, found)
    return found


def _line(context: Context, found: LoadedRun) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        choose_run(context, found.id)
        if st.button("Live", key="to-live", icon=":material/play_circle:", shortcut="l", help="What happens now"):
            st.switch_page(st.session_state["pages"]["live"])
        badges(_about(found))
    notices(found)


def _about(found: LoadedRun) -> list[tuple[str, str]]:
    """Return who bids, whether it was checked, and who decides, as badges."""
    report = found.report
    said = [("plain", provider_words(report))]
    if found.source == "report":
        said.append(("warning", "not re-checked"))
    elif found.broken is None:
        said.append(("good", "re-checked"))
    if report.degraded:
        said.append(("warning", "degraded"))
    members = plural(len(report.federation.clusters), "agent")
    return [*said, ("plain", f"{members} · quorum 2/3 of heads and of weight")]


def notices(found: LoadedRun) -> None:
    """Say what is wrong with a run, if anything is."""
    if found.broken is not None:
        at = f" (byte {found.broken.offset:,})" if found.broken.offset is not None else ""
        sentence(
            f"The ledger holds up to height {found.broken.height}{at}; what follows it does not: "
            f"{found.broken.sentence}. Everything below ends there."
        )
    if found.report.degraded:
        sentence(f"Degraded: {found.report.degraded}.")
    if found.trace_note:
        quiet(f"{found.trace_note[:1].upper()}{found.trace_note[1:]}.")


def no_runs(context: Context) -> None:
    """Draw the empty state: one button to the first run."""
    heading("No runs yet")
    sentence("Eight jobs, six clusters, one lie: the demonstration takes a few seconds and needs no key.")
    if st.button("Start the eight jobs", key="start-first"):
        name = context.service.start(context.service.engine.reference())
        st.query_params["run"] = name
        st.rerun()


def missing(context: Context, error: RunMissing) -> None:
    """Name what does not exist, and what comes close."""
    heading("There is no such run")
    sentence(f"{error}.")
    for name in error.nearest or context.service.runs()[:3]:
        if st.button(f"Open {md(name)}", key=f"open-{name}"):
            st.query_params.from_dict({"run": name})
            st.rerun()


def asked_job(found: LoadedRun) -> DecisionRow | None:
    """Return the decision in the address, else the one looked at last, else the first that is not unanimous."""
    rows = {row.job.id: row for row in found.report.decisions}
    named = st.query_params.get("job") or st.session_state.get("job")
    if named in rows:
        return rows[JobId(str(named))]
    if st.query_params.get("job"):
        close = nearest(str(named), list(rows))
        heading("There is no such job in this run")
        sentence(f"This run has no job {str(named)[:80]!r}{'; nearest: ' + ', '.join(close) if close else ''}.")
        return None
    lively = [row for row in found.report.decisions if row.how != "unanimous"]
    return next(iter(lively or found.report.decisions), None)


def link(page: str, **params: str) -> str:
    """Return the address of a view.

    >>> link("decision", run="a", job="job_001")
    '/decision?run=a&job=job_001'
    """
    return f"/{page}?{urlencode(params)}"

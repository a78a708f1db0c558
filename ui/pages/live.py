"""Live: what is happening now. The worker belongs to the process; this page only looks, and can cancel."""

import streamlit as st

from quorate.domain.values import ClusterId
from quorate.ledger.report import DecisionRow
from ui.draw import COLOURS, heading, quiet, sentence
from ui.safe import html_text, md
from ui.service import UNDER_WAY
from ui.state import Context, link
from ui.viewmodel.live import Done, Snapshot, done_words, progress_words
from ui.words import decision_title, seconds, short_names, total_s

TICK_S = 0.5
"""Between two looks: an event is on the screen within a second."""

ENDING_TICK_S = 0.1
"""Between two looks at a run that was cancelled: its end comes at any moment."""

CANCEL_WAIT_S = 0.4
"""A cancelled run has mostly cleaned up within 20 ms: waiting for that saves a second drawing of the page."""


def draw(context: Context) -> None:
    """Draw the page."""
    active = context.service.active()
    named = st.query_params.get("run")
    watched = named if named and context.service.watch(named) else active[-1] if active else None
    if watched is None:
        _nothing(context)
        return
    panel(context, watched)


def _nothing(context: Context) -> None:
    heading("Nothing is running")
    sentence("A run started here or on the Submit page is shown as it happens, in every browser that looks at it.")
    with st.container(horizontal=True):
        if st.button("Run the reference again", key="again"):
            _started(context)
        if st.button("Submit your own jobs", key="to-submit"):
            st.switch_page(st.session_state["pages"]["submit"])


def _started(context: Context) -> None:
    name = context.service.start(context.service.engine.reference())
    st.session_state["run"] = name
    st.query_params["run"] = name
    st.rerun()


def panel(context: Context, run: str) -> None:
    """Draw one run of this process, live while it runs."""
    held = context.service.watch(run)
    if held is None:
        _nothing(context)
        return
    st.session_state["run"] = run
    if st.query_params.get("run") != run:
        st.query_params["run"] = run
    over, status = held.over, held.snapshot()[0].status  # in this order: what ends in between is seen by a tick
    heading(_head(status, over))
    with st.container(horizontal=True, vertical_alignment="center"):
        # Outside the fragment: a button inside would wait for the fragment's own run.
        st.button("Cancel run", icon=":material/stop_circle:", key="cancel", disabled=status != "running",
                  on_click=context.service.cancel, args=(run, CANCEL_WAIT_S))  # fmt: skip
        st.badge(md(run), color="gray")
    _ticking(context, run, None if over else TICK_S if status == "running" else ENDING_TICK_S)


def _head(status: str, over: bool) -> str:
    if over:
        return "This run has ended"
    return "Cancelling the run" if status in ("cancelling", "cancelled") else "Live run"


def _ticking(context: Context, run: str, every_s: float | None) -> None:
    seen: list[str] = []

    @st.fragment(run_every=every_s)
    def tick() -> None:
        held = context.service.watch(run)
        if held is None:
            return
        now, decisions = held.snapshot()
        _progress(now)
        _tiles(now)
        for says in now.faults:
            quiet(f"Fault driver, {says}")
        _done(run, now, decisions)
        if now.status not in UNDER_WAY:
            # Inside the fragment: what stands behind it can be taken for stale when a late tick ends last.
            # Its button works once the ticks are over: the rerun that ends them would swallow a click.
            _ended(run, now, whole=held.over and every_s is None)
        if every_s and held.over:
            if seen:  # at the second look: a rerun takes back what was drawn and has not been sent yet
                st.rerun()
            seen.append(now.status)

    tick()


def _progress(now: Snapshot) -> None:
    st.progress(now.share, text=progress_words(now, md(now.job)))


ICONS = {"waiting": "hourglass_empty", "busy": "neurology", "good": "check", "bad": "close", "none": "remove"}
"""Beside the words of a state, as its second channel."""


def _tiles(now: Snapshot) -> None:
    names = short_names(tile.cluster for tile in now.tiles)
    # One element a tile: this is sent twice a second.
    with st.grid(6, min_column_width=150, border=True):
        for tile in now.tiles:
            st.markdown(
                f"**{md(names[tile.cluster])}** {md(tile.type)} · {tile.bid}  \n"
                f":{COLOURS.get(tile.kind, 'gray')}-badge[:material/{ICONS[tile.kind]}: {md(tile.state)}]"
            )


def _done(run: str, now: Snapshot, decisions: tuple[DecisionRow, ...]) -> None:
    rows = {row.job.id: row for row in decisions}
    items = "".join(f'<li style="margin:0 0 9px">{_line(run, done, rows.get(done.job))}</li>' for done in now.done)
    if items:
        st.html(f'<ul style="margin:0;padding:0;list-style:none">{items}</ul>')


def _line(run: str, done: Done, row: DecisionRow | None) -> str:
    names = short_names(bid.cluster for bid in row.bids) if row else dict[ClusterId, str]()
    title = decision_title(row, names) if row else done.title
    time = f" · {seconds(total_s(row))}" if row and total_s(row) is not None else ""
    address = f'href="{html_text(link("decision", run=run, job=done.job))}" target="_self"'
    sign = "✓" if row is None or row.cluster is not None else "–"
    return (
        f'<span aria-hidden="true">{sign}</span> {done.number} · '
        f'<a {address} style="font-weight:600;color:inherit">{html_text(title)}</a> · '
        f"{html_text(done_words(done, row))}{time}"
    )


def _ended(run: str, now: Snapshot, *, whole: bool) -> None:
    words = {
        "done": "Every job is decided.",
        "cancelled": f"Cancelled after {now.decided} of {now.of} jobs. What was decided stays in the ledger and holds.",
        "failed": f"It failed: {now.detail}",
    }
    sentence(words.get(now.status, ""))
    if st.button("Open the run", key="open-run", disabled=not whole):
        st.switch_page(st.session_state["pages"]["run"], query_params={"run": run})

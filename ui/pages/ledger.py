"""Ledger: can I check all this myself? Every signed event, the hash chain, and the evidence."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
import streamlit as st

from ui.draw import csv_download, download, heading, pane, quiet, sentence, subheading
from ui.runs import Broken, LoadedRun, read_ledger
from ui.state import Context, header
from ui.viewmodel.ledger import EventRow, chain_words, event_rows, proofs
from ui.words import names_of, plural

PAGE_ROWS = 200
"""Events on one page of the table."""


def draw(context: Context) -> None:
    """Draw the page."""
    found = header(context)
    if found is None:
        return
    if not found.heights:
        _unread(found)
        return
    rows = event_rows(found.heights, names_of(found.report))
    broken = found.broken.sentence if found.broken else None
    heading(chain_words(len(found.heights), len(rows), broken))
    quiet(
        "Checked just now, from genesis on: every signature, every quorum, every sequence number, and each block's "
        "results by re-execution. Offline: python cli.py verify ledger.jsonl"
    )
    with st.container(border=True):
        _evidence(found)
    with st.container(border=True):
        _events(found, rows)
    _downloads(found, rows)


def _unread(found: LoadedRun) -> None:
    heading("This ledger is large; it is checked when you ask")
    path = found.folder / "ledger.jsonl"
    if not path.is_file():
        sentence("This run has no ledger file: only its document was kept, and nothing in it can be proven here.")
        return
    sentence(f"{path.stat().st_size:,} bytes. Checking re-executes every height and takes about a minute per 20 MB.")
    if st.button("Check it now", key="check"):
        with st.spinner("Checking every signature"):
            _, _, heights, broken = read_ledger(path)
        sentence(chain_words(len(heights), 0, _said(broken)).replace("0 signed events, ", ""))


def _said(broken: Broken | None) -> str | None:
    return broken.sentence if broken else None


def _evidence(found: LoadedRun) -> None:
    subheading("Evidence")
    shown, names = proofs(found.report.findings, found.heights), names_of(found.report)
    if not shown:
        quiet("None: nothing signed here contradicts another signature or the facts.")
        return
    for number, proof in enumerate(shown):
        where = f"height {proof.height}" + (f", {proof.job}" if proof.job else "")
        sentence(
            f"{names.get(proof.cluster, proof.cluster)}: {proof.what} · class {proof.class_} · {where} · {proof.cost}"
        )
        with st.expander(f"Both sides of finding {number + 1}"):
            for column, side in zip(st.columns(2), (proof.first, proof.second), strict=True):
                with column:
                    quiet(side.title)
                    pane(side.text, f"{side.title}, finding {number + 1}")
                    quiet(f"Signature {side.signature}" if side.signature else "No signature: anybody computes it.")


def _events(found: LoadedRun, rows: Sequence[EventRow]) -> None:
    subheading("Signed events")
    kinds, senders = sorted({row.kind for row in rows}), sorted({row.sender for row in rows})
    jobs = [row.job.id for row in found.report.decisions]
    with st.container(horizontal=True):
        kind = st.selectbox("Kind", ["all", *kinds], key="kind", bind="query-params", width=170)
        sender = st.selectbox("From", ["all", *senders], key="from", bind="query-params", width=170)
        job = st.selectbox("Job", ["all", *jobs], key="about", bind="query-params", width=220)
    kept = [r for r in rows if kind in ("all", r.kind) and sender in ("all", r.sender) and job in ("all", r.job)]
    pages = max(1, -(-len(kept) // PAGE_ROWS))
    page = st.pagination(pages, key=f"page-{found.id}") if pages > 1 else 1
    part = kept[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    frame = pd.DataFrame([asdict(row) for row in part], columns=list(EventRow.__dataclass_fields__))
    frame.columns = ["Seq", "Height", "Time (s)", "Round", "Job", "Kind", "From", "Value", "Digest or signature"]
    st.dataframe(frame, hide_index=True, height=420, key="events", alt=f"{plural(len(kept), 'signed event')}")
    quiet(f"{plural(len(kept), 'event')} of {len(rows):,}.")


def _downloads(found: LoadedRun, rows: Sequence[EventRow]) -> None:
    with st.container(horizontal=True):
        ledger = found.folder / "ledger.jsonl"
        if ledger.is_file():
            download("Ledger (JSON Lines)", f"{found.id}.jsonl", ledger.read_bytes, "application/jsonl", key="d-ledger",
                     shortcut="d")  # fmt: skip
        trace = found.folder / "trace.jsonl"
        if trace.is_file():
            download(
                "Trace (JSON Lines)", f"{found.id}-trace.jsonl", trace.read_bytes, "application/jsonl", key="d-trace"
            )
        csv_download(
            "Events (CSV)", f"{found.id}-events.csv", tuple(EventRow.__dataclass_fields__),
            lambda: [tuple(asdict(row).values()) for row in rows], key="d-events",
        )  # fmt: skip
        download(
            "Events (Parquet)", f"{found.id}-events.parquet",
            lambda: pd.DataFrame([asdict(row) for row in rows]).to_parquet(index=False),
            "application/vnd.apache.parquet", key="d-parquet",
        )  # fmt: skip

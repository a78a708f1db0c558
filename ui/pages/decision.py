"""Decision: why did this job go there, who disagreed, is somebody lying, and what did each model really say?"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from quorate.domain.bidding import Bid
from quorate.domain.trace import Answered, Checked, Opined, Prompted, Replied
from quorate.domain.values import ClusterId
from quorate.ledger.report import BidRow, DecisionRow
from ui import charts
from ui.components import theatre as draw_theatre
from ui.components import votes as draw_votes
from ui.draw import (
    answer,
    badges,
    csv_download,
    differences,
    download,
    heading,
    pane,
    quiet,
    sentence,
    step,
    subheading,
)
from ui.runs import LoadedRun
from ui.safe import shortened
from ui.state import Context, asked_job, header
from ui.viewmodel.decision import abstention_words, author_words, bid_bars, margin_words, waterfall
from ui.viewmodel.decision import badges as badge_words
from ui.viewmodel.ledger import proofs
from ui.viewmodel.run import types_of
from ui.viewmodel.theatre import Theatre, matrix, mermaid, message_rows, theatre
from ui.words import (
    bid_of,
    decision_title,
    explain_dissent,
    explain_honesty,
    explain_why,
    findings_of,
    fmt_difference,
    fmt_score,
    names_of,
    ordered_bids,
    timing,
)


def draw(context: Context) -> None:
    """Draw the page."""
    found = header(context)
    if found is None:
        return
    if not found.report.decisions:
        heading("Nothing is decided yet in this run")
        return
    decision = asked_job(found)
    if decision is None:
        return
    decision = _picker(found, decision)
    _verdict(found, decision)
    _answers(found, decision)
    left, right = st.columns([0.47, 0.53], gap="medium")
    with left, st.container(border=True, height="stretch"):
        _bids(found, decision)
    shown = theatre(decision, found.report, found.events)
    with right, st.container(border=True, height="stretch"):
        subheading("Votes")
        draw_votes(matrix(decision, found.report, found.events), key=f"{found.id}-{decision.job.id}")
        quiet(margin_words(decision))
    with st.container(border=True):
        _theatre(found, decision, shown)
    _evidence(found, decision)
    with st.container(border=True):
        _traces(found, decision)
    _downloads(found, decision, shown)


# -- which job -------------------------------------------------------------------------------------------------


def _picked() -> None:
    st.session_state["job"] = st.session_state["job-choice"]
    st.query_params["job"] = st.session_state["job-choice"]
    if "ev" in st.query_params:
        del st.query_params["ev"]


def _step(jobs: Sequence[str], job: str, by: int) -> None:
    place = jobs.index(job) if job in jobs else 0
    st.session_state["job-choice"] = jobs[(place + by) % len(jobs)]
    _picked()


def _picker(found: LoadedRun, decision: DecisionRow) -> DecisionRow:
    rows = {str(row.job.id): row for row in found.report.decisions}
    lively = bool(st.session_state.get("only-contested"))
    jobs = [job for job, row in rows.items() if not lively or row.how != "unanimous" or job == decision.job.id]
    st.session_state["job-choice"] = str(decision.job.id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            st.selectbox(
                "Job", jobs, key="job-choice", on_change=_picked, label_visibility="collapsed",
                format_func=lambda job: _label(rows[job]),
            )  # fmt: skip
        st.button(
            "‹", key="previous", help="Previous job", shortcut="k", on_click=_step, args=(jobs, decision.job.id, -1)
        )
        st.button("›", key="next", help="Next job", shortcut="j", on_click=_step, args=(jobs, decision.job.id, 1))
        st.toggle("Only contested", key="only-contested")
    st.session_state["job"] = decision.job.id
    if st.query_params.get("job") != decision.job.id:
        st.query_params["job"] = decision.job.id
    return decision


def _label(row: DecisionRow) -> str:
    return f"Job {row.number} — {row.job.title} ({row.nodes or row.job.nodes} nodes) · {row.how}"


# -- the verdict and three answers ---------------------------------------------------------------------------


def _verdict(found: LoadedRun, decision: DecisionRow) -> None:
    heading(decision_title(decision, names_of(found.report), types_of(found.report)))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="content"):  # on a phone the button wraps below, the words stay whole
            badges(badge_words(decision))
        download("Decision (JSON)", f"{_stem(found, decision)}.json",
                 lambda: decision.model_dump_json(by_alias=True, indent=1), "application/json", key="d-decision",
                 shortcut="d")  # fmt: skip


def _answers(found: LoadedRun, decision: DecisionRow) -> None:
    names = names_of(found.report)
    where = names.get(decision.cluster, decision.cluster) if decision.cluster else None
    with st.grid(3, min_column_width=260):
        answer(f"Why {where}?" if where else "Why nowhere?", explain_why(decision, names))
        answer("Who disagreed?", explain_dissent(decision, names))
        answer("Is somebody lying?", explain_honesty(decision, findings_of(found.report, decision), names))


# -- bids ------------------------------------------------------------------------------------------------------


def _bids(found: LoadedRun, decision: DecisionRow) -> None:
    subheading("Bids × reputation")
    if not decision.bids:
        quiet("No bid reached the ledger: no quorum closed the call.")
        return
    names, types = names_of(found.report), types_of(found.report)
    bars = bid_bars(decision, names, types)
    st.altair_chart(charts.bids(bars), alt=charts.bids_words(bars), key="bids", height=charts.bids_px(bars))
    quiet("Solid: bid × reputation. Dashed: what reputation or a finding took away. Tick: the rule on the same facts.")
    rivals = [
        bid.cluster for bid in ordered_bids(decision) if bid.weighted is not None and bid.cluster != decision.cluster
    ]
    if decision.cluster is None or not rivals:
        return
    with st.expander(f"Why not {names[rivals[0]]}?" if len(rivals) == 1 else "Why not another cluster?"):
        _why_not(found, decision, rivals)


def _why_not(found: LoadedRun, decision: DecisionRow, rivals: Sequence[ClusterId]) -> None:
    names = names_of(found.report)
    rival = st.segmented_control(
        "Compare with", rivals, default=rivals[0], format_func=lambda c: names[c], key=f"rival-{decision.job.id}"
    )
    steps = waterfall(decision, rival or rivals[0], found.record(decision.job.id))
    total = sum(step.difference_bp for step in steps)
    st.altair_chart(
        charts.waterfall(steps), key="why-not", height=charts.waterfall_px(steps),
        alt=f"Terms of the difference between winner and {names[rival or rivals[0]]}, {total / 10_000:+.2f} in all",
    )  # fmt: skip
    quiet(
        f"Right speaks for {names[decision.cluster] if decision.cluster else 'the winner'}, left for "
        f"{names[rival or rivals[0]]}; together {fmt_difference(total / 10_000)}."
    )


# -- theatre and evidence ------------------------------------------------------------------------------------


def _theatre(found: LoadedRun, decision: DecisionRow, shown: Theatre) -> None:
    subheading("How the votes crossed the line")
    if not shown.marks and not shown.capsules:
        quiet("This run has no trace of the messages; the votes above come from the ledger.")
        return
    quiet(f"{timing(decision)}." if shown.timed else "Wall-clock times were left out of this run: the axis is order.")
    draw_theatre(shown, key=f"{found.id}-{decision.job.id}", title=f"Messages of the decision on {decision.job.title}")
    if st.toggle("Show as table", key="messages"):
        frame = pd.DataFrame(message_rows(shown), columns=["Time", "Where", "Kind", "Message"])
        st.dataframe(frame, hide_index=True, alt="All messages of this decision in order")


def _evidence(found: LoadedRun, decision: DecisionRow) -> None:
    mine = proofs(findings_of(found.report, decision), found.heights)
    if not mine:
        return
    names = names_of(found.report)
    with st.container(border=True):
        subheading("Evidence")
        for proof in mine:
            who = names.get(proof.cluster, proof.cluster)
            sentence(f"{who}: {proof.what} · class {proof.class_} · {proof.cost}")
            with st.expander("Show both sides"):
                for column, side in zip(st.columns(2), (proof.first, proof.second), strict=True):
                    with column:
                        quiet(side.title)
                        pane(side.text, side.title)
                        quiet(f"Signature {side.signature}" if side.signature else "No signature: anybody computes it.")


# -- what each agent really said -----------------------------------------------------------------------------


def _traces(found: LoadedRun, decision: DecisionRow) -> None:
    subheading("Reasoning traces")
    if not decision.bids:
        quiet("No answers on the ledger.")
        return
    _agent_traces(found, decision)


@st.fragment
def _agent_traces(found: LoadedRun, decision: DecisionRow) -> None:
    names = names_of(found.report)
    clusters = [bid.cluster for bid in decision.bids]
    asked = next((c for c in clusters if st.query_params.get("agent") in (c, names[c])), None)
    first = asked or (decision.cluster if decision.cluster in clusters else clusters[0])
    key = f"agent-{found.id}-{decision.job.id}"
    st.session_state.setdefault(key, first)
    search = ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "Agent", clusters, key=key, label_visibility="collapsed", on_change=_agent_chosen, args=(key,),
            format_func=lambda c: _agent_label(decision, names[c], c),
        )  # fmt: skip
        search = st.text_input(
            "Search the answers", key="search", placeholder="Search", label_visibility="collapsed", width=200
        )
    cluster = chosen or first
    bid = bid_of(decision, cluster)
    if bid is not None:
        _said(found, decision, bid, search)


def _agent_chosen(key: str) -> None:
    if st.session_state.get(key):
        st.query_params["agent"] = st.session_state[key]


def _agent_label(decision: DecisionRow, name: str, cluster: ClusterId) -> str:
    bid = bid_of(decision, cluster)
    if bid is None or bid.score is None:
        return f"{name} {abstention_words(bid) if bid else 'no bid'}"
    flag = " · void" if bid.void else " · repaired" if bid.effort.repaired else ""
    return f"{name} {fmt_score(bid.score)}{flag}"


def _said(found: LoadedRun, decision: DecisionRow, bid: BidRow, search: str) -> None:
    mine = [e for e in found.events if isinstance(e, Prompted | Replied | Checked | Answered | Opined)]
    mine = [e for e in mine if e.job == decision.job.id and e.cluster == bid.cluster]
    prompts = [e for e in mine if isinstance(e, Prompted) and e.purpose == "bid"]
    replies = [e for e in mine if isinstance(e, Replied) and e.purpose == "bid"]
    checks = [e for e in mine if isinstance(e, Checked)]
    answers = [e for e in mine if isinstance(e, Answered)]
    said = [("plain", word) for word in author_words(bid)]
    if prompts:
        said += [("plain", f"prompt {prompts[-1].prompt_id} v{prompts[-1].prompt_version}"),
                 ("plain", f"attempt {prompts[-1].attempt}")]  # fmt: skip
    word, odd = _state_badge(bid)
    badges([*said, ("bad" if odd else "good", word)])
    final = _final(answers)
    if not prompts and not replies:
        quiet("No model was asked: the rule bids from facts." if bid.author == "rule" else "No model was asked.")
        _validated(bid, replies, checks, final, search)
        return
    one, two, three = st.columns(3)
    with one:
        step("1 · Prompt")
        _prompt(found, decision, bid, prompts)
    with two:
        step("2 · Raw answer")
        _raw(replies, search)
    with three:
        step("3 · Answer on the ledger")
        _validated(bid, replies, checks, final, search)
    for opinion in (e for e in mine if isinstance(e, Opined)):
        quiet(f"Its second opinion on the proposal, never counted: {shortened(opinion.text, 600)[0]}")


def _state_badge(bid: BidRow) -> tuple[str, bool]:
    if bid.void:
        return "void", True
    if bid.score is None:
        return abstention_words(bid), True
    return ("repaired", True) if bid.effort.repaired else ("valid at first try", False)


def _final(answers: Sequence[Answered]) -> str | None:
    if not answers:
        return None
    outcome = answers[-1].answer.outcome
    keep = {"score_bp", "wanted_bp", "reasoning", "evidence"} if isinstance(outcome, Bid) else {"code", "detail"}
    return outcome.model_dump_json(indent=1, include=keep)


def _prompt(found: LoadedRun, decision: DecisionRow, bid: BidRow, prompts: Sequence[Prompted]) -> None:
    if not prompts:
        quiet("Not in the trace.")
        return
    others = [
        e for e in found.events
        if isinstance(e, Prompted) and e.job == decision.job.id and e.cluster != bid.cluster and e.attempt == 1
    ]  # fmt: skip
    names = names_of(found.report)
    rivals = list(dict.fromkeys(e.cluster for e in others))
    against = st.selectbox(
        "Compare with", [None, *rivals], format_func=lambda c: "as sent" if c is None else f"difference to {names[c]}",
        key=f"prompt-diff-{decision.job.id}", label_visibility="collapsed",
    )  # fmt: skip
    other = next((e for e in others if e.cluster == against), None)
    if other is not None and other.text is not None and prompts[0].text is not None:
        differences(other.text, prompts[0].text, "Difference of the prompts")
        return
    pane(prompts[-1].text, "Prompt")


def _raw(replies: Sequence[Replied], search: str) -> None:
    if not replies:
        quiet("None.")
        return
    for reply in replies:
        if len(replies) > 1:
            quiet(f"Attempt {reply.attempt}")
        if reply.failure:
            quiet(f"No reply: {reply.failure.replace('_', ' ')}. {reply.detail or ''}")
        else:
            pane(reply.text, f"Raw answer {reply.attempt}", search=search)


def _validated(
    bid: BidRow, replies: Sequence[Replied], checks: Sequence[Checked], final: str | None, search: str
) -> None:
    first = next((reply.text for reply in replies if reply.text), None)
    if bid.effort.repaired and first is not None and final is not None:
        differences(first, final, "What was repaired")
    elif final is not None:
        pane(final, "Answer on the ledger", search=search)
    else:
        pane(bid.reasoning or bid.detail, "Answer on the ledger", search=search)
    for check in checks:
        for note in check.notes:
            quiet(f"Attempt {check.attempt}: {note}")
    for wrong in bid.void:
        quiet(f"Void: {wrong}")
    if bid.score is not None and bid.rule is not None:
        sentence(f"Rule on the same facts {fmt_score(bid.rule)}, difference {fmt_difference(bid.score - bid.rule)}")
        if bid.wanted is not None and bid.wanted != bid.score:
            quiet(
                f"Its author wanted {fmt_score(bid.wanted)}; the allowed interval moved it to {fmt_score(bid.score)}."
            )


# -- downloads -------------------------------------------------------------------------------------------------


def _stem(found: LoadedRun, decision: DecisionRow) -> str:
    return f"{found.id}-{decision.job.id}"


def _downloads(found: LoadedRun, decision: DecisionRow, shown: Theatre) -> None:
    stem = _stem(found, decision)
    with st.container(horizontal=True, gap="small"):
        csv_download(
            "Bids (CSV)", f"{stem}-bids.csv",
            ("cluster", "bid", "reputation", "counts", "rule", "author", "void", "reasoning"),
            lambda: [
                (b.cluster, b.score, b.reputation, b.weighted, b.rule, b.author, "; ".join(b.void), b.reasoning)
                for b in ordered_bids(decision)
            ],
            key="d-bids",
        )  # fmt: skip
        csv_download(
            "Votes (CSV)", f"{stem}-votes.csv", ("cluster", "round", "vote", "finalizes", "power", "grounds"),
            lambda: [(v.cluster, v.round + 1, v.vote, v.finalizes, v.power, v.grounds) for v in decision.votes],
            key="d-votes",
        )  # fmt: skip
        download("Messages (Mermaid)", f"{stem}.mmd", lambda: mermaid(shown), "text/plain", key="d-mermaid")

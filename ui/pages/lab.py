"""The prompt lab: edit a copy of the bid prompt, see what asking costs, ask it about a run's calls, compare."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from agents.trying import Told
from prompts import load
from prompts.drafts import (
    CHANGED_CHARS_MAX,
    DRAFT_CHARS_MAX,
    next_version,
    normal,
    problems,
    released,
    remarks,
    whole,
)
from quorate.domain.errors import OperatorError, PromptError
from quorate.domain.values import JobId
from ui.draw import differences, download, heading, pane, quiet, sentence, step, subheading
from ui.runs import LoadedRun, nearest
from ui.safe import visible
from ui.service import Profile
from ui.state import Context
from ui.trials import JOBS_MAX, PreparedTrial, TrialNow, TrialOrder
from ui.viewmodel.lab import (
    Case,
    LabJob,
    TextName,
    cases,
    cost_words,
    job_words,
    lab_jobs,
    problems_of,
    recorded_with,
    trial_title,
)

WIDTHS: dict[str, int] = {"Agent": 60, "Changed": 190, "Source": 150, "Refuted, void or missing": 520}
"""Of the table's columns, pixels: what is compared fits a phone, and no word of what changed is cut off."""

AREA_PX = 360
"""Height of the text area with its label."""

TICK_S = 0.25
"""Between two looks at a trial: its end is on the screen within a second."""

ENDING_TICK_S = 0.1
"""Between two looks at a trial that was cancelled."""

CHIPS = (
    "<style>[data-testid=stMultiSelect] [data-tag],[data-testid=stMultiSelect] [data-tag] *{color:inherit}"
    "[data-testid=stMultiSelect] [data-tag]{background:color-mix(in srgb,currentColor 14%,transparent)}</style>"
)
"""White on the dark scheme's blue could not be read."""

PRIVATE = "Nothing of it enters a ledger or a file: it lives in this server's memory."


def draw(context: Context, found: LoadedRun) -> None:
    """Draw the lab on one run."""
    known = cases(found.heights)
    if not known:
        _nothing_to_ask(found)
        return
    trial = _watched(context, found)
    st.html(CHIPS)
    _verdict(trial)
    with st.container(border=True):
        subheading("Edit a copy")
        base, body, fine = _copy(context, trial)
    with st.container(border=True):
        subheading("Ask it")
        order = _order(context, found, known, trial, base, body)
        _ask(context, order if fine else None, trial)
    if trial is not None and trial.over:
        _result(trial)


def _nothing_to_ask(found: LoadedRun) -> None:
    heading("This run has no call to ask again")
    if found.source == "report":
        sentence("The facts of each call are in the ledger; this run is shown from run.json. Open a smaller run.")
    else:
        sentence("No job of it was decided. Open another run, or let this one decide a job.")


# -- what is asked ---------------------------------------------------------------------------------------------


def _order(
    context: Context, found: LoadedRun, known: dict[JobId, Case], trial: TrialNow | None, base: int, body: str
) -> TrialOrder:
    jobs = _jobs(found, known, trial)
    profile = _profile(context, trial)
    both = st.toggle(
        f"Ask bid/{base} as well", value=True, key="lab-both", persist_state="session",
        help="On the same facts, so that the text is all that differs. It doubles the calls.",
    )  # fmt: skip
    return TrialOrder(found.id, profile.name, base, body, both, tuple(known[job] for job in jobs))


def _copy(context: Context, trial: TrialNow | None) -> tuple[int, str, bool]:
    """Draw the editor; return the version copied, the copy, and whether it can be asked."""
    versions = context.service.engine.prompt_versions()
    first = trial.order.base if trial and trial.order.base in versions else versions[0]
    base = st.segmented_control(
        "Released version", versions, default=first, format_func=lambda v: f"bid/{v}", required=True, key="lab-base",
        persist_state="session",
    )  # fmt: skip
    kept = trial.order.body if trial and trial.order.base == base else released(base)
    with st.container(height=AREA_PX + 4, border=False):  # its own script comes late, and the page would jump
        text = st.text_area(
            "Prompt copy", kept, height=AREA_PX, max_chars=DRAFT_CHARS_MAX, key=f"lab-body-{base}",
            persist_state="session",
            help="The released file stays as it is: its hash is locked. Ctrl and Enter checks what you typed.",
        )  # fmt: skip
    wrong = problems(text, load("bid", base).head.inputs)
    _checked(text, base, wrong)
    return base, text, not wrong


def _checked(text: str, base: int, wrong: Sequence[str]) -> None:
    for each in wrong:
        sentence(f"✕ {each[:1].upper()}{each[1:]}.")
    for each in remarks(text):
        quiet(f"{each[:1].upper()}{each[1:]}.")
    if wrong:
        return
    original = released(base)
    if normal(text) == normal(original):
        quiet(f"✓ It can be asked. It is still bid/{base}, word for word.")
        return
    quiet("✓ It can be asked: every placeholder is there, and nothing is hidden in it.")
    with st.expander(f"What differs from bid/{base}"):
        differences(original, normal(text), f"Difference from bid/{base}")
    _take_away(text, base)


def _take_away(text: str, base: int) -> None:
    number = next_version("bid")
    changed = st.text_input(
        "Why, in one line", f"Edited from bid/{base} in the prompt lab.", max_chars=CHANGED_CHARS_MAX,
        key="lab-changed", persist_state="session", help="It stands in the file's head.",
    )  # fmt: skip
    try:
        file = whole(text, load("bid", base), changed)
    except PromptError as error:
        sentence(f"✕ {error}.")
        return
    download(f"Download v{number}.md", f"v{number}.md", lambda: file, "text/markdown", key="lab-download")
    quiet(
        f"To release it: put it at prompts/bid/v{number}.md, run python -m prompts, then compare both versions as "
        "docs/guide/evaluate-a-prompt.md shows."
    )


def _jobs(found: LoadedRun, known: dict[JobId, Case], trial: TrialNow | None) -> list[JobId]:
    titles = {row.job.id: f"{row.number} {row.job.title}" for row in found.report.decisions}
    options = [job for job in titles if job in known]
    named = st.query_params.get("job")
    if named is not None and named not in options:
        close = nearest(named, [str(job) for job in options])
        hint = f"; nearest: {', '.join(close)}" if close else ""
        sentence(f"This run has no decided job {named[:80]!r}{hint}.")
    before = [case.job for case in trial.order.cases if case.job in options] if trial else []
    first = before or [job for job in options if job == named] or options[:1]
    return st.multiselect(
        "Jobs", options, default=first, format_func=lambda job: visible(titles[job]), max_selections=JOBS_MAX,
        key=f"lab-jobs-{found.id}", persist_state="session",
    )  # fmt: skip


def _profile(context: Context, trial: TrialNow | None) -> Profile:
    profiles = context.service.engine.profiles()
    wanted = trial.order.profile if trial else ""
    usable = [place for place, each in enumerate(profiles) if each.provider != "rule" and not each.problem]
    named = [place for place, each in enumerate(profiles) if each.name == wanted]
    chosen = st.selectbox(
        "Provider profile", profiles, index=(named or usable or [0])[0], key="lab-profile",
        format_func=lambda p: f"{p.name} · {p.model or p.provider}" + (" · not ready" if p.problem else ""),
    )  # fmt: skip
    told = {
        "scripted": "This profile answers from a file by job and agent: it shows the way, not what an edit changes.",
        "recorded": "This profile knows replies to texts that were recorded; an edited copy finds none.",
    }
    if chosen.provider in told:
        quiet(told[chosen.provider])
    return chosen


# -- cost, start, cancel ---------------------------------------------------------------------------------------


def _ask(context: Context, order: TrialOrder | None, trial: TrialNow | None) -> None:
    prepared = _prepared(context, order)
    if prepared is not None:
        sentence(cost_words(prepared.cost))
        quiet(PRIVATE)
    calls = prepared.cost.calls if prepared is not None else 0
    running = trial is not None and not trial.over
    with st.container(horizontal=True):
        start = st.button(
            f"Ask {calls:,} times" if calls else "Ask", icon=":material/play_arrow:", disabled=not calls or running,
            key="lab-run",
        )  # fmt: skip
        if trial is not None and running:
            # Outside the fragment: a button inside would wait for the fragment's own run.
            st.button("Cancel", icon=":material/stop_circle:", key="lab-cancel", disabled=trial.status == "cancelling",
                      on_click=context.service.trials.cancel, args=(st.query_params["lab"],))  # fmt: skip
    if trial is not None and running:
        _ticking(context, st.query_params["lab"], TICK_S if trial.status == "running" else ENDING_TICK_S)
    if start and order is not None:
        _start(context, order)


def _prepared(context: Context, order: TrialOrder | None) -> PreparedTrial | None:
    if order is None:
        quiet("Nothing can be asked before the copy is mended.")
        return None
    try:
        return context.service.engine.prepare_trial(order)
    except OperatorError as error:
        said = str(error)
        sentence(f"✕ {said[:1].upper()}{said[1:]}.")
        return None


def _start(context: Context, order: TrialOrder) -> None:
    try:
        st.query_params["lab"] = context.service.trials.start(order)
    except OperatorError as error:
        sentence(f"✕ {error}.")
        return
    st.rerun()


# -- a trial ---------------------------------------------------------------------------------------------------


def _watched(context: Context, found: LoadedRun) -> TrialNow | None:
    """Return the trial in the address, if it is one of this run and this process still has it."""
    named = st.query_params.get("lab")
    trial = context.service.trials.watch(named) if named else None
    return trial if trial is not None and trial.order.run == found.id else None


def _verdict(trial: TrialNow | None) -> None:
    """Draw the heading: before what it is about, so that nothing below it jumps."""
    if trial is None:
        heading("What would another prompt have done?")
        quiet("A copy of a released prompt, asked about calls of this run on the very facts of then.")
        if "lab" in st.query_params:
            sentence("No such trial of this run is kept: trials live in a server's memory. Ask again below.")
    elif trial.over:
        heading(_told(trial))
    else:
        heading("Cancelling the trial" if trial.status == "cancelling" else "Asking")


def _told(trial: TrialNow) -> str:
    return trial_title(_found(trial), trial.status, len(trial.told), trial.of)


def _found(trial: TrialNow) -> list[LabJob]:
    return lab_jobs(trial.order.cases, trial.told, trial.texts)


def _result(trial: TrialNow) -> None:
    found = _found(trial)
    subheading(f"Result: {_told(trial)}")
    if trial.detail:
        sentence(f"{trial.detail}.")
    for each in problems_of(found)[:3]:
        sentence(f"{each[:1].upper()}{each[1:]}.")
    for job in found:
        _job(job, trial)
    if trial.told:
        _one_answer(trial)


def _ticking(context: Context, name: str, every_s: float) -> None:
    @st.fragment(run_every=every_s)
    def tick() -> None:
        now = context.service.trials.watch(name)
        if now is None or now.over:
            st.rerun()
        share = len(now.told) / now.of if now.of else 0.0
        st.progress(share, text=trial_title((), now.status, len(now.told), now.of))

    tick()


def _job(job: LabJob, trial: TrialNow) -> None:
    base = f"bid/{trial.order.base}"
    recorded = f"Run ({recorded_with(trial.order.cases)})"
    with st.container(border=True):
        subheading(job.title)
        sentence(job_words(job, base))
        last = [row.sides.get(job.texts[-1]) for row in job.rows]
        columns = {
            "Agent": [row.agent for row in job.rows],
            recorded: [row.recorded.shown for row in job.rows],
            **{base if text == "base" else "Edited": _shown(job, text) for text in job.texts},
            "Changed": [row.changed for row in job.rows],
            "Source": [side.source if side else "" for side in last],
            "Refuted, void or missing": [side.remark if side else "" for side in last],
        }
        st.dataframe(
            pd.DataFrame(columns), hide_index=True, alt=job_words(job, base), key=f"lab-{job.job}",
            column_config={name: st.column_config.TextColumn(width=WIDTHS.get(name, 88)) for name in columns},
        )  # fmt: skip


def _shown(job: LabJob, text: TextName) -> list[str]:
    sides = [row.sides.get(text) for row in job.rows]
    return [side.shown if side else "not asked" for side in sides]


@st.fragment
def _one_answer(trial: TrialNow) -> None:
    with st.container(border=True):
        subheading("One answer, word for word")
        titles = {case.job: case.call.job.title for case in trial.order.cases}
        places = list(dict.fromkeys((one.job.id, one.snapshot.cluster.id) for one in trial.told))
        chosen = st.selectbox(
            "Answer", places, format_func=lambda place: visible(f"{titles[place[0]]} · {place[1]}"), key="lab-answer"
        )
        told = {one.text: one for one in trial.told if (one.job.id, one.snapshot.cluster.id) == chosen}
        for column, text in zip(st.columns(len(trial.texts)), trial.texts, strict=True):
            with column:
                _reply(told.get(text), f"bid/{trial.order.base}" if text == "base" else "Edited copy")
        _question([told[text] for text in trial.texts if text in told])


def _reply(told: Told | None, label: str) -> None:
    step(label)
    if told is None:
        quiet("Not asked before the trial ended.")
    elif not told.prompt:
        quiet("Nobody was asked: the job does not fit here.")
    else:
        pane("\n\n".join(told.replies) or "no reply", f"Reply to {label}")
        if told.notes:
            quiet("; ".join(told.notes))


def _question(told: Sequence[Told]) -> None:
    asked = [one.prompt for one in told if one.prompt]
    if not asked:
        return
    if st.toggle("Show the question as it was sent", key="lab-question"):
        pane(asked[-1], "The question as it was sent")
        if len(asked) > 1:
            quiet("And how it differs from the released text's:")
            differences(asked[0], asked[-1], "Difference of the two questions")

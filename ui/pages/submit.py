"""Submit: one's own jobs, federation, provider and faults; what it will cost is shown before it starts."""

import tomllib

import streamlit as st

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.domain.errors import OperatorError
from quorate.domain.values import ClusterId, JobId
from ui.draw import heading, quiet, sentence, subheading
from ui.service import FaultChoice, Order, Prepared, Profile
from ui.state import Context
from ui.words import plural

FORMS = {"toml": "toml", "json": "json", "jsonl": "jsonl", "ndjson": "jsonl"}
"""File endings of a job list, and how each is read."""

AGAINST = "The rival that a driver singles out, if it does; none: the next in seat order."

TEXT_BYTES_MAX = 16 * 2**20


def draw(context: Context) -> None:
    """Draw the page."""
    heading("Submit your own jobs")
    quiet("Everything here has a file form too: python cli.py run --jobs FILE --federation FILE --faults FILE")
    jobs, form = _jobs(context)
    federation = _federation(context)
    with st.container(border=True):
        subheading("Who bids?")
        profile = _profile(context)
        version = _version(context, profile)
        seed = st.number_input(
            "Seed", 0, 2**53 - 1, 42, key="seed", help="Draws background load, demo keys and run times."
        )
    faults = _faults(context, jobs, form, federation)
    order = Order(
        federation=federation, jobs=jobs, jobs_form=form, faults=faults, seed=int(seed), profile=profile.name,
        prompt_version=version,
    )  # fmt: skip
    _preflight(context, order, profile)


def _uploaded(label: str, kinds: list[str], key: str) -> tuple[str, str] | None:
    """Return an upload as (text, ending); a file that is no text is said so."""
    file = st.file_uploader(label, type=kinds, key=key)
    if file is None:
        return None
    data = file.getvalue()
    ending = file.name.rsplit(".", 1)[-1].lower()
    if len(data) > TEXT_BYTES_MAX:
        sentence(f"{label}: {len(data):,} bytes; at most {TEXT_BYTES_MAX:,}. Split the file.")
        return None
    try:
        return data.decode("utf-8"), ending
    except UnicodeDecodeError as error:
        sentence(f"{label}: not UTF-8 text (byte {error.start}). Save it as UTF-8.")
        return None


def _jobs(context: Context) -> tuple[str, str]:
    with st.container(border=True):
        subheading("Which jobs?")
        way = st.segmented_control(
            "Jobs from", ["Reference", "Form", "File", "Text"], default="Reference", key="jobs-way"
        )
        if way == "Form":
            return _form(), "toml"
        if way == "File":
            given = _uploaded("Job list (TOML, JSON or JSON Lines)", list(FORMS), "jobs-file")
            return (given[0], FORMS.get(given[1], "toml")) if given else ("", "toml")
        if way == "Text":
            text = st.text_area("Jobs (TOML)", context.service.engine.texts(Order())[1], height=300, key="jobs-text")
            return text, "toml"
        quiet("The eight reference jobs: 338 nodes in all, ten minutes apart.")
        return "", "toml"


def _form() -> str:
    """Return one job from a form, as TOML; the reader checks it as it checks a file."""
    with st.grid(4, min_column_width=180):
        identity = st.text_input("Id", "job_001", max_chars=64, key="job-id")
        name = st.text_input("Name", "My job", max_chars=120, key="job-name")
        application = st.text_input("Application", "", max_chars=80, key="job-application")
        kind = st.selectbox("Type", list(CLUSTER_TYPES), key="job-type")
        nodes = st.number_input("Nodes", 1, 1_000_000, 16, key="job-nodes")
        gpus = st.number_input("GPUs per node", 0, 1_000, 0, key="job-gpus")
        memory = st.number_input("Memory per node (GiB)", 0, 1_000_000, 64, key="job-memory")
        minutes = st.number_input("Walltime (min)", 1, 525_600, 120, key="job-minutes")
    description = st.text_area("Description", "", max_chars=2_000, height=80, key="job-description")
    fields: dict[str, str | int] = {
        "id": identity,
        "name": name,
        "application": application,
        "type": kind,
        "nodes": int(nodes),
        "gpus_per_node": int(gpus),
        "memory_gib_per_node": int(memory),
        "walltime_min": int(minutes),
        "description": description,
    }
    return "[[jobs]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in fields.items())


def _toml(value: str | int) -> str:
    """Return a value as TOML; a string's quotes, backslashes and control characters are escaped."""
    if isinstance(value, int):
        return str(value)
    escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 or c in '"\\' else c for c in value)
    return f'"{escaped}"'


def _federation(context: Context) -> str:
    with st.container(border=True):
        subheading("Which federation?")
        way = st.segmented_control("Federation from", ["Reference", "File", "Text"], default="Reference", key="fed-way")
        if way == "File":
            given = _uploaded("Federation (TOML)", ["toml"], "fed-file")
            return given[0] if given else ""
        if way == "Text":
            return st.text_area(
                "Federation (TOML)", context.service.engine.texts(Order())[0], height=360, key="fed-text"
            )
        quiet("Six supercomputers, 1,993 nodes. Choose Text to edit a copy.")
        return ""


def _profile(context: Context) -> Profile:
    profiles = context.service.engine.profiles()
    return st.selectbox(
        "Provider profile", profiles, key="profile",
        format_func=_profile_words,
        help="From quorate.toml. A key is named there by its environment variable and never stands in a file.",
    )  # fmt: skip


def _version(context: Context, profile: Profile) -> int | None:
    """Return which released bid prompt is asked; None where nobody reads one."""
    if profile.provider == "rule":
        return None
    known = context.service.engine.prompt_versions()
    return st.segmented_control(
        "Bid prompt", known, default=known[0], format_func=lambda version: f"bid/{version}", required=True,
        key="prompt-version", help="A released version. To try a text of your own: What-if, Prompt lab.",
    )  # fmt: skip


def _profile_words(profile: Profile) -> str:
    """Return a profile's name with what answers there, once where both have one name."""
    who = profile.model or profile.provider
    name = profile.name if who == profile.name else f"{profile.name} · {who}"
    return f"{name} — {profile.problem}" if profile.problem else name


def _names(context: Context, jobs: str, form: str, federation: str) -> tuple[list[str], list[str]]:
    """Return the ids of clusters and jobs as far as the texts can be read; the reader has the last word."""
    reference = context.service.engine.texts(Order())
    return _ids(federation or reference[0], "clusters"), _ids(jobs or reference[1], "jobs") if form == "toml" else []


def _ids(text: str, table: str) -> list[str]:
    try:
        rows = tomllib.loads(text).get(table, [])
    except (tomllib.TOMLDecodeError, RecursionError):
        return []
    return (
        [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row][:500]
        if isinstance(rows, list)
        else []
    )


def _faults(context: Context, jobs: str, form: str, federation: str) -> tuple[FaultChoice, ...]:
    with st.container(border=True):
        subheading("Whom should a driver make misbehave?")
        drivers = dict(context.service.engine.drivers())
        clusters, known = _names(context, jobs, form, federation)
        count = int(st.number_input("Faults", 0, 6, 0, key="fault-count"))
        found = []
        for number in range(count):
            with st.container(horizontal=True, vertical_alignment="bottom"):
                driver = st.selectbox("Driver", list(drivers), key=f"driver-{number}", help="; ".join(drivers.values()))
                cluster = st.selectbox("Agent", clusters, key=f"fault-cluster-{number}")
                at = st.multiselect("At jobs (none: at all)", known, key=f"fault-jobs-{number}")
                rival = st.selectbox("Against", ["", *clusters], key=f"fault-against-{number}", help=AGAINST)
            if driver and cluster:
                aimed = ClusterId(rival) if rival else None
                jobs_at = tuple(JobId(job) for job in at)
                found.append(FaultChoice(driver=driver, cluster=ClusterId(cluster), jobs=jobs_at, against=aimed))
        if not count:
            quiet("Nobody. A driver acts from outside; peers find out from what is signed, or not at all.")
        return tuple(found)


def _preflight(context: Context, order: Order, profile: Profile) -> None:
    with st.container(border=True):
        subheading("What it will take")
        try:
            prepared = context.service.engine.prepare(order)
        except OperatorError as error:
            sentence(f"{error}.")
            prepared = None
        if prepared is not None:
            sentence(_cost(prepared, profile))
        start = st.button("Start the run", icon=":material/play_arrow:", disabled=prepared is None, key="start")
    if start:
        _start(context, order)


def _cost(prepared: Prepared, profile: Profile) -> str:
    size = f"{plural(prepared.jobs, 'job')} × {plural(len(prepared.clusters), 'agent')}"
    if not prepared.calls:
        return f"{size}: no model is asked, no key is needed, nothing leaves this machine."
    tokens = prepared.calls * 1_100
    return (
        f"{size} = up to {plural(prepared.calls, 'call')} to {profile.model or profile.provider}, about {tokens:,} "
        f"tokens (1,100 a call); answers close after {prepared.deadline_s:g} s a job."
    )


def _start(context: Context, order: Order) -> None:
    try:
        name = context.service.start(order)
    except OperatorError as error:
        sentence(f"{error}.")
        return
    st.session_state["run"] = name
    st.switch_page(st.session_state["pages"]["live"], query_params={"run": name})

"""Score recorded replies from anywhere: what each says, what of it is false, and what cannot be.

One JSON object a line: {"id", "job": {...}, "cluster": {...}, "reply": "raw text"}. Field names are read leniently
(docs/guide/score-recordings.md); a missing fact is unknown and refutes nothing.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from evals.knowing import known_from, per_node_limits, rival_from
from evals.reading import Plain, Reading, read
from evals.terminal import shown
from evals.typed import refuted_fields
from quorate.domain.errors import RequestInvalid
from quorate.market.claims import Known, Rival, refuted

Verdict = Literal["clean", "refuted", "infeasible", "unreadable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

LINE_BYTES_MAX = 4_000_000
"""A record takes a few kilobytes; a longer line is another kind of file."""

REPLY_NAMES = (
    "reply",
    "response",
    "output",
    "completion",
    "answer",
    "raw",
    "raw_reply",
    "raw_response",
    "text",
    "content",
    "message",
    "messages",
    "choices",
    "llm_response",
    "llm_output",
    "model_output",
    "agent_response",
    "bid_response",
    "generation",
    "bid",
    "result",
)
"""Names of the reply, most telling first; an object that a chat API returned is looked into for its text."""

JOB_NAMES = ("job", "job_request", "request", "task", "job_info", "job_details", "job_spec", "job_data", "workload")
CLUSTER_NAMES = (
    "cluster", "snapshot", "facts", "resource", "agent", "cluster_info", "cluster_state", "cluster_status",
    "resource_info", "resource_state", "resource_status", "hpc_resource", "cluster_snapshot", "system",
)  # fmt: skip

SHOWN_MAX = 160
"""Characters of a quoted sentence in the terminal; the JSON keeps all."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One line of a file."""

    id: str
    job: Mapping[str, Plain]
    cluster: Mapping[str, Plain]
    reply: str


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that cannot be, and was bid on."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Refuted:
    """A false statement: its kind, the sentence as written, what it says, and the fact."""

    kind: str
    sentence: str
    says: str
    fact: str


@dataclass(frozen=True, slots=True)
class Scored:
    """What one reply is worth."""

    id: str
    reading: Reading
    hard_violations: tuple[Violation, ...]
    refuted: tuple[Refuted, ...]
    verdict: Verdict


def _object(line: bytes, number: int, name: str) -> dict[str, Plain]:
    try:
        value = json.loads(line)
    except UnicodeDecodeError:
        raise RequestInvalid(f"{name} line {number} is not UTF-8; save the file as UTF-8") from None
    except (ValueError, RecursionError):
        raise RequestInvalid(f"{name} line {number} is no JSON; write one JSON object a line") from None
    if not isinstance(value, dict):
        raise RequestInvalid(f"{name} line {number} is a JSON {type(value).__name__}, not an object with a reply")
    return value


def _facts(record: Mapping[str, Plain], names: tuple[str, ...], number: int, name: str) -> Mapping[str, Plain]:
    for key in names:
        value = record.get(key)
        if isinstance(value, dict):
            return value
        if value is not None and key in {"job", "cluster"}:
            raise RequestInvalid(f"{name} line {number}: {key} is {shown(str(value), 40)!r}, not an object of facts")
    return {}


def _reply(record: Mapping[str, Plain], number: int, name: str) -> str:
    for key in REPLY_NAMES:
        if key in record:
            value = record[key]
            if value is None:
                return ""
            return value if isinstance(value, str) else _said(value)
    raise RequestInvalid(f'{name} line {number} has no reply; put the raw text under "reply"')


def _said(value: Plain, depth: int = 0) -> str:
    """Return the text of an answer that is no text: what a chat API returned, or the bid itself as an object."""
    inner: Plain = None
    alone = isinstance(value, list)
    if isinstance(value, list) and value:
        inner = value[-1]
    elif isinstance(value, dict):
        names = ("choices", "message", "content")
        inner = next((value[key] for key in names if isinstance(value.get(key), str | list | dict)), None)
        alone = "role" in value or len(value) == 1
    if isinstance(inner, str) and alone:
        return inner
    return _said(inner, depth + 1) if isinstance(inner, list | dict) and depth < WRAPPED_MAX else json.dumps(value)


WRAPPED_MAX = 6


def recording(line: bytes, number: int, name: str) -> Recording:
    """Read one line; RequestInvalid names file, line and remedy."""
    record = _object(line, number, name)
    given = record.get("id")
    return Recording(
        id=str(given)[:200] if isinstance(given, str | int | float) else f"line-{number}",
        job=_facts(record, JOB_NAMES, number, name),
        cluster=_facts(record, CLUSTER_NAMES, number, name),
        reply=_reply(record, number, name),
    )


def recordings(path: Path) -> Iterator[Recording]:
    """Yield every record of a JSON Lines file.

    Raises:
        RequestInvalid: the file cannot be read, a line is no record, or there is none.
    """
    name, found = shown(str(path), 200), False
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LINE_BYTES_MAX + 1), b""), start=1):
                if len(line) > LINE_BYTES_MAX:
                    raise RequestInvalid(f"{name} line {number} is over {LINE_BYTES_MAX} bytes; one record a line")
                if line.strip(b"\xef\xbb\xbf \t\r\n"):
                    found = True
                    yield recording(line.removeprefix(b"\xef\xbb\xbf"), number, name)
    except OSError as error:
        raise RequestInvalid(f"{name}: {error.strerror or 'cannot be read'}; name a JSON Lines file") from None
    if not found:
        raise RequestInvalid(f"{name} holds no record; write one JSON object a line")


def _too_few(asked: int | None, there: int | None) -> bool:
    return asked is not None and there is not None and asked > there


def _nodes(known: Known) -> Iterator[Violation]:
    asked = known.job_nodes
    if _too_few(asked, known.nodes):
        yield Violation("nodes", f"{asked} nodes asked, the cluster has {known.nodes}")
    elif _too_few(asked, known.nodes_free):
        yield Violation("nodes_free", f"{asked} nodes asked, {known.nodes_free} are free")


def _gpus(known: Known, per_node: int | None) -> Iterator[Violation]:
    each, asked = known.job_gpus_per_node, known.job_nodes
    if not each:
        return
    if known.gpus == 0:
        yield Violation("no_gpus", f"{each} GPUs per node asked, the cluster has none")
    elif _too_few(each, per_node):
        detail = f"{each} GPUs per node asked, no node has more than {per_node}"
        if asked and per_node:
            detail += f" ({asked} nodes x {per_node} = {asked * per_node} of {asked * each})"
        yield Violation("gpus_per_node", detail)
    elif asked and _too_few(asked * each, known.gpus):
        yield Violation("gpus", f"{asked} nodes x {each} GPUs = {asked * each} asked, the cluster has {known.gpus}")


def _memory(known: Known, per_node: int | None) -> Iterator[Violation]:
    if _too_few(known.job_memory_gib_per_node, per_node):
        detail = f"{known.job_memory_gib_per_node} GiB per node asked, no node has more than {per_node}"
        yield Violation("memory_per_node", detail)


def _suitable(known: Known) -> Iterator[Violation]:
    asked = known.job_nodes
    if _too_few(asked, known.suitable):
        yield Violation(
            "suitable_nodes", f"{asked} nodes asked, {known.suitable} have the GPUs and memory asked of each"
        )
    elif _too_few(asked, known.suitable_free):
        yield Violation("suitable_free", f"{asked} nodes asked, {known.suitable_free} suitable ones are free")


def impossible(known: Known, gpus_per_node: int | None, memory_per_node: int | None) -> tuple[Violation, ...]:
    """Return why the cluster cannot run the job, by facts that are known; the counted reason only if no plainer one."""
    plain = (*_nodes(known), *_gpus(known, gpus_per_node), *_memory(known, memory_per_node))
    return plain or tuple(_suitable(known))


def _violations(one: Recording, reading: Reading, known: Known) -> tuple[Violation, ...]:
    score = reading.score
    if score is None or reading.declines:
        return ()
    if not 0 <= score <= 1:
        return (Violation("score_range", f"{reading.field} is {score:g}, outside 0 to 1"),)
    return impossible(known, *per_node_limits(one.cluster)) if score > 0 else ()


def _false(reading: Reading, known: Known) -> tuple[Refuted, ...]:
    prose = (
        Refuted(each.kind, each.sentence, each.says, each.fact)
        for text in reading.texts
        for each in refuted(text, known)
    )
    fields = (Refuted(each.kind, each.sentence, each.says, each.fact) for each in refuted_fields(reading.body, known))
    return tuple(dict.fromkeys((*prose, *fields)))


RIVALS_MAX = 64


def rivals(every: Sequence[Recording]) -> tuple[Rival, ...]:
    """Return the clusters that a file speaks of, so that one's name in another's prose is not taken for its own."""
    found: dict[str, Rival] = {}
    for one in every:
        rival = rival_from(one.cluster)
        if rival is not None and found.setdefault(rival.id, rival) != rival:
            found[rival.id] = Rival(id=rival.id)
    return tuple(found.values())[:RIVALS_MAX]


def score(one: Recording, others: tuple[Rival, ...] = ()) -> Scored:
    """Score one record. The heaviest word wins: unreadable, infeasible, refuted, clean."""
    reading, known = read(one.reply), known_from(one.job, one.cluster, others)
    hard, false = _violations(one, reading, known), _false(reading, known)
    verdict: Verdict = "unreadable" if reading.fault else "infeasible" if hard else "refuted" if false else "clean"
    return Scored(one.id, reading, hard, false, verdict)


def as_json(scored: Scored) -> dict[str, object]:
    """Return a record of `--json`: id, parse, hard_violations, refuted, verdict."""
    reading = scored.reading
    return {
        "id": scored.id,
        "parse": {
            "ok": not reading.fault,
            "how": reading.how,
            "score": reading.score,
            "field": reading.field,
            "declines": reading.declines,
            "fault": reading.fault,
        },
        "hard_violations": [{"kind": each.kind, "detail": each.detail} for each in scored.hard_violations],
        "refuted": [
            {"kind": each.kind, "sentence": each.sentence, "says": each.says, "fact": each.fact}
            for each in scored.refuted
        ],
        "verdict": scored.verdict,
    }


def report(scored: Sequence[Scored]) -> dict[str, object]:
    """Return the whole of `--json`."""
    counts = Counter(one.verdict for one in scored)
    return {
        "schema": "quorate.evals.score/1",
        "verdicts": {word: counts[word] for word in VERDICTS},
        "records": [as_json(one) for one in scored],
    }


def _parse_words(reading: Reading) -> str:
    if reading.fault:
        return f"cannot be read: {reading.fault}"
    if reading.score is None:
        return "declines to bid"
    where = {"json": "JSON", "json_in_text": "JSON inside other text", "prose": "prose", "none": ""}[reading.how]
    return f"score {reading.score:g} ({reading.field}, {where})"


def text_lines(scored: Scored) -> Iterator[str]:
    """Yield what a person sees of one record."""
    yield f"{shown(scored.id, 60)}: {scored.verdict}; {shown(_parse_words(scored.reading), SHOWN_MAX)}"
    for hard in scored.hard_violations:
        yield f"    impossible ({hard.kind}): {shown(hard.detail, SHOWN_MAX)}"
    for false in scored.refuted:
        yield f"    false ({false.kind}): {shown(false.sentence, SHOWN_MAX)!r}"
        yield f"        fact: {shown(false.fact, SHOWN_MAX)}"


def summary(scored: Sequence[Scored]) -> str:
    """Return one line over all records."""
    counts = Counter(one.verdict for one in scored)
    parts = ", ".join(f"{counts[word]} {word}" for word in VERDICTS)
    return f"{len(scored)} replies: {parts}"

"""Reads what people hand over: federations, job lists, fault plans. Bounded, closed, one sentence when it is wrong."""

import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import orjson
from pydantic import AfterValidator, Field, StrictInt, TypeAdapter, ValidationError, model_validator

from quorate.domain.clusters import NAME_PATTERN, ClusterType, Federation
from quorate.domain.errors import RequestInvalid
from quorate.domain.jobs import WALLTIME_S_MAX, Attribute, Job, Text
from quorate.domain.values import JobId, Value

FILE_BYTES_MAX = 16 * 2**20
"""A federation of 128 clusters or 10,000 jobs stays far below; anything longer is refused unread."""

JOBS_MAX = 20_000
SHOWN_CHARS = 60
WHERE_CHARS = 120
DEPTH_MAX = 16
"""Deeper than any field of ours lies."""
INTEGER_MAX = 2**63 - 1
"""Beyond this no reader of ours keeps a whole number."""

V = TypeVar("V", bound=Value)


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("a line break or tab is not allowed here; remove it")
    return text


Line = Annotated[Text, AfterValidator(_one_line)]
"""A name: printable, on one line, so that it cannot break a table."""

_LINES: TypeAdapter[str] = TypeAdapter(Line)


class JobRequest(Value):
    """A job as people write it: times in minutes, attributes as a table."""

    id: JobId = Field(pattern=NAME_PATTERN)
    name: Line = Field(default="", max_length=120)
    application: Line = Field(default="", max_length=80)
    type: ClusterType = "hpc"
    nodes: StrictInt = Field(ge=1, le=1_000_000)
    gpus_per_node: StrictInt = Field(default=0, ge=0, le=1_000)
    memory_gib_per_node: StrictInt = Field(default=0, ge=0, le=1_000_000)
    walltime_min: StrictInt = Field(ge=1, le=WALLTIME_S_MAX // 60)
    description: Text = Field(default="", max_length=2_000)
    attributes: dict[str, str | int | float | bool] = Field(default_factory=dict, max_length=20)

    @model_validator(mode="after")
    def _attributes_fit(self) -> Self:
        for name, value in self.attributes.items():
            try:
                Attribute(name=_one_line(name), value=str(value))
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                what = "name" if first["loc"] == ("name",) else "value"
                said = first["msg"].removeprefix("Value error, ")
                raise ValueError(
                    f"attribute {shown(name)} has a {what} that cannot be shown: {_lowered(said)}"
                ) from error
        return self

    def job(self) -> Job:
        """Return the job."""
        attributes = tuple(Attribute(name=name, value=str(value)) for name, value in self.attributes.items())
        own = self.model_dump(exclude={"walltime_min", "attributes"})
        return Job(**own, walltime_s=60 * self.walltime_min, attributes=attributes)


class Workload(Value):
    """A job list as people write it."""

    name: Line = Field(default="", max_length=80)
    interval_min: StrictInt = Field(default=10, ge=0, le=525_600)
    """Minutes between two arrivals on the virtual clock."""
    jobs: tuple[JobRequest, ...] = Field(min_length=1, max_length=JOBS_MAX)


# -- sentences -------------------------------------------------------------------------------------------------


def shown(value: object) -> str:
    r"""Return a value for a sentence: short, printable, unmistakable.

    >>> print(shown("a\x1b[2J"), shown("x" * 100)[-6:], shown([[1]]))
    'a\x1b[2J' xxx... a list
    """
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    if isinstance(value, date | time):
        return f"the date or time {value.isoformat()}"
    text = ascii(value[: 2 * SHOWN_CHARS] if isinstance(value, str) else value)
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 3] + "..."


def _plain(text: str, longest: int = WHERE_CHARS) -> str:
    """Return text for a sentence without quotes around it: what is not printable ASCII is escaped."""
    escaped = "".join(c if c.isprintable() and c.isascii() else ascii(c)[1:-1] for c in text[: longest + 1])
    return escaped if len(escaped) <= longest else escaped[: longest - 3] + "..."


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _name(loc: Iterable[object], table: object, *, missing: bool) -> str:
    """Return the name of a place in `table`; a validator's location also names the alternatives it tried."""
    steps = []
    for step in loc:
        parts = table if isinstance(table, dict) else dict(enumerate(table)) if isinstance(table, list) else {}
        if step in parts:
            table = parts[step]
            steps.append(str(step))
        elif missing:
            steps.append(str(step))
    return _plain(".".join(steps))


def sentence(source: str, error: ValidationError, table: object = None) -> str:
    """Return the first thing that is wrong: thing, value, remedy."""
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    where = _name(first["loc"], table, missing=table is None or first["type"] == "missing")
    message = _lowered(_plain(first["msg"].removeprefix("Value error, "), 240))
    thing = f"{source}: {where}" if where else source
    match first["type"]:
        case "extra_forbidden":
            return f"{thing} is not a known field; remove it or correct its spelling"
        case "missing":
            return f"{thing} is missing; give it a value"
        case "value_error":
            return f"{thing}: {message}"
        case "too_short":
            return f"{thing} has {context['actual_length']} entries; give it at least {context['min_length']}"
        case "too_long":
            return f"{thing} has too many entries; give it at most {context['max_length']}"
        case _:
            return f"{thing} is {shown(first['input'])}; {message}"


# -- files -----------------------------------------------------------------------------------------------------


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes, if there are not too many.

    Raises:
        RequestInvalid: no such file, no permission, a folder, or too large.
    """
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise RequestInvalid(f"{_plain(str(path))} has {size} bytes; at most {FILE_BYTES_MAX}: split it")
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such name can exist"
        raise RequestInvalid(f"cannot read {shown(str(path))}: {reason}; name an existing file") from error
    if len(data) > FILE_BYTES_MAX:
        raise RequestInvalid(f"{_plain(str(path))} has more than {FILE_BYTES_MAX} bytes: split it")
    return data


def _no_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {shown(twice)} occurs twice")
    return table


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_number)


def _json_lines(text: str) -> object:
    """Return the jobs, one a line; only line feeds end lines, for other separators may stand in strings."""
    jobs = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                jobs.append(_json(line))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
    return {"jobs": jobs}


def _decoded(data: bytes, source: str, decode: Callable[[str], object], form: str) -> object:
    try:
        return decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RequestInvalid(f"{source} is not UTF-8 text (byte {error.start}); save it as {form}") from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        if "integer string conversion" in reason:
            reason = "it holds a number of more than 4,300 digits"
        raise RequestInvalid(f"{source} is not {form}: {_plain(reason, 160)}; correct it") from error


def decode_table(data: bytes, source: str, suffix: str) -> object:
    """Return the data in TOML, JSON or JSON Lines, by the name's suffix.

    Raises:
        RequestInvalid: it does not parse.
    """
    source = _plain(source)
    match suffix.lower():
        case ".json":
            return _decoded(data, source, _json, "JSON")
        case ".jsonl" | ".ndjson":
            return _decoded(data, source, _json_lines, "JSON Lines")
        case _:
            return _decoded(data, source, tomllib.loads, "TOML")


def validate(model: type[V], table: object, source: str) -> V:
    """Return the value in decoded data, strictly: a number in quotes is no number.

    Raises:
        RequestInvalid: the first thing that is wrong, in a sentence.
    """
    source = _plain(source)
    strange = _strange(table)
    if strange is not None:
        path, value = strange
        where = f"{source}: {_plain('.'.join(path))}" if path else source
        raise RequestInvalid(f"{where} is {shown(value)}, which no field takes; correct it")
    try:
        raw = orjson.dumps(table, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except orjson.JSONEncodeError as error:
        raise RequestInvalid(f"{source} holds text or nesting that no field takes; correct it") from error
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise RequestInvalid(sentence(source, error, table)) from error


def _strange(table: object) -> tuple[tuple[str, ...], object] | None:
    """Return the first value, with its path, that JSON would silently change or that is no JSON at all.

    Not a number, infinite and huge numbers, and the dates and times that TOML knows.
    """
    level: list[tuple[tuple[str, ...], object]] = [((), table)]
    for _ in range(DEPTH_MAX):
        inner: list[tuple[tuple[str, ...], object]] = []
        for path, part in level:
            if isinstance(part, dict):
                inner += [((*path, str(name)), value) for name, value in part.items()]
            elif isinstance(part, list):
                inner += [((*path, str(place)), value) for place, value in enumerate(part)]
            elif not _ordinary(part):
                return path, part
        level = inner
    return level[0] if level else None


def _ordinary(part: object) -> bool:
    if isinstance(part, float):
        return math.isfinite(part)
    if isinstance(part, int):
        return abs(part) <= INTEGER_MAX
    return part is None or isinstance(part, str)


def read_federation(path: Path) -> Federation:
    """Return the federation in a TOML or JSON file.

    Raises:
        RequestInvalid: it cannot be read, is none, or has a name that cannot be shown on one line.
    """
    federation = validate(Federation, decode_table(read_bytes(path), str(path), path.suffix), str(path))
    names = {"name": federation.name}
    names |= {f"clusters.{i}.interconnect": cluster.interconnect for i, cluster in enumerate(federation.clusters)}
    for where, text in names.items():
        try:
            _LINES.validate_python(text)
        except ValidationError as error:
            said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            raise RequestInvalid(f"{_plain(str(path))}: {where}: {said}") from error
    return federation


def jobs_from(table: object, source: str) -> Workload:
    """Return the workload in decoded data: a list of jobs, one job, or a table with `jobs`."""
    if isinstance(table, list):
        table = {"jobs": table}
    elif isinstance(table, dict) and "jobs" not in table and "id" in table:
        table = {"jobs": [table]}
    workload = validate(Workload, table, source)
    name, count = Counter(job.id for job in workload.jobs).most_common(1)[0]
    if count > 1:
        raise RequestInvalid(f"{_plain(source)}: job id {name!r} occurs {count} times; give each job its own")
    return workload


def read_jobs(path: Path) -> Workload:
    """Return the workload in a TOML, JSON or JSON Lines file."""
    return jobs_from(decode_table(read_bytes(path), str(path), path.suffix), str(path))


def form(data: bytes) -> Literal["toml", "json", "jsonl"]:
    r"""Return the form of a job list that has no file name to tell it.

    >>> form(b'[[jobs]]\nid = "a"'), form(b'[{"id": "a"}]'), form(b'{"jobs":\n []}'), form(b'{"id": "a"}\n{"id": "b"}')
    ('toml', 'json', 'json', 'jsonl')
    """
    start = data.lstrip()
    if re.match(rb"\[\s*[{\]]", start):
        return "json"
    if start[:1] != b"{":
        return "toml"
    first, _, rest = start.partition(b"\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return "json"
    return "jsonl" if rest.strip() else "json"


def read_jobs_text(data: bytes, form: Literal["toml", "json", "jsonl"], source: str) -> Workload:
    """Return the workload in text from elsewhere: standard input, an upload."""
    if len(data) > FILE_BYTES_MAX:
        raise RequestInvalid(f"{_plain(source)} has more than {FILE_BYTES_MAX} bytes: split it")
    return jobs_from(decode_table(data, source, f".{form}"), source)


def read_value(model: type[V], path: Path) -> V:
    """Return a value from a TOML or JSON file: a fault plan, a request."""
    return validate(model, decode_table(read_bytes(path), str(path), path.suffix), str(path))

"""Reads what people hand over: federations, job lists, fault plans. Bounded, closed, one sentence when it is wrong."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import orjson
from pydantic import Field, StrictInt, ValidationError

from quorate.domain.clusters import NAME_PATTERN, ClusterType, Federation
from quorate.domain.errors import RequestInvalid
from quorate.domain.jobs import WALLTIME_S_MAX, Attribute, Job, Text
from quorate.domain.values import JobId, Value

FILE_BYTES_MAX = 16 * 2**20
"""A federation of 256 clusters or 10,000 jobs stays far below; anything longer is refused unread."""

JOBS_MAX = 20_000
SHOWN_CHARS = 60

V = TypeVar("V", bound=Value)


class JobRequest(Value):
    """A job as people write it: times in minutes, attributes as a table."""

    id: JobId = Field(pattern=NAME_PATTERN)
    name: Text = Field(default="", max_length=120)
    application: Text = Field(default="", max_length=80)
    type: ClusterType = "hpc"
    nodes: StrictInt = Field(ge=1, le=1_000_000)
    gpus_per_node: StrictInt = Field(default=0, ge=0, le=1_000)
    memory_gib_per_node: StrictInt = Field(default=0, ge=0, le=1_000_000)
    walltime_min: StrictInt = Field(ge=1, le=WALLTIME_S_MAX // 60)
    description: Text = Field(default="", max_length=2_000)
    attributes: dict[str, str | int | float | bool] = Field(default_factory=dict, max_length=20)

    def job(self) -> Job:
        """Return the job."""
        attributes = tuple(Attribute(name=name, value=str(value)) for name, value in self.attributes.items())
        own = self.model_dump(exclude={"walltime_min", "attributes"})
        return Job(**own, walltime_s=60 * self.walltime_min, attributes=attributes)


class Workload(Value):
    """A job list as people write it."""

    name: Text = Field(default="", max_length=80)
    interval_min: StrictInt = Field(default=10, ge=0, le=525_600)
    """Minutes between two arrivals on the virtual clock."""
    jobs: tuple[JobRequest, ...] = Field(min_length=1, max_length=JOBS_MAX)


def shown(value: object) -> str:
    """Return a value for a sentence: short, printable, unmistakable."""
    text = ascii(value)
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 3] + "..."


def sentence(source: str, error: ValidationError) -> str:
    """Return the first thing that is wrong: thing, value, remedy."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    match first["type"]:
        case "extra_forbidden":
            return f"{source}: {where} is not a known field; remove it or correct its spelling"
        case "missing":
            return f"{source}: {where} is missing; give it a value"
        case "value_error":
            return f"{source}: {where + ': ' if where else ''}{message}"
        case _:
            return f"{source}: {where} is {shown(first['input'])}; {message}"


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes, if there are not too many.

    Raises:
        RequestInvalid: no such file, no permission, a folder, or too large.
    """
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise RequestInvalid(f"{path} has {size} bytes; at most {FILE_BYTES_MAX}: split it")
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RequestInvalid(f"cannot read {shown(str(path))}: {reason}; name an existing file") from error
    if len(data) > FILE_BYTES_MAX:
        raise RequestInvalid(f"{path} has more than {FILE_BYTES_MAX} bytes: split it")
    return data


def _no_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {shown(twice)} occurs twice")
    return table


def _json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_no_twins)


def _json_lines(text: str) -> object:
    return {"jobs": [_json(line) for line in text.splitlines() if line.strip()]}


def _decoded(data: bytes, source: str, decode: Callable[[str], object], form: str) -> object:
    try:
        return decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RequestInvalid(f"{source} is not UTF-8 text (byte {error.start}); save it as {form}") from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0][:160]
        raise RequestInvalid(f"{source} is not {form}: {ascii(reason)[1:-1]}; correct it") from error


def decode_table(data: bytes, source: str, suffix: str) -> object:
    """Return the data in TOML, JSON or JSON Lines, by the name's suffix.

    Raises:
        RequestInvalid: it does not parse.
    """
    match suffix:
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
    try:
        raw = orjson.dumps(table)
    except (TypeError, orjson.JSONEncodeError) as error:
        reason = ascii(str(error))[1:-1][:120]
        raise RequestInvalid(f"{source} holds a value that no field takes: {reason}; correct it") from error
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise RequestInvalid(sentence(source, error)) from error


def read_federation(path: Path) -> Federation:
    """Return the federation in a TOML or JSON file."""
    return validate(Federation, decode_table(read_bytes(path), str(path), path.suffix), str(path))


def jobs_from(table: object, source: str) -> Workload:
    """Return the workload in decoded data: a list of jobs, one job, or a table with `jobs`."""
    if isinstance(table, list):
        table = {"jobs": table}
    elif isinstance(table, dict) and "jobs" not in table and "id" in table:
        table = {"jobs": [table]}
    workload = validate(Workload, table, source)
    ids = [job.id for job in workload.jobs]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise RequestInvalid(f"{source}: job id {twice!r} occurs more than once; give each job its own")
    return workload


def read_jobs(path: Path) -> Workload:
    """Return the workload in a TOML, JSON or JSON Lines file."""
    return jobs_from(decode_table(read_bytes(path), str(path), path.suffix), str(path))


def read_jobs_text(data: bytes, form: Literal["toml", "json", "jsonl"], source: str) -> Workload:
    """Return the workload in text from elsewhere: standard input, an upload."""
    if len(data) > FILE_BYTES_MAX:
        raise RequestInvalid(f"{source} has more than {FILE_BYTES_MAX} bytes: split it")
    return jobs_from(decode_table(data, source, f".{form}"), source)


def read_value(model: type[V], path: Path) -> V:
    """Return a value from a TOML or JSON file: a fault plan, a request."""
    return validate(model, decode_table(read_bytes(path), str(path), path.suffix), str(path))

"""Files of a run: written whole or not at all, read with one sentence if they are not what they should be."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from evals.terminal import say, shown
from quorate.domain.errors import RequestInvalid
from quorate.domain.values import Value

V = TypeVar("V", bound=Value)

STANDARD_OUTPUT = "-"


def write_json(target: str, value: Mapping[str, object]) -> None:
    """Write JSON to a file, whole or not at all, or to standard output (`-`).

    Raises:
        RequestInvalid: the file cannot be written.
    """
    text = json.dumps(value, indent=1)
    if target == STANDARD_OUTPUT:
        say(text)
        return
    path = Path(target)
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        half.write_text(text + "\n", encoding="utf-8")
        half.replace(path)
    except OSError as error:
        raise RequestInvalid(f"{shown(target)} cannot be written: {error.strerror}; name another file") from None


def read_lines(path: Path, kind: type[V]) -> Iterator[V]:
    """Yield the values of a JSON Lines file; a last line that a crash cut off is left out.

    Raises:
        RequestInvalid: the file cannot be read, or a line other than the last is no such value.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RequestInvalid(
            f"{shown(str(path))}: {error.strerror}; name a run made by `python -m evals run`"
        ) from None
    lines = raw.split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            yield kind.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise RequestInvalid(f"{shown(str(path))} line {number}: {where}: {first['msg']}") from None


def read_value(path: Path, kind: type[V]) -> V:
    """Return the value that a JSON file holds; RequestInvalid if it cannot be read or is none."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RequestInvalid(
            f"{shown(str(path))}: {error.strerror}; name a run made by `python -m evals run`"
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise RequestInvalid(f"{shown(str(path))}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None

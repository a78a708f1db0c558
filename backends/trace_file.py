"""The trace as a file and in memory: events numbered and stamped as they happen."""

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TextIO

from pydantic import ValidationError

from quorate.domain.causes import Causes
from quorate.domain.errors import RequestInvalid
from quorate.domain.trace import TRACE_EVENTS, TraceEvent

TRACE_BYTES_MAX = 512 * 2**20
"""A longer trace is refused: nobody reads half a gigabyte into a page."""


class Trace:
    """Numbers events, stamps the clock, links each to the one it follows from, keeps them, and writes them as lines."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        times: bool = True,
        listen: Callable[[TraceEvent], None] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Append to the trace at `path` (None: memory only); without `times` no wall clock is written.

        Raises:
            RequestInvalid: the file cannot be read or written, or holds something else than a trace.
        """
        self.events: list[TraceEvent] = read_trace(path) if path is not None and path.exists() else []
        self._causes = Causes()
        for event in self.events:
            self._causes.take(event)
        self._times = times
        self._listen = listen
        self._clock = clock
        self._began = clock() - (max((e.at_ms or 0 for e in self.events), default=0) / 1_000)
        self._file: TextIO | None = None
        if path is not None:
            self._file = _appending(path)

    def emit(self, event: TraceEvent) -> int:
        """Keep the event; return its number."""
        seq = len(self.events) + 1
        at_ms = round((self._clock() - self._began) * 1_000) if self._times else None
        kept = self._causes.linked(event.model_copy(update={"seq": seq, "at_ms": at_ms}))
        self.events.append(kept)
        if self._file is not None:
            self._file.write(TRACE_EVENTS.dump_json(kept, by_alias=True).decode() + "\n")
            self._file.flush()
        if self._listen is not None:
            self._listen(kept)
        return seq

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _appending(path: Path) -> TextIO:
    """Open a trace to append to; a torn last line is cut off, or the next event would be glued to it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            data = path.read_bytes()
            whole = data.rfind(b"\n") + 1
            if data[whole:] and not data[whole:].startswith(b"{"):
                raise RequestInvalid(f"{path} is no trace; name another file")
            os.truncate(path, whole)
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise RequestInvalid(f"cannot write the trace {path}: {error.strerror}; name a writable place") from error


def read_trace(path: Path) -> list[TraceEvent]:
    """Return the events in a trace file; a torn last line is left out.

    Raises:
        RequestInvalid: the file cannot be read, is too large, or a line is no event.
    """
    try:
        if path.stat().st_size > TRACE_BYTES_MAX:
            raise RequestInvalid(f"{path} has {path.stat().st_size} bytes; a trace has at most {TRACE_BYTES_MAX}")
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RequestInvalid(f"cannot read the trace {path}: {error.strerror}; name an existing file") from error
    return [_event(line, number, path) for number, line in enumerate(lines[:-1], 1)]


def _event(line: bytes, number: int, path: Path) -> TraceEvent:
    try:
        return TRACE_EVENTS.validate_json(line)
    except ValidationError as error:
        said = ascii(error.errors(include_url=False, include_input=False)[0]["msg"])[1:-1][:160]
        raise RequestInvalid(f"{path} line {number} is no trace event: {said}; name a trace") from error

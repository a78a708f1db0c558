"""The trace as a file and in memory: events numbered and stamped as they happen."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TextIO

from pydantic import ValidationError

from quorate.domain.errors import RequestInvalid
from quorate.domain.trace import TRACE_EVENTS, TraceEvent

TRACE_BYTES_MAX = 512 * 2**20
"""A longer trace is refused: nobody reads half a gigabyte into a page."""


class Trace:
    """Numbers events, stamps wall-clock milliseconds, keeps them, and writes each as a line."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        times: bool = True,
        listen: Callable[[TraceEvent], None] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Append to the trace at `path` (None: memory only); without `times` no wall clock is written."""
        self.events: list[TraceEvent] = read_trace(path) if path is not None and path.exists() else []
        self._times = times
        self._listen = listen
        self._clock = clock
        self._began = clock() - (max((e.at_ms or 0 for e in self.events), default=0) / 1_000)
        self._file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")

    def emit(self, event: TraceEvent) -> int:
        """Keep the event; return its number."""
        seq = len(self.events) + 1
        at_ms = round((self._clock() - self._began) * 1_000) if self._times else None
        kept = event.model_copy(update={"seq": seq, "at_ms": at_ms})
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


def read_trace(path: Path) -> list[TraceEvent]:
    """Return the events in a trace file; a torn last line is left out.

    Raises:
        RequestInvalid: the file is too large, or a line is no event.
    """
    if path.stat().st_size > TRACE_BYTES_MAX:
        raise RequestInvalid(f"{path} has {path.stat().st_size} bytes; a trace has at most {TRACE_BYTES_MAX}")
    events = []
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            break
        try:
            events.append(TRACE_EVENTS.validate_json(line))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise RequestInvalid(f"{path} line {number} is no trace event: {first['msg']}") from error
    return events

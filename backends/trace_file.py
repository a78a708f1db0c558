"""The trace as a file and in memory: events numbered and stamped as they happen."""

import os
from collections import deque
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
FILE_BYTES_MAX = 64 * 2**20
"""Where whoever runs for months begins another file."""


class Trace:
    """Numbers events, stamps the clock, links each to the one it follows from, keeps them, and writes them as lines."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        times: bool = True,
        listen: Callable[[TraceEvent], None] | None = None,
        clock: Callable[[], float] = monotonic,
        keep: int | None = None,
        file_bytes_max: int = FILE_BYTES_MAX,
    ) -> None:
        """Append to the trace at `path` (None: memory only); without `times` no wall clock is written.

        `keep`: for whoever runs for months, how many events stay in memory, up to twice as many for a moment; a file
        of more than `file_bytes_max` bytes then becomes `<name>.old`, in place of the one before it.

        Raises:
            RequestInvalid: the file cannot be read or written, or holds something else than a trace.
        """
        self._path, self._keep, self._file_bytes_max = path, keep, file_bytes_max
        self.events: list[TraceEvent] = _begun(path, keep)
        self._seq = max((event.seq for event in self.events), default=0)
        self._causes = _causes(self.events)
        self._times = times
        self._listen = listen
        self._clock = clock
        self._began = clock() - (max((e.at_ms or 0 for e in self.events), default=0) / 1_000)
        self._file: TextIO | None = None
        if path is not None:
            self._file = _appending(path)

    def emit(self, event: TraceEvent) -> int:
        """Keep the event; return its number."""
        self._seq += 1
        at_ms = round((self._clock() - self._began) * 1_000) if self._times else None
        kept = self._causes.linked(event.model_copy(update={"seq": self._seq, "at_ms": at_ms}))
        self.events.append(kept)
        if self._file is not None:
            self._file.write(TRACE_EVENTS.dump_json(kept, by_alias=True).decode() + "\n")
            self._file.flush()
        if self._keep is not None:
            self._bound(self._keep)
        if self._listen is not None:
            self._listen(kept)
        return kept.seq

    def _bound(self, keep: int) -> None:
        """Let go of old events, and of the file that holds the oldest."""
        if len(self.events) >= 2 * keep:
            del self.events[:-keep]
            self._causes = _causes(self.events)
        if self._file is not None and self._path is not None and self._file.tell() > self._file_bytes_max:
            self._file.close()
            os.replace(self._path, _old(self._path))
            self._file = _appending(self._path)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _begun(path: Path | None, keep: int | None) -> list[TraceEvent]:
    """Return what is in the file already: all of it, or the last `keep` events however long it is."""
    if path is None or not (path.exists() or _old(path).exists()):
        return []
    if keep is None:
        return read_trace(path) if path.exists() else []
    last: deque[tuple[Path, int, bytes]] = deque(maxlen=keep)
    for each in (_old(path), path):
        if each.exists():
            with each.open("rb") as file:
                last.extend((each, number, line) for number, line in enumerate(file, 1))
    return [_event(line, number, each) for each, number, line in last if line.endswith(b"\n")]


def _old(path: Path) -> Path:
    return path.with_name(path.name + ".old")


def _causes(events: list[TraceEvent]) -> Causes:
    causes = Causes()
    for event in events:
        causes.take(event)
    return causes


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

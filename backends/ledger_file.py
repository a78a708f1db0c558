"""The ledger as a file: canonical JSON Lines, each line durable before anything follows from it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from quorate.consensus.plain import entry_line
from quorate.domain.deciding import Entry
from quorate.domain.errors import LedgerBroken, RequestInvalid
from quorate.ledger.genesis import Genesis
from quorate.ledger.verify import LINE_BYTES_MAX, Verified, genesis_line, verify_lines


class LedgerFile:
    """Appends decided heights to one file and flushes each to the disk."""

    def __init__(self, path: Path, genesis: Genesis) -> None:
        """Open the ledger at `path`, or begin it with `genesis`.

        A torn last line (the machine stopped while writing) is cut off: it was never acted upon. Nothing is cut from
        a file that is no ledger of this chain.

        Raises:
            RequestInvalid: the file cannot be read or written.
            LedgerBroken: what is there does not verify, or begins with another genesis.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.heights: list[Verified] = _taken_up(path, genesis)
            self._file: BinaryIO = path.open("ab")
        except OSError as error:
            raise RequestInvalid(f"cannot write the ledger {path}: {error.strerror}; name a writable place") from error
        self._height = len(self.heights)
        self._synced = True
        self._offsets = [verified.offset for verified in self.heights]

    def append(self, entry: Entry, *, durable: bool = True) -> None:
        """Make `entry` durable, unless `sync` is to do that; a height already kept is left as it is.

        Raises:
            LedgerBroken: a height is skipped.
        """
        height = entry.block.height
        if height <= self._height:
            return
        if height != self._height + 1:
            raise LedgerBroken(f"height {height} cannot follow {self._height}", height=height)
        self._offsets.append(self._file.tell())
        self._file.write(entry_line(entry) + b"\n")
        self._file.flush()
        self._height = height
        self._synced = False
        if durable:
            self.sync()

    def sync(self) -> None:
        """Make durable whatever was appended."""
        if not self._synced:
            os.fsync(self._file.fileno())
            self._synced = True

    def lines(self, height: int, count: int) -> list[bytes]:
        """Return up to `count` entry lines from `height` on, without their newlines: for a peer that fell behind."""
        if not 1 <= height <= self._height:
            return []
        with self.path.open("rb") as file:
            file.seek(self._offsets[height - 1])
            return [file.readline().rstrip(b"\n") for _ in range(min(count, self._height - height + 1))]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _taken_up(path: Path, genesis: Genesis) -> list[Verified]:
    """Return the heights kept at `path`; begin the file if nothing is there, cut a torn line off what verifies."""
    lines = list(read_lines(path)) if path.exists() else []
    torn = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
    first = genesis_line(genesis) + b"\n"
    if not lines:
        if not first.startswith(torn):
            list(verify_lines([torn], genesis))
        _write(path, first)
        return []
    heights = list(verify_lines(lines, genesis))
    if torn:
        os.truncate(path, path.stat().st_size - len(torn))
    return heights


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a new name is durable only once its folder is
    finally:
        os.close(folder)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a ledger file, none longer than a ledger's line can be.

    Raises:
        RequestInvalid: the file cannot be read.
        LedgerBroken: a line is longer than any ledger's.
    """
    try:
        with path.open("rb") as file:
            offset = 0
            while line := file.readline(LINE_BYTES_MAX + 1):
                if len(line) > LINE_BYTES_MAX:
                    raise LedgerBroken(f"a line longer than {LINE_BYTES_MAX} bytes at byte {offset}", offset=offset)
                offset += len(line)
                yield line
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such name can exist"
        raise RequestInvalid(f"cannot read the ledger {path}: {reason}; name an existing file") from error

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

        A torn last line (the machine stopped while writing) is cut off: it was never acted upon.

        Raises:
            LedgerBroken: what is there does not verify, or begins with another genesis.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _cut_torn(path)
        if not path.exists() or path.stat().st_size == 0:
            self._write(path, genesis_line(genesis))
        self.heights: list[Verified] = list(verify_lines(read_lines(path), genesis))
        self._height = len(self.heights)
        self._file: BinaryIO = path.open("ab")

    @staticmethod
    def _write(path: Path, line: bytes) -> None:
        with path.open("wb") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def append(self, entry: Entry) -> None:
        """Make `entry` durable; a height already kept is left as it is.

        Raises:
            LedgerBroken: a height is skipped.
        """
        height = entry.block.height
        if height <= self._height:
            return
        if height != self._height + 1:
            raise LedgerBroken(f"height {height} cannot follow {self._height}", height=height)
        self._file.write(entry_line(entry) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._height = height

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _cut_torn(path: Path) -> None:
    """Cut a last line without its newline."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)


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
    except OSError as error:
        raise RequestInvalid(f"cannot read the ledger {path}: {error.strerror}; name an existing file") from error

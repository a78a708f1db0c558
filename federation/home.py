"""A member's folder: genesis, roster, key, ledger, write-ahead log, sealed answers, and one lock."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from federation.keys import certificate, pem_key, private_pem, read_secret, read_seed, write_secret
from quorate.consensus.wal import split_log
from quorate.domain.clusters import NAME_PATTERN
from quorate.domain.deciding import Seat
from quorate.domain.errors import RequestInvalid, SettingsInvalid, WorldError
from quorate.domain.values import ClusterId, Value
from quorate.ledger.genesis import Genesis
from quorate.ledger.participant import Keep
from quorate.ledger.verify import genesis_line

SOCKET_NAME = "control.sock"


class Address(Value):
    """Where a member listens, and the certificate that carries its key."""

    cluster: ClusterId = Field(pattern=NAME_PATTERN)
    host: str = Field(max_length=255)
    port: int = Field(ge=1, le=65_535)
    certificate: str = Field(max_length=8_000)


class Roster(Value):
    """Everybody's address: founders in seat order, then whoever was met since."""

    members: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one member's folder."""

    folder: Path

    @property
    def ledger(self) -> Path:
        """The ledger file."""
        return self.folder / "ledger.jsonl"

    @property
    def log(self) -> Path:
        """The write-ahead log."""
        return self.folder / "wal.log"

    @property
    def answers(self) -> Path:
        """Sealed answers and their salts."""
        return self.folder / "answers.jsonl"

    @property
    def next(self) -> Path:
        """The folder of the key that takes over once the ledger says so."""
        return self.folder / "next"

    @property
    def socket(self) -> Path:
        """Where this machine's own users hand in jobs."""
        return self.folder / SOCKET_NAME

    def seed(self) -> bytes:
        """Return the private seed; TLS reads the same key from a file that is as private.

        Raises:
            CredentialMissing, SettingsInvalid: as `federation.keys.read_seed`, for either file.
        """
        read_secret(self.folder / "key.pem")
        return read_seed(self.folder / "key")

    def silent_through(self, height: int) -> int:
        """Return up to which height this member must sign nothing, because it lost what it had signed (P-21).

        `height`: the height that its ledger leaves to be decided. A log that is gone is noted beside it before a new
        one begins, so that a second start within that height still knows.
        """
        note = self.folder / "silent"
        known = int(note.read_text("ascii") or 0) if note.exists() else 0
        if not self.log.exists():
            known = max(known, height)
            _replace(note, str(known).encode())
        return known

    def genesis(self) -> Genesis:
        """Return the genesis; RequestInvalid if it cannot be read."""
        return _read(Genesis, self.folder / "genesis.json")

    def roster(self, genesis: Genesis) -> Roster:
        """Return the roster, each certificate held against the key in genesis.

        Raises:
            SettingsInvalid: a member is missing, or a certificate carries another key than genesis names.
        """
        roster = self._roster()
        ids = [member.cluster.id for member in genesis.members]
        if [address.cluster for address in roster.members[: len(ids)]] != ids:
            raise SettingsInvalid(f"{self.folder / 'roster.json'} must list {', '.join(ids)} in this order")
        for address, member in zip(roster.members, genesis.members, strict=False):
            if pem_key(address.certificate).hex() != member.public_key:
                raise SettingsInvalid(f"the certificate of {address.cluster} carries another key than genesis names")
        return roster

    def addresses(self, seats: Sequence[Seat]) -> dict[int, Address]:
        """Return, by seat, where members can be reached under the keys that they have now; RequestInvalid if unread."""
        known = {(each.cluster, pem_key(each.certificate).hex()): each for each in self._roster().members}
        places = [(place, known.get((seat.cluster, seat.public_key))) for place, seat in enumerate(seats)]
        return {place: address for place, address in places if address is not None}

    def meet(self, address: Address) -> None:
        """Keep an address; one with the same key takes its place."""
        members = {pem_key(each.certificate): each for each in self._roster().members}
        members[pem_key(address.certificate)] = address
        roster = Roster(members=tuple(members.values()))
        _replace(self.folder / "roster.json", roster.model_dump_json().encode())

    def _roster(self) -> Roster:
        return _read(Roster, self.folder / "roster.json")

    def next_key(self) -> bytes | None:
        """Return the seed that is to take over, None if there is none; errors as `seed`."""
        return read_seed(self.next / "key") if (self.next / "key").exists() else None

    def take_next(self) -> None:
        """Go on with the next key and forget the old one: nothing was ever signed with the new.

        The log goes first and the key last: a crash in between leaves the change to be made again.
        """
        _replace(self.log, b"")
        for name in ("key.pem", "certificate.pem", "card.json", "key"):
            if (self.next / name).exists():
                (self.next / name).replace(self.folder / name)
                _sync(self.folder)
        with suppress(OSError):  # what else somebody put there stays theirs
            self.next.rmdir()


V = TypeVar("V", bound=Value)


def _read(model: type[V], path: Path) -> V:
    try:
        return model.model_validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise RequestInvalid(f"cannot read {path}: {error.strerror}; make the folder with `peer-init`") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestInvalid(f"{path}: {where}: {first['msg']}; copy it from another member") from error


def create(folder: Path, seed: bytes, genesis: Genesis, roster: Roster, cluster: ClusterId) -> Home:
    """Make a member's folder: its key, genesis, roster, and an empty write-ahead log."""
    folder.mkdir(parents=True, mode=0o700)
    home = Home(folder)
    write_secret(folder / "key", seed.hex().encode())
    write_secret(folder / "key.pem", private_pem(seed))
    address = next(address for address in roster.members if address.cluster == cluster)
    (folder / "certificate.pem").write_text(address.certificate, encoding="utf-8")
    (folder / "genesis.json").write_bytes(genesis_line(genesis))
    (folder / "roster.json").write_bytes(roster.model_dump_json().encode())
    home.log.touch()
    home.answers.touch()
    return home


def address(seed: bytes, cluster: ClusterId, host: str, port: int) -> Address:
    """Return a roster line for a key."""
    return Address(cluster=cluster, host=host, port=port, certificate=certificate(seed, cluster).decode())


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Hold the folder for one process: two with one key would sign against each other.

    Raises:
        RequestInvalid: another process holds it, or there is no such folder.
    """
    if not home.folder.is_dir():
        raise RequestInvalid(f"there is no member's folder {home.folder}; make one with `peer-init`")
    with (home.folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RequestInvalid(f"another process runs the member in {home.folder}; stop it first") from error
        yield


LOG_BYTES_MAX = 2_000_000
"""A longer log begins anew with the next height's first record: what stands before it is no longer needed."""
ANSWERS_BYTES_MAX = 1_000_000
"""A longer file of answers is written anew without those of calls that are over."""


class Disk:
    """The write-ahead log and the sealed answers: what was written is durable when `flush` returns."""

    def __init__(self, home: Home) -> None:
        """Open both; a torn last record is cut off.

        Raises:
            LedgerBroken: the log is damaged before its end.
        """
        self._home = home
        data = home.log.read_bytes() if home.log.exists() else b""
        self.records, self._log_bytes = split_log(data)
        self._log = os.open(home.log, os.O_WRONLY | os.O_CREAT, 0o600)
        os.ftruncate(self._log, self._log_bytes)
        os.lseek(self._log, 0, os.SEEK_END)
        self.kept, self._answers_bytes = _kept(home.answers)
        self._answers = os.open(home.answers, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._answers, self._answers_bytes)
        self._dirty: dict[int, Path] = {}

    @property
    def long(self) -> bool:
        """Whether the log is long enough to begin anew."""
        return self._log_bytes > LOG_BYTES_MAX

    @property
    def many(self) -> bool:
        """Whether the answers are many enough to forget those of calls that are over."""
        return self._answers_bytes > ANSWERS_BYTES_MAX

    def persist(self, record: bytes, *, fresh: bool) -> None:
        """Append a record; `fresh` begins the log anew with it, durably, and the ledger must be durable before."""
        with self._writing(self._home.log):
            if fresh:
                self._log = self._anew(self._home.log, self._log, record)
                self._log_bytes = len(record)
            else:
                _write(self._log, record)
                self._log_bytes += len(record)
                self._dirty[self._log] = self._home.log

    def keep(self, keep: Keep) -> None:
        """Keep a sealed answer with its salt."""
        line = keep.model_dump_json().encode() + b"\n"
        with self._writing(self._home.answers):
            _write(self._answers, line)
            self._answers_bytes += len(line)
            self._dirty[self._answers] = self._home.answers

    def keep_only(self, keeps: Sequence[Keep]) -> None:
        """Forget every sealed answer but these: the others belong to calls that are over."""
        lines = b"".join(keep.model_dump_json().encode() + b"\n" for keep in keeps)
        with self._writing(self._home.answers):
            self._answers = self._anew(self._home.answers, self._answers, lines)
            self._answers_bytes = len(lines)

    def _anew(self, path: Path, old: int, data: bytes) -> int:
        """Replace a file whole: the old one stands until the new one and its name are on the disk."""
        _replace(path, data)
        new = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._dirty.pop(old, None)
        os.close(old)
        return new

    def flush(self) -> None:
        """Make what was written durable."""
        for handle, path in list(self._dirty.items()):
            with self._writing(path):
                os.fdatasync(handle)
            del self._dirty[handle]

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        """Say what a disk that takes no more means: nothing is sent that is not durable, so the member stops."""
        try:
            yield
        except OSError as error:
            self._dirty.clear()
            raise WorldError(f"cannot write {path}: {error.strerror}; the member stops before it signs") from error

    def close(self) -> None:
        """Close both files."""
        self.flush()
        os.close(self._log)
        os.close(self._answers)


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _replace(path: Path, data: bytes) -> None:
    """Write a small file whole and durably."""
    new = path.with_suffix(".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    new.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Make the names in a folder durable."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _kept(path: Path) -> tuple[list[Keep], int]:
    """Return the whole answers in a file, and where they end: behind that stands at most one torn line."""
    data = path.read_bytes() if path.exists() else b""
    lines = [line for line in data.splitlines(keepends=True) if line.endswith(b"\n")]
    kept = []
    for number, line in enumerate(lines, 1):
        try:
            kept.append(Keep.model_validate_json(line))
        except ValidationError as error:
            raise RequestInvalid(
                f"{path}: line {number} holds no sealed answer; take the line out: what it sealed cannot be shown"
            ) from error
    return kept, sum(map(len, lines))

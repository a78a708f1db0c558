"""A run on disk: what it was made from (`run.json`), every answer as it came (`replies.jsonl`), Inspect's log beside.

The journal is the run: `compare` and `gate` read nothing else, and a run that was killed goes on from it. A line is
written when its answer is there, so only calls in flight are ever repeated.
"""

import gzip
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from pydantic import Field

from evals.answered import Answered, Record, records
from evals.datasets import SetName
from evals.files import read_lines, read_value
from evals.forms import FormName
from evals.samples import Sample, Split
from quorate.domain.bidding import AbstentionCode, Bid, PromptRef
from quorate.domain.canonical import digest
from quorate.domain.errors import RequestInvalid
from quorate.domain.values import Value

SCHEMA = "quorate.evals.run/1"

PACKAGES = ("inspect-ai", "langchain-core", "langchain-openai", "langchain-sambanova", "langgraph", "pydantic")
"""Versions that may move an answer."""

UNFINISHED = frozenset({AbstentionCode.BUDGET_SPENT})
"""Not an answer but a stop: asked again when the run goes on."""

Status = Literal["running", "done", "cancelled", "failed"]


class Manifest(Value):
    """What a run was made from, and how it ended."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    id: str
    commit: str
    """The checkout's commit; `+changes` behind it if files differ; `unknown` outside a checkout."""
    profile: str
    provider: str
    model: str | None
    prompt: PromptRef | None
    """The prompt that was asked; None for the rule."""
    form: FormName = "released"
    """The form in which it was asked."""
    draft: str = ""
    """The prompt's file, if a file was asked that need not be a released version."""
    set: SetName
    split: Split
    seed: int
    epochs: int = Field(ge=1)
    federation: str
    """The federation file's path."""
    samples: int
    """How many questions an epoch has."""
    dataset: str
    """Digest of all questions: equal digests were the same questions."""
    packages: dict[str, str]
    status: Status = "running"
    started: str
    """Wall clock, ISO 8601 UTC."""
    ended: str | None = None
    detail: str = ""
    """Why it ended, if not by being done."""

    @property
    def expected(self) -> int:
        """How many answers a whole run has."""
        return self.samples * self.epochs


def dataset_digest(samples: Sequence[Sample]) -> str:
    """Return one digest over all questions."""
    return digest("\n".join(f"{sample.id} {sample.hash}" for sample in samples).encode())


def commit(folder: Path) -> str:
    """Return the checkout's commit, marked if files differ from it."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    head = git("rev-parse", "--short=12", "HEAD")
    if head is None:
        return "unknown"
    return f"{head}+changes" if git("status", "--porcelain", "--untracked-files=no") else head


def packages() -> dict[str, str]:
    """Return the versions that are installed of what may move an answer."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run keeps what it writes."""

    folder: Path

    @property
    def manifest(self) -> Path:
        """What it was made from."""
        return self.folder / "run.json"

    @property
    def questions(self) -> Path:
        """The questions, packed: a run can be read when the code that draws them has moved on."""
        return self.folder / "questions.jsonl.gz"

    @property
    def replies(self) -> Path:
        """Every answer, in the order in which they came."""
        return self.folder / "replies.jsonl"

    def write(self, manifest: Manifest) -> None:
        """Write run.json whole or not at all; RequestInvalid if that cannot be done."""
        half = self.manifest.with_suffix(f".{os.getpid()}.tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            half.write_text(manifest.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")
            half.replace(self.manifest)
        except OSError as error:
            raise RequestInvalid(f"{self.folder} cannot be written: {error.strerror}; name another folder") from None

    def read(self) -> Manifest:
        """Read run.json; RequestInvalid if this is no run."""
        return read_value(self.manifest, Manifest)

    def write_questions(self, samples: Sequence[Sample]) -> None:
        """Write the questions; the same ones give the same bytes."""
        raw = b"".join(sample.model_dump_json().encode() + b"\n" for sample in samples)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.questions.write_bytes(gzip.compress(raw, mtime=0))

    def read_questions(self) -> list[Sample]:
        """Read the questions; RequestInvalid if they are not there or cannot be read."""
        try:
            raw = gzip.decompress(self.questions.read_bytes())
            return [Sample.model_validate_json(line) for line in raw.splitlines()]
        except (OSError, EOFError, ValueError) as error:
            raise RequestInvalid(f"{self.questions} cannot be read ({type(error).__name__}); run it anew") from None

    def answered(self) -> Iterator[Answered]:
        """Yield the answers so far, the last one of each question and epoch."""
        if not self.replies.exists():
            return
        last = {(one.sample, one.hash, one.epoch): one for one in read_lines(self.replies, Answered)}
        yield from last.values()


class Journal:
    """The answers of a run as they come."""

    def __init__(self, place: Place) -> None:
        """Take up what is there; half a line that a crash left is cut off."""
        place.folder.mkdir(parents=True, exist_ok=True)
        self.known = {(one.sample, one.hash, one.epoch): one for one in place.answered() if finished(one)}
        self._file = place.replies.open("ab")
        whole = _whole_bytes(place.replies)
        if whole < place.replies.stat().st_size:
            self._file.truncate(whole)

    def keep(self, one: Answered) -> None:
        """Write one answer; it is in the system's hands when this returns, and outlives our process."""
        self._file.write(one.model_dump_json(exclude_none=True).encode() + b"\n")
        self._file.flush()
        self.known[one.sample, one.hash, one.epoch] = one

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _whole_bytes(path: Path) -> int:
    raw = path.read_bytes()
    return raw.rfind(b"\n") + 1


def finished(one: Answered) -> bool:
    """Say whether this is an answer, and not a stop of ours."""
    outcome = one.answer.outcome
    return isinstance(outcome, Bid) or outcome.code not in UNFINISHED


@dataclass(frozen=True, slots=True)
class Finished:
    """A run as it is read back."""

    manifest: Manifest
    samples: tuple[Sample, ...]
    records: tuple[Record, ...]

    @property
    def missing(self) -> int:
        """Answers that are not there."""
        return max(0, self.manifest.expected - len(self.records))

    @property
    def models(self) -> tuple[str, ...]:
        """The models that answered, as their provider named them: a change under one name is a finding."""
        authors = (record.answer.outcome.author for record in self.records)
        return tuple(sorted({author.model for author in authors if author is not None and author.model}))


def finished_run(folder: Path) -> Finished:
    """Return a run with its records.

    Raises:
        RequestInvalid: this is no run, or its questions are not those of its manifest.
    """
    place = Place(folder)
    manifest, samples = place.read(), place.read_questions()
    if dataset_digest(samples) != manifest.dataset:
        raise RequestInvalid(f"{folder}: its questions are not those that it was made from; run it anew")
    return Finished(manifest, tuple(samples), tuple(records(samples, place.answered())))

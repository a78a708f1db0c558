"""Replies from a file, by (job, cluster, prompt, attempt): a provider like any other, without a wire.

One JSON object a line. What the file does not answer is an abstention that says so, never a made-up bid.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from agents.asking import Kind, ModelFailed, Question, Reply, Usage, problem
from quorate.domain.errors import SettingsInvalid
from quorate.domain.values import ClusterId, JobId, Value

FILE_BYTES_MAX = 20_000_000
"""A file of replies for eight jobs and six clusters takes 20 kB."""


class Line(Value):
    """One scripted reply."""

    job: JobId
    cluster: ClusterId
    prompt: str = Field(pattern=r"^[a-z_]+(/v[0-9]+)?$")
    """The prompt's id, or id and version (`bid/v2`) if the reply belongs to that version only."""
    attempt: int = Field(default=1, ge=1, le=2)
    """1, or 2 for the answer to a repair call."""
    reply: str = ""
    """The model's text."""
    finish: str | None = "stop"
    """How it ended; `length` is an answer that was cut off."""
    failure: Literal["timeout", "rate_limit", "auth", "gone", "server", "connection"] | None = None
    """A call that brings no reply at all."""
    tokens_in: int | None = Field(default=None, ge=0)
    tokens_out: int | None = Field(default=None, ge=0)
    note: str = ""
    """Why this line is here; for readers of the file."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.failure is not None and self.reply:
            raise ValueError("a line has a reply or a failure, not both")
        return self

    @property
    def usage(self) -> Usage | None:
        """Tokens, if the line names both."""
        if self.tokens_in is None or self.tokens_out is None:
            return None
        return Usage(tokens_in=self.tokens_in, tokens_out=self.tokens_out)


Key = tuple[JobId, ClusterId, str, int]


def read_replies(path: Path) -> dict[Key, Line]:
    """Read a file of replies; SettingsInvalid names the file, the line and what is wrong with it."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise SettingsInvalid(f"{path} is larger than {FILE_BYTES_MAX} bytes; split it by run")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsInvalid(f"replies file {path}: {error.strerror}; correct `replies` in the profile") from None
    except UnicodeDecodeError:
        raise SettingsInvalid(f"replies file {path} is not UTF-8 text") from None
    replies: dict[Key, Line] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        try:
            line = Line.model_validate_json(raw, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise SettingsInvalid(f"{path}:{number}: {where}: {first['msg']}") from None
        key = (line.job, line.cluster, line.prompt, line.attempt)
        if key in replies:
            raise SettingsInvalid(f"{path}:{number}: a second reply for {' '.join(map(str, key))}; keep one")
        replies[key] = line
    return replies


class ScriptedChat:
    """Answers from the file."""

    provider = "scripted"

    def __init__(self, path: Path) -> None:
        """Read the file now; SettingsInvalid if it cannot be used."""
        self._replies = read_replies(path)
        self._path = path

    async def ask(self, question: Question) -> Reply:
        """Return the line's reply; ModelFailed(NO_ANSWER) if the file has none."""
        line = self._line(question)
        name = self._path.stem[:200]
        if line.failure is not None:
            said = f"no reply came ({line.failure}, as {self._path.name} has it)"
            raise ModelFailed(Kind(line.failure), said, model=name, mode="text", provider=self.provider)
        wrong = problem(line.reply, line.finish)
        if wrong is not None:
            kind, detail = wrong
            failed = ModelFailed(kind, detail, text=line.reply, usage=line.usage, model=name, mode="text")
            failed.provider = self.provider
            raise failed
        return Reply(text=line.reply, provider=self.provider, model=name, mode="text", latency_s=None, usage=line.usage)

    def _line(self, question: Question) -> Line:
        ref = question.prompt
        for prompt in (f"{ref.id}/v{ref.version}", ref.id):
            line = self._replies.get((question.job, question.cluster, prompt, question.attempt))
            if line is not None:
                return line
        what = f"{question.job} {question.cluster} {ref.id} attempt {question.attempt}"
        raise ModelFailed(Kind.NO_ANSWER, f"{self._path.name} has no reply for {what}", provider=self.provider, calls=0)

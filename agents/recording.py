"""Every question and answer of a run kept by content hash, and played back byte for byte without a call.

A recording is one JSON file per question, named by the digest of what was asked (prompt, job, cluster, attempt,
messages, and how often the same was asked before). Failures are recorded like replies. Keys are not: headers
never come this far, and a secret that a provider echoes in its words is struck out.
"""

import os
from collections import Counter
from pathlib import Path
from typing import Literal

import orjson
from pydantic import ValidationError

from agents.asking import Chat, Kind, Message, ModelFailed, Question, Reply, Usage
from quorate.domain.bidding import PromptRef
from quorate.domain.canonical import Plain, canonical, digest
from quorate.domain.errors import RequestInvalid, SettingsInvalid
from quorate.domain.values import ClusterId, Digest, JobId, Value

SECRET_CHARS_MIN = 6
"""A shorter value would strike out ordinary words; no provider's key is that short."""


class Answered(Value):
    """What came: a reply, or a failure with its kind."""

    kind: Literal["reply", "failure"]
    text: str
    provider: str | None
    model: str | None
    fingerprint: str | None = None
    mode: str | None
    latency_s: float | None
    usage: Usage | None
    calls: int
    failure: Kind | None = None
    detail: str = ""


class Record(Value):
    """One file."""

    schema_version: Literal[1] = 1
    job: JobId
    cluster: ClusterId
    prompt: PromptRef
    attempt: int
    repeat: int
    """How often the same question had been asked before in the run."""
    messages: tuple[Message, ...]
    answer: Answered

    @property
    def digest(self) -> Digest:
        """The recording's digest: what was asked and what was said; times are left out."""
        said = self.answer.model_dump(mode="json", exclude={"latency_s"})
        return digest(canonical({"question": question_key(self, self.repeat), "answer": said}))


def question_key(question: Question | Record, repeat: int) -> Digest:
    """Return the digest of what is asked; the mode and the provider are no part of it."""
    asked: Plain = {
        "job": question.job,
        "cluster": question.cluster,
        "prompt": question.prompt.model_dump(),
        "attempt": question.attempt,
        "messages": [message.model_dump() for message in question.messages],
        "repeat": repeat,
    }
    return digest(canonical(asked))


class _Repeats:
    """Counts equal questions, so that the second gets the second answer."""

    def __init__(self) -> None:
        self._asked: Counter[Digest] = Counter()

    def next(self, question: Question) -> int:
        same = question_key(question, 0)
        self._asked[same] += 1
        return self._asked[same] - 1


class RecordingChat:
    """Asks another chat and keeps what came."""

    def __init__(self, chat: Chat, directory: Path, secrets: tuple[str, ...] = ()) -> None:
        """Make the directory if it is missing; SettingsInvalid if that cannot be done."""
        self._chat, self._directory = chat, directory
        self._secrets = tuple(secret for secret in secrets if len(secret) >= SECRET_CHARS_MIN)
        self._repeats = _Repeats()
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsInvalid(f"recordings cannot be kept in {directory}: {error.strerror}") from None

    @property
    def provider(self) -> str:
        """The provider that is asked."""
        return self._chat.provider

    async def ask(self, question: Question) -> Reply:
        """Ask, write, and return what came with the recording's digest."""
        repeat = self._repeats.next(question)
        try:
            reply = await self._chat.ask(question)
        except ModelFailed as failure:
            failure.provider = failure.provider or self.provider
            failure.recording = self._keep(question, repeat, _of_failure(failure))
            raise
        return reply.model_copy(update={"recording": self._keep(question, repeat, _of_reply(reply))})

    def _keep(self, question: Question, repeat: int, answer: Answered) -> Digest:
        record = Record(
            job=question.job,
            cluster=question.cluster,
            prompt=question.prompt,
            attempt=question.attempt,
            repeat=repeat,
            messages=question.messages,
            answer=answer,
        )
        text = orjson.dumps(record.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        path = self._directory / f"{question_key(question, repeat)}.json"
        if path.exists() and _read(path).digest != record.digest:
            raise RequestInvalid(
                f"{self._directory} already holds another answer to the same question; record elsewhere"
            )
        # Written whole or not at all: a run that is killed leaves no half recording behind.
        half = path.with_suffix(f".{os.getpid()}.tmp")
        half.write_text(text, encoding="utf-8")
        half.replace(path)
        return Record.model_validate_json(text).digest


class RecordedChat:
    """Answers with what was recorded; never calls anybody."""

    provider = "recorded"

    def __init__(self, directory: Path) -> None:
        """SettingsInvalid if there is no such directory."""
        if not directory.is_dir():
            raise SettingsInvalid(f"there are no recordings in {directory}; make some with --record {directory}")
        self._directory = directory
        self._repeats = _Repeats()

    async def ask(self, question: Question) -> Reply:
        """Return or raise what was recorded; ModelFailed(NO_RECORDING) if this was never asked."""
        path = self._directory / f"{question_key(question, self._repeats.next(question))}.json"
        if not path.is_file():
            what = f"{question.job} {question.cluster} {question.prompt.id} attempt {question.attempt}"
            raise ModelFailed(Kind.NO_RECORDING, f"{what} was not recorded", provider=self.provider, calls=0)
        record = _read(path)
        told = record.answer
        if told.failure is not None:
            raise ModelFailed(
                told.failure,
                told.detail,
                text=told.text,
                usage=told.usage,
                latency_s=told.latency_s,
                model=told.model,
                mode=told.mode,
                calls=told.calls,
                recording=record.digest,
                provider=told.provider,
            )
        return Reply(
            text=told.text,
            provider=told.provider or self.provider,
            model=told.model or "",
            fingerprint=told.fingerprint,
            mode=told.mode or "",
            latency_s=told.latency_s,
            usage=told.usage,
            recording=record.digest,
            calls=told.calls,
        )


def _read(path: Path) -> Record:
    try:
        return Record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise SettingsInvalid(f"{path} is no recording; delete it, or choose another directory") from None


def _of_reply(reply: Reply) -> Answered:
    return Answered(
        kind="reply",
        text=reply.text,
        provider=reply.provider,
        model=reply.model,
        fingerprint=reply.fingerprint,
        mode=reply.mode,
        latency_s=reply.latency_s,
        usage=reply.usage,
        calls=reply.calls,
    )


def _of_failure(failure: ModelFailed) -> Answered:
    return Answered(
        kind="failure",
        text=failure.text,
        provider=failure.provider,
        model=failure.model,
        mode=failure.mode,
        latency_s=failure.latency_s,
        usage=failure.usage,
        calls=failure.calls,
        failure=failure.kind,
        detail=failure.detail,
    )

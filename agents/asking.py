"""One question to a model and what comes of it: a reply as it was written, or a failure that has a kind.

Every provider, the scripted and the recorded one too, is a `Chat`. A failure is raised, never returned as text.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from quorate.domain.bidding import AbstentionCode, PromptRef
from quorate.domain.errors import ProviderUnreachable
from quorate.domain.values import ClusterId, Digest, JobId, Value

Role = Literal["system", "user", "assistant"]

DETAIL_CHARS_MAX = 300
"""A provider's own words in a sentence of ours: enough to act on, too little to flood a screen."""


class Message(Value):
    """One turn of the conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Shape:
    """The reply that is asked for, as providers want it said."""

    name: str
    """Letters, digits and underscores: also the tool's name."""
    description: str
    schema: dict[str, object]
    """A strict JSON schema: closed, everything required."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for one cluster about one job."""

    job: JobId
    cluster: ClusterId
    prompt: PromptRef
    attempt: int
    """1 for the first call, 2 for the repair call."""
    messages: tuple[Message, ...]
    shape: Shape
    deadline_s: float | None = None
    """When the round closes, by the clock that the limits were given; None for never."""
    purpose: Literal["bid", "vote", "opinion"] = "bid"
    asker: ClusterId | None = None
    """Who wants an opinion of `cluster`'s facts; None if `cluster` asks for itself."""


class Usage(Value):
    """Tokens as the provider counted them."""

    tokens_in: int
    tokens_out: int


class Reply(Value):
    """What came back, untouched."""

    text: str
    provider: str
    model: str
    """As the provider reports it, which may not be what was asked for."""
    fingerprint: str | None = None
    """The provider's word for the build that answered, if it gives one."""
    mode: str
    latency_s: float | None
    """From sending to the last byte of the call that succeeded, s; None if nothing was sent."""
    usage: Usage | None = None
    """None if the provider did not say."""
    recording: Digest | None = None
    """Digest of the recording, if one was kept or repeated."""
    calls: int = 1
    """Calls over the wire, those that failed included."""


class Kind(StrEnum):
    """What went wrong with a call."""

    TIMEOUT = "timeout"
    DEADLINE = "deadline"
    RATE_LIMIT = "rate_limit"
    AUTH = "auth"
    GONE = "gone"
    SERVER = "server"
    REQUEST = "request"
    MODE = "mode"
    CONNECTION = "connection"
    BAD_RESPONSE = "bad_response"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    REFUSAL = "refusal"
    UNREADABLE = "unreadable"
    BUDGET = "budget"
    BREAKER = "breaker"
    NO_RECORDING = "no_recording"
    NO_ANSWER = "no_answer"


RETRYABLE = frozenset({Kind.TIMEOUT, Kind.RATE_LIMIT, Kind.SERVER, Kind.CONNECTION, Kind.BAD_RESPONSE})
"""Failures on the way, which another call may not meet."""

REPAIRABLE = frozenset({Kind.TRUNCATED, Kind.EMPTY, Kind.REFUSAL, Kind.UNREADABLE})
"""Failures of what was said, which a call that quotes them may mend."""

CODES: dict[Kind, str] = {
    Kind.TIMEOUT: AbstentionCode.PROVIDER_UNREACHABLE,
    Kind.DEADLINE: AbstentionCode.DEADLINE,
    Kind.RATE_LIMIT: AbstentionCode.RATE_LIMITED,
    Kind.AUTH: AbstentionCode.PROVIDER_REFUSED,
    Kind.GONE: AbstentionCode.MODEL_GONE,
    Kind.SERVER: AbstentionCode.PROVIDER_UNREACHABLE,
    Kind.REQUEST: AbstentionCode.PROVIDER_REFUSED,
    Kind.MODE: AbstentionCode.PROVIDER_REFUSED,
    Kind.CONNECTION: AbstentionCode.PROVIDER_UNREACHABLE,
    Kind.BAD_RESPONSE: AbstentionCode.PROVIDER_UNREACHABLE,
    Kind.TRUNCATED: AbstentionCode.REPLY_TRUNCATED,
    Kind.EMPTY: AbstentionCode.REPLY_EMPTY,
    Kind.REFUSAL: AbstentionCode.PROVIDER_REFUSED,
    Kind.UNREADABLE: AbstentionCode.REPLY_UNREADABLE,
    Kind.BUDGET: AbstentionCode.BUDGET_SPENT,
    Kind.BREAKER: AbstentionCode.BREAKER_OPEN,
    Kind.NO_RECORDING: AbstentionCode.NO_RECORDING,
    Kind.NO_ANSWER: AbstentionCode.NO_ANSWER,
}
"""The abstention that each kind becomes if nothing mends it."""


@dataclass(eq=False)
class ModelFailed(ProviderUnreachable):
    """A call that brought no reply; `kind` says why, `detail` says it to people."""

    kind: Kind
    detail: str
    retry_after_s: float | None = None
    """How long the provider asked to be left alone, s."""
    text: str = ""
    """What was said before it failed (a truncated reply), for the trace and the repair call."""
    usage: Usage | None = None
    latency_s: float | None = None
    model: str | None = None
    mode: str | None = None
    calls: int = 1
    recording: Digest | None = None
    provider: str | None = None

    def __str__(self) -> str:
        """Return the sentence."""
        return f"{self.kind}: {self.detail}"

    @property
    def code(self) -> str:
        """The abstention code."""
        return CODES[self.kind]


class Chat(Protocol):
    """Something that answers questions."""

    @property
    def provider(self) -> str:
        """The provider's word, as the profile has it."""
        ...

    async def ask(self, question: Question) -> Reply:
        """Return the reply; ModelFailed if none came that is whole."""
        ...


FINISHED = frozenset({"stop", "end_turn", "stop_sequence", "tool_calls", "tool_use", "function_call"})
CUT = frozenset({"length", "max_tokens", "model_length"})
FILTERED = frozenset({"content_filter", "refusal", "safety"})


def problem(text: str, finish: str | None, refused: str | None = None) -> tuple[Kind, str] | None:
    """Return what is wrong with a reply before anybody reads it: withheld, cut off, without an end, or empty."""
    if refused or finish in FILTERED:
        return Kind.REFUSAL, f"the provider withheld the answer: {refused or finish}"
    if finish in CUT:
        return Kind.TRUNCATED, "the answer was cut off at max_tokens"
    if finish not in FINISHED:
        return Kind.BAD_RESPONSE, f"the answer did not end: finish reason {finish!r}"
    if not text.strip():
        return Kind.EMPTY, "the answer is empty"
    return None


_SPACE = re.compile(r"\s+")


def plain(text: str, chars_max: int = DETAIL_CHARS_MAX) -> str:
    r"""Return `text` on one line, without control or invisible characters, at most `chars_max` long.

    >>> plain("a\x1b[31m\n b")
    'a[31m b'
    """
    kept = "".join(c for c in _SPACE.sub(" ", text) if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    return kept if len(kept) <= chars_max else kept[: chars_max - 1] + "…"

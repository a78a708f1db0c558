"""What happens to one question, told as it happens: typed events for the trace, each with its cause.

They hold content (prompts, replies); whoever writes them down decides whether that is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agents.asking import Kind, Message, Usage
from quorate.domain.bidding import Claim, PromptRef
from quorate.domain.values import ClusterId, JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What every event has."""

    job: JobId
    cluster: ClusterId
    attempt: int
    """1 for the first question, 2 for the repair."""
    prompt: PromptRef
    cause: str | None
    """The id of the event that this one follows from."""

    @property
    def id(self) -> str:
        """Unique in a run, and the same in an equal run: job, cluster, prompt, attempt, what happened."""
        return f"{self.job}/{self.cluster}/{self.prompt.id}/{self.attempt}/{type(self).__name__.lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted(Told):
    """A question is about to be sent."""

    provider: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Told):
    """A whole reply came."""

    text: str
    provider: str
    model: str
    mode: str
    latency_s: float | None
    usage: Usage | None
    cost_usd_micro: int | None
    calls: int
    recording: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Told):
    """No whole reply came, or it could not be read."""

    kind: Kind
    detail: str
    text: str
    provider: str
    model: str | None
    mode: str | None
    latency_s: float | None
    usage: Usage | None
    calls: int
    recording: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed(Told):
    """A reply was read."""

    wanted_bp: int | None
    """The score in it, basis points; None for a second opinion."""
    reasoning: str
    evidence: tuple[Claim, ...]
    notes: tuple[str, ...]
    """What was taken off before reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Told):
    """A draft was compared with the facts."""

    refuted: tuple[str, ...]
    """One sentence for each statement that facts contradict; none: the draft stands."""
    wanted_bp: int
    signed_bp: int | None
    """The score moved into the allowed interval, basis points; None if the draft is refused."""
    allowed_bp: tuple[int, int]
    """Lowest and highest score that may be signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired(Told):
    """The fault is quoted back in one more question."""

    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodIn(Told):
    """The rule answers for a silent model, by its own name."""

    code: str
    """The abstention that it replaces."""


Event = Prompted | Replied | Failed | Parsed | Checked | Repaired | StoodIn
Sink = Callable[[Event], None]


def nobody(_: Event) -> None:
    """Tell nobody."""

"""What happened in a run, one typed event a line: the one source of timing and reasoning.

The ledger is the truth about decisions; the trace says who was asked what, what was answered, and when. Every
event carries `seq` (order), `cause` (the seq it follows from; None at a root), `at_ms` (wall clock since the run
began, left out by `--no-times`) and `at_s` (ledger time). Model calls carry OpenTelemetry `gen_ai.*` attributes.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from quorate.domain.bidding import Answer
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, Digest, JobId, Value

TRACE_SCHEMA = "quorate.trace/1"

SEMANTICS = "https://opentelemetry.io/schemas/1.37.0"
"""The pinned version of OpenTelemetry's `gen_ai.*` names; they are still in development."""

Scalar = str | int | float | bool | None


class _Event(Value):
    seq: int = Field(default=0, ge=0)
    """Order in the file; the sink numbers events."""
    cause: int | None = None
    """The event this one follows from."""
    at_ms: int | None = None
    """Wall clock since the run began, ms; None when times are left out."""
    at_s: int = 0
    """Ledger time, s."""


class RunStarted(_Event):
    """The first line: what is run, under which choices."""

    kind: Literal["run_started"] = "run_started"
    schema_: str = Field(default=TRACE_SCHEMA, alias="schema")
    schema_url: str = SEMANTICS
    """Which version of the `gen_ai.*` names the attributes follow."""
    run: str
    seed: int
    profile: str
    """The configured profile: `rule`, `rehearsal`, `sambanova` ..."""
    provider: str
    model: str | None = None
    jobs: int
    deadline_s: float
    """A call's answers close after this wall-clock time, s."""
    started: str | None = None
    """Wall-clock start, ISO 8601 UTC; None when times are left out."""


class FaultActs(_Event):
    """A driver's own line: what it makes a cluster do. Nothing in the protocol reads it."""

    kind: Literal["fault_acts"] = "fault_acts"
    driver: str
    cluster: ClusterId
    job: JobId | None = None
    says: str


class JobCalled(_Event):
    """A job was announced to everybody."""

    kind: Literal["job_called"] = "job_called"
    job: Job
    number: int
    of: int
    opened: int
    """Height at which its call opened."""


class Prompted(_Event):
    """A model was asked."""

    kind: Literal["prompted"] = "prompted"
    job: JobId
    cluster: ClusterId
    attempt: int
    """1 for the first question, 2 for the repair."""
    purpose: Literal["bid", "vote", "opinion"] = "bid"
    prompt_id: str
    prompt_version: int
    prompt_sha256: str
    text: str | None
    """The prompt as sent; None when content is switched off."""
    attributes: dict[str, Scalar] = Field(default_factory=dict)


class Replied(_Event):
    """A model answered, or failed to."""

    kind: Literal["replied"] = "replied"
    job: JobId
    cluster: ClusterId
    attempt: int
    purpose: Literal["bid", "vote", "opinion"] = "bid"
    text: str | None
    """The raw reply; None when there was none or content is switched off."""
    failure: str | None = None
    """Why there is no reply: an abstention code."""
    detail: str | None = None
    latency_ms: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd_micro: int | None = None
    attributes: dict[str, Scalar] = Field(default_factory=dict)


class Checked(_Event):
    """What became of a reply: read, then held against the facts."""

    kind: Literal["checked"] = "checked"
    job: JobId
    cluster: ClusterId
    attempt: int
    accepted: bool
    notes: tuple[str, ...] = ()
    """Rules that applied: `code fence stripped`, `refuted: the cluster's type is gpu` ..."""


class Answered(_Event):
    """A cluster's answer to a call, as it leaves its agent."""

    kind: Literal["answered"] = "answered"
    job: JobId
    cluster: ClusterId
    opened: int
    answer: Answer


class Opined(_Event):
    """A model's second opinion on a proposal: shown, never counted."""

    kind: Literal["opined"] = "opined"
    job: JobId
    cluster: ClusterId
    text: str
    approves: bool | None = None
    """What the model would do; None where a trace does not say."""


class Proposed(_Event):
    """A leader put a block to the vote."""

    kind: Literal["proposed"] = "proposed"
    height: int
    round: int
    cluster: ClusterId
    value: Digest
    jobs: tuple[JobId, ...]
    """Jobs that the block would decide."""
    follows: tuple[int, ...] = ()
    """Every answer to the calls of those jobs; `cause` is one of them."""


class Voted(_Event):
    """One signed vote, as it left its cluster."""

    kind: Literal["voted"] = "voted"
    height: int
    round: int
    cluster: ClusterId
    vote: Literal["approve", "finalize", "skip"]
    value: Digest | None
    """The block voted on; None for a skip."""
    grounds: str
    power: int
    """Milli-units at this height."""


class Decided(_Event):
    """A quorum finalized a block."""

    kind: Literal["decided"] = "decided"
    height: int
    round: int
    value: Digest
    jobs: tuple[JobId, ...]


class Undecided(_Event):
    """No quorum came within the rounds allowed."""

    kind: Literal["undecided"] = "undecided"
    job: JobId
    height: int
    rounds: int
    asked: Job | None = None
    """The job itself: before its announcement is decided no other line holds it."""
    number: int = 0
    """Which of the run's jobs it is, from 1."""
    why: str = Field(default="", max_length=300)
    """Why nothing can be decided any more; empty if there just was no quorum."""


class RunEnded(_Event):
    """The last line."""

    kind: Literal["run_ended"] = "run_ended"
    status: Literal["done", "cancelled", "failed"]
    detail: str = ""


TraceEvent = Annotated[
    RunStarted | FaultActs | JobCalled | Prompted | Replied | Checked | Answered | Opined | Proposed | Voted
    | Decided | Undecided | RunEnded,
    Field(discriminator="kind"),
]  # fmt: skip

TRACE_EVENTS: TypeAdapter[TraceEvent] = TypeAdapter(TraceEvent)
"""Reads and writes one line of trace.jsonl."""

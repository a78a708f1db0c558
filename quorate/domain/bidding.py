"""What a cluster answers to a call: a bid or an abstention, never a neutral number."""

from typing import Annotated, Literal, get_args

from pydantic import Field, StrictBool, StrictInt, StrictStr

from quorate.domain.clusters import NAME_PATTERN
from quorate.domain.values import BASIS_POINTS, ClusterId, Digest, JobId, Value

FactName = Literal[
    "type",
    "type_match",
    "heterogeneous",
    "nodes",
    "nodes_free",
    "nodes_allocated",
    "nodes_background",
    "nodes_suitable",
    "nodes_suitable_free",
    "share_of_cluster_percent",
    "cores",
    "memory_gib",
    "memory_gib_per_node",
    "gpus",
    "gpus_per_node",
    "link_gbps",
    "storage_pb",
]
"""The closed vocabulary of facts that a bid may rest on; `quorate.market.facts` computes each."""

FACT_NAMES: tuple[FactName, ...] = get_args(FactName)

FactValue = StrictBool | StrictInt | Annotated[StrictStr, Field(max_length=80)]
"""A fact's value: yes or no, a count, or a word."""

REASONING_CHARS_MAX = 600
CLAIMS_MAX = 24


class Claim(Value):
    """One fact that a bid says it rests on; compared exactly with what everybody knows."""

    fact: FactName
    value: FactValue


class Forecast(Value):
    """What the bidder expects; scored by proper rules when the job ends (Gneiting and Raftery 2007)."""

    start_p50_s: int = Field(ge=0, le=10**9)
    """Median delay from award to start, s."""
    start_p90_s: int = Field(ge=0, le=10**9)
    """90th percentile of that delay, s."""
    run_p50_s: int = Field(ge=0, le=10**9)
    """Median run time, s."""
    run_p90_s: int = Field(ge=0, le=10**9)
    """90th percentile of the run time, s."""
    success_bp: int = Field(ge=0, le=BASIS_POINTS)
    """Probability that it completes, basis points."""
    author: Literal["model", "rule"]
    """Who made the forecast."""


class PromptRef(Value):
    """Which prompt text was asked."""

    id: str = Field(max_length=40)
    version: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Author(Value):
    """Who wrote an answer. Stable between equal runs: clocks and costs stand in `Effort`."""

    kind: Literal["rule", "model"]
    """The deterministic rule, or a language model."""
    provider: str = Field(max_length=80)
    """`rule`, or the profile's provider."""
    model: str | None = Field(default=None, max_length=200)
    """The model's name as the provider reports it."""
    prompt: PromptRef | None = None
    """The prompt, if a model was asked."""
    mode: str | None = Field(default=None, max_length=40)
    """How structure was asked for (json_schema, function_calling, json_mode, text)."""
    attempts: int = Field(default=0, ge=0, le=100)
    """Model calls made, repairs included."""
    recording: Digest | None = None
    """Digest of the recorded reply, if one was kept or repeated."""


class Bid(Value):
    """A priced offer of whole nodes to one job."""

    kind: Literal["bid"] = "bid"
    job: JobId = Field(pattern=NAME_PATTERN)
    cluster: ClusterId = Field(pattern=NAME_PATTERN)
    score_bp: int = Field(ge=0, le=BASIS_POINTS)
    """The score as signed, basis points."""
    wanted_bp: int = Field(ge=0, le=BASIS_POINTS)
    """The score its author wanted before it was moved into the allowed interval, basis points."""
    reasoning: str = Field(max_length=REASONING_CHARS_MAX)
    """Why, in the author's words: shown, never obeyed."""
    evidence: tuple[Claim, ...] = Field(default=(), max_length=CLAIMS_MAX)
    """The facts it rests on."""
    forecast: Forecast
    author: Author


class AbstentionCode:
    """Why no bid came. The first four are facts of the job and the cluster, the rest say what failed."""

    TOO_FEW_NODES = "too_few_nodes"
    GPUS_PER_NODE = "gpus_per_node"
    MEMORY_PER_NODE = "memory_per_node"
    BUSY_NOW = "busy_now"
    DEADLINE = "deadline"
    PROVIDER_UNREACHABLE = "provider_unreachable"
    PROVIDER_REFUSED = "provider_refused"
    RATE_LIMITED = "rate_limited"
    MODEL_GONE = "model_gone"
    REPLY_UNREADABLE = "reply_unreadable"
    REPLY_TRUNCATED = "reply_truncated"
    REPLY_EMPTY = "reply_empty"
    BID_BREAKS_FACTS = "bid_breaks_facts"
    BUDGET_SPENT = "budget_spent"
    BREAKER_OPEN = "breaker_open"
    NO_RECORDING = "no_recording"
    NO_ANSWER = "no_answer"
    NOT_REVEALED = "not_revealed"
    VOID = "void"

    FACTS = frozenset({TOO_FEW_NODES, GPUS_PER_NODE, MEMORY_PER_NODE, BUSY_NOW})
    """Codes that follow from facts: no model is asked, and no reputation is touched."""

    NEVER = frozenset({TOO_FEW_NODES, GPUS_PER_NODE, MEMORY_PER_NODE})
    """Codes that time does not mend: this cluster can never run the job."""


class Abstention(Value):
    """No bid, with the reason."""

    kind: Literal["abstention"] = "abstention"
    job: JobId = Field(pattern=NAME_PATTERN)
    cluster: ClusterId = Field(pattern=NAME_PATTERN)
    code: str = Field(pattern=r"^[a-z_]{1,40}$")
    """One of `AbstentionCode`."""
    detail: str = Field(max_length=400)
    """One sentence for people."""
    author: Author | None = None
    """Who was asked, if anybody."""


BidOutcome = Annotated[Bid | Abstention, Field(discriminator="kind")]
"""The answer to a call."""


class Effort(Value):
    """What an answer cost: wall-clock and money, outside the signed bytes. Unknown is None, never 0."""

    latency_ms: int | None = None
    """Wall-clock time of all calls for this answer, ms."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd_micro: int | None = None
    """Millionths of a US dollar."""
    calls: int = 0
    """Model calls made."""
    repaired: bool = False
    """Whether the answer stands only after a repair call."""


class Answer(Value):
    """A bidder's answer with what it cost."""

    outcome: BidOutcome
    effort: Effort = Effort()

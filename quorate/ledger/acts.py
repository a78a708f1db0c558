"""What a member may put on the ledger: the acts inside a signed item, typed and bounded."""

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Literal, cast

from pydantic import Field, TypeAdapter, ValidationError

from quorate.domain.bidding import Abstention, Bid, BidOutcome
from quorate.domain.canonical import Plain, canonical, canonical_fields, canonical_integers, canonical_value, digest
from quorate.domain.clusters import NAME_PATTERN, Cluster
from quorate.domain.errors import MessageMalformed, MisuseError
from quorate.domain.jobs import WALLTIME_S_MAX, Job
from quorate.domain.values import BASIS_POINTS, ClusterId, Digest, JobId, Value

ACTS_MAX = 512
"""Acts in one item: two for each of a batch's 256 auctions."""

SALT_PATTERN = r"^[0-9a-f]{32}$"
HEX_32 = r"^[0-9a-f]{64}$"
HEX_64 = r"^[0-9a-f]{128}$"
_Job = Annotated[JobId, Field(pattern=NAME_PATTERN)]
_Cluster = Annotated[ClusterId, Field(pattern=NAME_PATTERN)]


class Submit(Value):
    """A job enters; its call opens at the height that holds this act. Signed by its submitter if it has a key."""

    act: Literal["submit"] = "submit"
    job: Job
    signature: str = Field(default="", pattern=r"^([0-9a-f]{128})?$")


class Commit(Value):
    """A sealed answer: the digest of the answer with a salt. On an unsealed chain, `answer` stands open."""

    act: Literal["commit"] = "commit"
    job: _Job
    opened: int = Field(ge=1)
    """The height at which the call opened: a job that is called again is answered again."""
    seal: Annotated[Digest, Field(pattern=HEX_32)]


class Reveal(Value):
    """An answer shown, with the salt that opens its seal."""

    act: Literal["reveal"] = "reveal"
    job: _Job
    opened: int = Field(ge=1)
    answer: BidOutcome
    salt: str = Field(pattern=SALT_PATTERN)

    @cached_property
    def written(self) -> Plain:
        """The answer as JSON data: what its seal was made of."""
        return cast("Plain", self.answer.model_dump(mode="json"))


class Assess(Value):
    """What a member thinks of a rival's shown bid; heard on a chain that wants it, if it comes in time (P-70)."""

    act: Literal["assess"] = "assess"
    job: _Job
    opened: int = Field(ge=1)
    cluster: _Cluster
    """Whose bid."""
    score_bp: int = Field(ge=0, le=BASIS_POINTS)
    """What it would have bid in its place, basis points."""


class Start(Value):
    """The winner's scheduler took the job."""

    act: Literal["start"] = "start"
    job: _Job


class Refuse(Value):
    """The winner's scheduler would not take the job; it is called again."""

    act: Literal["refuse"] = "refuse"
    job: _Job
    reason: str = Field(max_length=200)


class End(Value):
    """The job ended; its nodes are free again."""

    act: Literal["end"] = "end"
    job: _Job
    run_s: int = Field(ge=0, le=WALLTIME_S_MAX)
    succeeded: bool


class Receipt(Value):
    """The submitter's word on what it got, signed with the job's key; any member may carry it."""

    act: Literal["receipt"] = "receipt"
    job: _Job
    run_s: int = Field(ge=0, le=WALLTIME_S_MAX)
    succeeded: bool
    signature: str = Field(pattern=HEX_64)


class Report(Value):
    """Two incompatible signed messages of one member, as bytes that anybody can check."""

    act: Literal["report"] = "report"
    evidence: str = Field(max_length=400_000)
    """Canonical JSON of the evidence."""


class Attest(Value):
    """A member's word, given after executing it, that a block which no item can show is false (P-23).

    A word alone moves nothing; a joint quorum of them does.
    """

    act: Literal["attest"] = "attest"
    cluster: _Cluster
    """Who proposed it."""
    height: int = Field(ge=1)
    round: int = Field(ge=0, le=2**32 - 1)
    value: Annotated[Digest, Field(pattern=HEX_32)]
    """The block."""
    signature: str = Field(pattern=HEX_64)
    """Its proposer's, of PROPOSE as a fresh block."""


class Declare(Value):
    """A member's own background load from now on: nodes busy for others. Peers cannot see it themselves."""

    act: Literal["declare"] = "declare"
    background: int = Field(ge=0, le=1_000_000)


class Join(Value):
    """Admit a cluster; on probation first."""

    motion: Literal["join"] = "join"
    cluster: Cluster
    public_key: str = Field(pattern=HEX_32)
    background: int = Field(ge=0, le=1_000_000)


class Leave(Value):
    """Let a cluster go."""

    motion: Literal["leave"] = "leave"
    cluster: _Cluster


class Rotate(Value):
    """Give a cluster a new key."""

    motion: Literal["rotate"] = "rotate"
    cluster: _Cluster
    public_key: str = Field(pattern=HEX_32)


class Release(Value):
    """Release a cluster from jail; on probation first."""

    motion: Literal["release"] = "release"
    cluster: _Cluster


Motion = Annotated[Join | Leave | Rotate | Release, Field(discriminator="motion")]


class Endorse(Value):
    """A member's consent to a motion; it takes effect when a joint quorum has consented."""

    act: Literal["endorse"] = "endorse"
    motion: Motion


Act = Annotated[
    Submit | Commit | Reveal | Assess | Start | Refuse | End | Receipt | Report | Attest | Declare | Endorse,
    Field(discriminator="act"),
]
_ACTS: TypeAdapter[tuple[Act, ...]] = TypeAdapter(Annotated[tuple[Act, ...], Field(max_length=ACTS_MAX)])


def encode_acts(acts: Sequence[Value]) -> bytes:
    """Return the payload of an item that performs `acts`, in canonical bytes."""
    return canonical_fields([act.model_dump(mode="json") for act in acts])


def payloads(acts: Sequence[Value], bytes_max: int) -> list[bytes]:
    """Return payloads of items that perform the acts in order, each of at most `bytes_max` bytes and `ACTS_MAX` acts.

    A member that shows 256 answers at once has more to say than one item may hold. An act too large stands alone.
    """
    parts: list[list[bytes]] = []
    room = 0
    for act in acts:
        data = canonical_value(act)
        if not parts or len(data) + 1 > room or len(parts[-1]) >= ACTS_MAX:
            parts.append([])
            room = bytes_max - 1  # an act takes a comma or a bracket beside its bytes, the list one bracket more
        parts[-1].append(data)
        room -= len(data) + 1
    return [b"[" + b",".join(part) + b"]" for part in parts]


READ_BYTES_MAX = 4_000_000
"""Payloads whose acts are remembered: more than six blocks can hold. Acts take some ten times their payload's bytes."""


class Read:
    """Acts of the payloads read lately: each is asked for in the pool, in a proposal, and when it is decided."""

    def __init__(self, bytes_max: int) -> None:
        """Remember nothing yet, and never more than so many bytes of payloads."""
        self._bytes_max, self._bytes = bytes_max, 0
        self._acts: dict[bytes, tuple[Act, ...]] = {}

    def __call__(self, payload: bytes) -> tuple[Act, ...]:
        """Return the acts of a payload; MessageMalformed if it holds something else."""
        acts = self._acts.get(payload)
        if acts is None:
            acts = self._acts[payload] = _read(payload)
            self._bytes += len(payload)
            while self._bytes > self._bytes_max:
                oldest = next(iter(self._acts))
                del self._acts[oldest]
                self._bytes -= len(oldest)
        return acts


def decode_acts(payload: bytes) -> tuple[Act, ...]:
    """Read the acts of an item's payload.

    Raises:
        MessageMalformed: not canonical JSON of known acts within their bounds.
    """
    return _READ(payload)


def _read(payload: bytes) -> tuple[Act, ...]:
    try:
        acts: tuple[Act, ...] = _ACTS.validator.validate_json(payload, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][:4])
        said = ascii(f"{where} {first['msg']}")[1:-1]  # a peer's words never reach a terminal as they are
        raise MessageMalformed(f"payload is no list of acts: {said[:160]}") from error
    try:
        written = _ACTS.serializer.to_python(acts, mode="json")
        exact = canonical_integers(written) == payload
    except MisuseError as error:  # an integer that no JSON reader keeps exact
        raise MessageMalformed(f"payload is no list of acts: {error}") from error
    if not exact:
        raise MessageMalformed("payload is not in canonical form")
    for act, plain in zip(acts, written, strict=True):
        if type(act) is Reveal:
            act.__dict__["written"] = plain["answer"]  # worked out already
    return acts


_READ = Read(READ_BYTES_MAX)


def misread(payload: bytes) -> tuple[str | int, ...] | None:
    """Return where a payload stops being acts, None if it is acts; () if it is none as a whole."""
    try:
        decode_acts(payload)
    except MessageMalformed as error:
        cause = error.__cause__
        return cause.errors(include_url=False)[0]["loc"] if isinstance(cause, ValidationError) else ()
    return None


def seal(job: JobId, cluster: ClusterId, answer: Bid | Abstention, salt: str) -> Digest:
    """Return the commitment to an answer: BLAKE2b-256 over job, cluster, answer and 16 bytes of salt."""
    return sealed(job, cluster, answer.model_dump(mode="json"), salt)


def sealed(job: JobId, cluster: ClusterId, written: Plain, salt: str) -> Digest:
    """Return the commitment to an answer that was written as JSON data."""
    return digest(canonical_integers([job, cluster, written, salt]))


def submission_bytes(chain: str, job: Job) -> bytes:
    """Return what a submitter signs to enter `job`."""
    return b"quorate/1/submission\x00" + canonical_fields([chain, job.model_dump(mode="json")])


def receipt_bytes(chain: str, job: JobId, run_s: int, succeeded: bool) -> bytes:
    """Return what a submitter signs when its job has ended."""
    return b"quorate/1/receipt\x00" + canonical([chain, job, run_s, succeeded])

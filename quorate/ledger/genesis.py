"""What everybody agreed on before the first height: members, keys, declared background, rules."""

from typing import Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from quorate.domain.canonical import canonical_value, digest
from quorate.domain.clusters import MEMBERS_MAX, MEMBERS_MIN, Cluster, Federation
from quorate.domain.values import BASIS_POINTS, Digest, Value
from quorate.market.check import INTERVAL_BP
from quorate.reputation.standing import PROBATION_HEIGHTS


class Parameters(Value):
    """Choices of a chain; everybody re-executes with the same."""

    interval_bp: int = Field(default=INTERVAL_BP, ge=0, le=BASIS_POINTS)
    """How far a signed score may lie from the rule's, basis points."""
    sealed: bool = True
    """Answers are committed to before any is shown."""
    bid_window_s: int = Field(default=60, ge=1, le=86_400)
    """A call closes this long after it opened, or as soon as every active member has committed, s."""
    reveal_window_s: int = Field(default=60, ge=1, le=86_400)
    """Committed answers must be shown within this time after the call closed, s."""
    start_window_s: int = Field(default=1_800, ge=1, le=604_800)
    """An awarded job must be reported started within this time, s."""
    receipt_window_s: int = Field(default=604_800, ge=1, le=31_536_000)
    """A submitter's receipt counts if it comes within this time after the end, s."""
    probation_heights: int = Field(default=PROBATION_HEIGHTS, ge=0, le=10_000)
    """Heights that a joiner watches without power."""
    assessments: bool = False
    """Whether members' opinions of rivals' bids move the ranking; a genesis that does not say so has no such field."""

    @model_serializer(mode="wrap")
    def _only_what_is_chosen(self, written: SerializerFunctionWrapHandler) -> dict[str, bool | int]:
        """Leave out what came later and is not used: chains founded before it keep their names."""
        fields: dict[str, bool | int] = written(self)
        return {name: value for name, value in fields.items() if name != "assessments" or value}


class Member(Value):
    """A founder of the chain."""

    cluster: Cluster
    public_key: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Ed25519 public key, hex."""
    background: int = Field(ge=0)
    """Nodes busy for others, as the member declares; one number, from which everything that shows it follows."""

    @model_validator(mode="after")
    def _background_fits(self) -> Self:
        if self.background > self.cluster.nodes:
            raise ValueError(f"{self.cluster.id} declares {self.background} busy of {self.cluster.nodes} nodes")
        return self


class Genesis(Value):
    """The beginning of one chain; its digest names the chain."""

    schema_: Literal["quorate.genesis/1"] = Field(default="quorate.genesis/1", alias="schema")
    name: str = Field(min_length=1, max_length=80)
    members: tuple[Member, ...] = Field(min_length=MEMBERS_MIN, max_length=MEMBERS_MAX)
    parameters: Parameters = Parameters()

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [member.cluster.id for member in self.members]
        keys = [member.public_key for member in self.members]
        if len(set(ids)) < len(ids) or len(set(keys)) < len(keys):
            raise ValueError("two members share an id or a key; each cluster has its own")
        return self

    @property
    def digest(self) -> Digest:
        """The digest of its canonical bytes: the chain's name and the parent of height 1."""
        return digest(canonical_value(self))

    @property
    def federation(self) -> Federation:
        """The founding clusters in seat order."""
        return Federation(name=self.name, clusters=tuple(member.cluster for member in self.members))

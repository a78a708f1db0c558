"""One question to a bidder: a job, a cluster's state, and what the answer will be compared with."""

from typing import Literal, get_args

from pydantic import Field

from quorate.domain.canonical import canonical_value, digest
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.values import BASIS_POINTS, Value

Family = Literal["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F9", "F10"]
"""The families of docs/guide/evaluate-a-prompt.md. F8 (wait time) joins them with the simulation of workloads."""

FAMILIES: tuple[Family, ...] = get_args(Family)

Split = Literal["dev", "held_out"]
"""Prompts are written against dev; held_out is drawn from another seed and looked at only to judge."""

Side = Literal["single", "source", "follow_up", "attack", "control"]


class Sample(Value):
    """One question. `group` = one job on one network state: its bids are one statistical unit."""

    id: str = Field(min_length=1, max_length=120)
    family: Family
    group: str = Field(min_length=1, max_length=80)
    job: Job
    snapshot: ClusterSnapshot
    side: Side = "single"
    """Its part in a pair."""
    relation: str = Field(default="", max_length=40)
    """The metamorphic relation, or the payload kind, that the pair is about."""
    pair: str = Field(default="", max_length=120)
    """Id of the source or control that this one is compared with; empty if it is one itself."""
    example_bp: int | None = Field(default=None, ge=0, le=BASIS_POINTS)
    """If set, numeric examples in the prompt show this value instead, basis points."""
    run_s: int | None = Field(default=None, ge=1)
    """How long the job will turn out to run, s: hidden from the bidder, drawn from the seed."""

    @property
    def hash(self) -> str:
        """The first 16 hex digits of the sample's digest: equal hashes were the same question."""
        return digest(canonical_value(self))[:16]

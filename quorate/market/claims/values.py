"""What prose is compared with, what it claims, and what became of the claim."""

from typing import Literal

from pydantic import Field

from quorate.domain.clusters import ClusterSnapshot, ClusterType
from quorate.domain.jobs import Job
from quorate.domain.values import Value

ClaimKind = Literal[
    "own_type",
    "type_match",
    "specialisation",
    "heterogeneity",
    "gpu_presence",
    "gpus_per_node",
    "gpu_total",
    "node_count",
    "free_nodes",
    "job_nodes",
    "share_of_cluster",
    "memory_per_node",
    "high_memory",
    "memory_total",
    "cores",
    "walltime",
    "interconnect",
    "storage",
    "capacity",
    "penalty_rule",
    "job_type",
    "occupancy",
    "background",
    "identity",
    "arithmetic",
]
"""What a sentence can be wrong about; the table in `quorate.market.claims` says when it is."""


class KnownGroup(Value):
    """Equal nodes of the bidding cluster; every figure but `nodes` and `free` is per node, None = unknown."""

    nodes: int | None = None
    free: int | None = None
    cores: int | None = None
    memory_gib: int | None = None
    gpus: int | None = None


class Rival(Value):
    """Another member of the federation; its type None = unknown."""

    id: str = Field(max_length=200)
    type: ClusterType | None = None


class Known(Value):
    """Everything that is known of a bid's cluster and job. None = unknown: never refuted."""

    cluster: str | None = Field(default=None, max_length=200)
    """The bidding cluster's id."""
    type: ClusterType | None = None
    nodes: int | None = None
    nodes_free: int | None = None
    nodes_allocated: int | None = None
    nodes_background: int | None = None
    cores: int | None = None
    memory_gib: int | None = None
    """All memory, GiB."""
    gpus: int | None = None
    """All GPUs."""
    groups: tuple[KnownGroup, ...] | None = Field(default=None, max_length=64)
    """The nodes by kind; None = the cluster's make-up is unknown."""
    interconnect: str | None = Field(default=None, max_length=200)
    link_gbps: int | None = None
    storage_pb: int | None = None
    job: str | None = Field(default=None, max_length=200)
    job_name: str | None = Field(default=None, max_length=200)
    job_application: str | None = Field(default=None, max_length=200)
    job_type: ClusterType | None = None
    job_untyped: bool = False
    """Whether it is known that the job states no type; without it, no type is an unknown one."""
    job_nodes: int | None = None
    job_gpus_per_node: int | None = None
    job_memory_gib_per_node: int | None = None
    job_walltime_s: int | None = None
    rivals: tuple[Rival, ...] = Field(default=(), max_length=256)
    """The other clusters, so that their names are not taken for this one's."""

    @property
    def match(self) -> bool | None:
        """Whether the cluster's type is the job's; None if either is unknown."""
        return None if None in (self.type, self.job_type) else self.type == self.job_type

    @property
    def heterogeneous(self) -> bool | None:
        """Whether nodes differ; None if the make-up is unknown."""
        return len(self.groups) > 1 if self.groups else None

    def suits(self, group: KnownGroup) -> bool | None:
        """Whether a node of `group` has what the job asks of each node; None if that cannot be said."""
        pairs = ((group.gpus, self.job_gpus_per_node), (group.memory_gib, self.job_memory_gib_per_node))
        if any(asked and has is not None and has < asked for has, asked in pairs):
            return False
        if any(asked is None or (asked and has is None) for has, asked in pairs):
            return None
        return True

    @property
    def suitable(self) -> int | None:
        """Nodes that have what the job asks of each, busy or not."""
        return self._count("nodes")

    @property
    def suitable_free(self) -> int | None:
        """Free nodes that have what the job asks of each."""
        return self._count("free")

    def _count(self, what: Literal["nodes", "free"]) -> int | None:
        if what == "free" and self.groups and all(self.suits(group) is True for group in self.groups):
            return self.nodes_free
        total = 0
        for group in self.groups or (KnownGroup(),):
            suits = self.suits(group)
            number = group.nodes if what == "nodes" else group.free
            if suits is None or (suits and number is None):
                return None
            total += number or 0 if suits else 0
        return total

    @property
    def fits(self) -> bool | None:
        """Whether the job can run now on nodes that have what it asks; None if that cannot be said."""
        if self.job_nodes is None:
            return None
        limits = (self.nodes_free, self.nodes, self.suitable, self.suitable_free)
        if any(limit is not None and limit < self.job_nodes for limit in limits):
            return False
        return None if self._fits_at_least is None else self._fits_at_least >= self.job_nodes or None

    @property
    def _fits_at_least(self) -> int | None:
        """Free nodes that surely have what the job asks: those counted, or those left if all unfit ones were free."""
        if self.suitable_free is not None:
            return self.suitable_free
        if self.suitable is None or self.nodes is None or self.nodes_free is None:
            return None
        return self.nodes_free - (self.nodes - self.suitable)


class ProseClaim(Value):
    """One checkable statement in a text."""

    kind: ClaimKind
    sentence: str
    """The sentence as written: an exact substring of the text."""
    asserted: str
    """What it says, normalised."""
    span: tuple[int, int]
    """Where in the text its words stand: first offset, offset after the last."""


class Refutation(Value):
    """A statement that the facts contradict."""

    kind: ClaimKind
    sentence: str
    """The sentence as written: an exact substring of the text."""
    says: str
    """What it says, normalised."""
    fact: str
    """The truth, as one English clause."""


def known(job: Job, snapshot: ClusterSnapshot) -> Known:
    """Return everything that is known of `job` on the cluster of `snapshot`."""
    cluster = snapshot.cluster
    return Known(
        cluster=cluster.id,
        type=cluster.type,
        nodes=cluster.nodes,
        nodes_free=snapshot.nodes_free,
        nodes_allocated=snapshot.nodes_allocated,
        nodes_background=snapshot.nodes_background,
        cores=cluster.cores,
        memory_gib=cluster.memory_gib,
        gpus=cluster.gpus,
        groups=tuple(
            KnownGroup(nodes=group.nodes, free=free, cores=group.cores, memory_gib=group.memory_gib, gpus=group.gpus)
            for group, free in zip(cluster.groups, snapshot.free, strict=True)
        ),
        interconnect=cluster.interconnect,
        link_gbps=cluster.link_gbps,
        storage_pb=cluster.storage_pb,
        job=job.id,
        job_name=job.name or None,
        job_application=job.application or None,
        job_type=job.type,
        job_nodes=job.nodes,
        job_gpus_per_node=job.gpus_per_node,
        job_memory_gib_per_node=job.memory_gib_per_node,
        job_walltime_s=job.walltime_s,
    )

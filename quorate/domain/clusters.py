"""Clusters as groups of equal nodes, and what is taken of them at one moment."""

from functools import cached_property
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from quorate.domain.values import ClusterId, Value, unchecked

ClusterType = Literal["hpc", "gpu", "memory", "hybrid", "ai", "storage"]
"""What a cluster was built for, and what a job asks for; one vocabulary for both."""

CLUSTER_TYPES: tuple[ClusterType, ...] = get_args(ClusterType)

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Ids travel into file names, graph nodes and terminals: ASCII letters, digits, `.`, `_`, `-`."""

MEMBERS_MIN = 4
"""Three members tolerate no fault at all: n >= 3f + 1 with f = 1 (Pease, Shostak, Lamport 1980)."""

MEMBERS_MAX = 128
"""Largest committee (quorate.domain.deciding.SEATS_MAX): what a message of 1 MB can carry."""


class NodeGroup(Value):
    """Equal nodes of one cluster; every figure but `nodes` is per node."""

    nodes: int = Field(ge=1, le=1_000_000)
    """How many nodes."""
    cores: int = Field(ge=1, le=100_000)
    """CPU cores in one node."""
    memory_gib: int = Field(ge=1, le=1_000_000)
    """Memory of one node, GiB."""
    gpus: int = Field(ge=0, le=1_000)
    """GPUs in one node."""


class Cluster(Value):
    """One supercomputer, one member of the committee. Totals are sums over its groups, never typed."""

    id: ClusterId = Field(pattern=NAME_PATTERN)
    """The name as printed."""
    type: ClusterType
    """What it was built for."""
    interconnect: str = Field(max_length=80)
    """The network's name, for people."""
    link_gbps: int = Field(ge=1, le=100_000)
    """One link's bandwidth, Gb/s."""
    storage_pb: int = Field(ge=0, le=1_000_000)
    """File system capacity, PB."""
    groups: tuple[NodeGroup, ...] = Field(min_length=1, max_length=64)
    """The nodes, by kind."""

    @cached_property
    def nodes(self) -> int:
        """All nodes."""
        return sum(group.nodes for group in self.groups)

    @cached_property
    def cores(self) -> int:
        """All CPU cores."""
        return sum(group.nodes * group.cores for group in self.groups)

    @cached_property
    def memory_gib(self) -> int:
        """All memory, GiB."""
        return sum(group.nodes * group.memory_gib for group in self.groups)

    @cached_property
    def gpus(self) -> int:
        """All GPUs."""
        return sum(group.nodes * group.gpus for group in self.groups)

    @cached_property
    def heterogeneous(self) -> bool:
        """Whether its nodes differ."""
        return len(self.groups) > 1


class Federation(Value):
    """The clusters that share work, in seat order."""

    name: str = Field(min_length=1, max_length=80)
    """What the federation is called."""
    clusters: tuple[Cluster, ...] = Field(min_length=MEMBERS_MIN, max_length=MEMBERS_MAX)
    """The members."""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [cluster.id for cluster in self.clusters]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"cluster id {twice[0]!r} occurs more than once; give each cluster its own")
        return self

    def cluster(self, name: ClusterId) -> Cluster:
        """Return the cluster called `name`; KeyError if there is none."""
        for cluster in self.clusters:
            if cluster.id == name:
                return cluster
        raise KeyError(name)


NodesByGroup = tuple[int, ...]
"""A number of nodes for each group of one cluster, in the cluster's group order."""


def spread_background(cluster: Cluster, nodes: int) -> NodesByGroup:
    """Spread `nodes` busy nodes over the groups, those without GPUs first (then in group order).

    >>> groups = (NodeGroup(nodes=4, cores=1, memory_gib=1, gpus=2), NodeGroup(nodes=3, cores=1, memory_gib=1, gpus=0))
    >>> spread_background(Cluster(id="c", type="hpc", interconnect="x", link_gbps=1, storage_pb=1, groups=groups), 5)
    (2, 3)
    """
    order = sorted(range(len(cluster.groups)), key=lambda index: (cluster.groups[index].gpus > 0, index))
    spread, left = [0] * len(cluster.groups), min(nodes, cluster.nodes)
    for index in order:
        spread[index] = min(left, cluster.groups[index].nodes)
        left -= spread[index]
    return tuple(spread)


class ClusterSnapshot(Value):
    """What is taken of one cluster at one moment: by jobs (the ledger knows) and by background (declared)."""

    cluster: Cluster
    """Whose snapshot."""
    taken_at_s: int = Field(ge=0)
    """Ledger time, s."""
    allocated: NodesByGroup
    """Nodes held by jobs of the federation, per group."""
    background: NodesByGroup
    """Nodes busy for others (system processes, maintenance), per group."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for group, allocated, background in zip(self.cluster.groups, self.allocated, self.background, strict=True):
            if min(allocated, background) < 0 or allocated + background > group.nodes:
                raise ValueError(
                    f"{self.cluster.id}: {allocated} + {background} of {group.nodes} nodes cannot be taken"
                )
        return self

    def at(self, at_s: int) -> Self:
        """Return the same facts at another time; what is worked out of them is shared, for no time enters it."""
        _ = self.free, self.suited, self.barred, self.scores  # they must be there to be shared
        return unchecked(type(self), {**self.__dict__, "taken_at_s": at_s})

    @property
    def shapes(self) -> int:
        """How many shapes of jobs it keeps something for: whoever shares it begins anew when they are many."""
        return max(len(self.suited), len(self.barred), len(self.scores))

    @cached_property
    def free(self) -> NodesByGroup:
        """Nodes neither allocated nor busy, per group."""
        return tuple(
            group.nodes - allocated - background
            for group, allocated, background in zip(self.cluster.groups, self.allocated, self.background, strict=True)
        )

    @cached_property
    def nodes_free(self) -> int:
        """All free nodes."""
        return sum(self.free)

    @cached_property
    def nodes_allocated(self) -> int:
        """All nodes held by jobs."""
        return sum(self.allocated)

    @cached_property
    def nodes_background(self) -> int:
        """All nodes busy for others."""
        return sum(self.background)

    @cached_property
    def suited(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Per GPUs and GiB asked of a node: suitable nodes, and those of them that are free; filled as jobs ask."""
        return {}

    @cached_property
    def barred(self) -> dict[tuple[int, int, int], tuple[str, str] | None]:
        """Per nodes, GPUs and GiB asked, why it cannot run such a job now, None if it can; filled as jobs ask."""
        return {}

    @cached_property
    def scores(self) -> dict[tuple[str, int, int, int], int]:
        """Per shape of a job, the rule's score in basis points; filled as bids are judged."""
        return {}

    def gpus_of(self, nodes: NodesByGroup) -> int:
        """GPUs in the given nodes."""
        return sum(count * group.gpus for count, group in zip(nodes, self.cluster.groups, strict=True))


def snapshot(
    cluster: Cluster, background: int, at_s: int = 0, allocated: NodesByGroup | None = None
) -> ClusterSnapshot:
    """Build a snapshot from one background number (spread as `spread_background` does)."""
    return ClusterSnapshot(
        cluster=cluster,
        taken_at_s=at_s,
        allocated=allocated or (0,) * len(cluster.groups),
        background=spread_background(cluster, background),
    )

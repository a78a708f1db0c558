"""What everybody can know about a job on a cluster: computed by code, the same at every peer."""

from collections.abc import Callable

from quorate.domain.bidding import FactName, FactValue
from quorate.domain.clusters import ClusterSnapshot, NodeGroup, NodesByGroup
from quorate.domain.jobs import Job


def suits(job: Job, group: NodeGroup) -> bool:
    """Say whether every node of `group` has the GPUs and memory that each node of `job` needs."""
    return group.gpus >= job.gpus_per_node and group.memory_gib >= job.memory_gib_per_node


def _suited(job: Job, snapshot: ClusterSnapshot) -> tuple[int, int]:
    """Return suitable nodes and the free ones of them, worked out once for every snapshot and shape of job."""
    asked = job.gpus_per_node, job.memory_gib_per_node
    found = snapshot.suited.get(asked)
    if found is None:
        groups = [pair for pair in zip(snapshot.free, snapshot.cluster.groups, strict=True) if suits(job, pair[1])]
        found = snapshot.suited[asked] = sum(group.nodes for _, group in groups), sum(free for free, _ in groups)
    return found


def suitable(job: Job, snapshot: ClusterSnapshot) -> int:
    """Return how many nodes of the cluster have what the job asks of each node, busy or not."""
    return _suited(job, snapshot)[0]


def suitable_free(job: Job, snapshot: ClusterSnapshot) -> int:
    """Return how many of the suitable nodes are free now."""
    return _suited(job, snapshot)[1]


def place(job: Job, snapshot: ClusterSnapshot) -> NodesByGroup | None:
    """Choose nodes for the job, the plainest suitable ones first; None if too few are free.

    Fewest GPUs first, then least memory, then group order, so that a job without GPUs leaves GPU nodes
    to others (best fit). A pure function: every peer takes the same nodes.
    """
    groups = snapshot.cluster.groups
    order = sorted(
        (index for index, group in enumerate(groups) if suits(job, group)),
        key=lambda index: (groups[index].gpus, groups[index].memory_gib, index),
    )
    taken, left = [0] * len(groups), job.nodes
    for index in order:
        taken[index] = min(left, snapshot.free[index])
        left -= taken[index]
    return None if left else tuple(taken)


def share_percent(job: Job, snapshot: ClusterSnapshot) -> int:
    """Return the job's nodes as a percentage of the cluster's, rounded half up."""
    return (200 * job.nodes + snapshot.cluster.nodes) // (2 * snapshot.cluster.nodes)


_FACTS: dict[FactName, Callable[[Job, ClusterSnapshot], FactValue]] = {
    "type": lambda _, snapshot: snapshot.cluster.type,
    "type_match": lambda job, snapshot: snapshot.cluster.type == job.type,
    "heterogeneous": lambda _, snapshot: snapshot.cluster.heterogeneous,
    "nodes": lambda _, snapshot: snapshot.cluster.nodes,
    "nodes_free": lambda _, snapshot: snapshot.nodes_free,
    "nodes_allocated": lambda _, snapshot: snapshot.nodes_allocated,
    "nodes_background": lambda _, snapshot: snapshot.nodes_background,
    "nodes_suitable": suitable,
    "nodes_suitable_free": suitable_free,
    "share_of_cluster_percent": share_percent,
    "cores": lambda _, snapshot: snapshot.cluster.cores,
    "memory_gib": lambda _, snapshot: snapshot.cluster.memory_gib,
    "memory_gib_per_node": lambda _, snapshot: max(group.memory_gib for group in snapshot.cluster.groups),
    "gpus": lambda _, snapshot: snapshot.cluster.gpus,
    "gpus_per_node": lambda _, snapshot: max(group.gpus for group in snapshot.cluster.groups),
    "link_gbps": lambda _, snapshot: snapshot.cluster.link_gbps,
    "storage_pb": lambda _, snapshot: snapshot.cluster.storage_pb,
}
"""The closed vocabulary; the largest memory and GPUs of any node are what a cluster can offer one node."""


def fact(name: FactName, job: Job, snapshot: ClusterSnapshot) -> FactValue:
    """Return one fact for `job` on the cluster of `snapshot`."""
    return _FACTS[name](job, snapshot)


def facts(job: Job, snapshot: ClusterSnapshot) -> dict[FactName, FactValue]:
    """Return every fact of the closed vocabulary for `job` on the cluster of `snapshot`."""
    return {name: worked_out(job, snapshot) for name, worked_out in _FACTS.items()}

"""What everybody can know about a job on a cluster: computed by code, the same at every peer."""

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


def facts(job: Job, snapshot: ClusterSnapshot) -> dict[FactName, FactValue]:
    """Return every fact of the closed vocabulary for `job` on the cluster of `snapshot`.

    `memory_gib_per_node` and `gpus_per_node` are the largest of any node: what the cluster can offer one node.
    """
    cluster = snapshot.cluster
    return {
        "type": cluster.type,
        "type_match": cluster.type == job.type,
        "heterogeneous": cluster.heterogeneous,
        "nodes": cluster.nodes,
        "nodes_free": snapshot.nodes_free,
        "nodes_allocated": snapshot.nodes_allocated,
        "nodes_background": snapshot.nodes_background,
        "nodes_suitable": suitable(job, snapshot),
        "nodes_suitable_free": suitable_free(job, snapshot),
        "share_of_cluster_percent": share_percent(job, snapshot),
        "cores": cluster.cores,
        "memory_gib": cluster.memory_gib,
        "memory_gib_per_node": max(group.memory_gib for group in cluster.groups),
        "gpus": cluster.gpus,
        "gpus_per_node": max(group.gpus for group in cluster.groups),
        "link_gbps": cluster.link_gbps,
        "storage_pb": cluster.storage_pb,
    }

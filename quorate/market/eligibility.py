"""Can this cluster run this job, ever and now? Decided on nodes that have what is asked, never on totals."""

from quorate.domain.bidding import Abstention, AbstentionCode
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.market.facts import suitable, suitable_free


def _never(job: Job, snapshot: ClusterSnapshot) -> tuple[str, str] | None:
    cluster = snapshot.cluster
    if suitable(job, snapshot) >= job.nodes:
        return None
    with_gpus = sum(group.nodes for group in cluster.groups if group.gpus >= job.gpus_per_node)
    with_memory = sum(group.nodes for group in cluster.groups if group.memory_gib >= job.memory_gib_per_node)
    if cluster.nodes < job.nodes:
        return AbstentionCode.TOO_FEW_NODES, f"{cluster.nodes} nodes in all, {job.nodes} asked"
    if with_gpus < job.nodes:
        return AbstentionCode.GPUS_PER_NODE, (
            f"{with_gpus} nodes have {job.gpus_per_node} GPUs each, {job.nodes} asked"
        )
    if with_memory < job.nodes:
        return AbstentionCode.MEMORY_PER_NODE, (
            f"{with_memory} nodes have {job.memory_gib_per_node} GiB each, {job.nodes} asked"
        )
    return AbstentionCode.GPUS_PER_NODE, (
        f"{suitable(job, snapshot)} nodes have both {job.gpus_per_node} GPUs and "
        f"{job.memory_gib_per_node} GiB, {job.nodes} asked"
    )


def ineligible(job: Job, snapshot: ClusterSnapshot) -> tuple[str, str] | None:
    """Return (abstention code, sentence) if the cluster cannot run the job now, None if it can."""
    asked, barred = (job.nodes, job.gpus_per_node, job.memory_gib_per_node), snapshot.barred
    if asked not in barred:
        barred[asked] = _ineligible(job, snapshot)
    return barred[asked]


def _ineligible(job: Job, snapshot: ClusterSnapshot) -> tuple[str, str] | None:
    reason = _never(job, snapshot)
    if reason is None and suitable_free(job, snapshot) < job.nodes:
        free = suitable_free(job, snapshot)
        of = suitable(job, snapshot)
        return AbstentionCode.BUSY_NOW, f"{free} of {of} suitable nodes free now, {job.nodes} asked"
    return reason


def abstention(job: Job, snapshot: ClusterSnapshot) -> Abstention | None:
    """Return the abstention that follows from facts alone, None if the cluster may bid."""
    reason = ineligible(job, snapshot)
    if reason is None:
        return None
    code, detail = reason
    return Abstention(job=job.id, cluster=snapshot.cluster.id, code=code, detail=detail)

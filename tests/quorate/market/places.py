"""Strategies for jobs and clusters in every state: what the market's laws quantify over."""

from hypothesis import strategies as st

from quorate.domain.clusters import CLUSTER_TYPES, Cluster, ClusterSnapshot, NodeGroup
from quorate.domain.jobs import Job
from quorate.market.facts import suitable_free

GROUPS = st.builds(
    NodeGroup,
    nodes=st.integers(1, 60),
    cores=st.integers(1, 128),
    memory_gib=st.sampled_from([64, 256, 512, 1_024]),
    gpus=st.sampled_from([0, 0, 2, 4]),
)

CLUSTERS = st.builds(
    Cluster,
    id=st.just("c0"),
    type=st.sampled_from(CLUSTER_TYPES),
    interconnect=st.just("fabric"),
    link_gbps=st.sampled_from([10, 28, 100, 200, 400]),
    storage_pb=st.integers(0, 100),
    groups=st.lists(GROUPS, min_size=1, max_size=4).map(tuple),
)

JOBS = st.builds(
    Job,
    id=st.just("j1"),
    type=st.sampled_from(CLUSTER_TYPES),
    nodes=st.integers(1, 120),
    gpus_per_node=st.sampled_from([0, 0, 0, 2, 4, 8]),
    memory_gib_per_node=st.sampled_from([0, 64, 200, 512, 960, 2_048]),
    walltime_s=st.integers(1, 10_000),
)


@st.composite
def snapshots(draw: st.DrawFn) -> ClusterSnapshot:
    """A cluster with some nodes held by jobs and some by background."""
    cluster = draw(CLUSTERS)
    jobs = tuple(draw(st.integers(0, group.nodes)) for group in cluster.groups)
    rooms = [group.nodes - held for group, held in zip(cluster.groups, jobs, strict=True)]
    busy = tuple(draw(st.integers(0, room)) for room in rooms)
    return ClusterSnapshot(cluster=cluster, taken_at_s=0, allocated=jobs, background=busy)


@st.composite
def fitting(draw: st.DrawFn, groups_max: int = 4) -> tuple[Job, ClusterSnapshot]:
    """A job with a cluster on which it fits now."""
    made = draw(CLUSTERS)
    made = made.model_copy(update={"groups": made.groups[:groups_max]})
    jobs, busy = [], []
    for group in made.groups:
        held = draw(st.integers(0, group.nodes - 1))
        jobs.append(held)
        busy.append(draw(st.integers(0, group.nodes - 1 - held)))
    taken = ClusterSnapshot(cluster=made, taken_at_s=0, allocated=tuple(jobs), background=tuple(busy))
    like = draw(st.sampled_from(made.groups))
    wanted = Job(
        id="j1",
        type=draw(st.sampled_from(CLUSTER_TYPES)),
        nodes=1,
        gpus_per_node=draw(st.integers(0, like.gpus)),
        memory_gib_per_node=draw(st.integers(0, like.memory_gib)),
        walltime_s=3_600,
    )
    return wanted.model_copy(update={"nodes": draw(st.integers(1, suitable_free(wanted, taken)))}), taken

"""The reference data are exactly the table that the project promises."""

import pytest

from backends.reading import read_federation, read_jobs
from quorate.domain.clusters import snapshot
from quorate.ledger.fold import cluster_row, federation_row
from quorate.market.eligibility import ineligible
from tests.conftest import ROOT

FEDERATION = read_federation(ROOT / "data/federations/reference.toml")
WORKLOAD = read_jobs(ROOT / "data/workloads/reference.toml")
TABLE = {
    "HPC_RESOURCE_00": ("hpc", 200, 8_800, 102_400, 1_200, "InfiniBand EDR", 100, 250),
    "HPC_RESOURCE_01": ("gpu", 320, 20_480, 163_840, 1_280, "Cray Slingshot-11", 200, 700),
    "HPC_RESOURCE_02": ("memory", 512, 24_576, 524_288, 0, "Tofu Interconnect D", 28, 150),
    "HPC_RESOURCE_03": ("hybrid", 328, 10_496, 83_968, 512, "InfiniBand HDR", 200, 100),
    "HPC_RESOURCE_04": ("ai", 353, 28_672, 90_368, 1_024, "InfiniBand HDR", 200, 35),
    "HPC_RESOURCE_05": ("storage", 280, 8_960, 143_360, 1_120, "Cray Slingshot-10", 200, 230),
}
GROUPS = {
    "HPC_RESOURCE_00": [(200, 44, 512, 6)],
    "HPC_RESOURCE_01": [(320, 64, 512, 4)],
    "HPC_RESOURCE_02": [(512, 48, 1_024, 0)],
    "HPC_RESOURCE_03": [(256, 32, 256, 2), (72, 32, 256, 0)],
    "HPC_RESOURCE_04": [(256, 96, 256, 4), (66, 32, 256, 0), (31, 64, 256, 0)],
    "HPC_RESOURCE_05": [(280, 32, 512, 4)],
}
JOBS = [
    ("Exascale Climate Modeling", "WRF", "hpc", 40, 0, 480),
    ("LLM Training", "Megatron-LM", "ai", 60, 4, 720),
    ("Cosmological Simulation", "GADGET-4", "hybrid", 50, 2, 600),
    ("Quantum Circuit Simulation", "QuEST", "memory", 32, 0, 360),
    ("Graph Analytics", "GraphBLAS", "storage", 42, 0, 300),
    ("Genomics", "GATK", "memory", 38, 0, 540),
    ("Fusion Plasma", "JOREK", "hpc", 36, 0, 540),
    ("Drug Discovery", "AutoDock-GPU", "gpu", 40, 4, 420),
]


@pytest.mark.parametrize("cluster", FEDERATION.clusters, ids=lambda cluster: cluster.id)
def test_a_clusters_groups_add_up_to_its_line_of_the_table(cluster):
    nodes = [each for group in cluster.groups for each in [group] * group.nodes]
    sums = (len(nodes), sum(n.cores for n in nodes), sum(n.memory_gib for n in nodes), sum(n.gpus for n in nodes))
    assert (cluster.type, *sums, cluster.interconnect, cluster.link_gbps, cluster.storage_pb) == TABLE[cluster.id]
    assert [(g.nodes, g.cores, g.memory_gib, g.gpus) for g in cluster.groups] == GROUPS[cluster.id]


def test_the_federation_is_the_six_in_order_and_their_sums_are_the_last_line():
    assert [cluster.id for cluster in FEDERATION.clusters] == list(TABLE)
    totals = federation_row("reference", tuple(cluster_row(cluster, 0) for cluster in FEDERATION.clusters)).totals
    assert (totals.clusters, totals.nodes, totals.cores, totals.memory_gib, totals.gpus) == (
        6, 1_993, 101_984, 1_108_224, 5_136,
    )  # fmt: skip


def test_all_memory_is_1_082_tib_or_1_190_tb():
    totals = federation_row("reference", tuple(cluster_row(cluster, 0) for cluster in FEDERATION.clusters)).totals
    assert (totals.memory_tib, totals.memory_tb) == (1_082, 1_190)
    assert (round(1_108_224 / 1_024), round(1_108_224 * 2**30 / 1e12)) == (1_082, 1_190)


def test_the_workload_is_the_eight_jobs_of_338_nodes():
    told = [(j.name, j.application, j.type, j.nodes, j.gpus_per_node, j.walltime_min) for j in WORKLOAD.jobs]
    assert told == JOBS
    assert sum(request.nodes for request in WORKLOAD.jobs) == 338
    assert [request.id for request in WORKLOAD.jobs] == [f"job_{i:03}" for i in range(1, 9)]
    assert WORKLOAD.interval_min == 10


def test_the_quantum_job_says_what_it_cannot_hold():
    quantum = WORKLOAD.jobs[3]
    state_tib, held_tib = 2**45 * 16 / 2**40, quantum.nodes * quantum.memory_gib_per_node / 1_024
    assert (quantum.memory_gib_per_node, state_tib, round(state_tib / held_tib)) == (960, 512, 17)
    assert "512 TiB" in quantum.description
    assert "seventeen times" in quantum.description
    assert "compressed simulation" in quantum.description


@pytest.mark.parametrize("request_", WORKLOAD.jobs, ids=lambda request: request.id)
def test_each_job_can_run_on_an_idle_cluster_of_its_own_type(request_):
    own = [cluster for cluster in FEDERATION.clusters if cluster.type == request_.type]
    assert [ineligible(request_.job(), snapshot(cluster, 0)) for cluster in own] == [None]


def test_no_cluster_takes_a_5_000_node_job():
    huge = WORKLOAD.jobs[0].job().model_copy(update={"nodes": 5_000})
    assert all(ineligible(huge, snapshot(cluster, 0)) for cluster in FEDERATION.clusters)

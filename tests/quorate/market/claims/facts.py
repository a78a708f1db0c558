"""Facts of clusters and jobs that sentences of several tests are judged against."""

from quorate.market.claims import Known, KnownGroup

ALIKE = Known(
    cluster="HPC_RESOURCE_09", type="hpc", nodes=200, nodes_free=150, nodes_allocated=40, nodes_background=10,
    cores=8_800, memory_gib=102_400, gpus=1_200, interconnect="InfiniBand HDR", link_gbps=200, storage_pb=20,
    groups=(KnownGroup(nodes=200, free=150, cores=44, memory_gib=512, gpus=6),),
    job="job_9", job_type="ai", job_nodes=12, job_gpus_per_node=2, job_memory_gib_per_node=128,
    job_walltime_s=36_000,
)  # fmt: skip
SMALL = Known(
    cluster="petrel", type="memory", nodes=12, nodes_free=7, nodes_allocated=3, nodes_background=2,
    cores=1_152, memory_gib=49_152, gpus=0, interconnect="InfiniBand HDR", link_gbps=200, storage_pb=20,
    groups=(KnownGroup(nodes=12, free=7, cores=96, memory_gib=4_096, gpus=0),),
    job="job_9", job_type="memory", job_nodes=4, job_gpus_per_node=0, job_memory_gib_per_node=1_500,
    job_walltime_s=172_800,
)  # fmt: skip
MIXED = Known(
    cluster="HPC_RESOURCE_08", type="hybrid", nodes=640, nodes_free=510, nodes_allocated=110, nodes_background=20,
    cores=40_960, memory_gib=145_920, gpus=80, interconnect="InfiniBand HDR", link_gbps=200, storage_pb=20,
    groups=(
        KnownGroup(nodes=600, free=480, cores=64, memory_gib=192, gpus=0),
        KnownGroup(nodes=40, free=30, cores=64, memory_gib=768, gpus=2),
    ),
    job="job_9", job_type="hybrid", job_nodes=24, job_gpus_per_node=1, job_memory_gib_per_node=256,
    job_walltime_s=39_600,
)  # fmt: skip
BUSY = Known(
    cluster="HPC_RESOURCE_07", type="ai", nodes=100, nodes_free=43, nodes_allocated=23, nodes_background=34,
    cores=11_200, memory_gib=204_800, gpus=800, interconnect="InfiniBand HDR", link_gbps=200, storage_pb=20,
    groups=(KnownGroup(nodes=100, free=43, cores=112, memory_gib=2_048, gpus=8),),
    job="job_9", job_type="storage", job_nodes=38, job_gpus_per_node=0, job_memory_gib_per_node=768,
    job_walltime_s=32_400,
)  # fmt: skip
KNOWN = {"A": ALIKE, "B": MIXED, "C": SMALL, "D": BUSY}

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.knowing import amount, flat, kind_of, known_from, per_node_limits, rival_from, walltime_s

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["nodes", "type", "gpus", "memory_gb", "walltime", "node_groups", "id", "nodes_free", "cores"])
facts = st.dictionaries(names | st.text(max_size=10), plain, max_size=6)


@given(facts, facts)
def test_whatever_a_log_holds_is_known_or_unknown_never_an_error(job, cluster):
    known_from(job, cluster)
    per_node_limits(cluster)
    rival_from(cluster)


REFERENCE = {
    "id": "HPC_RESOURCE_01", "type": "gpu", "nodes": 320, "cores": 20480, "memory_gib": 163840, "gpus": 1280,
    "nodes_free": 175, "nodes_allocated": 40, "nodes_background": 105,
}  # fmt: skip


@pytest.mark.parametrize(
    "cluster",
    [
        REFERENCE,
        {"cluster_id": "HPC_RESOURCE_01", "resource_type": "ResourceType.GPU", "totalNodes": 320,
         "total_cores": "20,480", "total_memory_gb": 163840, "gpu_count": 1280, "available_nodes": 175,
         "allocated_nodes": 40, "background_load": 105},
        {"agent_id": "HPC_RESOURCE_01", "specialization": "GPU-optimized", "resources": {"node_count": "320",
         "cpu_cores": 20480, "memory_tb": 160, "total_gpus": 1280}, "state": {"allocated": 40, "background": 105}},
    ],
)  # fmt: skip
def test_one_cluster_under_three_sets_of_names_is_one_cluster(cluster):
    known = known_from({}, cluster)
    assert (known.cluster, known.type, known.nodes, known.cores) == ("HPC_RESOURCE_01", "gpu", 320, 20480)
    assert (known.gpus, known.memory_gib, known.nodes_free) == (1280, 163840, 175)


def test_missing_null_and_odd_facts_are_unknown():
    known = known_from({"nodes": None, "type": "quantum"}, {"nodes": "many", "gpus": [4], "nodes_free": -3})
    assert known == known_from({}, {})


def test_a_total_says_nothing_about_one_node():
    assert known_from({}, {"nodes": 328, "gpus": 512}).groups is None
    assert per_node_limits({"nodes": 328, "gpus": 512}) == (None, None)


def test_equal_nodes_are_one_group_if_the_log_says_so():
    known = known_from({}, {"nodes": 320, "gpus": 1280, "heterogeneous": False, "memory_per_node_gb": 512})
    assert known.groups is not None
    assert (known.groups[0].nodes, known.groups[0].gpus, known.groups[0].memory_gib) == (320, 4, 512)


def test_totals_that_all_divide_by_the_nodes_are_equal_nodes():
    known = known_from({}, {"nodes": 200, "cores": 8800, "memory_gib": 102400, "gpus": 1200})
    assert known.groups is not None
    assert [(g.nodes, g.cores, g.memory_gib, g.gpus) for g in known.groups] == [(200, 44, 512, 6)]
    assert known_from({}, {"nodes": 328, "cores": 10496, "memory_gib": 83968, "gpus": 512}).groups is None
    assert known_from({}, {"nodes": 200, "cores": 8800, "gpus": 1200}).groups is None
    assert per_node_limits({"nodes": 200, "cores": 8800, "memory_gib": 102400, "gpus": 1200}) == (6, 512)


def test_a_word_about_the_nodes_wins_over_arithmetic():
    totals = {"nodes": 200, "cores": 8800, "memory_gib": 102400, "gpus": 1200}
    assert known_from({}, totals | {"heterogeneous": True}).heterogeneous is True
    assert known_from({}, totals | {"architecture": "heterogeneous CPU/GPU"}).heterogeneous is True
    assert known_from({}, {"nodes": 7, "architecture": "Homogeneous"}).heterogeneous is False


def test_a_few_gpus_beside_many_nodes_stay_unknown():
    assert known_from({}, {"nodes": 320, "gpus": 4}).gpus is None
    assert known_from({}, {"nodes": 320, "gpus": 0}).gpus == 0


@pytest.mark.parametrize(
    ("facts", "total", "each"),
    [
        ({"memory_gb": 102400}, 102400, None),
        ({"memory_gb": 512}, None, 512),
        ({"memory": "512 GB per node"}, None, 512),
        ({"memory_per_node_gb": 512}, None, 512),
        ({"total_memory_tb": 100}, 102400, None),
        ({"memory_gb": 2000}, None, None),
    ],
)
def test_memory_without_a_word_is_told_by_its_size_or_left_unknown(facts, total, each):
    cluster = {"nodes": 200} | facts
    assert known_from({}, cluster).memory_gib == total
    assert per_node_limits(cluster)[1] == each


def test_a_jobs_total_of_gpus_is_shared_out_over_its_nodes():
    assert known_from({"nodes": 60, "gpu_count": 240}, {}).job_gpus_per_node == 4
    assert known_from({"nodes": 60, "gpus": 2}, {}).job_gpus_per_node is None
    assert known_from({"nodes": 60, "required_gpus": 0}, {}).job_gpus_per_node == 0


@pytest.mark.parametrize(
    ("facts", "seconds"),
    [
        ({"walltime_s": 3600}, 3600),
        ({"walltime_min": 480}, 28800),
        ({"estimated_runtime": 480}, 28800),
        ({"walltime_hours": 8}, 28800),
        ({"walltime": "8:00:00"}, 28800),
        ({"walltime": "1-00:00:00"}, 86400),
        ({"runtime": "90 min"}, 5400),
        ({"duration": "2 h"}, 7200),
        ({"walltime": None}, None),
    ],
)
def test_times_come_out_in_seconds(facts, seconds):
    assert walltime_s(facts) == seconds


def test_type_words_are_read_dressed_or_not_at_all():
    assert [kind_of(word) for word in ("HPC", "storage-optimized", "gpu_cluster", "compute", 3, None)] == [
        "hpc", "storage", "gpu", None, None, None,
    ]  # fmt: skip


def test_numbers_are_read_from_text_or_not_at_all():
    assert [amount(v) for v in ("1,280", "512 GB", 3, True, "many", "1.2.3", -1)] == [
        1280,
        512,
        3,
        None,
        None,
        None,
        None,
    ]


def test_the_outer_level_wins_over_a_nested_one():
    assert flat({"a": {"nodes": 1, "x": 2}, "nodes": 3}) == {"nodes": 3, "x": 2}

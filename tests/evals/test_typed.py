import pytest

from evals.knowing import known_from
from evals.typed import refuted_fields

KNOWN = known_from(
    {"type": "ai", "nodes": 60, "gpus_per_node": 4, "memory_gib_per_node": 256},
    {"id": "HPC_RESOURCE_01", "type": "gpu", "nodes": 320, "nodes_free": 200, "gpus": 1280,
     "node_groups": [{"nodes": 320, "cores": 64, "memory_gib": 512, "gpus": 4, "nodes_free": 200}]},
)  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {"type_match": True},
        {"matches_type": True, "score": 0.5},
        {"penalty_applied": False},
        {"free_nodes": 310},
        {"share_percent": 40},
        {"evidence": [{"fact": "nodes_free", "value": 175}]},
        {"evidence": {"type_match": True}},
        {"facts": [{"name": "gpus_per_node", "value": 2}]},
        {"own_type": "ai"},
        {"job_type": "hpc"},
        {"can_run": False},
        {"has_gpus": False},
        {"heterogeneous": True},
        {"homogeneous": False},
        {"cluster": "HPC_RESOURCE_04"},
    ],
)
def test_a_false_field_is_refuted_with_the_fact(body):
    found = refuted_fields(body, KNOWN)
    assert len(found) == 1
    assert found[0].fact
    assert found[0].sentence


@pytest.mark.parametrize(
    "body",
    [
        {"type_match": False},
        {"penalty_applied": True},
        {"free_nodes": 200},
        {"free_nodes": 202},
        {"free_nodes": True},
        {"share_percent": 19},
        {"evidence": [{"fact": "nodes_free", "value": 200}, {"fact": "weather", "value": "fine"}]},
        {"type": "bid"},
        {"nodes": 60},
        {"gpus_per_node": 4},
        {"cluster": "ours"},
        {"cluster": "hpc_resource_01"},
        {"storage_pb": 9},
        None,
        [1, 2],
    ],
)
def test_true_odd_and_unknown_fields_are_left_alone(body):
    assert refuted_fields(body, KNOWN) == []


def test_unknown_facts_refute_nothing():
    assert refuted_fields({"type_match": True, "free_nodes": 3, "cluster": "X_1"}, known_from({}, {})) == []


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ({"share": 0.6}, {"share": 0.19}),
        ({"share": "60%"}, {"share": "19%"}),
        ({"penalty": 0.0}, {"penalty": 0.1}),
        ({"match": "yes"}, {"match": "no"}),
        ({"mismatch": False}, {"mismatch": True}),
        ({"nodes": 400}, {"nodes": 320}),
        ({"nodes": 400}, {"nodes": 60}),
        ({"gpus_per_node": 8}, {"gpus_per_node": 4}),
        ({"memory_gb": 700}, {"memory_gb": 512}),
        ({"type": "hpc"}, {"type": "ai"}),
        ({"utilization": 0.8}, {"utilization": 0.375}),
        ({"busy_nodes": 20}, {"busy_nodes": 120}),
        ({"nodes_left": 200}, {"nodes_left": 140}),
        ({"memory_ok": False}, {"memory_ok": True}),
        ({"gpu_ok": "no"}, {"gpu_ok": "yes"}),
        ({"enough_nodes": False}, {"enough_nodes": True}),
        ({"factors": {"required_nodes": 90}}, {"factors": {"required_nodes": 60}}),
    ],
)
def test_fields_of_many_names_are_judged(body, right):
    assert len(refuted_fields(body, KNOWN)) == 1
    assert refuted_fields(right, KNOWN) == []

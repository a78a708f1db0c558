"""The graph as LangGraph's development server opens it: by its configuration, with plain JSON."""

import importlib.util
import json

import pytest
from langgraph.checkpoint.memory import InMemorySaver

import devserver
from quorate.domain.errors import RequestInvalid
from tests.doors import ROOT

JOB = {"id": "mine", "type": "ai", "nodes": 60, "gpus_per_node": 4, "walltime_min": 30}


def from_configuration():
    """Load the graph as the server does: by file and name."""
    (place,) = json.loads((ROOT / "langgraph.json").read_text("utf-8"))["graphs"].values()
    path, name = place.split(":")
    spec = importlib.util.spec_from_file_location("opened", ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)()


async def test_the_configured_graph_takes_plain_json_and_gives_plain_json_back():
    graph = from_configuration()
    assert graph.checkpointer is None, "the server brings its own"
    told = await graph.ainvoke({"job": JOB})
    assert told["outcome"] == "allocated"
    again = json.loads(json.dumps(told))
    assert again["decision"]["cluster"] == "HPC_RESOURCE_04"
    assert again["decision"]["approvals"] == 6
    assert len(again["decision"]["bids"]) == 6


async def test_one_thread_may_decide_one_job_after_another():
    saver = InMemorySaver()
    config = {"configurable": {"thread_id": "t"}}
    for name in ("one", "two"):
        graph = devserver.dev_graph().copy()
        graph.checkpointer = saver
        told = await graph.ainvoke({"job": {**JOB, "id": name}}, config)
        assert (told["outcome"], told["decision"]["job"]["id"]) == ("allocated", name)


async def test_a_job_that_fits_nowhere_says_why():
    told = await devserver.dev_graph().ainvoke({"job": {**JOB, "nodes": 5_000}})
    assert told["outcome"] == "unallocated"
    assert len(told["decision"]["reasons"]) == 6


async def test_a_wrong_job_is_refused_in_a_sentence():
    with pytest.raises(RequestInvalid, match=r"the input: jobs\.0\.nodes is missing; give it a value"):
        await devserver.dev_graph().ainvoke({"job": {"id": "mine", "walltime_min": 3}})


def test_the_servers_picture_names_every_cluster():
    graph = devserver.dev_graph().get_graph()
    assert {"enter", "call", "tally", "commit", "occupancy", "tell"} <= set(graph.nodes)
    assert {f"bid_{cluster.id.lower()}" for cluster in devserver.FEDERATION.clusters} <= set(graph.nodes)

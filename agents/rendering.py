"""A job and its facts as the words of a prompt: numbers with units from code, foreign text as data only."""

import json
from collections.abc import Mapping

from prompts import data_block
from quorate.domain.bidding import FACT_NAMES, Bid, FactName, FactValue
from quorate.domain.canonical import Plain
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.values import BASIS_POINTS, ClusterId
from quorate.market.facts import facts

MEANING: dict[FactName, str] = {
    "type": "what this cluster was built for",
    "type_match": "whether that is the type the job asks for",
    "heterogeneous": "whether its nodes differ from each other",
    "nodes": "nodes in all",
    "nodes_free": "nodes free now, of any kind",
    "nodes_allocated": "nodes held by jobs of the federation",
    "nodes_background": "nodes busy with other work",
    "nodes_suitable": "nodes that have the GPUs and memory asked of each node, busy or not",
    "nodes_suitable_free": "of those, free now",
    "share_of_cluster_percent": "the job's nodes as a share of all nodes, percent",
    "cores": "CPU cores in all",
    "memory_gib": "memory in all, GiB",
    "memory_gib_per_node": "memory of the largest node, GiB",
    "gpus": "GPUs in all",
    "gpus_per_node": "GPUs in the node that has most",
    "link_gbps": "bandwidth of one network link, Gb/s",
    "storage_pb": "file system, PB",
}
"""What each fact is, with its unit."""


def request_lines(job: Job) -> str:
    """Return what the job needs, one line each, from its checked fields only."""
    return "\n".join(
        (
            f"- job id: {job.id}",
            f"- type of cluster it suits best: {job.type}",
            f"- nodes: {job.nodes}",
            f"- GPUs in each node: {job.gpus_per_node or 'none asked'}",
            f"- memory in each node: {f'{job.memory_gib_per_node} GiB' if job.memory_gib_per_node else 'none asked'}",
            f"- time limit: {job.walltime_s} s",
        )
    )


def fact_lines(known: Mapping[FactName, FactValue]) -> str:
    """Return every fact with its meaning, values as they are to be copied."""
    return "\n".join(f"- {name} = {json.dumps(known[name])}  ({MEANING[name]})" for name in FACT_NAMES)


def submitted(job: Job) -> Plain:
    """Return everything in a job that a stranger wrote."""
    return {
        "name": job.name,
        "application": job.application,
        "description": job.description,
        "attributes": [{"name": item.name, "value": item.value} for item in job.attributes],
        "submitter": job.submitter,
    }


def bid_inputs(job: Job, snapshot: ClusterSnapshot) -> dict[str, str]:
    """Return what the bid prompt is filled with."""
    marker, block = data_block(submitted(job))
    return {
        "cluster": snapshot.cluster.id,
        "request": request_lines(job),
        "facts": fact_lines(facts(job, snapshot)),
        "marker": marker,
        "data": block,
    }


def vote_inputs(job: Job, voter: ClusterId, winner: ClusterSnapshot, ranked: tuple[Bid, ...]) -> dict[str, str]:
    """Return what the vote prompt is filled with; what bidders wrote is foreign text like the submitter's."""
    said: list[Plain] = [{"cluster": bid.cluster, "reasoning": bid.reasoning} for bid in ranked]
    marker, block = data_block({"job": submitted(job), "bids": said})
    return {
        "cluster": voter,
        "request": request_lines(job),
        "winner": winner.cluster.id,
        "facts": fact_lines(facts(job, winner)),
        "bids": "\n".join(f"- {bid.cluster}: {bid.score_bp / BASIS_POINTS:.4f}" for bid in ranked) or "- none",
        "marker": marker,
        "data": block,
    }

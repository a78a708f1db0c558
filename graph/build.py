"""Builds the state graph: one named bidding node and one named voting node for each row of configuration."""

from collections.abc import Sequence
from typing import Any, Protocol, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graph.nodes import Nodes, bid_node, vote_node
from graph.state import AllocationState
from quorate.domain.values import ClusterId

Graph = CompiledStateGraph[AllocationState, None, AllocationState, AllocationState]

Builder = StateGraph[AllocationState, None, Any, Any]


class PlainJob(TypedDict):
    """What a caller from outside hands in."""

    job: dict[str, object]
    """A job as a file would say it."""


class PlainOutcome(TypedDict):
    """What it gets back."""

    outcome: str
    decision: dict[str, object]
    """The decision as the run's report would say it."""


class Door(Protocol):
    """Turns plain JSON into a job with its signature, and a decision into plain JSON."""

    async def enter(self, state: PlainJob) -> AllocationState:
        """Return the job, as its submitter signs it."""
        ...

    async def tell(self, state: AllocationState) -> PlainOutcome:
        """Return how it ended."""
        ...


STORED = (
    ("quorate.domain.jobs", "Job"),
    ("quorate.domain.jobs", "Attribute"),
    ("quorate.domain.bidding", "Answer"),
    ("quorate.domain.bidding", "Bid"),
    ("quorate.domain.bidding", "Abstention"),
    ("quorate.domain.bidding", "Author"),
    ("quorate.domain.bidding", "PromptRef"),
    ("quorate.domain.bidding", "Forecast"),
    ("quorate.domain.bidding", "Claim"),
    ("quorate.domain.bidding", "Effort"),
    ("quorate.ledger.participant", "Keep"),
)
"""The values that checkpoints hold; the serializer restores no other type."""


def serializer() -> JsonPlusSerializer:
    """Return the checkpointer's serializer, with its allow-list."""
    return JsonPlusSerializer(allowed_msgpack_modules=STORED)


def build(
    nodes: Nodes,
    clusters: Sequence[ClusterId],
    checkpointer: BaseCheckpointSaver[str] | None = None,
    door: Door | None = None,
) -> Graph:
    """Return the compiled graph for these clusters; with a `door`, for callers that speak plain JSON.

    call -> propose -> vote_* -> tally -> commit, round again while a height fails, once more for each height that
    the call needs; bid_* and seal between the opening of the call and its close; occupancy at the end.
    """
    graph: Builder = StateGraph(AllocationState)
    if door is not None:
        graph = StateGraph(AllocationState, input_schema=PlainJob, output_schema=PlainOutcome)
    for name in ("call", "seal", "propose", "tally", "commit", "occupancy"):
        graph.add_node(name, getattr(nodes, name))
    for cluster in clusters:
        graph.add_node(bid_node(cluster), nodes.bid(cluster))
        graph.add_node(vote_node(cluster), nodes.vote(cluster))
        graph.add_edge("propose", vote_node(cluster))
    bids = [bid_node(cluster) for cluster in clusters]
    _open(graph, door)
    graph.add_conditional_edges("call", nodes.after_commit, [*bids, "propose", "occupancy"])
    graph.add_edge(bids, "seal")
    graph.add_edge("seal", "propose")
    graph.add_edge([vote_node(cluster) for cluster in clusters], "tally")
    graph.add_conditional_edges("tally", nodes.after_tally, [*bids, "commit", "propose", "occupancy"])
    graph.add_conditional_edges("commit", nodes.after_commit, [*bids, "propose", "occupancy"])
    return graph.compile(checkpointer=checkpointer)


def _open(graph: Builder, door: Door | None) -> None:
    """Lead in to the call and out of the occupancy, through a door if there is one."""
    if door is None:
        graph.add_edge(START, "call")
        graph.add_edge("occupancy", END)
        return
    graph.add_node("enter", door.enter, input_schema=PlainJob)
    graph.add_node("tell", door.tell)
    graph.add_edge(START, "enter")
    graph.add_edge("enter", "call")
    graph.add_edge("occupancy", "tell")
    graph.add_edge("tell", END)

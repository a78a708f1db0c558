"""One member's own agent graph: what is infeasible is not asked, what is false is not signed."""

import pytest

from agents.bidder import RuleBidder
from graph.agent import AgentGraph
from quorate.domain.bidding import Abstention, AbstentionCode, Answer, Bid
from quorate.domain.clusters import Cluster, ClusterSnapshot, NodeGroup, snapshot
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, JobId
from quorate.market.rule import rule_bid

CLUSTER = Cluster(
    id=ClusterId("C"),
    type="gpu",
    interconnect="x",
    link_gbps=100,
    storage_pb=1,
    groups=(NodeGroup(nodes=10, cores=8, memory_gib=64, gpus=2),),
)
FACTS = snapshot(CLUSTER, background=2)


def job(nodes: int = 4, gpus: int = 0) -> Job:
    return Job(id=JobId("j"), nodes=nodes, gpus_per_node=gpus, walltime_s=60)


class Counting:
    """A bidder that counts its calls and answers what it is told to."""

    def __init__(self, score_bp: int | None = None) -> None:
        self.calls, self.score_bp = 0, score_bp

    async def bid(self, job: Job, snapshot: ClusterSnapshot) -> Answer:
        self.calls += 1
        bid = rule_bid(job, snapshot)
        changed = bid if self.score_bp is None else bid.model_copy(update={"score_bp": self.score_bp})
        return Answer(outcome=changed)


async def test_a_feasible_job_is_answered_by_the_bidder_inside() -> None:
    answer = await AgentGraph(RuleBidder()).bid(job(), FACTS)
    assert answer.outcome == rule_bid(job(), FACTS)


@pytest.mark.parametrize(("asked", "code"), [(job(nodes=11), "too_few_nodes"), (job(gpus=3), "gpus_per_node")])
async def test_an_infeasible_job_reaches_no_bidder(asked: Job, code: str) -> None:
    bidder = Counting()
    answer = await AgentGraph(bidder).bid(asked, FACTS)
    assert isinstance(answer.outcome, Abstention)
    assert (answer.outcome.code, bidder.calls) == (code, 0)


async def test_what_a_peer_would_refute_is_not_signed_but_abstained_from() -> None:
    bidder = Counting(score_bp=10_000)
    asked = job().model_copy(update={"type": "storage"})
    answer = await AgentGraph(bidder).bid(asked, FACTS)
    assert bidder.calls == 1
    assert isinstance(answer.outcome, Abstention)
    assert answer.outcome.code == AbstentionCode.BID_BREAKS_FACTS
    assert "outside the allowed" in answer.outcome.detail


async def test_two_calls_through_one_graph_do_not_meet() -> None:
    graph = AgentGraph(RuleBidder())
    first, second = await graph.bid(job(nodes=2), FACTS), await graph.bid(job(nodes=6), FACTS)
    assert isinstance(first.outcome, Bid)
    assert isinstance(second.outcome, Bid)
    assert first.outcome.score_bp != second.outcome.score_bp

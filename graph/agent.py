"""One member's own agent as a small graph: eligibility by code, then its bidder, then the check before signing.

A peer process runs this for itself and for nobody else. It is a `Bidder` like any other, so that the process knows
nothing of LangGraph.
"""

from typing import TypedDict

from langgraph.graph import END, START, StateGraph

from quorate.domain.bidding import Abstention, AbstentionCode, Answer, Bid
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.market.check import findings
from quorate.market.eligibility import abstention
from quorate.ports import Bidder


class AgentState(TypedDict, total=False):
    """One call at one member."""

    job: Job
    snapshot: ClusterSnapshot
    answer: Answer


class AgentGraph:
    """A bidder behind its graph: `eligible` -> `ask` -> `check`."""

    def __init__(self, bidder: Bidder) -> None:
        """Build the graph around the bidder that answers."""
        self._bidder = bidder
        graph = StateGraph(AgentState)
        graph.add_node("eligible", self._eligible)
        graph.add_node("ask", self._ask)
        graph.add_node("check", self._check)
        graph.add_edge(START, "eligible")
        graph.add_conditional_edges("eligible", self._route, ["ask", END])
        graph.add_edge("ask", "check")
        graph.add_edge("check", END)
        self._graph = graph.compile()

    async def bid(self, job: Job, snapshot: ClusterSnapshot) -> Answer:
        """Return this member's answer to a call."""
        done = await self._graph.ainvoke(AgentState(job=job, snapshot=snapshot))
        answer = done["answer"]
        assert isinstance(answer, Answer)
        return answer

    async def _eligible(self, state: AgentState) -> AgentState:
        infeasible = abstention(state["job"], state["snapshot"])
        return AgentState(answer=Answer(outcome=infeasible)) if infeasible else AgentState()

    def _route(self, state: AgentState) -> str:
        return END if "answer" in state else "ask"

    async def _ask(self, state: AgentState) -> AgentState:
        return AgentState(answer=await self._bidder.bid(state["job"], state["snapshot"]))

    async def _check(self, state: AgentState) -> AgentState:
        """Refuse to sign what a peer would refute: a bidder's mistake stays in this house."""
        answer, job, facts = state["answer"], state["job"], state["snapshot"]
        wrong = findings(answer.outcome, job, facts) if isinstance(answer.outcome, Bid) else ()
        if not wrong:
            return AgentState()
        refused = Abstention(
            job=job.id,
            cluster=facts.cluster.id,
            code=AbstentionCode.BID_BREAKS_FACTS,
            detail="; ".join(wrong)[:400],
            author=answer.outcome.author,
        )
        return AgentState(answer=answer.model_copy(update={"outcome": refused}))

"""One member's own agent as a small graph: eligibility by code, then its bidder, then the check before signing.

A peer process runs this for itself and for nobody else. Calls that opened together go through together, and each
answer leaves as soon as it is checked: a slow one holds nobody up. The process knows nothing of LangGraph.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TypedDict

from langgraph.graph import END, START, StateGraph

from quorate.domain.bidding import Abstention, AbstentionCode, Answer, Bid
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.market.check import findings
from quorate.market.eligibility import abstention
from quorate.ports import Bidder

Call = tuple[Job, ClusterSnapshot]
Came = list[tuple[int, Answer]]
"""Answers, each with the place of its call."""


class AgentState(TypedDict, total=False):
    """The calls of one moment at one member."""

    calls: Sequence[Call]
    asking: dict[int, asyncio.Task[Answer]]
    """Per place of a call, the question that is out."""
    came: Came
    """Answers that came since the last look."""


class AgentGraph:
    """A bidder behind its graph: `eligible` -> `ask` -> `check`, and `ask` again while questions are out."""

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
        graph.add_conditional_edges("check", self._route, ["ask", END])
        self._graph = graph.compile()

    async def bid(self, job: Job, snapshot: ClusterSnapshot) -> Answer:
        """Return this member's answer to one call."""
        (answer,) = [answer async for came in self.answers([(job, snapshot)]) for _, answer in came]
        return answer

    async def answers(self, calls: Sequence[Call]) -> AsyncGenerator[Came, None]:
        """Yield this member's answers to calls as they come, each once, with the place of its call."""
        asking: dict[int, asyncio.Task[Answer]] = {}
        steps = self._graph.astream(
            AgentState(calls=calls, asking=asking), {"recursion_limit": 2 * len(calls) + 8}, stream_mode="updates"
        )
        try:
            async for step in steps:
                for node, update in step.items():
                    if node != "ask" and update["came"]:
                        yield update["came"]
        finally:
            for task in asking.values():
                task.cancel()

    async def _eligible(self, state: AgentState) -> AgentState:
        came: Came = []
        for place, (job, snapshot) in enumerate(state["calls"]):
            infeasible = abstention(job, snapshot)
            if infeasible is not None:
                came.append((place, Answer(outcome=infeasible)))
            else:
                state["asking"][place] = asyncio.create_task(self._bid(job, snapshot))
        return AgentState(came=came)

    async def _bid(self, job: Job, snapshot: ClusterSnapshot) -> Answer:
        return await self._bidder.bid(job, snapshot)

    def _route(self, state: AgentState) -> str:
        return "ask" if state["asking"] else END

    async def _ask(self, state: AgentState) -> AgentState:
        """Wait until at least one answer is there."""
        asking = state["asking"]
        done, _ = await asyncio.wait(asking.values(), return_when=asyncio.FIRST_COMPLETED)
        places = [place for place, task in asking.items() if task in done]
        return AgentState(came=[(place, asking.pop(place).result()) for place in places])

    async def _check(self, state: AgentState) -> AgentState:
        """Refuse to sign what a peer would refute: a bidder's mistake stays in this house."""
        return AgentState(came=[(place, _checked(answer, *state["calls"][place])) for place, answer in state["came"]])


def _checked(answer: Answer, job: Job, facts: ClusterSnapshot) -> Answer:
    wrong = findings(answer.outcome, job, facts) if isinstance(answer.outcome, Bid) else ()
    if not wrong:
        return answer
    refused = Abstention(
        job=job.id,
        cluster=facts.cluster.id,
        code=AbstentionCode.BID_BREAKS_FACTS,
        detail="; ".join(wrong)[:400],
        author=answer.outcome.author,
    )
    return answer.model_copy(update={"outcome": refused})

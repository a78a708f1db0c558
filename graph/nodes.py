"""The graph's nodes: each carries messages or asks a bidder, and returns only what it adds to the state."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol

from graph.assembly import Assembly
from graph.committing import Committer
from graph.opinions import Opinions
from graph.state import AllocationState
from quorate.domain.bidding import Abstention, AbstentionCode, Answer
from quorate.domain.trace import Answered, Undecided
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.state import Call
from quorate.market.eligibility import abstention
from quorate.ports import Assessor, Bidder, TraceSink, Voter

Asked = tuple[JobId, int, ClusterId]
"""A question: job, height at which its call opened, cluster."""


class Node(Protocol):
    """One graph node."""

    def __call__(self, state: AllocationState) -> Awaitable[AllocationState]:
        """Return what it adds to the state."""
        ...


@dataclass(frozen=True, slots=True)
class Choices:
    """What a run may choose about time and patience."""

    deadline_s: float = 45.0
    """A call's answers close after this wall-clock time, s; what is late is an abstention."""
    rounds_max: int = 3
    """After this many rounds without a quorum the driver stops and the job is undecided."""


class Nodes:
    """The nodes over one assembly; dependencies arrive here, never by import."""

    def __init__(
        self,
        assembly: Assembly,
        bidders: Mapping[ClusterId, Bidder],
        committer: Committer,
        sink: TraceSink,
        choices: Choices,
        answered: Mapping[Asked, Answer] | None = None,
        voters: Mapping[ClusterId, Voter] | None = None,
        assessors: Mapping[ClusterId, Assessor] | None = None,
    ) -> None:
        """Take what the nodes work with; `answered`: what an interrupted run had been answered, never asked again.

        `voters`: whose models are asked for a second opinion on proposals. `assessors`: who judges rivals' bids, on a
        chain that hears opinions.
        """
        self.assembly = assembly
        self.bidders = bidders
        self.committer = committer
        self.sink = sink
        self.choices = choices
        self.answered = answered or {}
        self.assessors = assessors or {}
        self.opinions = Opinions(assembly, voters or {}, sink, choices.deadline_s)

    async def call(self, state: AllocationState) -> AllocationState:
        """Enter the job through one member; the block that opens its call announces it to everybody."""
        self.assembly.begin()
        if state["job"].id not in self.assembly.application.state.known:
            self._hand_in(state, (state["number"] - 1) % len(self.assembly.members))
            self.assembly.deliver()
        return self._added()

    def bid(self, cluster: ClusterId) -> Node:
        """Return the node that asks one cluster's bidder, within the deadline."""

        async def node(state: AllocationState) -> AllocationState:
            call = self._open_call(state)
            if call is None or cluster in state.get("answers", {}):
                return AllocationState()
            answer = self.answered.get((call.job.id, call.opened, cluster))
            if answer is None:
                answer = await self._ask(cluster, call)
                self._tell(cluster, call, answer)
            return AllocationState(answers={cluster: answer})

        return node

    async def seal(self, state: AllocationState) -> AllocationState:
        """Close the call together: answers are sealed only now, and none was shown to another agent."""
        call = self._open_call(state)
        if call is not None:
            await self._opine(call)
        for cluster, answer in sorted(state.get("answers", {}).items()):
            seat = self.assembly.application.state.seat_of(cluster)
            if call is not None and seat is not None:
                member = self.assembly.members[seat]
                effects = member.answer(call.job.id, call.opened, answer.outcome, self.assembly.now_ms)
                self.assembly.absorb(seat, effects)
        return self._added()

    async def _opine(self, call: Call) -> None:
        """Ask every member, at the same time, what it thinks its rivals could bid; who is late stays silent."""
        scores = await asyncio.gather(*(self._scores(cluster, call) for cluster in self.assessors))
        for cluster, thinks in zip(self.assessors, scores, strict=True):
            seat = self.assembly.application.state.seat_of(cluster)
            if thinks and seat is not None:
                effects = self.assembly.members[seat].opine(call.job.id, call.opened, thinks, self.assembly.now_ms)
                self.assembly.absorb(seat, effects)

    async def _scores(self, cluster: ClusterId, call: Call) -> dict[ClusterId, int]:
        rivals = [facts for facts in call.snapshots if facts.cluster.id != cluster]
        try:
            async with asyncio.timeout(self.choices.deadline_s):
                return await self.assessors[cluster].scores(call.job, rivals)
        except TimeoutError:
            return {}

    async def propose(self, state: AllocationState) -> AllocationState:
        """Wait for the round's leader to put a block to the vote."""
        if not self._idle(state):
            self._await_proposal(state)
        return self._added()

    def _await_proposal(self, state: AllocationState) -> None:
        """Wait for a proposal; a job that its contact does not announce in time goes in through the next member."""
        job, members = state["job"], len(self.assembly.members)
        for contact in range(state["number"], state["number"] + members):
            proposed = self.assembly.propose(self.choices.rounds_max)
            if proposed or self.assembly.round() > 0 or job.id in self.assembly.application.state.known:
                return
            self._hand_in(state, contact % members)

    def _hand_in(self, state: AllocationState, contact: int) -> None:
        job, now_ms = state["job"], self.assembly.now_ms
        self.assembly.through(contact, lambda member: member.submit_job(job, state["signature"], now_ms))

    def vote(self, cluster: ClusterId) -> Node:
        """Return the node in which one member judges the proposal for itself and signs its vote.

        Its model may comment on the proposal before; what it says reaches the trace, never the member.
        """

        async def node(state: AllocationState) -> AllocationState:
            seat = self.assembly.application.state.seat_of(cluster)
            assert seat is not None
            await self.opinions.given(state["job"].id)
            self.assembly.deliver(proposals=True, to=seat)
            return AllocationState(said=self._said(seat))

        return node

    async def tally(self, state: AllocationState) -> AllocationState:
        """Carry the votes: two thirds of the members and two thirds of the power decide."""
        if self._idle(state) or self.assembly.tally(self.choices.rounds_max):
            return self._added()
        height, rounds = self.assembly.application.state.height, self.assembly.rounds(self.choices.rounds_max)
        asked, number = state["job"], state["number"]
        self.sink.emit(
            Undecided(
                at_s=self.assembly.now_s,
                job=asked.id,
                height=height,
                rounds=rounds,
                asked=asked,
                number=number,
                why=self.assembly.application.halted or "",
            )
        )
        return self._added(AllocationState(outcome="undecided"))

    async def commit(self, state: AllocationState) -> AllocationState:
        """Write decided heights to the ledger, then let winners start what they won."""
        self.committer.commit()
        outcome = self._outcome(state)
        return self._added(AllocationState(outcome=outcome) if outcome else AllocationState())

    async def occupancy(self, _state: AllocationState) -> AllocationState:
        """End the job's thread: who holds what now follows from the ledger alone."""
        return self._added()

    def after_tally(self, state: AllocationState) -> str | list[str]:
        """Route: a decided height is committed, a failed round is followed by the next proposer."""
        if self.assembly.outbox.entries or (self._outcome(state) and not state.get("outcome")):
            return "commit"
        return self.after_commit(state)

    def after_commit(self, state: AllocationState) -> str | list[str]:
        """Route: ask for bids once the call is open, go on proposing until it is decided."""
        if state.get("outcome"):
            return "occupancy"
        if self._wants_bids(state):
            return [bid_node(cluster) for cluster in self.bidders]
        return "propose"

    def _wants_bids(self, state: AllocationState) -> bool:
        return self._open_call(state) is not None and not state.get("answers")

    def _idle(self, state: AllocationState) -> bool:
        """Say whether nothing is to be voted on: a resumed run may find that its height was decided before."""
        return bool(self.assembly.outbox.entries) or self._wants_bids(state) or self._outcome(state) is not None

    def _open_call(self, state: AllocationState) -> Call | None:
        call = self.assembly.application.state.calls.get(state["job"].id)
        return call if call is not None and call.closed is None else None

    def _outcome(self, state: AllocationState) -> str | None:
        """Return how the job's last call ended; None while a call of it is open, or before the first."""
        if state["job"].id in self.assembly.application.state.calls:
            return None
        for height in reversed(self.committer.heights):
            record = height.application.record
            for decision in record.decisions if record else ():
                if decision.job.id == state["job"].id:
                    return decision.outcome
        return None

    async def _ask(self, cluster: ClusterId, call: Call) -> Answer:
        """Ask one bidder; what is infeasible is never asked, what is late is an abstention."""
        facts = next(facts for facts in call.snapshots if facts.cluster.id == cluster)
        infeasible = abstention(call.job, facts)
        if infeasible is not None:
            return Answer(outcome=infeasible)
        try:
            async with asyncio.timeout(self.choices.deadline_s):
                return await self.bidders[cluster].bid(call.job, facts)
        except TimeoutError:
            detail = f"no answer within {self.choices.deadline_s:g} s"
            code = AbstentionCode.DEADLINE
            return Answer(outcome=Abstention(job=call.job.id, cluster=cluster, code=code, detail=detail))

    def _tell(self, cluster: ClusterId, call: Call, answer: Answer) -> None:
        self.sink.emit(
            Answered(
                at_s=self.assembly.now_s,
                job=call.job.id,
                cluster=cluster,
                opened=call.opened,
                answer=answer,
            )
        )

    def _said(self, seat: int) -> dict[ClusterId, list[bytes]]:
        return {self.assembly.name(seat): list(self.assembly.outbox.said.get(seat, ()))}

    def _added(self, more: AllocationState | None = None) -> AllocationState:
        added = more or AllocationState()
        added["said"] = self.assembly.said()
        added["kept"] = {self.assembly.name(seat): keep for seat, keep in self.assembly.outbox.kept.items()}
        added["now_ms"] = self.assembly.now_ms
        return added


def bid_node(cluster: ClusterId) -> str:
    """Return the name of a cluster's bidding node."""
    return f"bid_{cluster.lower()}"


def vote_node(cluster: ClusterId) -> str:
    """Return the name of a cluster's voting node."""
    return f"vote_{cluster.lower()}"

"""Second opinions: what the members' models think of a proposal, asked together before anybody judges it.

They are told to the trace and to nobody else: no replica, no message and no checkpoint ever holds one, and the votes
are signed in the order in which they would be signed without them.
"""

import asyncio
from collections.abc import Mapping

from graph.assembly import Assembly
from quorate.domain.trace import Opined
from quorate.domain.values import ClusterId, Digest, JobId
from quorate.ledger.records import DecisionRecord
from quorate.ports import TraceSink, Voter


class Opinions:
    """Asks every member's model about a proposal, once, at the same time, within the deadline."""

    def __init__(
        self, assembly: Assembly, voters: Mapping[ClusterId, Voter], sink: TraceSink, deadline_s: float
    ) -> None:
        """`voters`: who asks for whom; a cluster without one has no opinion."""
        self._assembly, self._voters, self._sink, self._deadline_s = assembly, voters, sink, deadline_s
        self._asking: dict[Digest, asyncio.Task[None]] = {}

    async def given(self, job: JobId) -> None:
        """Wait until the opinions on the waiting proposal are in, or their time is up.

        Every voting node waits for the same task, so that they go on in their own order however long a model took.
        """
        proposed = self._assembly.proposed() if self._voters else None
        if proposed is None:
            return
        value, decisions = proposed
        mine = [decision for decision in decisions if decision.job.id == job and decision.winner is not None]
        if not mine:
            return
        if value not in self._asking:
            self._asking[value] = asyncio.create_task(self._all(mine[0]))
        await self._asking[value]

    async def _all(self, decision: DecisionRecord) -> None:
        try:
            async with asyncio.timeout(self._deadline_s):
                await asyncio.gather(*(self._one(cluster, decision) for cluster in self._voters))
        except TimeoutError:
            return  # who has not spoken by now has no opinion; its prompt stands in the trace

    async def _one(self, cluster: ClusterId, decision: DecisionRecord) -> None:
        facts = decision.facts_of_winner
        assert facts is not None
        said = await self._voters[cluster].opinion(decision.job, cluster, facts, decision.ranked)
        if said is not None:
            at_s, job = self._assembly.now_s, decision.job.id
            self._sink.emit(Opined(at_s=at_s, job=job, cluster=cluster, text=said.sentence, approves=said.approves))

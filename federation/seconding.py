"""A member's second opinions: its own model on what it has just judged by code, told to its trace and to nobody else.

They run beside the vote and never before it: a process whose peers wait for its vote does not wait for a model.
"""

import asyncio
from collections.abc import Callable, Sequence

from quorate.domain.trace import Opined
from quorate.domain.values import JobId
from quorate.ledger.application import LedgerApplication
from quorate.ledger.records import DecisionRecord
from quorate.ports import TraceSink, Voter


def judged(application: LedgerApplication, height: int) -> tuple[DecisionRecord, ...]:
    """Return what a proposal of `height` that was just judged would decide, or has decided by now."""
    if application.record is not None and application.record.height == height:
        return application.record.decisions
    at_hand = application.state.height == height and application.executed
    return application.executed[0].done.record.decisions if at_hand else ()


class Seconding:
    """Asks one member's model about proposals, once for each call."""

    def __init__(self, voter: Voter, sink: TraceSink, deadline_s: float, now_s: Callable[[], int]) -> None:
        """Take who asks, where it is told, and how long an opinion may take."""
        self._voter, self._sink, self._deadline_s, self._now_s = voter, sink, deadline_s, now_s
        self._height = 0
        self._asked: set[tuple[JobId, int]] = set()

    def wanted(self, height: int, decisions: Sequence[DecisionRecord]) -> list[DecisionRecord]:
        """Return the placements among some decisions that were not asked about before, and remember them."""
        if height > self._height:
            self._height, self._asked = height, set()
        fresh = [d for d in decisions if d.winner is not None and (d.job.id, d.opened) not in self._asked]
        self._asked.update((decision.job.id, decision.opened) for decision in fresh)
        return fresh

    async def give(self, seat: int, decisions: Sequence[DecisionRecord]) -> None:
        """Ask about placements at the same time; whoever has not spoken when the time is up has no opinion."""
        try:
            async with asyncio.timeout(self._deadline_s):
                await asyncio.gather(*(self._one(seat, decision) for decision in decisions))
        except TimeoutError:
            return

    async def _one(self, seat: int, decision: DecisionRecord) -> None:
        facts, cluster = decision.facts_of_winner, decision.answers[seat].cluster
        assert facts is not None
        said = await self._voter.opinion(decision.job, cluster, facts, decision.ranked)
        if said is not None:
            told = Opined(job=decision.job.id, cluster=cluster, text=said.sentence, approves=said.approves)
            self._sink.emit(told.model_copy(update={"at_s": self._now_s()}))

"""What one member thinks its rivals could bid: by the rule, or by its own model asked about their facts as its own.

Nothing here sees a bid: facts are everybody's from the opening of a call on, and so an opinion is no echo of what it
is about. docs/protocol.md P-70.
"""

import asyncio
from collections.abc import Sequence

from agents.bidder import ModelBidder
from quorate.domain.bidding import Bid
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId
from quorate.market.eligibility import ineligible
from quorate.market.rule import rule_score_bp


class RuleAssessor:
    """The rule's opinion: the score that it would bid in the rival's place."""

    async def scores(self, job: Job, rivals: Sequence[ClusterSnapshot]) -> dict[ClusterId, int]:
        """Return the rule's scores of those that can run the job, basis points."""
        able = [facts for facts in rivals if ineligible(job, facts) is None]
        return {facts.cluster.id: rule_score_bp(job, facts) for facts in able}


class BidderAssessor:
    """A model's opinion: the score that this member's own model would bid on the rival's facts."""

    def __init__(self, bidder: ModelBidder, cluster: ClusterId, round_s: float) -> None:
        """Take the member's own bidder; what has not come after `round_s` is no opinion."""
        self._bidder, self._cluster, self._round_s = bidder, cluster, round_s

    async def scores(self, job: Job, rivals: Sequence[ClusterSnapshot]) -> dict[ClusterId, int]:
        """Return the model's scores; a failure, or the rule in the model's place, is no opinion."""
        able = [facts for facts in rivals if ineligible(job, facts) is None]
        asked = {facts.cluster.id: asyncio.create_task(self._score(job, facts)) for facts in able}
        if asked:
            _, late = await asyncio.wait(asked.values(), timeout=self._round_s)
            for task in late:
                task.cancel()
        came = {cluster: task.result() for cluster, task in asked.items() if task.done() and not task.cancelled()}
        return {cluster: score_bp for cluster, score_bp in came.items() if score_bp is not None}

    async def _score(self, job: Job, facts: ClusterSnapshot) -> int | None:
        outcome = (await self._bidder.bid(job, facts, asker=self._cluster)).outcome
        return outcome.score_bp if isinstance(outcome, Bid) and outcome.author.kind == "model" else None

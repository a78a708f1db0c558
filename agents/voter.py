"""A second opinion from the model on a proposal: shown beside the vote, and never the vote.

Nothing here returns what a replica could count: signatures, facts and ranking are checked by code alone.
"""

from dataclasses import dataclass

from agents.asking import Chat, Message, ModelFailed, Question
from agents.limits import Clock
from agents.parsing import parse_vote, vote_shape
from agents.rendering import vote_inputs
from agents.telling import Teller
from prompts import Prompt
from quorate.domain.bidding import Bid
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, Value


class Opinion(Value):
    """What a model thinks of a proposal."""

    cluster: ClusterId
    """Who asked its model."""
    approves: bool
    reasoning: str
    model: str

    @property
    def sentence(self) -> str:
        """How it is shown."""
        return f"{self.model} {'agrees' if self.approves else 'would not'}: {self.reasoning}"


@dataclass(frozen=True, slots=True)
class ModelVoter:
    """Asks one model for second opinions."""

    chat: Chat
    prompt: Prompt
    teller: Teller
    clock: Clock
    round_s: float = 45.0

    async def opinion(
        self, job: Job, voter: ClusterId, winner: ClusterSnapshot, ranked: tuple[Bid, ...]
    ) -> Opinion | None:
        """Return the model's opinion of giving `job` to `winner`, None if none came that could be read."""
        system, user = self.prompt.render(vote_inputs(job, voter, winner, ranked))
        question = Question(
            job=job.id,
            cluster=voter,
            prompt=self.prompt.ref,
            attempt=1,
            messages=(Message(role="system", text=system), Message(role="user", text=user)),
            shape=vote_shape(),
            deadline_s=self.clock.now_s() + self.round_s,
            purpose="vote",
        )
        asked = self.teller.prompted(question, self.chat, None)
        try:
            reply = await self.chat.ask(question)
        except ModelFailed as failure:
            failure.provider = failure.provider or self.chat.provider
            self.teller.failed(question, failure, asked)
            return None
        came = self.teller.replied(question, reply, asked)
        try:
            said, notes = parse_vote(reply.text)
        except ModelFailed as failure:
            self.teller.checked(question, False, (f"unreadable: {failure.detail}",), came)
            return None
        self.teller.checked(question, True, notes, came)
        return Opinion(cluster=voter, approves=said.approves, reasoning=said.reasoning, model=reply.model)

"""Several texts of the bid prompt on the same calls: the bidders of a live run, without its graph and its ledger.

Each call is asked as a run asks it: all clusters at once, within the round's time, by the same agents, limits and
purse. What they answer is told as it comes and is kept nowhere.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from agents.building import Agents
from agents.rendering import bid_inputs
from prompts import Prompt
from quorate.domain.bidding import Abstention, AbstentionCode, Answer
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.trace import Checked, Prompted, Replied, TraceEvent
from quorate.market.eligibility import abstention, ineligible

tape: ContextVar[list[TraceEvent] | None] = ContextVar("tape", default=None)
"""Where the events of the question in progress are kept; each task has a context of its own."""


class Tape:
    """A trace sink that keeps each event with the question in whose task it happens."""

    def emit(self, event: TraceEvent) -> int:
        """Keep the event; return its number within the question."""
        kept = tape.get()
        if kept is None:
            return 0
        kept.append(event.model_copy(update={"seq": len(kept) + 1}))
        return len(kept)


@dataclass(frozen=True, slots=True)
class Round:
    """One text asked about one call."""

    text: str
    """Which text: the caller's name for it."""
    prompt: Prompt
    job: Job
    snapshots: tuple[ClusterSnapshot, ...]
    """Every seat's facts when the call opened."""

    @property
    def asked(self) -> tuple[ClusterSnapshot, ...]:
        """The clusters whose agents are asked; code answers for the others."""
        return tuple(snapshot for snapshot in self.snapshots if ineligible(self.job, snapshot) is None)

    def rendered(self) -> list[tuple[str, str]]:
        """Return (system, user) of every first question."""
        return [self.prompt.render(bid_inputs(self.job, snapshot)) for snapshot in self.asked]


@dataclass(frozen=True, slots=True)
class Told:
    """One cluster's answer to one text, with the story of its questions."""

    text: str
    job: Job
    snapshot: ClusterSnapshot
    answer: Answer
    events: tuple[TraceEvent, ...]

    @property
    def prompt(self) -> str:
        """The first question as it was sent, empty if nobody was asked."""
        return next((event.text or "" for event in self.events if isinstance(event, Prompted)), "")

    @property
    def replies(self) -> tuple[str, ...]:
        """What the model wrote, its answer to a repair question last."""
        return tuple(event.text for event in self.events if isinstance(event, Replied) and event.text)

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of the replies: the rules that applied, what facts refuted, why none came."""
        found: list[str] = []
        for event in self.events:
            if isinstance(event, Checked):
                found += event.notes
            elif isinstance(event, Replied) and event.failure:
                found.append(f"{event.failure}: {event.detail}" if event.detail else event.failure)
        return tuple(found)


async def ask(agents: Agents, rounds: Sequence[Round], tell: Callable[[Told], None]) -> None:
    """Ask round after round; what fails is an abstention with its code, as in a run.

    Raises:
        asyncio.CancelledError: cancelled; every question in flight is given up.
    """
    try:
        for each in rounds:
            async with asyncio.TaskGroup() as group:
                for snapshot in each.snapshots:
                    group.create_task(_one(agents, each, snapshot, tell))
    finally:
        await agents.aclose()


async def _one(agents: Agents, each: Round, snapshot: ClusterSnapshot, tell: Callable[[Told], None]) -> None:
    events: list[TraceEvent] = []
    tape.set(events)  # a task has a context of its own
    answer = await _answer(agents, each, snapshot)
    tell(Told(each.text, each.job, snapshot, answer, tuple(events)))


async def _answer(agents: Agents, each: Round, snapshot: ClusterSnapshot) -> Answer:
    cluster = snapshot.cluster.id
    unfit = abstention(each.job, snapshot)
    if unfit is not None:
        return Answer(outcome=unfit)
    try:
        async with asyncio.timeout(agents.settings.round_s):
            return await agents.bidder(cluster, each.prompt).bid(each.job, snapshot)
    except TimeoutError:
        detail = f"no answer within {agents.settings.round_s:g} s"
        late = Abstention(job=each.job.id, cluster=cluster, code=AbstentionCode.DEADLINE, detail=detail)
        return Answer(outcome=late)

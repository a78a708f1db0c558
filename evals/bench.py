"""Asks the live bidder one question, and keeps what its model said before code touched it.

The bidder is the one that a run uses (`agents.building.Agents`), with its limits, its repair call and its checks;
nothing of it is copied. Two things are asked beyond what a run asks, of the same chat with the same prompt: what the
model wants where code would not have asked it (scorer 2), and what it says under a prompt whose examples differ.
"""

import dataclasses
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from agents.asking import Message, ModelFailed, Question
from agents.bidder import Manner, ModelBidder
from agents.building import Agents
from agents.parsing import bid_shape
from agents.rendering import bid_inputs
from agents.settings import LlmSettings, PromptSettings
from agents.trying import Tape, tape
from evals.answered import Answered
from evals.forms import FormName, in_form
from evals.oracle import feasible
from evals.samples import Sample
from prompts import Prompt
from quorate.domain.bidding import Answer, Effort
from quorate.domain.trace import Replied, TraceEvent
from quorate.domain.values import BASIS_POINTS
from quorate.market.eligibility import abstention
from quorate.ports import Bidder

EXAMPLE = re.compile(r"(?<![\w.])(?:0?\.\d+|1\.0+)(?![\w.])")
"""A score as a prompt would show it by example."""

CHARS_PER_TOKEN = 4
ANSWER_TOKENS = 150
"""For the estimate before a run; the real numbers are the provider's."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What came of one question, with the story of its calls."""

    answered: Answered
    events: tuple[TraceEvent, ...]


def shows_numbers(prompt: Prompt) -> bool:
    """Say whether a prompt shows a score by example; one that does not cannot be copied from."""
    return any(EXAMPLE.search(text) for text in (prompt.system, prompt.user))


def with_example(prompt: Prompt, example_bp: int) -> Prompt:
    """Return the prompt with every example score replaced."""
    value = f"{Decimal(example_bp) / BASIS_POINTS:.2f}"
    system, user = (EXAMPLE.sub(value, text) for text in (prompt.system, prompt.user))
    return dataclasses.replace(prompt, system=system, user=user)


class Bench:
    """The bidders of one profile and one prompt."""

    def __init__(
        self,
        llm: LlmSettings,
        prompts: PromptSettings,
        samples: Iterable[Sample],
        folder: Path,
        form: FormName = "released",
        draft: Prompt | None = None,
    ) -> None:
        """Make every chat that is needed now, so that what is missing is said before the first question.

        `draft` is asked in place of the released version that `prompts` names.

        Raises:
            SettingsInvalid, CredentialMissing, PromptError: each with the remedy.
        """
        self._samples = list(samples)
        clusters = dict.fromkeys(sample.snapshot.cluster.id for sample in self._samples)
        self.agents = Agents(llm, prompts, clusters, sink=Tape(), folder=folder)
        self._live = {cluster: _formed(self.agents.bidder(cluster, draft), form) for cluster in clusters}

    @property
    def prompt(self) -> Prompt | None:
        """The prompt that is asked; None if the rule answers."""
        models = [bidder for bidder in self._live.values() if isinstance(bidder, ModelBidder)]
        return models[0].manner.prompt if models else None

    def questions(self) -> list[Sample]:
        """Return the samples that say something about this bidder."""
        shown = self.prompt is not None and shows_numbers(self.prompt)
        return [sample for sample in self._samples if sample.example_bp is None or shown]

    def tokens(self, samples: Sequence[Sample]) -> int:
        """Return about how many tokens one epoch takes, prompts and answers; 0 for the rule."""
        prompt = self.prompt
        if prompt is None:
            return 0
        rendered = (prompt.render(bid_inputs(sample.job, sample.snapshot)) for sample in samples)
        asked = sum(len(system) + len(user) for system, user in rendered) // CHARS_PER_TOKEN
        return asked + ANSWER_TOKENS * len(samples)

    async def ask(self, sample: Sample, epoch: int) -> Asked:
        """Ask one question. Expected failures are abstentions; what a bug raises is the runner's to record."""
        events: list[TraceEvent] = []
        token = tape.set(events)
        try:
            answer, first = await self._answer(sample)
        finally:
            tape.reset(token)
        first = first or next((event.text or "" for event in events if isinstance(event, Replied)), "")
        kept = Answered(sample=sample.id, hash=sample.hash, epoch=epoch, answer=answer, first=first)
        return Asked(kept, tuple(events))

    async def _answer(self, sample: Sample) -> tuple[Answer, str]:
        bidder = self._live[sample.snapshot.cluster.id]
        if not isinstance(bidder, ModelBidder):
            return await bidder.bid(sample.job, sample.snapshot), ""
        if not feasible(sample):
            return await _wanted_anyway(bidder, sample)
        if sample.example_bp is not None:
            bidder = _asking(bidder, with_example(bidder.manner.prompt, sample.example_bp))
        return await bidder.bid(sample.job, sample.snapshot), ""

    async def aclose(self) -> None:
        """Close the running event loop's connections."""
        await self.agents.aclose()


def _asking(bidder: ModelBidder, prompt: Prompt) -> ModelBidder:
    """Return the same bidder, asking another prompt."""
    manner = dataclasses.replace(bidder.manner, prompt=prompt)
    return ModelBidder(bidder.chat, manner, bidder.refuter, bidder.teller, bidder.clock)


def _formed(bidder: Bidder, form: FormName) -> Bidder:
    return _asking(bidder, in_form(bidder.manner.prompt, form)) if isinstance(bidder, ModelBidder) else bidder


async def _wanted_anyway(bidder: ModelBidder, sample: Sample) -> tuple[Answer, str]:
    """Ask the model what it wants of a job that cannot run; the answer stays code's own abstention."""
    unfit = abstention(sample.job, sample.snapshot)
    assert unfit is not None
    try:
        reply = await bidder.chat.ask(_question(bidder.manner, sample))
    except ModelFailed as failure:
        effort = Effort(calls=failure.calls)
        return Answer(outcome=unfit, effort=effort), failure.text
    used = reply.usage
    effort = Effort(
        latency_ms=None if reply.latency_s is None else round(1_000 * reply.latency_s),
        tokens_in=used.tokens_in if used else None,
        tokens_out=used.tokens_out if used else None,
        calls=reply.calls,
    )
    return Answer(outcome=unfit, effort=effort), reply.text


def _question(manner: Manner, sample: Sample) -> Question:
    system, user = manner.prompt.render(bid_inputs(sample.job, sample.snapshot))
    return Question(
        job=sample.job.id,
        cluster=sample.snapshot.cluster.id,
        prompt=manner.prompt.ref,
        attempt=1,
        messages=(Message(role="system", text=system), Message(role="user", text=user)),
        shape=bid_shape(),
    )

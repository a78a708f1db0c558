"""One cluster's agent: asks its model for a bid, holds the draft against the facts, and signs nothing false.

Code decides first whether the job can run here (no model is asked if not). A draft that cannot be read, or that
says what facts contradict, is refused with the fault quoted in one more question; after that it is an abstention
with its code. The score that may be signed lies in the allowed interval; what the model wanted is kept beside it.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from agents.asking import REPAIRABLE, Chat, Kind, Message, ModelFailed, Question, Reply, Usage, plain
from agents.limits import Clock, cost_usd_micro
from agents.parsing import ReplyBid, bid_shape, parse_bid
from agents.rendering import bid_inputs
from agents.settings import LlmSettings, Prices, Recorded, Rule, Scripted
from agents.telling import Teller, milliseconds
from prompts import Prompt
from quorate.domain.bidding import Abstention, AbstentionCode, Answer, Author, Bid, BidOutcome, Effort
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.values import BASIS_POINTS, ClusterId
from quorate.market.check import INTERVAL_BP, allowed_interval, into_interval, refuted_claims
from quorate.market.eligibility import abstention
from quorate.market.rule import rule_bid, rule_forecast, rule_score_bp

SILENT = frozenset(
    {
        Kind.TIMEOUT, Kind.DEADLINE, Kind.RATE_LIMIT, Kind.SERVER, Kind.CONNECTION, Kind.BAD_RESPONSE,
        Kind.TRUNCATED, Kind.EMPTY, Kind.UNREADABLE, Kind.BREAKER,
    }
)  # fmt: skip
"""Where `on_silence = "rule"` lets the rule answer. Not a refused key or a model that is gone (a person must act),
not a spent budget, and never a draft that facts refuted."""

QUOTED_CHARS_MAX = 2_000
"""How much of a refused reply goes back with the repair question."""

DETAIL_CHARS_MAX = 390

Refuter = Callable[[str, Job, ClusterSnapshot], tuple[str, ...]]
"""Finds statements in free text that facts contradict: one sentence each, empty if there are none."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model bidder goes about it: choices from the settings, and the released prompts."""

    prompt: Prompt
    repair: Prompt
    on_silence: str = "abstain"
    round_s: float = 45.0
    prices: Prices | None = None
    interval_bp: int = INTERVAL_BP


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no draft, and whether one more question may bring one."""

    code: str
    detail: str
    cause: int
    """The trace line that tells of it."""
    kind: Kind | None
    """None if facts refuted the draft."""
    text: str = ""
    """What the model wrote."""

    @property
    def mendable(self) -> bool:
        """Whether it is a fault of what was said."""
        return self.kind is None or self.kind in REPAIRABLE


class RuleBidder:
    """The deterministic bidder behind the same port."""

    async def bid(self, job: Job, snapshot: ClusterSnapshot) -> Answer:
        """Return the rule's bid, or the abstention that follows from facts."""
        return Answer(outcome=abstention(job, snapshot) or rule_bid(job, snapshot))


class ModelBidder:
    """A bidder that asks a model."""

    def __init__(
        self, chat: Chat, manner: Manner, refuter: Refuter, teller: Teller, clock: Clock | None = None
    ) -> None:
        """Serve any cluster; nothing is kept between bids."""
        self.chat, self.manner, self.refuter, self.teller = chat, manner, refuter, teller
        self.clock = clock or Clock()

    async def bid(self, job: Job, snapshot: ClusterSnapshot, asker: ClusterId | None = None) -> Answer:
        """Return a bid that holds against the facts, or an abstention with its code.

        `asker`: the rival that wants to know what could be bid on these facts, if it is one (P-70).
        """
        unfit = abstention(job, snapshot)
        if unfit is not None:
            return Answer(outcome=unfit)
        return await _Bidding(self, job, snapshot, asker).answer()


@dataclass
class _Spent:
    """What the questions of one answer cost together; one unknown makes a sum unknown."""

    questions: int = 0
    calls: int = 0
    latencies: list[float | None] = field(default_factory=list)
    usages: list[Usage | None] = field(default_factory=list)

    def add(self, told: Reply | ModelFailed) -> None:
        self.questions += 1
        self.calls += told.calls
        if told.calls:
            self.latencies.append(told.latency_s)
            self.usages.append(told.usage)

    def effort(self, prices: Prices | None, *, repaired: bool) -> Effort:
        known = [usage for usage in self.usages if usage is not None]
        whole = bool(known) and len(known) == len(self.usages)
        total = Usage(tokens_in=sum(u.tokens_in for u in known), tokens_out=sum(u.tokens_out for u in known))
        times = [latency for latency in self.latencies if latency is not None]
        return Effort(
            latency_ms=milliseconds(sum(times)) if times else None,
            tokens_in=total.tokens_in if whole else None,
            tokens_out=total.tokens_out if whole else None,
            cost_usd_micro=cost_usd_micro(total, prices) if whole else None,
            calls=self.calls,
            repaired=repaired,
        )


class _Bidding:
    """One answer in the making."""

    def __init__(self, bidder: ModelBidder, job: Job, snapshot: ClusterSnapshot, asker: ClusterId | None) -> None:
        self._by, self._job, self._snapshot, self._asker = bidder, job, snapshot, asker
        self._deadline_s = bidder.clock.now_s() + bidder.manner.round_s
        self._spent = _Spent()
        self._refuted = False
        self._last: Reply | ModelFailed | None = None

    async def answer(self) -> Answer:
        first = self._question(1, self._opening())
        draft = await self._draft(first, None)
        if isinstance(draft, Fault) and draft.mendable:
            draft = await self._draft(self._again(first, draft), draft.cause)
        if isinstance(draft, Fault):
            return self._without(draft)
        return Answer(outcome=self._bid(draft), effort=self._effort())

    def _opening(self) -> tuple[Message, ...]:
        system, user = self._by.manner.prompt.render(bid_inputs(self._job, self._snapshot))
        return Message(role="system", text=system), Message(role="user", text=user)

    def _question(self, attempt: int, messages: tuple[Message, ...]) -> Question:
        return Question(
            job=self._job.id,
            cluster=self._snapshot.cluster.id,
            prompt=self._by.manner.prompt.ref,
            attempt=attempt,
            messages=messages,
            shape=bid_shape(),
            deadline_s=self._deadline_s,
            purpose="bid" if self._asker is None else "opinion",
            asker=self._asker,
        )

    def _again(self, first: Question, fault: Fault) -> Question:
        """Return the repair question: the conversation so far, and the fault as a quoted string."""
        _, ask = self._by.manner.repair.render({"fault": json.dumps(fault.detail, ensure_ascii=False)})
        said = fault.text[:QUOTED_CHARS_MAX]
        if said.strip():
            turns = (*first.messages, Message(role="assistant", text=said), Message(role="user", text=ask))
        else:  # a provider may refuse an empty turn, and two turns of one speaker
            system, user = first.messages
            turns = (system, Message(role="user", text=f"{user.text}\n\n{ask}"))
        return self._question(2, turns)

    async def _draft(self, question: Question, cause: int | None) -> ReplyBid | Fault:
        teller = self._by.teller
        asked = teller.prompted(question, self._by.chat, cause)
        try:
            reply = await self._by.chat.ask(question)
        except ModelFailed as failure:
            failure.provider = failure.provider or self._by.chat.provider
            self._note(failure)
            line = teller.failed(question, failure, asked)
            return Fault(failure.code, failure.detail, line, failure.kind, failure.text)
        self._note(reply)
        return self._read(question, reply, teller.replied(question, reply, asked))

    def _note(self, told: Reply | ModelFailed) -> None:
        self._spent.add(told)
        self._last = told

    def _read(self, question: Question, reply: Reply, cause: int) -> ReplyBid | Fault:
        teller = self._by.teller
        try:
            parsed = parse_bid(reply.text)
        except ModelFailed as failure:
            line = teller.checked(question, False, (f"unreadable: {failure.detail}",), cause)
            return Fault(failure.code, failure.detail, line, Kind.UNREADABLE, reply.text)
        draft = parsed.bid
        wrong = (
            *refuted_claims(draft.claims, self._job, self._snapshot),
            *self._by.refuter(draft.reasoning, self._job, self._snapshot),
        )
        if wrong:
            self._refuted = True
            line = teller.checked(question, False, (*parsed.notes, *(f"refuted: {each}" for each in wrong)), cause)
            detail = plain("; ".join(wrong), DETAIL_CHARS_MAX)
            return Fault(AbstentionCode.BID_BREAKS_FACTS, detail, line, None, reply.text)
        teller.checked(question, True, (*parsed.notes, self._interval(draft)), cause)
        return draft

    def _interval(self, draft: ReplyBid) -> str:
        low, high = allowed_interval(rule_score_bp(self._job, self._snapshot), self._by.manner.interval_bp)
        wanted, signed = draft.score_bp, self._signed(draft)
        shown = f"allowed {low / BASIS_POINTS:.4f} to {high / BASIS_POINTS:.4f}"
        if wanted == signed:
            return f"score {wanted / BASIS_POINTS:.4f}, {shown}"
        return f"score {wanted / BASIS_POINTS:.4f} moved to {signed / BASIS_POINTS:.4f}, {shown}"

    def _signed(self, draft: ReplyBid) -> int:
        return into_interval(draft.score_bp, self._job, self._snapshot, self._by.manner.interval_bp)

    def _bid(self, draft: ReplyBid) -> Bid:
        return Bid(
            job=self._job.id,
            cluster=self._snapshot.cluster.id,
            score_bp=self._signed(draft),
            wanted_bp=draft.score_bp,
            reasoning=draft.reasoning,
            evidence=draft.claims,
            forecast=draft.expected() or rule_forecast(self._job),
            author=self._author(),
        )

    def _author(self) -> Author:
        told = self._last
        provider = (told.provider if told else None) or self._by.chat.provider
        return Author(
            kind="model",
            provider=provider[:80],
            model=told.model if told else None,
            prompt=self._by.manner.prompt.ref,
            mode=told.mode if told else None,
            attempts=self._spent.questions,
            recording=told.recording if told else None,
        )

    def _effort(self) -> Effort:
        return self._spent.effort(self._by.manner.prices, repaired=self._spent.questions > 1)

    def _without(self, fault: Fault) -> Answer:
        """Return what stands where no draft could: the rule by its own name if that was chosen, else nothing."""
        silent = fault.kind in SILENT and not self._refuted
        if silent and self._by.manner.on_silence == "rule":
            question = self._question(self._spent.questions, ())
            self._by.teller.checked(question, False, (f"the rule answers in its place: {fault.code}",), fault.cause)
            return Answer(outcome=rule_bid(self._job, self._snapshot), effort=self._effort())
        outcome = Abstention(
            job=self._job.id,
            cluster=self._snapshot.cluster.id,
            code=fault.code,
            detail=plain(fault.detail, DETAIL_CHARS_MAX),
            author=self._author(),
        )
        return Answer(outcome=outcome, effort=self._effort())


def fallback_share(settings: LlmSettings, outcomes: Iterable[BidOutcome]) -> tuple[int, int]:
    """Return (without a model's bid, eligible) over the calls that a real model should have answered.

    Clusters that the rule or the scripted profile answers for are left out, and so is a recording of scripted
    replies: there no model was expected.
    """
    missed = eligible = 0
    for outcome in outcomes:
        author = outcome.author.provider if outcome.author is not None else ""
        profile = settings.profile(settings.name_for(outcome.cluster))
        if isinstance(profile, Rule | Scripted) or (isinstance(profile, Recorded) and author == "scripted"):
            continue
        if isinstance(outcome, Abstention) and outcome.code in AbstentionCode.FACTS:
            continue
        eligible += 1
        missed += not (isinstance(outcome, Bid) and outcome.author.kind == "model")
    return missed, eligible


def degraded(settings: LlmSettings, outcomes: Iterable[BidOutcome]) -> str | None:
    """Return why the run is degraded, one sentence, or None if enough calls ended in a model's bid."""
    missed, eligible = fallback_share(settings, outcomes)
    if not eligible or missed <= settings.fallback_share_max * eligible:
        return None
    return (
        f"{missed} of {eligible} eligible calls ended without a model's bid "
        f"(at most {settings.fallback_share_max:.0%} is allowed by llm.fallback_share_max)"
    )

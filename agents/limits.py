"""What keeps six agents from hurting a provider, a purse or a round; the only layer that retries.

A `Limits` object is made once for a run and shared: per host a window of calls a minute, a number in flight and
a pause that `Retry-After` sets for everybody; per model a breaker; for the run a purse. Time, sleep and dice
are handed in. The window is our own, not aiolimiter's: that one belongs to a single event loop and its clock,
and a run may have several loops.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from agents.asking import RETRYABLE, Chat, Kind, ModelFailed, Question, Reply, Usage
from agents.settings import MODES, Breaker, Budget, Prices
from quorate.domain.errors import SettingsInvalid

WINDOW_S = 60.0
"""Providers count requests by the minute."""

BACKOFF_S = 0.5
"""First wait after a failure; it doubles, with full jitter (AWS Architecture Blog, 2015)."""

BACKOFF_S_MAX = 8.0

CHARS_PER_TOKEN = 3
"""For reserving before the provider has counted: fewer than the usual four, so that a reservation is not too small."""

MILLION = 1_000_000


@dataclass(slots=True)
class Clock:
    """Time, waiting and dice, together so that a test can own all three."""

    now_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    """Spreads retries; no answer depends on it."""


class Window:
    """At most `rpm` starts in any 60 s, in the order of asking, and none before a pause has passed."""

    def __init__(self, rpm: int | None, clock: Clock) -> None:
        """No limit if `rpm` is None."""
        self._starts: deque[float] = deque(maxlen=rpm or 1)
        self._rpm = rpm
        self._clock = clock
        self._not_before_s = 0.0

    def pause(self, seconds: float) -> None:
        """Let nobody start for a while: the provider said so."""
        self._not_before_s = max(self._not_before_s, self._clock.now_s() + seconds)

    def book(self) -> float:
        """Take the next start and return how long to wait for it, s."""
        now = self._clock.now_s()
        start = max(now, self._not_before_s)
        if self._rpm is not None:
            if len(self._starts) == self._rpm:
                start = max(start, self._starts[0] + WINDOW_S)
            self._starts.append(start)
        return start - now

    def wait_s(self) -> float:
        """Return how long the next start would have to wait, without taking it, s."""
        now = self._clock.now_s()
        start = max(now, self._not_before_s)
        if self._rpm is not None and len(self._starts) == self._rpm:
            start = max(start, self._starts[0] + WINDOW_S)
        return start - now


class Flight:
    """At most so many calls at once, per event loop: a semaphore cannot be shared between loops."""

    def __init__(self, most: int) -> None:
        """`most` calls at once."""
        self._most = most
        self._gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    @property
    def gate(self) -> asyncio.Semaphore:
        """The running loop's semaphore."""
        return self._gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._most))


class Fuse:
    """A circuit breaker: after `failures` questions in a row nothing is asked for `rest_s`, then one tries it.

    It counts questions, retries included, not calls: six agents that meet one bad second must not blow it.
    """

    def __init__(self, settings: Breaker, clock: Clock) -> None:
        """Closed at first."""
        self._settings, self._clock = settings, clock
        self._failures = 0
        self._opened_s: float | None = None
        self._why, self._kind = "", Kind.BREAKER
        self._trying = False

    def check(self) -> None:
        """Raise ModelFailed if nothing may be asked now: BREAKER, or what only a person can mend by its own name.

        A refused key stays a refused key for those who were not asked any more; it never becomes mere silence.
        """
        if self._opened_s is None:
            return
        rested = self._clock.now_s() - self._opened_s >= self._settings.rest_s
        if rested and not self._trying:
            self._trying = True
            return
        raise ModelFailed(self._kind, f"not asked: the last calls failed ({self._why})", calls=0)

    def passed(self) -> None:
        """Close again: the host answered, whatever it said."""
        self._failures, self._opened_s, self._trying = 0, None, False

    def failed(self, failure: ModelFailed) -> None:
        """Count a failure of the host; a refused key or a missing model opens at once, for it will not mend itself."""
        self._trying = False
        self._failures += 1
        lasting = failure.kind in {Kind.AUTH, Kind.GONE}
        if lasting or self._failures >= self._settings.failures:
            self._opened_s, self._why = self._clock.now_s(), str(failure)
            self._kind = failure.kind if lasting else Kind.BREAKER

    def abandoned(self) -> None:
        """Forget a trial that was cancelled, so that another may be made."""
        self._trying = False


@dataclass(slots=True)
class Purse:
    """What a run may spend. Before a call its upper bound is set aside; after it the counted use replaces that.

    A provider that does not count leaves the bound standing as spent, for a ceiling must not be passed unseen;
    the use that is reported stays unknown.
    """

    budget: Budget
    tokens_spent: int = 0
    """Counted, or bounds where the provider did not count."""
    usd_micro_spent: int = 0
    """Millionths of a US dollar, likewise."""
    uncounted: int = 0
    """Calls whose use is a bound."""

    def take(self, bound: Usage, prices: Prices | None) -> None:
        """Set the bound aside, or raise ModelFailed(BUDGET)."""
        tokens, micro = bound.tokens_in + bound.tokens_out, cost_usd_micro(bound, prices) or 0
        ceiling = self.budget.tokens
        if ceiling is not None and self.tokens_spent + tokens > ceiling:
            raise ModelFailed(
                Kind.BUDGET,
                f"not asked: {self.tokens_spent} of {ceiling} tokens are spent, this needs up to {tokens}",
                calls=0,
            )
        usd = self.budget.usd
        if usd is not None and self.usd_micro_spent + micro > usd * MILLION:
            spent = self.usd_micro_spent / MILLION
            raise ModelFailed(Kind.BUDGET, f"not asked: {spent:.4f} of {usd:.4f} US dollars are spent", calls=0)
        self.tokens_spent += tokens
        self.usd_micro_spent += micro

    def settle(self, bound: Usage, used: Usage | None, prices: Prices | None) -> None:
        """Replace the bound by the counted use; keep it if there is none."""
        if used is None:
            self.uncounted += 1
            return
        self.tokens_spent += used.tokens_in + used.tokens_out - bound.tokens_in - bound.tokens_out
        self.usd_micro_spent += (cost_usd_micro(used, prices) or 0) - (cost_usd_micro(bound, prices) or 0)

    def refund(self, bound: Usage, prices: Prices | None) -> None:
        """Give the bound back: the call never reached a model."""
        self.tokens_spent -= bound.tokens_in + bound.tokens_out
        self.usd_micro_spent -= cost_usd_micro(bound, prices) or 0


def cost_usd_micro(usage: Usage | None, prices: Prices | None) -> int | None:
    """Return what was used in millionths of a US dollar, None if use or prices are unknown.

    >>> cost_usd_micro(Usage(tokens_in=1000, tokens_out=100), Prices(input_usd=0.6, output_usd=1.2))
    720
    """
    if usage is None or prices is None:
        return None
    return round(usage.tokens_in * prices.input_usd + usage.tokens_out * prices.output_usd)


class Limits:
    """The shared limits of one run."""

    def __init__(
        self, budget: Budget | None = None, breaker: Breaker | None = None, clock: Clock | None = None
    ) -> None:
        """No ceiling and the usual breaker, unless given."""
        self.clock = clock or Clock()
        self.purse = Purse(budget or Budget())
        self._breaker = breaker or Breaker()
        self._windows: dict[str, Window] = {}
        self._flights: dict[str, Flight] = {}
        self._fuses: dict[str, Fuse] = {}

    def window(self, host: str, rpm: int | None) -> Window:
        """Return the host's window; the first profile that names the host sets its rate."""
        return self._windows.setdefault(host, Window(rpm, self.clock))

    def flight(self, host: str, most: int) -> Flight:
        """Return the host's gate."""
        return self._flights.setdefault(host, Flight(most))

    def fuse(self, name: str) -> Fuse:
        """Return the breaker of one model at one host."""
        return self._fuses.setdefault(name, Fuse(self._breaker, self.clock))


@dataclass(frozen=True, slots=True)
class Terms:
    """How one profile is asked."""

    host: str
    model: str
    timeout_s: float
    retries: int
    rpm: int | None
    max_inflight: int
    max_tokens: int
    prices: Prices | None


class LimitedChat:
    """A chat under the limits of its run."""

    def __init__(self, chat: Chat, terms: Terms, limits: Limits) -> None:
        """Share `limits` with every other chat of the run.

        Raises:
            SettingsInvalid: a ceiling in money, and no prices to count with.
        """
        if limits.purse.budget.usd is not None and terms.prices is None:
            raise SettingsInvalid(
                f"llm.budget.usd is set, but {terms.model} has no prices; "
                "set `prices` in its profile, or use budget.tokens"
            )
        self._chat, self._terms, self._limits = chat, terms, limits
        self._window = limits.window(terms.host, terms.rpm)
        self._flight = limits.flight(terms.host, terms.max_inflight)
        self._fuse = limits.fuse(f"{terms.host} {terms.model}")

    @property
    def provider(self) -> str:
        """The provider's word."""
        return self._chat.provider

    async def ask(self, question: Question) -> Reply:
        """Ask, again where another call may succeed, until the retries or the round's time are used up."""
        tries = Tries(question.deadline_s, self._terms.retries, self._limits.clock)
        retrying = AsyncRetrying(
            retry=retry_if_exception(tries.worth_another),
            wait=tries.wait_s,
            stop=tries.over,
            sleep=self._limits.clock.sleep,
            reraise=True,
        )
        self._fuse.check()
        try:
            reply: Reply = await retrying(self._once, question, tries)
        except ModelFailed as failure:
            failure.calls = tries.calls
            self._judge(failure)
            raise
        except BaseException:
            self._fuse.abandoned()
            raise
        self._fuse.passed()
        return reply.model_copy(update={"calls": tries.calls})

    async def _once(self, question: Question, tries: "Tries") -> Reply:
        left = _left(question.deadline_s, self._limits.clock)
        if left is not None and self._window.wait_s() > left:
            raise ModelFailed(Kind.DEADLINE, "the calls allowed per minute are used up until the deadline", calls=0)
        bound = _bound(question, self._terms.max_tokens)
        self._limits.purse.take(bound, self._terms.prices)
        sent = tries.calls
        try:
            reply = await self._sent(question, tries, left)
        except ModelFailed as failure:
            self._pay(bound, failure.usage, charged=tries.calls > sent and failure.kind not in REFUNDED)
            if failure.kind is Kind.RATE_LIMIT and failure.retry_after_s is not None:
                self._window.pause(failure.retry_after_s)
            raise
        except BaseException:
            self._pay(bound, None, charged=tries.calls > sent)
            raise
        self._pay(bound, reply.usage, charged=True)
        return reply

    async def _sent(self, question: Question, tries: "Tries", left: float | None) -> Reply:
        """Wait for a place in the minute and in flight, then ask, all of it before the round closes."""
        try:
            async with asyncio.timeout(left):
                await self._limits.clock.sleep(self._window.book())
                async with self._flight.gate:
                    tries.calls += 1
                    return await self._timed(question)
        except TimeoutError:
            raise ModelFailed(Kind.DEADLINE, "the round closed before the model answered") from None

    async def _timed(self, question: Question) -> Reply:
        """Ask with a cap on the whole call: a client's own timeout counts from byte to byte."""
        try:
            async with asyncio.timeout(self._terms.timeout_s):
                return await self._chat.ask(question)
        except TimeoutError:
            raise ModelFailed(Kind.TIMEOUT, f"no answer within {self._terms.timeout_s:g} s") from None

    def _pay(self, bound: Usage, used: Usage | None, *, charged: bool) -> None:
        if charged:
            self._limits.purse.settle(bound, used, self._terms.prices)
        else:
            self._limits.purse.refund(bound, self._terms.prices)

    def _judge(self, failure: ModelFailed) -> None:
        if failure.kind in RETRYABLE | {Kind.AUTH, Kind.GONE} or (failure.kind is Kind.DEADLINE and failure.calls):
            self._fuse.failed(failure)
        elif failure.calls:
            self._fuse.passed()
        else:
            self._fuse.abandoned()


REFUNDED = frozenset(
    {Kind.RATE_LIMIT, Kind.AUTH, Kind.GONE, Kind.REQUEST, Kind.MODE, Kind.NO_ANSWER, Kind.NO_RECORDING}
)
"""Failures before any model worked: nothing is charged."""


def _left(deadline_s: float | None, clock: Clock) -> float | None:
    if deadline_s is None:
        return None
    left = deadline_s - clock.now_s()
    if left <= 0:
        raise ModelFailed(Kind.DEADLINE, "the round closed before the model could be asked", calls=0)
    return left


def _bound(question: Question, max_tokens: int) -> Usage:
    chars = sum(len(message.text.encode()) for message in question.messages)
    return Usage(tokens_in=chars // CHARS_PER_TOKEN + 1, tokens_out=max_tokens)


class Tries:
    """Decides whether and when one question is sent again."""

    def __init__(self, deadline_s: float | None, retries: int, clock: Clock) -> None:
        """At most `retries` more calls for failures on the way; steps down the mode ladder come on top."""
        self._deadline_s, self._retries, self._clock = deadline_s, retries, clock
        self._failures = self._steps = 0
        self._waits = 0.0
        self.calls = 0

    def worth_another(self, error: BaseException) -> bool:
        """Say whether another call may end better; called once per failure."""
        if not isinstance(error, ModelFailed):
            return False
        if error.kind is Kind.MODE:
            self._steps += 1
            self._waits = 0.0
            return self._steps < len(MODES)
        if error.kind not in RETRYABLE:
            return False
        self._failures += 1
        jitter = self._clock.rng.uniform(0.5, 1.0)
        backoff = min(BACKOFF_S * 2 ** (self._failures - 1), BACKOFF_S_MAX) * jitter
        self._waits = max(backoff if error.retry_after_s is None else 0.0, error.retry_after_s or 0.0)
        return True

    def wait_s(self, _: RetryCallState) -> float:
        """Return how long to wait: what the provider asked for, else a doubling time with jitter, s."""
        return self._waits

    def over(self, _: RetryCallState) -> bool:
        """Say whether the retries, or the round's time, are used up."""
        late = self._deadline_s is not None and self._clock.now_s() + self._waits >= self._deadline_s
        return self._failures > self._retries or late

"""Limits on a clock of their own: never more than allowed, retries in one place, a purse that closes."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.asking import RETRYABLE, Kind, ModelFailed, Question, Reply, Usage
from agents.limits import Clock, LimitedChat, Limits, Purse, Terms, Window, cost_usd_micro
from agents.settings import Breaker, Budget, Prices
from quorate.domain.errors import SettingsInvalid
from tests.agents.helpers import FakeTime, Says, question

PRICES = Prices(input_usd=1.0, output_usd=2.0)


def terms(**changed: object) -> Terms:
    usual = {
        "host": "h",
        "model": "m",
        "timeout_s": 20.0,
        "retries": 2,
        "rpm": None,
        "max_inflight": 6,
        "max_tokens": 100,
    }
    return Terms(**({"prices": None} | usual | changed))


def limited(
    chat: object, time: FakeTime, budget: Budget | None = None, breaker: Breaker | None = None, **changed: object
):
    return LimitedChat(chat, terms(**changed), Limits(budget, breaker, time.clock()))


def outcome(chat: LimitedChat, asked: Question | None = None) -> Reply | ModelFailed:
    async def once() -> Reply | ModelFailed:
        try:
            return await chat.ask(asked or question())
        except ModelFailed as failure:
            return failure

    return asyncio.run(once())


class Counting(Says):
    """Says, with tokens counted."""

    async def ask(self, question: Question) -> Reply:
        reply = await super().ask(question)
        return reply.model_copy(update={"usage": Usage(tokens_in=10, tokens_out=5)})


@given(st.integers(1, 20), st.lists(st.floats(0, 30), max_size=60))
def test_no_60_seconds_hold_more_starts_than_allowed(rpm: int, gaps: list[float]) -> None:
    time = FakeTime()
    window, starts = Window(rpm, time.clock()), []
    for gap in gaps:
        time.now += gap
        starts.append(time.now + window.book())
    for index in range(len(starts) - rpm):
        assert starts[index + rpm] - starts[index] >= 60 - 1e-6


def test_a_pause_holds_everybody_back() -> None:
    time = FakeTime()
    window = Window(None, time.clock())
    window.pause(7.0)
    assert window.wait_s() == window.book() == 7.0


@pytest.mark.parametrize("kind", sorted(RETRYABLE))
def test_a_failure_on_the_way_is_retried_and_counted(kind: Kind) -> None:
    time, chat = FakeTime(), Says(ModelFailed(kind, "x"), ModelFailed(kind, "x"), "good")
    reply = outcome(limited(chat, time))
    assert isinstance(reply, Reply)
    assert (reply.calls, len(chat.asked)) == (3, 3)
    waits = [slept for slept in time.slept if slept > 0]
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1.0


@pytest.mark.parametrize("kind", sorted(set(Kind) - RETRYABLE - {Kind.MODE}))
def test_any_other_failure_is_final(kind: Kind) -> None:
    time, chat = FakeTime(), Says(ModelFailed(kind, "x"), "good")
    failure = outcome(limited(chat, time))
    assert isinstance(failure, ModelFailed)
    assert (failure.kind, len(chat.asked)) == (kind, 1)


def test_retries_end() -> None:
    chat = Says(ModelFailed(Kind.SERVER, "x"))
    failure = outcome(limited(chat, FakeTime(), retries=3))
    assert (failure.kind, failure.calls, len(chat.asked)) == (Kind.SERVER, 4, 4)


def test_steps_down_the_mode_ladder_are_no_retries() -> None:
    chat = Says(*[ModelFailed(Kind.MODE, "x")] * 3, "good")
    assert isinstance(outcome(limited(chat, FakeTime(), retries=0)), Reply)
    assert outcome(limited(Says(ModelFailed(Kind.MODE, "x")), FakeTime())).kind is Kind.MODE


def test_retry_after_is_obeyed_by_every_call_to_the_host() -> None:
    time = FakeTime()
    limits = Limits(clock=time.clock())
    first = LimitedChat(Says(ModelFailed(Kind.RATE_LIMIT, "x", retry_after_s=12.0), "good"), terms(), limits)
    other = LimitedChat(Says("good"), terms(model="n"), limits)

    async def both() -> None:
        asking = asyncio.create_task(first.ask(question()))
        for _ in range(20):  # until the first has met its 429
            await asyncio.sleep(0)
        await other.ask(question())
        await asking

    asyncio.run(both())
    assert time.now >= 12.0


def test_a_wait_that_ends_after_the_round_is_not_begun() -> None:
    time, chat = FakeTime(), Says(ModelFailed(Kind.RATE_LIMIT, "x", retry_after_s=90.0), "good")
    failure = outcome(limited(chat, time), question(deadline_s=45.0))
    assert failure.kind is Kind.RATE_LIMIT
    assert time.now < 45.0


def test_nothing_is_asked_after_the_round() -> None:
    time, chat = FakeTime(), Says("good")
    time.now = 50.0
    assert outcome(limited(chat, time), question(deadline_s=45.0)).kind is Kind.DEADLINE
    assert not chat.asked


def test_a_minute_that_is_full_beyond_the_deadline_is_said_at_once() -> None:
    time, chat = FakeTime(), Counting("good")
    shared = limited(chat, time, rpm=1)
    assert isinstance(outcome(shared, question(deadline_s=45.0)), Reply)
    assert outcome(shared, question(deadline_s=45.0)).kind is Kind.DEADLINE
    assert time.now == 0.0


class Hangs:
    provider = "hangs"

    async def ask(self, question: Question) -> Reply:
        await asyncio.sleep(3600)
        raise AssertionError


def test_a_call_that_hangs_is_cut_by_its_timeout_and_by_the_deadline() -> None:
    chat = LimitedChat(Hangs(), terms(timeout_s=0.01, retries=0), Limits())
    assert outcome(chat).kind is Kind.TIMEOUT
    import time

    chat = LimitedChat(Hangs(), terms(timeout_s=5.0, retries=0), Limits())
    assert outcome(chat, question(deadline_s=time.monotonic() + 0.01)).kind is Kind.DEADLINE


def test_at_most_so_many_calls_are_in_flight() -> None:
    now = most = 0

    class Busy:
        provider = "busy"

        async def ask(self, question: Question) -> Reply:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.001)
            now -= 1
            return Reply(text="x", provider="busy", model="m", mode="text", latency_s=0.0)

    chat = LimitedChat(Busy(), terms(max_inflight=3), Limits())

    async def many() -> None:
        await asyncio.gather(*(chat.ask(question()) for _ in range(12)))

    for _ in range(2):  # under two event loops
        asyncio.run(many())
    assert most == 3


def test_the_breaker_opens_rests_tries_once_and_closes() -> None:
    time, chat = FakeTime(), Says(*[ModelFailed(Kind.SERVER, "x")] * 3, "good")
    shared = limited(chat, time, breaker=Breaker(failures=2, rest_s=30.0), retries=0)
    assert [outcome(shared).kind for _ in range(3)] == [Kind.SERVER, Kind.SERVER, Kind.BREAKER]
    time.now += 30.0
    assert outcome(shared).kind is Kind.SERVER
    assert outcome(shared).kind is Kind.BREAKER
    time.now += 30.0
    assert isinstance(outcome(shared), Reply)
    assert isinstance(outcome(shared), Reply)


def test_a_refused_key_stops_the_asking_at_once() -> None:
    chat = Says(ModelFailed(Kind.AUTH, "Invalid API key"))
    shared = limited(chat, FakeTime())
    assert outcome(shared).kind is Kind.AUTH
    failure = outcome(shared)
    assert failure.kind is Kind.AUTH, "not silence: a person must act"
    assert failure.calls == 0
    assert "Invalid API key" in failure.detail
    assert len(chat.asked) == 1


def test_replies_that_cannot_be_used_do_not_blow_the_breaker() -> None:
    shared = limited(Says(ModelFailed(Kind.TRUNCATED, "x")), FakeTime(), breaker=Breaker(failures=1))
    assert [outcome(shared).kind for _ in range(3)] == [Kind.TRUNCATED] * 3


@given(st.integers(0, 2_000), st.integers(1, 30))
def test_the_counted_tokens_never_pass_the_ceiling(ceiling: int, calls: int) -> None:
    chat = Counting("good")
    shared = limited(chat, FakeTime(), Budget(tokens=ceiling))
    kinds = [outcome(shared) for _ in range(calls)]
    assert 15 * len(chat.asked) <= ceiling
    refused = [each for each in kinds if isinstance(each, ModelFailed)]
    assert all(each.kind is Kind.BUDGET and "tokens" in each.detail for each in refused)


def test_calls_at_once_cannot_pass_the_ceiling_together() -> None:
    chat = Counting("good")
    shared = limited(chat, FakeTime(), Budget(tokens=250))

    async def many() -> list[object]:
        return await asyncio.gather(*(shared.ask(question()) for _ in range(12)), return_exceptions=True)

    came = asyncio.run(many())
    assert 0 < sum(isinstance(each, Reply) for each in came) < 12


def test_a_ceiling_in_money_needs_prices_and_holds() -> None:
    with pytest.raises(SettingsInvalid, match="has no prices"):
        limited(Says("x"), FakeTime(), Budget(usd=1.0))
    chat = Counting("good")
    shared = limited(chat, FakeTime(), Budget(usd=0.0004), prices=PRICES)
    kinds = [outcome(shared) for _ in range(30)]
    assert any(isinstance(each, ModelFailed) and each.kind is Kind.BUDGET for each in kinds)
    assert 20 * len(chat.asked) <= 400


def test_what_a_provider_does_not_count_stays_set_aside() -> None:
    purse = Purse(Budget(tokens=100))
    bound = Usage(tokens_in=30, tokens_out=30)
    purse.take(bound, None)
    purse.settle(bound, None, None)
    assert (purse.tokens_spent, purse.uncounted) == (60, 1)
    with pytest.raises(ModelFailed):
        purse.take(bound, None)
    purse.refund(bound, None)
    assert purse.tokens_spent == 0


def test_a_cost_is_unknown_if_tokens_or_prices_are() -> None:
    assert cost_usd_micro(None, PRICES) is None
    assert cost_usd_micro(Usage(tokens_in=1, tokens_out=1), None) is None
    assert cost_usd_micro(Usage(tokens_in=1_000, tokens_out=500), PRICES) == 2_000


def test_a_cancelled_call_frees_its_place_and_its_breaker() -> None:
    chat = LimitedChat(Hangs(), terms(max_inflight=1), Limits())

    async def cancelled() -> None:
        asking = asyncio.create_task(chat.ask(question()))
        await asyncio.sleep(0.005)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not chat._flight.gate.locked()

    asyncio.run(cancelled())


def test_jitter_comes_from_the_dice_that_were_handed_in() -> None:
    def waits(seed: int) -> list[float]:
        time = FakeTime()
        clock = Clock(lambda: time.now, time._sleep, random.Random(seed))
        chat = Says(*[ModelFailed(Kind.SERVER, "x")] * 2, "good")
        outcome(LimitedChat(chat, terms(), Limits(clock=clock)))
        return time.slept

    assert waits(1) == waits(1) != waits(2)

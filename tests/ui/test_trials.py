import asyncio
import threading
import time

import pytest

from quorate.domain.errors import RequestInvalid
from ui.trials import FINISHED_KEPT, TRIALS_AT_ONCE, PreparedTrial, TrialOrder, Trials
from ui.viewmodel.lab import TrialCost

COST = TrialCost(texts=1, jobs=1, agents=6, calls=5, by_facts=1, tokens=10, wire=False, usd=None)


class Engine:
    """Trials that do what their profile says."""

    def prepare_trial(self, order):
        if order.profile == "wrong":
            raise RequestInvalid("the copy is wrong; mend it")

        async def carry(tell):
            tell("an answer")
            if order.profile == "waits":
                await asyncio.sleep(3_600)
            if order.profile == "fails":
                raise RequestInvalid("the provider went away")
            if order.profile == "bug":
                raise ZeroDivisionError

        return PreparedTrial(("base",), COST, carry)


@pytest.fixture
def trials():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    held = Trials(Engine(), loop)
    yield held

    async def end() -> None:
        tasks = held.tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def order(profile):
    return TrialOrder("demo", profile, 2, "text", True, ())


def waited(until) -> None:
    for _ in range(2_000):
        if until():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come")


def test_a_trial_is_followed_to_its_end(trials):
    name = trials.start(order("ends"))
    waited(lambda: trials.watch(name).over)
    now = trials.watch(name)
    assert (now.status, now.told, now.of) == ("done", ("an answer",), 6)


def test_cancelled_it_says_so_at_once_and_keeps_what_came(trials):
    name = trials.start(order("waits"))
    waited(lambda: trials.watch(name).told)
    trials.cancel(name)
    assert trials.watch(name).status in ("cancelling", "cancelled")
    waited(lambda: trials.watch(name).over)
    assert (trials.watch(name).status, trials.watch(name).told) == ("cancelled", ("an answer",))


def test_cancelling_twice_or_what_is_over_or_unknown_changes_nothing(trials):
    name = trials.start(order("ends"))
    waited(lambda: trials.watch(name).over)
    trials.cancel(name)
    trials.cancel("nobody")
    assert trials.watch(name).status == "done"
    assert trials.watch("nobody") is None


def test_a_failure_is_told_in_its_own_words_and_a_bug_is_logged(trials, caplog):
    names = [trials.start(order("fails"))]
    waited(lambda: trials.watch(names[0]).over)
    names.append(trials.start(order("bug")))
    waited(lambda: trials.watch(names[1]).over)
    told = [trials.watch(name) for name in names]
    assert [now.status for now in told] == ["failed", "failed"]
    assert told[0].detail == "the provider went away"
    assert "Zero" not in told[1].detail
    assert "ZeroDivisionError" in caplog.text


def test_too_many_at_once_are_refused(trials):
    for _ in range(TRIALS_AT_ONCE):
        trials.start(order("waits"))
    with pytest.raises(RequestInvalid, match="cancel one or wait"):
        trials.start(order("waits"))


def test_what_does_not_hold_starts_nothing(trials):
    with pytest.raises(RequestInvalid, match="mend it"):
        trials.start(order("wrong"))


def test_old_ones_are_forgotten_and_names_cannot_be_guessed(trials):
    names = []
    for _ in range(FINISHED_KEPT + 2):
        names.append(trials.start(order("ends")))
        waited(lambda: trials.watch(names[-1]).over)
    assert trials.watch(names[0]) is None
    assert trials.watch(names[-1]) is not None
    assert len(set(names)) == len(names)
    assert all(len(name) == 12 for name in names)

import asyncio
import time
from pathlib import Path

import pytest

from quorate.domain.errors import RequestInvalid
from tests.ui import factory
from ui.service import RUNS_AT_ONCE, Order, Prepared, Profile, Service

CLUSTERS = tuple(factory.CLUSTERS)


class Engine:
    """Runs that do what their seed says: 0 ends, 1 waits for ever, 2 fails, 3 has a bug."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.results, self.count = folder, folder / "results", 0

    def profiles(self):
        return (Profile("rule", "rule", None, ""),)

    def drivers(self):
        return ()

    def reference(self):
        return Order(seed=0)

    def texts(self, order):
        return ("", "", "")

    def prompt_versions(self):
        return (1,)

    def prepare(self, order):
        if order.seed == 9:
            raise RequestInvalid("nothing to do; name a job")
        self.count += 1
        shown = factory.report(("unanimous",), run=f"run-{self.count}")

        async def carry(listen, report):
            for event in factory.events(shown):
                if event.kind != "run_ended":
                    listen(event)
                await asyncio.sleep(0)
            report(shown)
            if order.seed == 1:
                await asyncio.sleep(3_600)
            if order.seed == 2:
                raise RequestInvalid("the provider went away")
            if order.seed == 3:
                raise ZeroDivisionError
            factory.write(self.folder, shown)
            return shown

        return Prepared(f"run-{self.count}", 1, dict.fromkeys(CLUSTERS, "gpu"), 0, 45.0, carry)


@pytest.fixture
def service(tmp_path):
    service = Service(Engine(tmp_path))
    yield service
    service.close()


def waited(until) -> None:
    for _ in range(2_000):
        if until():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come")


def test_a_run_is_followed_to_its_end(service):
    name = service.start(Order(seed=0))
    waited(lambda: not service.active())
    now, decisions = service.watch(name).snapshot()
    assert (now.status, now.decided) == ("done", 1)
    assert [row.number for row in decisions] == [1]
    assert service.runs() == [name]


def test_cancel_stops_what_waits_and_keeps_what_was_decided(service):
    name = service.start(Order(seed=1))
    waited(lambda: service.watch(name).snapshot()[0].decided == 1)
    service.cancel(name)
    waited(lambda: not service.active())
    now, _ = service.watch(name).snapshot()
    assert (now.status, now.decided) == ("cancelled", 1)


def test_cancelled_it_says_so_at_once_and_to_the_end(service):
    name = service.start(Order(seed=1))
    waited(lambda: service.watch(name).snapshot()[0].decided == 1)
    service.cancel(name)
    assert service.watch(name).snapshot()[0].status in ("cancelling", "cancelled")
    waited(lambda: not service.active())
    service.cancel(name)
    assert service.watch(name).snapshot()[0].status == "cancelled"


def test_whoever_waits_for_a_cancelled_run_finds_it_over(service):
    name = service.start(Order(seed=1))
    waited(lambda: service.watch(name).snapshot()[0].decided == 1)
    service.cancel(name, 10.0)
    assert service.active() == []
    assert service.watch(name).snapshot()[0].status == "cancelled"


def test_what_ended_is_not_cancelled_any_more(service):
    name = service.start(Order(seed=0))
    waited(lambda: not service.active())
    service.cancel(name)
    assert service.watch(name).snapshot()[0].status == "done"


def test_a_failure_is_told_in_its_own_words(service):
    name = service.start(Order(seed=2))
    waited(lambda: not service.active())
    now, _ = service.watch(name).snapshot()
    assert (now.status, now.detail) == ("failed", "the provider went away")


def test_a_bug_is_not_shown_to_a_browser_but_logged(service, caplog):
    name = service.start(Order(seed=3))
    waited(lambda: not service.active())
    now, _ = service.watch(name).snapshot()
    assert now.status == "failed"
    assert "Zero" not in now.detail
    assert "ZeroDivisionError" in caplog.text


def test_one_run_does_not_touch_another(service):
    waiting = service.start(Order(seed=1))
    failing = service.start(Order(seed=2))
    waited(lambda: service.active() == [waiting])
    assert service.watch(failing).snapshot()[0].status == "failed"
    assert service.watch(waiting).snapshot()[0].status == "running"


def test_too_many_runs_at_once_are_refused_by_name(service):
    names = [service.start(Order(seed=1)) for _ in range(RUNS_AT_ONCE)]
    with pytest.raises(RequestInvalid, match=names[0]):
        service.start(Order(seed=1))


def test_an_order_that_does_not_hold_starts_nothing(service):
    with pytest.raises(RequestInvalid, match="name a job"):
        service.start(Order(seed=9))
    assert service.active() == []


def test_the_first_visitors_start_the_reference_once(service):
    first, second = service.first(), service.first()
    assert first == "run-1"
    assert second is None
    waited(lambda: not service.active())
    assert service.first() is None


def test_runs_on_their_way_come_first(service, tmp_path):
    factory.write(tmp_path, factory.report(("unanimous",), run="older"))
    name = service.start(Order(seed=1))
    assert service.runs() == [name, "older"]


def test_cancelling_what_does_not_exist_is_nothing(service):
    service.cancel("nobody")
    assert service.watch("nobody") is None

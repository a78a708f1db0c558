"""Ledger first, then announcements and awards."""

from tests.graph.table import NAMES, Refusing, arrivals, played, table
from tests.quorate.ledger import build as make


async def test_a_height_is_in_the_ledger_before_anybody_hears_of_it():
    set_ = table()
    heard = []
    emit = set_.trace.emit

    def listening(event):
        if event.kind in ("decided", "job_called", "answered"):
            heard.append((event.kind, len(set_.committer.ledger.entries)))
        return emit(event)

    set_.trace.emit = listening
    await played(set_, make.owned("j1"))
    decided = [kept for kind, kept in heard if kind == "decided"]
    assert decided == [1, 2, 3]
    assert all(kept == 1 for kind, kept in heard if kind in ("job_called", "answered"))


async def test_a_job_starts_only_after_its_award_is_in_the_ledger():
    submitted = []

    class Watching(Refusing):
        def submit(self, cluster, job, at_s):
            entries = set_.committer.ledger.entries
            submitted.append((cluster, job.id, len(entries), set_.decisions[-1].winner))
            super().submit(cluster, job, at_s)

    set_ = table(backend=Watching())
    await played(set_, make.owned("j1"))
    winner = set_.decisions[0].winner
    assert submitted == [(winner, "j1", 3, winner)]


async def test_a_job_that_the_winners_scheduler_refuses_is_called_again_and_lands_elsewhere():
    first = table()
    await played(first, make.owned("j1"))
    winner = first.decisions[0].winner
    set_ = table(backend=Refusing((winner, "j1")))
    assert await played(set_, make.owned("j1")) == {"j1": "allocated"}
    assert [decision.outcome for decision in set_.decisions] == ["allocated", "allocated"]
    assert set_.decisions[0].winner == winner != set_.decisions[1].winner
    running = set_.assembly.application.state.running
    assert list(running) == ["j1"]


async def test_a_job_that_every_scheduler_refuses_ends_without_a_place():
    set_ = table(backend=Refusing(*((name, "j1") for name in NAMES for _ in range(9))))
    assert (await played(set_, make.owned("j1")))["j1"] != "allocated"
    assert not set_.assembly.application.state.running


async def test_a_run_taken_up_tells_what_its_ledger_holds_and_its_trace_does_not():
    first = table()
    await played(first, make.owned("j1"))
    heights = first.committer.heights
    told = [event for event in first.trace.events if event.seq <= 20 and getattr(event, "height", 0) < 3]
    again = table()
    again.committer.take_up(heights, told)
    assert [event.height for event in again.trace.of("decided")] == [
        height for height in (1, 2, 3) if height not in {e.height for e in told if e.kind == "decided"}
    ]
    assert again.committer.heights == heights
    assert list(again.committer.called) == [("j1", heights[0].application.state.calls["j1"].opened)]


async def test_an_equal_run_gives_equal_ledgers():
    one, two = table(), table()
    jobs = [make.owned(f"j{i}") for i in range(3)]
    await played(one, *jobs)
    await played(two, *jobs)
    assert one.committer.ledger.entries == two.committer.ledger.entries
    assert len(arrivals(one, *jobs)) == 3

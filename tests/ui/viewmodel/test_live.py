import sys

from tests.ui import factory
from ui.viewmodel.live import SHOWN_DECISIONS, Progress, progress_words

CLUSTERS = tuple(factory.CLUSTERS)
TYPES = dict.fromkeys(CLUSTERS, "gpu")


def followed(events):
    progress = Progress(TYPES)
    for event in events:
        progress.take(event)
    return progress


def test_a_whole_run_ends_with_every_job_decided():
    shown = factory.report()
    now = followed(factory.events(shown)).snapshot()
    assert (now.status, now.decided, now.of, now.share) == ("done", 10, 10, 1.0)
    assert [done.number for done in now.done] == list(range(10, 10 - SHOWN_DECISIONS, -1))


def test_tiles_keep_their_place_and_say_what_each_does():
    events = factory.events(factory.report(("contested",)))
    states, bids = [], []
    progress = Progress(TYPES)
    for event in events:
        progress.take(event)
        tiles = progress.snapshot().tiles
        assert [tile.cluster for tile in tiles] == list(CLUSTERS)
        states.append(tiles[0].state)
        bids.append(tiles[0].bid)
    assert list(dict.fromkeys(states)) == ["waiting", "thinking", "bid received", "skips"]
    assert list(dict.fromkeys(bids)) == ["–", "0.75"]


def test_tokens_are_counted_and_unknown_is_not_zero():
    now = followed(factory.events(factory.report(("unanimous",)))).snapshot()
    assert now.tokens == 5 * (419 + 54)
    assert Progress(TYPES).snapshot().tokens is None


def test_time_left_is_told_once_something_is_decided():
    shown = factory.report(("unanimous",) * 4, submitted=8, status="running")
    now = followed(factory.events(shown)).snapshot()
    assert now.left_ms == now.elapsed_ms
    assert "s left" in progress_words(now, "Genomics")


def test_a_job_that_waits_and_is_called_again_counts_once():
    events = factory.events(factory.report(("unanimous",)))
    again = [e for e in events if e.kind in ("job_called", "decided")]
    assert followed([*events, *again]).snapshot().decided == 1


def held_bytes(progress: Progress) -> int:
    parts = (progress.done, progress.states, progress.faults, progress.calls, progress.counted, progress.answered)
    return sum(sys.getsizeof(part) for part in parts)


def test_what_is_held_does_not_grow_over_7200_ticks():
    events = factory.events(factory.report())
    progress = Progress(TYPES)
    sizes = []
    for tick in range(7_200):
        progress.take(events[tick % len(events)])
        progress.snapshot()
        sizes.append(held_bytes(progress))
    assert max(sizes[3_600:]) <= max(sizes[:3_600])
    assert len(progress.snapshot().done) <= SHOWN_DECISIONS

"""A run belongs to the process: first start, cancel, reload, second viewer."""

from pathlib import Path

import pytest

from tests.browser.conftest import AXE, WALK, opening
from tests.browser.serving import WAIT_MS, many_jobs, serving
from tests.browser.test_pages import violations

TICK_BYTES_MAX = 5_000
QUIET_S = 0.15
"""Frames closer together than this belong to one tick."""


def ticks(frames: list[tuple[float, int]]) -> list[int]:
    """Return the bytes of each tick."""
    sizes: list[int] = []
    last = -1.0
    for at, size in frames:
        if at - last > QUIET_S:
            sizes.append(0)
        sizes[-1] += size
        last = at
    return sizes


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    root = tmp_path_factory.mktemp("none")
    with serving(root, tmp_path_factory.mktemp("home")) as base:
        yield root, base


@pytest.fixture
def open_empty(contexts, empty):
    with opening(contexts, empty[1]) as opened:
        yield opened


def start_many(view, count: int) -> str:
    """Start a long run on the Submit page and return its id."""
    view.go("/submit")
    view.page.get_by_text("Text", exact=True).first.click()
    box = view.page.get_by_label("Jobs (TOML)")
    box.fill(many_jobs(count))
    box.press("Control+Enter")
    view.page.get_by_text(f"{count} jobs × 6 agents").wait_for(timeout=WAIT_MS)
    view.settle()
    view.page.get_by_role("button", name="Start the run").click()
    view.page.wait_for_url("**/live?run=*", timeout=WAIT_MS)
    view.page.get_by_role("heading", name="Live run").wait_for(timeout=WAIT_MS)
    return view.page.url.split("run=")[1].split("&")[0]


def test_the_first_visit_starts_the_reference_and_ends_in_its_verdict(open_empty, empty):
    view = open_empty()
    view.page.goto(view.base + "/")
    view.page.wait_for_selector("h1.q-head", timeout=WAIT_MS)
    view.page.get_by_role("heading", name="8 of 8 jobs placed; one agent caught lying").wait_for(timeout=WAIT_MS)
    assert (view.outside, view.errors) == ([], [])
    assert len([path for path in Path(empty[0]).iterdir() if (path / "ledger.jsonl").is_file()]) == 1


def test_a_long_run_is_shown_live_followed_by_two_and_cancelled(open_empty):
    first = open_empty()
    run = start_many(first, 150)
    second = open_empty("dark")
    second.page.goto(f"{second.base}/live?run={run}")
    second.page.get_by_role("heading", name="Live run").wait_for(timeout=WAIT_MS)
    first.page.reload()
    first.page.get_by_role("heading", name="Live run").wait_for(timeout=WAIT_MS)
    first.page.get_by_text("Job number 2", exact=False).first.wait_for(timeout=WAIT_MS)
    second.page.add_script_tag(path=str(AXE))
    during = (second.page.evaluate(WALK)["failures"], violations(second))
    first.page.get_by_role("button", name="Cancel run").click()
    first.page.get_by_text("Cancelled after").wait_for(timeout=WAIT_MS)
    second.page.get_by_text("Cancelled after").wait_for(timeout=WAIT_MS)
    first.page.get_by_role("button", name="Open the run").click()
    first.page.get_by_role("heading", name="Run cancelled after").wait_for(timeout=WAIT_MS)
    assert during == ([], [])
    for view in (first, second):
        assert (view.outside, view.errors) == ([], [])


def test_a_live_tick_stays_small(open_empty):
    view = open_empty()
    start_many(view, 150)
    view.page.get_by_text("Job number 3", exact=False).first.wait_for(timeout=WAIT_MS)
    seen = len(view.frames)
    view.page.wait_for_timeout(5_000)
    sizes = ticks(view.frames[seen:])
    view.page.get_by_role("button", name="Cancel run").click()
    view.page.get_by_text("Cancelled after").wait_for(timeout=WAIT_MS)
    assert sizes
    assert sorted(sizes)[len(sizes) // 2] <= TICK_BYTES_MAX, sizes

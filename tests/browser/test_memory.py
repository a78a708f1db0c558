"""A run watched for long costs no more than one watched for short; `python -m benchmarks live` watches for an hour."""

from tests.browser.conftest import opening
from tests.browser.serving import WAIT_MS, serving
from tests.browser.watching import Ticks, watch

TICK_S = "0.05"
"""Ten times as fast as the page looks by itself."""
TICKS, EVERY = 200, 50
GROWTH_MB = 12.0
"""Between look 50 and look 200; 80 kB a look would be a leak that nobody overlooks, less is the allocator's own."""


def test_two_hundred_looks_at_a_run_cost_no_memory(contexts, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "home").mkdir()
    script = "endless_under_test.py"
    app = serving(tmp_path / "runs", tmp_path / "home", script, QUORATE_TEST_TICK_S=TICK_S)
    with app as base, opening(contexts, base) as opened:
        view = opened(fresh=True)
        ticks = Ticks(view.page)
        view.page.goto(f"{base}/")
        view.page.get_by_role("heading", name="Live run").wait_for(timeout=WAIT_MS)
        pid = int((tmp_path / "runs" / "pid").read_text("utf-8"))
        first, *_, last = watch(view.page, ticks, pid, until=TICKS, every=EVERY)
    assert last.server_mb - first.server_mb <= GROWTH_MB, (first, last)
    assert last.heap_mb - first.heap_mb <= GROWTH_MB / 2, (first, last)
    assert last.nodes - first.nodes <= 200, (first, last)

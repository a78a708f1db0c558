"""Measures what an hour of watching a run costs: server and browser after 7,200 looks, accelerated.

The Live page looks at a run every half second; here it looks every 50 ms at a run without an end that decides one job
a look. Flat means: between the second quarter and the last, medians, neither side grew by more than the limit.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from tests.browser.serving import ARGUMENTS, CHROMIUM, WAIT_MS, serving
from tests.browser.watching import Sample, Ticks, watch

TICKS = 7_200
EVERY = 200
TICK_S = "0.05"
LIMIT_MB = 10.0
PREDICTION = f"server and browser grow by at most {LIMIT_MB:g} MB from the second quarter to the last"


def measure(count: int, every: int) -> list[Sample]:
    """Watch a run for `count` looks; print each sample as it is taken."""
    samples = []
    with tempfile.TemporaryDirectory() as folder:
        runs, home = Path(folder) / "runs", Path(folder) / "home"
        runs.mkdir()
        home.mkdir()
        app = serving(runs, home, "endless_under_test.py", QUORATE_TEST_TICK_S=TICK_S)
        with app as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
            page = browser.new_page()
            ticks = Ticks(page)
            page.goto(f"{base}/")
            page.get_by_role("heading", name="Live run").wait_for(timeout=WAIT_MS)
            pid = int((runs / "pid").read_text("utf-8"))
            for sample in watch(page, ticks, pid, until=count, every=every):
                samples.append(sample)
                print(
                    f"{sample.ticks:6,} looks: server {sample.server_mb:6.1f} MB, page {sample.heap_mb:5.1f} MB, "
                    f"{sample.nodes:,} nodes",
                    flush=True,
                )
            browser.close()
    return samples


def growth(samples: Sequence[Sample]) -> tuple[float, float, int]:
    """Return by how much server (MB), page (MB) and document (nodes) grew from the second quarter to the last."""
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    return (
        median(s.server_mb for s in late) - median(s.server_mb for s in early),
        median(s.heap_mb for s in late) - median(s.heap_mb for s in early),
        round(median(s.nodes for s in late) - median(s.nodes for s in early)),
    )


def main(arguments: list[str]) -> int:
    """Print prediction, measurement and verdict."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--ticks", type=int, default=TICKS)
    parser.add_argument("--every", type=int, default=EVERY)
    args = parser.parse_args(arguments)
    print(f"prediction: {PREDICTION}")
    samples = measure(args.ticks, args.every)
    server, heap, nodes = growth(samples)
    held = max(server, heap) <= LIMIT_MB
    print(
        f"measurement: {samples[-1].ticks:,} looks; server {server:+.1f} MB (at the end {samples[-1].server_mb:.0f}), "
        f"page {heap:+.1f} MB (at the end {samples[-1].heap_mb:.0f}), {nodes:+d} nodes; load {os.getloadavg()[0]:.1f}"
    )
    print(f"verdict: {'held' if held else 'missed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

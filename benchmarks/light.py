"""What following a ledger by its certificates costs, as a share of executing it again: both in one run, on one file.

Run: `.venv/bin/python -m benchmarks.light [--jobs 60] [--repeats 5]`. The ledger is made by a run of six members with
one lie in its middle, so that the committee changes. Processor time, the smallest of the repeats.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import carrying
import wiring
from backends.ledger_file import read_lines
from backends.reading import jobs_from
from faults.plan import Fault, FaultPlan
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.light import follow
from quorate.ledger.verify import verify_lines

PREDICTION = 0.35
"""Expected before measuring: four of some thirteen signatures a height are the certificate's; the rest is items and
their execution, which is left out; reading and hashing stay."""


def made(jobs: int, folder: Path) -> list[bytes]:
    """Return the lines of a ledger of so many jobs."""
    table = {"jobs": [{"id": f"job_{n:03d}", "nodes": 4, "walltime_min": 30} for n in range(jobs)]}
    lie = Fault(driver="false-occupancy", cluster=ClusterId("HPC_RESOURCE_00"), jobs=(JobId(f"job_{jobs // 2:03d}"),))
    settings = wiring.read_settings(None)
    asked = wiring.request(
        settings, jobs=jobs_from(table, "the benchmark"), faults=FaultPlan(faults=(lie,)), name="light"
    )
    places = wiring.Places(folder)
    asyncio.run(carrying.carry_out(settings, asked, places, wiring.Options(times=False)))
    return list(read_lines(places.ledger))


def smallest_s(act: Callable[[], Iterable[object]], repeats: int) -> float:
    """Return the smallest processor time that going through something took."""
    took = []
    for _ in range(repeats):
        began = time.process_time()
        for _ in act():
            pass
        took.append(time.process_time() - began)
    return min(took)


def main() -> int:
    """Measure, and print a line for the ledger."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = made(args.jobs, Path(folder) / "run")
    full = smallest_s(lambda: verify_lines(lines), args.repeats)
    light = smallest_s(lambda: follow(lines), args.repeats)
    skip = smallest_s(lambda: follow(lines, skip=True), args.repeats)
    heights, checked = len(lines) - 1, sum(one.certified for one in follow(lines, skip=True))
    verdict = "held" if light / full <= PREDICTION else "missed"
    each = [f"{1_000 * spent / heights:.2f}" for spent in (full, light, skip)]
    print(
        f"prediction {PREDICTION:.2f}; measured {light / full:.2f} "
        f"({skip / full:.2f} with --skip, {checked} certificates): {heights} heights, "
        f"{each[0]} ms each executed, {each[1]} followed, {each[2]} skipping; {verdict}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What an evaluation costs beyond its bidder: milliseconds and bytes per sample. `python -m benchmarks.evals_overhead`.

The rule bids in microseconds, so the time of a run with it is the suite's own: Inspect, the journal, the scorers. CPU
time is held against the goal, for a wall clock also counts what else a machine does. Needs Inspect (`make eval`).
"""

import sys
import tempfile
import time
from pathlib import Path

from agents.settings import LlmSettings, PromptSettings
from backends.reading import read_federation
from evals.datasets import SetName
from evals.running import Arm, Asking, carry_out, prepare

MS_MAX, BYTES_MAX = 20.0, 5_000


def _arm(name: SetName, folder: Path) -> Arm:
    asking = Asking(profile="rule", prompt=None, set=name)
    return prepare(LlmSettings(), PromptSettings(), read_federation(asking.federation), asking, folder)


def _bytes(*folders: Path) -> int:
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Run the compare set with the rule and print the overhead; 1 if it is over a goal."""
    with tempfile.TemporaryDirectory() as made:
        carry_out([_arm("quick", Path(made) / "warm" / "quick")])  # imports and caches are paid for once
        arm = _arm("compare", Path(made) / "measured" / "compare")
        wall, cpu = time.perf_counter(), time.process_time()
        carry_out([arm])
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        size = _bytes(Path(made) / "measured")
    samples = len(arm.samples)
    milliseconds, each = 1_000 * cpu / samples, size / samples
    print(
        f"evals overhead, {samples} samples: {milliseconds:.1f} ms CPU (goal {MS_MAX:.0f}), "
        f"{1_000 * wall / samples:.1f} ms wall clock, {each:.0f} bytes (goal {BYTES_MAX}) each"
    )
    return 0 if milliseconds <= MS_MAX and each <= BYTES_MAX else 1


if __name__ == "__main__":
    sys.exit(main())

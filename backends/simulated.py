"""A scheduler without a machine: jobs start when awarded and end when their time is up, by a seed."""

from heapq import heappop, heappush
from random import Random

from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId
from quorate.ports import JobEnd

RUN_PERCENT_MIN = 55
RUN_PERCENT_MAX = 95
"""A simulated job uses this share of its walltime, drawn evenly; users ask for more than they need."""


class SimulatedBackend:
    """Starts every job at once; `run_s` is drawn from the seed and the job's id, so that equal runs are equal."""

    def __init__(self, seed: int) -> None:
        """Take the seed; it stands in the run's report."""
        self._seed = seed
        self._ends: list[tuple[int, str, str, int]] = []

    def run_s(self, job: Job) -> int:
        """Return how long `job` will run, s."""
        rng = Random(f"{self._seed}|{job.id}")
        return max(1, job.walltime_s * rng.randint(RUN_PERCENT_MIN, RUN_PERCENT_MAX) // 100)

    def submit(self, cluster: ClusterId, job: Job, at_s: int) -> None:
        """Start `job` at `at_s`."""
        run_s = self.run_s(job)
        heappush(self._ends, (at_s + run_s, job.id, cluster, run_s))

    def next_end_s(self) -> int | None:
        """Return when the next job ends, s; None if none runs."""
        return self._ends[0][0] if self._ends else None

    def ended(self, at_s: int) -> list[JobEnd]:
        """Return, once, the jobs that have ended by `at_s`."""
        done = []
        while self._ends and self._ends[0][0] <= at_s:
            end_s, job, cluster, run_s = heappop(self._ends)
            done.append(
                JobEnd.model_validate(
                    {"cluster": cluster, "job": job, "at_s": end_s, "run_s": run_s, "succeeded": True}
                )
            )
        return done

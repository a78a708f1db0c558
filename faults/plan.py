"""Which driver acts on which cluster at which job, as a file says it."""

from typing import Self

from pydantic import Field, model_validator

from quorate.domain.clusters import NAME_PATTERN
from quorate.domain.jobs import Text
from quorate.domain.values import ClusterId, JobId, Value


class Fault(Value):
    """One line of a fault plan."""

    driver: Text = Field(max_length=40)
    """The driver's name (`python cli.py faults` lists them)."""
    cluster: ClusterId = Field(pattern=NAME_PATTERN)
    """Whom it makes misbehave."""
    jobs: tuple[JobId, ...] = Field(default=(), max_length=10_000)
    """At which jobs; none named: at every job."""

    def acts_at(self, job: JobId | None) -> bool:
        """Say whether the driver acts while `job` is being called."""
        return not self.jobs or job in self.jobs


class FaultPlan(Value):
    """All faults of a run."""

    faults: tuple[Fault, ...] = Field(default=(), max_length=1_000)

    @model_validator(mode="after")
    def _once(self) -> Self:
        seen = [(fault.driver, fault.cluster, job) for fault in self.faults for job in fault.jobs or ("*",)]
        twice = sorted({line for line in seen if seen.count(line) > 1})
        if twice:
            raise ValueError(f"{twice[0][0]} acts twice on {twice[0][1]} at {twice[0][2]}; say it once")
        return self

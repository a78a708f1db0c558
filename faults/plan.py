"""Which driver acts on which cluster at which job, as a file says it."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from quorate.domain.clusters import NAME_PATTERN
from quorate.domain.values import ClusterId, JobId, Value


class Fault(Value):
    """One line of a fault plan."""

    driver: str = Field(pattern=r"^[a-z][a-z-]{0,39}$")
    """The driver's name (`python cli.py faults` lists them)."""
    cluster: ClusterId = Field(pattern=NAME_PATTERN)
    """Whom it makes misbehave."""
    jobs: tuple[Annotated[JobId, Field(pattern=NAME_PATTERN)], ...] = Field(default=(), max_length=10_000)
    """At which jobs; none named: at every job."""
    against: Annotated[ClusterId, Field(pattern=NAME_PATTERN)] | None = None
    """The rival that it is aimed at, for drivers that single one out; none named: the next in seat order."""

    def acts_at(self, job: JobId | None) -> bool:
        """Say whether the driver acts while `job` is being called."""
        return not self.jobs or job in self.jobs


class FaultPlan(Value):
    """All faults of a run."""

    faults: tuple[Fault, ...] = Field(default=(), max_length=1_000)

    @model_validator(mode="after")
    def _once(self) -> Self:
        seen = Counter((fault.driver, fault.cluster, job) for fault in self.faults for job in fault.jobs or ("*",))
        twice = min((line for line, times in seen.items() if times > 1), default=None)
        if twice is not None:
            raise ValueError(f"{twice[0]} acts twice on {twice[1]} at {twice[2]}; say it once")
        return self


def colluding_pair(winner: ClusterId, partner: ClusterId) -> FaultPlan:
    """Return the plan of two members that share an award: one bids what it just may, the other stands aside for it."""
    return FaultPlan(
        faults=(Fault(driver="highest-allowed", cluster=winner), Fault(driver="stand-aside", cluster=partner))
    )


def betrayal(cluster: ClusterId, jobs: Sequence[JobId], after: int, driver: str = "false-occupancy") -> FaultPlan:
    """Return the plan of a member that earns trust at `after` jobs and betrays it at every later one.

    Raises:
        ValueError: no job is left to betray it at.
    """
    late = tuple(jobs[after:])
    if not late:
        raise ValueError(f"{len(jobs)} jobs leave none after {after}; betray earlier")
    return FaultPlan(faults=(Fault(driver=driver, cluster=cluster, jobs=late),))

"""A job on its way in: apart from the graph, so that a door can name one without waiting for LangGraph."""

from dataclasses import dataclass

from quorate.domain.jobs import Job


@dataclass(frozen=True, slots=True)
class Arrival:
    """A job with its submitter's signature and the time at which it arrives."""

    job: Job
    signature: str
    at_s: int

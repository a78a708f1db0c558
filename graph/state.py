"""What one job's thread remembers between two nodes: enough to go on after a crash, and nothing else."""

from collections.abc import Mapping
from typing import Annotated, TypedDict

from quorate.domain.bidding import Answer
from quorate.domain.errors import StateConflict
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId
from quorate.ledger.participant import Keep


def merge_once(old: Mapping[ClusterId, Answer], new: Mapping[ClusterId, Answer]) -> dict[ClusterId, Answer]:
    """Join answers by cluster: an equal rewrite is a resumed run, a different one is a bug.

    Raises:
        StateConflict: two writers gave one cluster different answers.
    """
    for cluster, answer in new.items():
        if cluster in old and old[cluster].outcome != answer.outcome:
            raise StateConflict(f"{cluster} was given two answers in one call")
    return {**old, **new}


def merge_said(
    old: Mapping[ClusterId, list[bytes]], new: Mapping[ClusterId, list[bytes]]
) -> dict[ClusterId, list[bytes]]:
    """Append what members persisted, each record once; two different ones both stay (they may be evidence)."""
    joined = {cluster: list(records) for cluster, records in old.items()}
    for cluster, records in new.items():
        seen = joined.setdefault(cluster, [])
        seen.extend(record for record in records if record not in seen)
    return joined


def merge_latest(old: Mapping[ClusterId, Keep], new: Mapping[ClusterId, Keep]) -> dict[ClusterId, Keep]:
    """Join sealed answers by cluster."""
    return {**old, **new}


class AllocationState(TypedDict, total=False):
    """One job on its way from its call to its nodes."""

    job: Job
    signature: str
    """The submitter's signature over the job, hex; empty if it has no key."""
    number: int
    """Which job of the run, from 1."""
    of: int
    opened: int
    """Height at which its call opened; 0 before."""
    answers: Annotated[dict[ClusterId, Answer], merge_once]
    """What each cluster answered."""
    said: Annotated[dict[ClusterId, list[bytes]], merge_said]
    """What each member persisted: its own signed messages and the certificates that moved it."""
    kept: Annotated[dict[ClusterId, Keep], merge_latest]
    """Each member's sealed answer with its salt, as its own conduct made it."""
    now_ms: int
    """The virtual clock."""
    outcome: str
    """`allocated`, `unallocated`, `waiting` or `undecided`; absent while open."""

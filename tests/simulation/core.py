"""The one place where the simulator names the core: effects, settings, and the codec that liars use to speak it."""

from quorate.consensus.effects import (
    Broadcast,
    CancelTimer,
    Convict,
    Decided,
    Head,
    Persist,
    ReplicaSettings,
    Send,
    Serve,
    SetTimer,
)
from tests.simulation.schedule import Schedule

__all__ = [
    "Broadcast",
    "CancelTimer",
    "Convict",
    "Decided",
    "Head",
    "Persist",
    "Send",
    "Serve",
    "SetTimer",
    "lead_as",
    "replica_settings",
]


def replica_settings(plan: Schedule, silent_through: int = 0) -> ReplicaSettings:
    """Return the settings of every replica of a schedule."""
    return ReplicaSettings(
        round_timeout_ms=plan.timeout_ms,
        rebroadcast_ms=plan.rebroadcast_ms,
        grace_ms=plan.grace_ms,
        recent_entries_max=plan.recent_entries,
        silent_through=silent_through,
    )


def lead_as(replica: object, leaders: list[int]) -> None:
    """Make a replica believe that the first rounds of its present height are led as a Twins case says."""
    replica._machine._rotation._leaders = list(leaders)

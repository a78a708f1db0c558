"""The one place where the simulator names the core: effects, settings, and the codec that liars use to speak it."""

from collections.abc import Iterator
from contextlib import contextmanager

from quorate.consensus import replica as replica_module
from quorate.consensus.effects import (
    Broadcast,
    CancelTimer,
    Convict,
    Decided,
    Head,
    Persist,
    Refuted,
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
    "Refuted",
    "Send",
    "Serve",
    "SetTimer",
    "lead_as",
    "replica_settings",
    "shared_decoding",
]


def replica_settings(plan: Schedule, silent_through: int = 0) -> ReplicaSettings:
    """Return the settings of every replica of a schedule."""
    return ReplicaSettings(
        round_timeout_ms=plan.timeout_ms,
        leader_timeout_ms=plan.leader_ms(),
        rebroadcast_ms=plan.rebroadcast_ms,
        grace_ms=plan.grace_ms,
        recent_entries_max=plan.recent_entries,
        silent_through=silent_through,
        drift_max_s=5,
        verify_late=plan.seed % 2 == 0,  # both ways of treating late votes, each in half of the schedules
    )


MEMO_MAX = 200_000
"""Messages remembered at once."""


def lead_as(replica: object, leaders: list[int]) -> None:
    """Make a replica believe that the first rounds of its present height are led as a Twins case says."""
    replica._machine.table.rotation._leaders = list(leaders)


@contextmanager
def shared_decoding() -> Iterator[None]:
    """Decode equal bytes once for all replicas of a schedule: messages are frozen, and n seats read the same ones."""
    plain = replica_module.decode
    memo: dict[tuple[str, bytes, int], object] = {}

    def decode(chain: str, data: bytes, message_bytes_max: int = 1_000_000) -> object:
        question = (chain, data, message_bytes_max)
        message = memo.get(question)
        if message is None:
            if len(memo) > MEMO_MAX:
                memo.clear()
            message = memo[question] = plain(chain, data, message_bytes_max)
        return message

    replica_module.decode = decode
    try:
        yield
    finally:
        replica_module.decode = plain

"""What a replica asks its driver to do, and how it may be tuned. Effects are carried out in the order given.

The order is the safety rule of the disk: a `Persist` must be durable before any later effect of the same list is
carried out (docs/protocol.md P-20).
"""

from dataclasses import dataclass
from typing import Literal

from quorate.consensus.evidence import Evidence, FalseBlock
from quorate.domain.deciding import Certificate, Committee, Entry, Vote
from quorate.ports import Application

TimerName = Literal["round", "grace", "rebroadcast", "wake"]


@dataclass(frozen=True, slots=True)
class Send:
    """Carry `data` to one seat."""

    to: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Carry `data` to every other member."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Call `timer(name)` after `after_ms`; replaces a timer of the same name."""

    name: TimerName
    after_ms: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Forget the timer of this name, if any."""

    name: TimerName


@dataclass(frozen=True, slots=True)
class Persist:
    """Append `record` to the write-ahead log and make it durable before any later effect.

    `fresh` allows (never demands) to replace the whole log by this record: what stands before it is no longer needed,
    once the entry of the preceding `Decided` is durable in the ledger.
    """

    record: bytes
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """A height is decided; append the entry to the ledger, durably, before any later effect."""

    entry: Entry
    application: Application
    """The state after the entry."""


@dataclass(frozen=True, slots=True)
class Serve:
    """A peer needs decided heights that the replica no longer keeps: send it `encode_decided(chain, entries)`.

    Entries start at `height`; as many as fit `message_bytes_max` (`quorate.consensus.messages.fitting`).
    """

    to: int
    height: int


@dataclass(frozen=True, slots=True)
class Convict:
    """Two incompatible signatures of one member came to light; at most once per seat and height."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Refuted:
    """At the height that is decided next, this replica refused a block that others can be shown to be false (P-23)."""

    charge: FalseBlock


@dataclass(frozen=True, slots=True)
class Judged:
    """This replica judged the proposal of a round; `grounds` says why it was refused, empty if approved."""

    height: int
    round: int
    approves: bool
    grounds: str


@dataclass(frozen=True, slots=True)
class Observed:
    """A vote was verified (or made here); for traces and for finding evidence."""

    vote: Vote


Effect = Send | Broadcast | SetTimer | CancelTimer | Persist | Decided | Serve | Convict | Refuted | Judged | Observed


@dataclass(frozen=True, slots=True)
class Head:
    """The last decided height: its FINALIZE certificate and the committee that made it. None before height 1."""

    certificate: Certificate
    committee: Committee


@dataclass(frozen=True, slots=True)
class ReplicaSettings:
    """Times and bounds of one replica. Peers need not agree on them, except `message_bytes_max`."""

    round_timeout_ms: int = 1_000
    """T0: how long round 0 may take, until `Replica.pace` says otherwise. Round r waits T0 x 1.5^r."""
    leader_timeout_ms: int = 1_000
    """L0: how long round 0 waits for its leader to propose, if less than T0. Round r waits L0 x 1.5^r."""
    timeout_cap_ms: int = 30_000
    """No round waits longer."""
    rebroadcast_ms: int = 250
    """How often a replica that is stuck says where it stands; eight times slower while nothing is due."""
    grace_ms: int = 100
    """How long a leader lets the FINALIZE votes of the round before arrive, before it proposes that block again."""
    drift_max_s: int = 5
    """How far a proposal's time may run ahead of this clock."""
    verify_late: bool = True
    """Verify votes that come after their quorum, so that they are shown. If not, they are put aside until they
    contradict something, or until this member proposes the next block, which counts them as presence."""
    silent_through: int = 0
    """Sign no vote and no item up to this height: for a member whose write-ahead log is lost (P-21)."""
    rounds_ahead_max: int = 64
    """Votes for rounds further ahead are dropped."""
    buffered_per_seat_max: int = 8
    """Messages of the next two heights kept per sender."""
    buffered_bytes_max: int = 1_000_000
    """Their bytes, per sender."""
    message_bytes_max: int = 1_000_000
    """A longer message is dropped unread (the default of NATS)."""
    pool_items_max: int = 256
    """Items kept per sender beyond the last one included."""
    pool_bytes_max: int = 1_048_576
    """Their payload bytes, per sender."""
    answers_max: int = 8
    """Answers to GET, STATUS and late NULLIFY per peer and `rebroadcast_ms`."""
    recent_entries_max: int = 16
    """Decided entries kept for peers that fell behind; older ones are served by the driver (`Serve`)."""

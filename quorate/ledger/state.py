"""The ledger's state between two heights: who may vote, what is called, what runs where, who is trusted.

Everything here follows from genesis and the certified blocks; nothing is read from anywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import ClassVar, Literal

from quorate.consensus.evidence import FalseBlock
from quorate.domain.bidding import BidOutcome, Forecast
from quorate.domain.canonical import Plain, canonical_integers, digest
from quorate.domain.clusters import Cluster, ClusterSnapshot, NodesByGroup, spread_background
from quorate.domain.deciding import Committee, Item, Seat
from quorate.domain.jobs import Job
from quorate.domain.replacing import replace
from quorate.domain.values import ClusterId, Digest, Height, JobId, VotingPower
from quorate.ledger.genesis import Genesis, Parameters
from quorate.reputation.standing import Standing

MOMENTS_MAX = 64
"""Snapshots that are kept of one cluster."""

SHAPES_MAX = 512
"""Shapes of jobs for which a kept snapshot keeps what was worked out of it."""


@dataclass(frozen=True)
class MemberState:
    """One seat: its cluster, key, declared background and standing."""

    cluster: Cluster
    public_key: str
    background: int
    standing: Standing
    left: bool = False
    judged: tuple[int, int] = (0, 0)
    """Statements up to this height, and items up to this number, were judged before its last release."""
    keyed: int = 0
    """Height that gave it the key it has, 0 for the first: what it signed up to then was under another."""
    moments: dict[tuple[int, NodesByGroup], ClusterSnapshot] = field(default_factory=dict, compare=False, repr=False)
    """Snapshots of its cluster made lately, by background and nodes held: most heights find one of them again."""

    def facts(self, allocated: NodesByGroup, at_s: int) -> ClusterSnapshot:
        """Return what is taken of its cluster when jobs hold `allocated`, at a time in seconds."""
        key = self.background, allocated
        known = self.moments.get(key)
        if known is None or known.shapes > SHAPES_MAX:
            if len(self.moments) >= MOMENTS_MAX:
                self.moments.clear()
            busy = _background(self, allocated)
            known = ClusterSnapshot(cluster=self.cluster, taken_at_s=0, allocated=allocated, background=busy)
            self.moments[key] = known
        return known.at(at_s)

    @cached_property
    def row(self) -> list[Plain]:
        """What the root says of it."""
        known = self.standing
        trust: list[Plain] = [known.reputation, known.jailed, known.probation_until]
        return [self.cluster.id, self.public_key, self.background, *trust, self.left, list(self.judged), self.keyed]


@dataclass(frozen=True)
class Call:
    """One job's call for answers, from its opening to its decision."""

    job: Job
    opened: int
    """Height at which it opened."""
    opened_at_s: int
    closes_at_s: int
    draw: Digest
    """Digest of the block before the opening: nobody who bids could choose it."""
    snapshots: tuple[ClusterSnapshot, ...]
    """Every seat's facts when the call opened; bids are judged against these."""
    excluded: frozenset[int] = frozenset()
    """Seats whose scheduler refused or dropped this job before."""
    seals: Mapping[int, Digest] = field(default_factory=dict)
    answers: Mapping[int, BidOutcome] = field(default_factory=dict)
    broken: frozenset[int] = frozenset()
    """Seats that showed an answer which their seal does not open: punished at once, out of this call."""
    assessed: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """(who says it, whose bid) -> score that a rival gives a shown bid, basis points."""
    closed: int | None = None
    """Height at which it closed."""
    closed_at_s: int = 0


@dataclass(frozen=True)
class Allocation:
    """Nodes taken by a job, from the award to the end."""

    job: Job
    seat: int
    nodes: NodesByGroup
    height: int
    awarded_at_s: int
    forecast: Forecast
    contested: bool
    """Whether at least two valid bids stood against each other."""
    excluded: frozenset[int]
    started_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that ended and waits for its submitter's receipt."""

    allocation: Allocation
    run_s: int
    succeeded: bool
    ended_at_s: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """A submitter's receipt that contradicts what the cluster reported of its job (P-71)."""

    job: JobId
    submitter_key: str
    weight: int
    """Nodes that the job held."""
    milli: int
    """How far the two are apart, 1..10."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A block that somebody reported, to be tried at the next height (P-23)."""

    reporter: int
    charge: FalseBlock
    name: Digest
    """Digest of the report as it was filed."""
    since: int
    """The height that included it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a report of a block."""

    report: Reported
    outcome: Literal["upheld", "false", "void", "later"]
    """`void`: it cannot be decided, and harms nobody; `later`: it is tried again at the next height."""
    why: str


@dataclass(frozen=True, slots=True)
class Past:
    """A height decided lately, as it was before it was executed: what reports of its blocks are tried with."""

    state: "LedgerState"
    """The state before it, without a past of its own."""
    items: tuple[Item, ...]
    """What its block held."""
    verdicts: tuple[Verdict, ...]
    """Reports that were tried at it; equal for every block that could have been decided."""


def _background(member: MemberState, allocated: NodesByGroup) -> NodesByGroup:
    spread = spread_background(member.cluster, member.background)
    room = zip(member.cluster.groups, allocated, strict=True)
    return tuple(min(busy, group.nodes - jobs) for busy, (group, jobs) in zip(spread, room, strict=True))


@lru_cache(maxsize=1_024)
def _seat(cluster: ClusterId, public_key: str, power: VotingPower) -> Seat:
    return Seat(cluster=cluster, public_key=public_key, power=power)


@lru_cache(maxsize=16)
def _seated(who: tuple[tuple[ClusterId, str, VotingPower], ...]) -> Committee:
    """Return a committee of these seats, checked once: most heights change height and priorities alone."""
    return Committee(height=Height(0), seats=tuple(_seat(*one) for one in who), priorities=(0,) * len(who))


@dataclass(frozen=True)
class LedgerState:
    """Everything that follows from the blocks so far."""

    SOURCES: ClassVar[Mapping[str, frozenset[str]]] = {
        "_active": frozenset({"height", "members"}),
        "_powers": frozenset({"height", "members"}),
        "_committee": frozenset({"height", "members", "priorities"}),
    }
    """What each is worked out of: a copy with other changes keeps it."""

    chain: str
    parameters: Parameters
    height: int
    """The height to be decided next."""
    parent: Digest
    head_at_s: int
    sequences: tuple[int, ...]
    """Per seat: the last item number on the ledger."""
    members: tuple[MemberState, ...]
    priorities: tuple[int, ...]
    calls: Mapping[JobId, Call] = field(default_factory=dict)
    waiting: Mapping[JobId, tuple[Job, frozenset[int]]] = field(default_factory=dict)
    running: Mapping[JobId, Allocation] = field(default_factory=dict)
    ended: Mapping[JobId, Ended] = field(default_factory=dict)
    known: frozenset[JobId] = frozenset()
    """Every job id ever seen: an id is used once."""
    answered: tuple[int, ...] = ()
    """Seats whose answers at the last height were shown and not refuted."""
    endorsed: Mapping[Digest, frozenset[int]] = field(default_factory=dict)
    disputes: Mapping[int, tuple[Dispute, ...]] = field(default_factory=dict)
    """Per seat, what submitters dispute and nothing followed from yet: one of each submitter."""
    reported: tuple[Reported, ...] = ()
    """Reports of blocks that the next height tries, in the order of their acts."""
    tried: frozenset[tuple[int, int]] = frozenset()
    """Seats found to have voted for a false block lately, each with the block's height: once is enough."""
    past: tuple[Past, ...] = field(default=(), compare=False, repr=False)
    """The last decided heights, oldest first. Follows from the blocks, is no part of the root."""

    def seat_of(self, cluster: str) -> int | None:
        """Return the seat of a cluster, None if it has none."""
        for index, member in enumerate(self.members):
            if member.cluster.id == cluster:
                return index
        return None

    def allocated(self, seat: int) -> NodesByGroup:
        """Return the nodes of a seat's cluster held by jobs, per group."""
        total = [0] * len(self.members[seat].cluster.groups)
        for allocation in self.running.values():
            if allocation.seat == seat:
                total = [a + b for a, b in zip(total, allocation.nodes, strict=True)]
        return tuple(total)

    def snapshot(self, seat: int, at_s: int | None = None, allocated: NodesByGroup | None = None) -> ClusterSnapshot:
        """Return what is taken of a seat's cluster now; `allocated` if the caller has counted already."""
        member = self.members[seat]
        jobs = self.allocated(seat) if allocated is None else allocated
        return member.facts(jobs, self.head_at_s if at_s is None else at_s)

    def background(self, seat: int) -> NodesByGroup:
        """Return a seat's background per group, never more than its jobs leave."""
        return _background(self.members[seat], self.allocated(seat))

    def active(self) -> tuple[int, ...]:
        """Return the seats that have power at the next height."""
        return self._active

    def powers(self) -> tuple[VotingPower, ...]:
        """Return every seat's power at the next height, milli-units."""
        return self._powers

    def power(self, member: MemberState) -> VotingPower:
        """Return a member's power at the next height, milli-units."""
        return VotingPower(0) if member.left else member.standing.power(self.height)

    def committee(self) -> Committee:
        """Return who decides the next height."""
        return self._committee

    @cached_property
    def _active(self) -> tuple[int, ...]:
        return tuple(seat for seat, power in enumerate(self._powers) if power)

    @cached_property
    def _powers(self) -> tuple[VotingPower, ...]:
        return tuple(map(self.power, self.members))

    @cached_property
    def _committee(self) -> Committee:
        pairs = zip(self.members, self._powers, strict=True)
        seated = _seated(tuple((m.cluster.id, m.public_key, power) for m, power in pairs))
        return seated.at(Height(self.height), self.priorities)

    def root(self) -> Digest:
        """Return the digest of what this state says, so that two peers can compare in one word."""
        standings: list[Plain] = [member.row for member in self.members]
        running: list[Plain] = [[job, a.seat, list(a.nodes), a.started_at_s] for job, a in sorted(self.running.items())]
        calls: list[Plain] = [[job, c.opened, len(c.seals), len(c.answers)] for job, c in sorted(self.calls.items())]
        waits: list[Plain] = [*sorted(self.waiting)]
        over: list[Plain] = [*sorted(self.ended)]
        motions: list[Plain] = [[name, *sorted(seats)] for name, seats in sorted(self.endorsed.items())]
        rest: list[Plain] = [waits, over, motions, list(self.sequences), list(self.answered)]
        return digest(canonical_integers([standings, running, calls, rest, *self._seldom()]))

    def _seldom(self) -> list[Plain]:
        """Return what most states do not have, each part under its name and only where there is something to say."""
        if not (self.parameters.assessments or self.disputes or self.reported or self.tried):
            return []
        parts: dict[str, list[Plain]] = {
            "assessed": [
                [job, whose, who, score]
                for job, call in (sorted(self.calls.items()) if self.parameters.assessments else ())
                for (who, whose), score in sorted(call.assessed.items())
            ],
            "disputes": [
                [seat, d.job, d.submitter_key, d.weight, d.milli]
                for seat, disputes in sorted(self.disputes.items())
                for d in disputes
            ],
            "reported": [[report.reporter, report.name, report.since] for report in self.reported],
            "tried": [list(pair) for pair in sorted(self.tried)],
        }
        said: dict[str, Plain] = {name: part for name, part in parts.items() if part}
        return [said] if said else []


def founded(genesis: Genesis) -> LedgerState:
    """Return the state before height 1."""
    members = tuple(
        MemberState(m.cluster, m.public_key, m.background, Standing(cluster=m.cluster.id)) for m in genesis.members
    )
    return LedgerState(
        chain=genesis.digest,
        parameters=genesis.parameters,
        height=1,
        parent=genesis.digest,
        head_at_s=0,
        sequences=(0,) * len(members),
        members=members,
        priorities=(0,) * len(members),
    )


def with_standing(state: LedgerState, seat: int, standing: Standing) -> LedgerState:
    """Return the state with one seat's standing replaced."""
    members = list(state.members)
    members[seat] = replace(members[seat], standing=standing)
    return replace(state, members=tuple(members))

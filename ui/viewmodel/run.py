"""The Run page: decisions as lines, clusters as bars at any moment, jobs as bars over time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from quorate.domain.values import ClusterId, JobId
from quorate.ledger.report import DecisionRow, How, RunReport
from quorate.ledger.state import LedgerState
from quorate.ledger.verify import Verified
from ui.words import Names, duration, names_of, percent, seconds, total_s

UNITS = ("nodes", "GPUs", "cores", "memory")
"""What an occupancy bar can count; memory in GiB."""


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One row of the table of decisions."""

    number: int
    job: JobId
    title: str
    to: str
    how: How
    approval: float
    """Approving weight / total weight, 0..1."""
    votes: str
    rounds: int
    time: str


def decision_lines(report: RunReport) -> list[DecisionLine]:
    """Return the decisions in order of their first call."""
    names, types = names_of(report), types_of(report)
    return [_line(row, names, types) for row in report.decisions]


def types_of(report: RunReport) -> dict[ClusterId, str]:
    """Return what each cluster was built for."""
    return {row.id: row.type for row in report.federation.clusters}


def _line(row: DecisionRow, names: Names, types: Names) -> DecisionLine:
    to = f"{names.get(row.cluster, row.cluster)} {types.get(row.cluster, '')}".strip() if row.cluster else "–"
    return DecisionLine(
        number=row.number,
        job=row.job.id,
        title=row.job.title,
        to=to,
        how=row.how,
        approval=row.weight_approving / row.weight_total if row.weight_total else 0.0,
        votes=f"{row.approvals} of {row.members}",
        rounds=row.rounds,
        time=seconds(total_s(row)),
    )


# -- occupancy -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken of one cluster in one unit."""

    cluster: ClusterId
    jobs: int
    background: int
    free: int
    running: tuple[JobId, ...] = ()

    @property
    def total(self) -> int:
        """All there is."""
        return self.jobs + self.background + self.free


@dataclass(frozen=True, slots=True)
class Moment:
    """The federation after one height: for each unit, one bar a cluster in seat order."""

    at_s: int
    height: int
    taken: dict[str, tuple[Taken, ...]]


def moments(first: LedgerState, heights: Sequence[Verified]) -> list[Moment]:
    """Return the federation's occupancy at its beginning and after every height that changed it."""
    found = [Moment(first.head_at_s, 0, _taken(first))]
    for verified in heights:
        state = verified.application.state
        taken = _taken(state)
        if taken == found[-1].taken:
            continue
        moment = Moment(verified.entry.block.at_s, verified.entry.block.height, taken)
        if moment.at_s == found[-1].at_s and len(found) > 1:
            found.pop()
        found.append(moment)
    return found


def _taken(state: LedgerState) -> dict[str, tuple[Taken, ...]]:
    return {unit: tuple(_seat_taken(state, seat, unit) for seat in _seats(state)) for unit in UNITS}


def _seats(state: LedgerState) -> list[int]:
    return [seat for seat, member in enumerate(state.members) if not member.left]


def _seat_taken(state: LedgerState, seat: int, unit: str) -> Taken:
    facts = state.snapshot(seat)
    groups = facts.cluster.groups
    per_node = {"nodes": [1] * len(groups), "GPUs": [g.gpus for g in groups], "cores": [g.cores for g in groups],
                "memory": [g.memory_gib for g in groups]}[unit]  # fmt: skip
    sums = [sum(n * each for n, each in zip(nodes, per_node, strict=True))
            for nodes in (facts.allocated, facts.background, facts.free)]  # fmt: skip
    running = tuple(job for job, allocation in state.running.items() if allocation.seat == seat)
    return Taken(facts.cluster.id, sums[0], sums[1], sums[2], running)


def moments_of_report(report: RunReport) -> list[Moment]:
    """Return the one moment that a report alone knows: after the last decision, nodes and GPUs."""
    rows = [(c.id, report.occupancy[c.id]) for c in report.federation.clusters if c.id in report.occupancy]
    nodes = tuple(Taken(i, o.jobs, o.background, o.free, tuple(job for job, _ in o.running)) for i, o in rows)
    gpus = tuple(Taken(i, o.gpus_jobs, o.gpus_background, o.gpus_free, tuple(j for j, _ in o.running)) for i, o in rows)
    return [Moment(report.at_s, report.heights, {"nodes": nodes, "GPUs": gpus})]


def moment_at(found: Sequence[Moment], at_s: int) -> Moment:
    """Return the last moment not after `at_s`; the first one if all lie after it."""
    place = bisect_right([moment.at_s for moment in found], at_s)
    return found[max(0, place - 1)]


def moment_words(report: RunReport, at_s: int) -> str:
    """Return `6 h 40 min, after job 8`."""
    placed = [row.number for row in report.decisions if row.at_s <= at_s and row.cluster is not None]
    return duration(at_s) + (f", after job {max(placed)}" if placed else ", before the first job")


def fullness_words(taken: Sequence[Taken], names: Names) -> str:
    """Return the takeaway of the occupancy chart, for those who do not see it."""
    if not taken:
        return "No cluster"
    fullest = max(taken, key=lambda t: (t.jobs + t.background) / t.total if t.total else 0.0)
    used = fullest.jobs + fullest.background
    name = names.get(fullest.cluster, fullest.cluster)
    return f"Occupancy of {len(taken)} clusters; fullest is {name} with {percent(used, fullest.total)} in use"


# -- Gantt -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """One job on one cluster over time."""

    number: int
    job: JobId
    title: str
    row: int
    """Index of the cluster."""
    lane: int
    """Within the cluster, so that no two bars of a lane overlap."""
    start_s: int
    end_s: int
    nodes: int
    how: How
    ended: bool
    """Whether `end_s` is known; else it is the walltime's end."""


def bars(report: RunReport) -> list[Bar]:
    """Return every placed job as a bar, lanes filled first-fit in order of start."""
    rows = {cluster.id: index for index, cluster in enumerate(report.federation.clusters)}
    ends = {end.job: end for end in report.ended}
    free: dict[int, list[int]] = {}
    found = []
    for row in sorted(report.decisions, key=lambda row: (row.at_s, row.number)):
        if row.cluster is None or row.cluster not in rows:
            continue
        end = ends.get(row.job.id)
        start_s = row.at_s  # its nodes are taken from the award on, as the occupancy beside it says
        end_s = max(start_s + 1, end.ended_at_s if end else start_s + row.job.walltime_s)
        lane = _lane(free.setdefault(rows[row.cluster], []), start_s, end_s)
        found.append(
            Bar(row.number, row.job.id, row.job.title, rows[row.cluster], lane, start_s, end_s, row.nodes, row.how,
                end is not None)
        )  # fmt: skip
    return found


def _lane(ends: list[int], start_s: int, end_s: int) -> int:
    """Take the first lane free at `start_s`; `ends` holds when each lane comes free."""
    for lane, free_at in enumerate(ends):
        if free_at <= start_s:
            ends[lane] = end_s
            return lane
    ends.append(end_s)
    return len(ends) - 1


def horizon_s(report: RunReport) -> int:
    """Return the end of the time axis: the last end that is known or asked for, s."""
    return max([report.at_s, report.after.at_s, *(bar.end_s for bar in bars(report))], default=0)

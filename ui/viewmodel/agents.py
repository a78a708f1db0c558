"""The Agents page: whom do we trust less now, since when, and what if one of them vanished?"""

from collections.abc import Sequence
from dataclasses import dataclass

from quorate.consensus.quorum import is_quorum
from quorate.domain.values import MILLI, ClusterId, JobId
from quorate.ledger.report import BidRow, ChangeRow, DecisionRow, RunReport, VoteRow
from ui.words import fmt_weight, listed, names_of, plural

DROP = 0.005
"""A fall of at least this much is a drop worth a colour and a label."""


@dataclass(frozen=True, slots=True)
class Level:
    """A reputation from a moment on."""

    cluster: ClusterId
    at_s: int
    height: int
    reputation: float
    drop: bool
    """Whether trust was lost here: a fall, or jail."""
    cause: str
    job: JobId | None
    fell: bool = False
    """Whether the number itself fell; a jailed member keeps it and loses its vote."""


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One row of the table of agents."""

    cluster: ClusterId
    reputation: float
    weight: float
    status: str
    wins: int
    bids: int
    beyond_rule: float | None
    """Mean of bid - rule; None without a bid."""
    repaired: int
    silent: int
    """Calls it could have answered and did not."""
    dissent: float | None
    """Share of its votes that did not approve; None without a vote."""
    findings: int
    latency_ms: int | None
    tokens: int | None
    history: tuple[float, ...]


def levels(report: RunReport) -> list[Level]:
    """Return every reputation from the beginning to the last decision, one step a change."""
    found = []
    jailed = {(f.cluster, f.height) for f in report.findings if f.class_ == "A"}
    for cluster in report.federation.clusters:
        changes = sorted((c for c in report.reputation_changes if c.cluster == cluster.id), key=lambda c: c.height)
        start = changes[0].before if changes else report.reputation.get(cluster.id, 1.0)
        found.append(Level(cluster.id, 0, 0, start, False, "at the beginning", None))
        found += [_level(change, (change.cluster, change.height) in jailed) for change in changes]
        last = found[-1]
        if report.after.at_s > last.at_s:
            found.append(Level(cluster.id, report.after.at_s, report.heights, last.reputation, False, "", None))
    return found


def _level(change: ChangeRow, jailed: bool) -> Level:
    drop = jailed or change.before - change.after >= DROP
    fell = change.before - change.after >= DROP
    return Level(change.cluster, change.at_s, change.height, change.after, drop, change.cause, change.job, fell)


def fallen(report: RunReport) -> list[ClusterId]:
    """Return the clusters with a drop, in seat order."""
    dropped = {level.cluster for level in levels(report) if level.drop}
    return [cluster.id for cluster in report.federation.clusters if cluster.id in dropped]


def agents_title(report: RunReport) -> str:
    """Return the page's verdict."""
    names, down = names_of(report), fallen(report)
    proven = [f for f in report.findings if f.proven and f.cluster in down]
    if not down:
        return "Nobody lost trust"
    who = listed([names[cluster] for cluster in down])
    jailed = [cluster for cluster in down if (row := report.status_by_cluster.get(cluster)) and row.jailed]
    if jailed and jailed == down:
        return f"{who} {'was' if len(down) == 1 else 'were'} jailed for {plural(len(proven), 'contradiction')}"
    return f"{who} lost trust after {plural(len(proven), 'fault')}" if proven else f"{who} lost trust by absence"


def later_words(report: RunReport) -> str:
    """Return as of when the table stands, and what the ends of the last jobs changed after it."""
    names = names_of(report)
    moved = [
        f"{names[cluster]} {fmt_weight(later)}"
        for cluster, later in report.after.reputation.items()
        if fmt_weight(later) != fmt_weight(report.reputation.get(cluster, later))
    ]
    ends = f" When the last job had ended: {listed(moved)}." if moved else ""
    return f"As of the last decision.{ends}"


def agent_lines(report: RunReport) -> list[AgentLine]:
    """Return one row a cluster, in seat order."""
    return [_line(report, cluster.id) for cluster in report.federation.clusters]


def _line(report: RunReport, cluster: ClusterId) -> AgentLine:
    rows = [bid for decision in report.decisions for bid in decision.bids if bid.cluster == cluster]
    votes = [row for d in report.decisions for row in d.votes if row.cluster == cluster and row.power > 0]
    bids = [bid for bid in rows if bid.score is not None]
    standing = report.status_by_cluster.get(cluster)
    return AgentLine(
        cluster=cluster,
        reputation=standing.reputation if standing else report.reputation.get(cluster, 0.0),
        weight=standing.power if standing else 0.0,
        status=standing.status if standing else "–",
        wins=sum(decision.cluster == cluster for decision in report.decisions),
        bids=len(bids),
        beyond_rule=_beyond_rule(bids),
        repaired=sum(bid.effort.repaired for bid in rows),
        silent=sum(bid.score is None and bid.rule is not None for bid in rows),
        dissent=_dissent(votes),
        findings=standing.findings if standing else 0,
        latency_ms=_mean([bid.effort.latency_ms for bid in rows]),
        tokens=_sum([bid.effort.tokens_in for bid in rows] + [bid.effort.tokens_out for bid in rows]),
        history=tuple(level.reputation for level in levels(report) if level.cluster == cluster),
    )


def _beyond_rule(bids: Sequence[BidRow]) -> float | None:
    beyond = [bid.score - bid.rule for bid in bids if bid.score is not None and bid.rule is not None]
    return sum(beyond) / len(beyond) if beyond else None


def _dissent(votes: Sequence[VoteRow]) -> float | None:
    return sum(not row.approves for row in votes) / len(votes) if votes else None


def _mean(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known)) if known else None


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def stands_without(decision: DecisionRow, cluster: ClusterId) -> bool:
    """Say whether the decision would have had its quorum with `cluster` silent: counted from the votes it had."""
    kept = [row for row in decision.votes if row.approves and row.power > 0 and row.cluster != cluster]
    power = sum(round(row.power * MILLI) for row in kept)
    return is_quorum(len(kept), decision.members, power, round(decision.weight_total * MILLI))


def pivotal(report: RunReport, cluster: ClusterId) -> list[int]:
    """Return the numbers of the jobs whose decision would have failed without `cluster`."""
    decided = [row for row in report.decisions if row.outcome != "undecided"]
    return [row.number for row in decided if not stands_without(row, cluster)]

"""The What-if page: two runs on the same jobs side by side, and one run counted again under other rules.

A recount asks no model: it takes the signed bids and votes of the ledger and counts them differently. It is marked as a
recount wherever it is shown.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from quorate.domain.values import BASIS_POINTS, MILLI, ClusterId, JobId
from quorate.ledger.report import BidRow, DecisionRow, RunReport, VoteRow
from ui.words import names_of, ordered_bids, plural, total_s

SHARES = {"one half": Fraction(1, 2), "two thirds": Fraction(2, 3), "three quarters": Fraction(3, 4)}
"""Quorums that a recount can ask for; two thirds is the rule."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One job in both runs."""

    number: int
    job: JobId
    title: str
    a: str
    b: str
    moved: bool
    flipped: bool
    """Placed in one run and not in the other."""
    margin_a: float | None
    margin_b: float | None
    rounds_a: int | None
    rounds_b: int | None
    time_a: float | None
    time_b: float | None


def pairs(a: RunReport, b: RunReport) -> list[Pair]:
    """Return the jobs of either run, in the order of the first."""
    ours, theirs = ({row.job.id: row for row in report.decisions} for report in (a, b))
    names = (names_of(a), names_of(b))
    order = list(dict.fromkeys([*ours, *theirs]))
    return [_pair(number, ours.get(job), theirs.get(job), names) for number, job in enumerate(order, 1)]


def _pair(
    number: int, a: DecisionRow | None, b: DecisionRow | None, names: tuple[dict[ClusterId, str], dict[ClusterId, str]]
) -> Pair:
    shown = a or b
    assert shown is not None
    first, second = _to(a, names[0]), _to(b, names[1])
    return Pair(
        number=number,
        job=shown.job.id,
        title=shown.job.title,
        a=first,
        b=second,
        moved=bool(a and b and a.cluster and b.cluster and a.cluster != b.cluster),
        flipped=(a.cluster is None if a else True) != (b.cluster is None if b else True),
        margin_a=margin(a),
        margin_b=margin(b),
        rounds_a=a.rounds if a else None,
        rounds_b=b.rounds if b else None,
        time_a=total_s(a) if a else None,
        time_b=total_s(b) if b else None,
    )


def _to(row: DecisionRow | None, names: dict[ClusterId, str]) -> str:
    if row is None:
        return "not in this run"
    return names.get(row.cluster, row.cluster) if row.cluster else row.how


def margin(row: DecisionRow | None) -> float | None:
    """Return by how much the winner led the second, 0..1; None without a second."""
    scores = [bid.weighted for bid in ordered_bids(row) if bid.weighted is not None] if row else []
    return scores[0] - scores[1] if len(scores) > 1 else None


def whatif_title(found: Sequence[Pair]) -> str:
    """Return the page's verdict: `3 of 8 jobs move; 1 decision flips`."""
    moved, flipped = sum(pair.moved for pair in found), sum(pair.flipped for pair in found)
    if not found:
        return "No job in common"
    if not moved and not flipped:
        return f"All {plural(len(found), 'job')} go the same way"
    verb = "moves" if moved == 1 else "move"
    flips = f"; {plural(flipped, 'decision flips', 'decisions flip')}" if flipped else ""
    return f"{moved} of {plural(len(found), 'job')} {verb}{flips}"


# -- recounts --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recount:
    """One decision counted again."""

    number: int
    job: JobId
    title: str
    was: str
    now: str
    changed: bool
    votes: str


def recount(
    report: RunReport, *, without: Collection[ClusterId] = (), share: Fraction = SHARES["two thirds"],
    reputation: bool = True,
) -> list[Recount]:  # fmt: skip
    """Count each decision again with some members gone, another share, or reputations left out of the ranking."""
    names = names_of(report)
    found = []
    for row in report.decisions:
        winner = _winner(row, without, reputation)
        heads, weight, enough = _counted(row, without, share)
        now = (names.get(winner, winner) if winner else "not placed") if enough else "no quorum"
        was = _to(row, names)
        votes = f"{heads} votes, weight {weight / MILLI:.3f}"
        found.append(Recount(row.number, row.job.id, row.job.title, was, now, now != was, votes))
    return found


def _winner(row: DecisionRow, without: Collection[ClusterId], reputation: bool) -> ClusterId | None:
    standing = [bid for bid in row.bids if bid.weighted is not None and bid.cluster not in without]
    if not standing:
        return None
    place = {cluster: index for index, cluster in enumerate(row.ranking)}

    def key(bid: BidRow) -> tuple[int, int]:
        unweighted = bid.score if bid.assessed is None else bid.assessed
        score = bid.weighted if reputation else unweighted
        return (-round((score or 0.0) * BASIS_POINTS), place.get(bid.cluster, len(place)))

    return min(standing, key=key).cluster


def _counted(row: DecisionRow, without: Collection[ClusterId], share: Fraction) -> tuple[int, int, bool]:
    """Return approving heads, their weight in milli-units, and whether both reach `share` of who is left."""
    voting: list[VoteRow] = [vote for vote in row.votes if vote.power > 0 and vote.cluster not in without]
    approving = [vote for vote in voting if vote.approves]
    weight, total = (sum(round(vote.power * MILLI) for vote in votes) for votes in (approving, voting))
    enough = bool(voting) and len(approving) >= share * len(voting) and weight >= share * total
    return len(approving), weight, enough


def recount_title(found: Sequence[Recount]) -> str:
    """Return what the recount changes."""
    changed = sum(row.changed for row in found)
    if not changed:
        return f"Counted again: all {plural(len(found), 'decision')} stand"
    return f"Counted again: {changed} of {plural(len(found), 'decision')} change"

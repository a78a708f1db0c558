"""The Decision page: bids with what reputation took, why not another cluster, and how close it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from quorate.consensus.quorum import is_quorum
from quorate.domain.values import BASIS_POINTS, MILLI, ClusterId
from quorate.ledger.records import AnswerRecord, DecisionRecord
from quorate.ledger.report import BidRow, DecisionRow, VoteRow
from quorate.market.rule import WEIGHTS, parts
from ui.words import (
    Names,
    count,
    fmt_score,
    minutes,
    ordered_bids,
    plural,
    quorum_words,
    seconds,
    total_s,
)

PART_WORDS = {
    "match": "type match",
    "available": "idle share of what fits",
    "headroom": "room left after the job",
    "share": "share of the cluster",
    "interconnect": "interconnect",
    "fit": "fit of the nodes",
}
"""What each part of the rule's score is called on a screen."""


@dataclass(frozen=True, slots=True)
class BidBar:
    """One row of the chart of bids."""

    cluster: ClusterId
    label: str
    role: str
    """winner, other, void or none."""
    score: float | None
    weighted: float | None
    rule: float | None
    shown: str
    """The number or the reason at the right."""


def bid_bars(decision: DecisionRow, names: Names, types: Names) -> list[BidBar]:
    """Return one row per answer, best first, those without a bid last."""
    return [
        BidBar(
            cluster=bid.cluster,
            label=f"{names.get(bid.cluster, bid.cluster)} {types.get(bid.cluster, '')}".strip(),
            role=_role(decision, bid),
            score=bid.score,
            weighted=bid.weighted,
            rule=bid.rule if bid.score is not None else None,
            shown=_shown(bid),
        )
        for bid in ordered_bids(decision)
    ]


def _role(decision: DecisionRow, bid: BidRow) -> str:
    if bid.score is None:
        return "none"
    if bid.void:
        return "void"
    return "winner" if bid.cluster == decision.cluster else "other"


def _shown(bid: BidRow) -> str:
    if bid.void:
        return "void"
    if bid.score is None:
        return abstention_words(bid)
    # Jailed or on probation: it may bid, and nothing of it counts. A number would say that it was weighed.
    return fmt_score(bid.weighted) if bid.reputation > 0 else "no weight"


ABSTENTIONS = {
    "too_few_nodes": "too few nodes",
    "gpus_per_node": "too few GPUs",
    "memory_per_node": "too little memory",
    "busy_now": "busy now",
    "deadline": "too late",
    "no_answer": "no answer",
    "not_revealed": "never shown",
    "provider_unreachable": "unreachable",
    "provider_refused": "refused",
    "rate_limited": "rate limited",
    "reply_unreadable": "unreadable",
    "reply_truncated": "cut off",
    "reply_empty": "empty reply",
    "bid_breaks_facts": "broke facts",
    "no_recording": "no recording",
    "budget_spent": "budget spent",
    "breaker_open": "paused",
}


def abstention_words(bid: BidRow) -> str:
    """Return why there is no bid, in two words."""
    code = bid.abstained or ""
    return ABSTENTIONS.get(code, code.replace("_", " ") or "no bid")


def badges(decision: DecisionRow) -> list[tuple[str, str]]:
    """Return (kind, text) of the badges under the title; kind names a colour, not a meaning."""
    repaired = sum(bid.effort.repaired for bid in decision.bids)
    silent = sum(bid.score is None and bid.rule is not None for bid in decision.bids)
    found = [
        (decision.how, decision.how),
        ("plain", f"{plural(decision.nodes or decision.job.nodes, 'node')} · {minutes(decision.job.walltime_s)}"),
        ("plain", f"decided in {seconds(total_s(decision))}"),
        ("plain", f"round {decision.rounds} · {quorum_words(decision)}"),
    ]
    if decision.calls > 1:
        found.append(("plain", f"called {decision.calls} times"))
    if repaired:
        found.append(("contested", f"{plural(repaired, 'answer')} repaired"))
    if silent:
        found.append(("contested", f"{plural(silent, 'cluster')} silent"))
    return found


# -- why not another? ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One term of the difference winner - rival, basis points."""

    name: str
    difference_bp: int


def waterfall(decision: DecisionRow, rival: ClusterId, record: DecisionRecord | None) -> list[Step]:
    """Return where winner and rival differ; the steps sum to the difference of their weighted scores.

    The parts of the rule are those of `quorate.market.rule` on the facts in the ledger's record; without a record
    they stand as one step. What remains of a bid beyond the rule is its author's own judgement.
    """
    ours, theirs = _bid(decision, decision.cluster), _bid(decision, rival)
    if ours is None or theirs is None or ours.weighted is None or theirs.weighted is None:
        return []
    own, other = _terms(ours), _terms(theirs)
    rule = own["rule"] - other["rule"]
    steps = _part_steps(record, ours.cluster, theirs.cluster)
    rest = rule - sum(step.difference_bp for step in steps)
    found = steps or [Step("rule's score", rule)]
    judgement = own["judgement"] - other["judgement"] + (rest if steps else 0)
    last = ["opinions", "reputation"] if ours.assessed is not None or theirs.assessed is not None else ["reputation"]
    return [*found, Step("own judgement", judgement), *(Step(name, own[name] - other[name]) for name in last)]


def _bid(decision: DecisionRow, cluster: ClusterId | None) -> BidRow | None:
    return next((bid for bid in decision.bids if bid.cluster == cluster), None)


def _bp(value: float | None) -> int:
    return round((value or 0.0) * BASIS_POINTS)


def _terms(bid: BidRow) -> dict[str, int]:
    score, rule, weighted = _bp(bid.score), _bp(bid.rule), _bp(bid.weighted)
    heard = score if bid.assessed is None else _bp(bid.assessed)
    return {"rule": rule, "judgement": score - rule, "opinions": heard - score, "reputation": weighted - heard}


def _part_steps(record: DecisionRecord | None, ours: ClusterId, theirs: ClusterId) -> list[Step]:
    own, other = (_answer(record, name) for name in (ours, theirs))
    if record is None or own is None or other is None or own.rule_bp is None or other.rule_bp is None:
        return []
    a, b = parts(record.job, own.snapshot).model_dump(), parts(record.job, other.snapshot).model_dump()
    return [
        Step(PART_WORDS[name], round((int(a[name]) - int(b[name])) * weight / 100)) for name, weight in WEIGHTS.items()
    ]


def _answer(record: DecisionRecord | None, cluster: ClusterId) -> AnswerRecord | None:
    return next((answer for answer in record.answers if answer.cluster == cluster), None) if record else None


# -- how close was it? -----------------------------------------------------------------------------------------


def spare_votes(votes: Sequence[VoteRow], members: int, total: float) -> int | None:
    """Return how many approving votes could have been missing, heaviest first; None if there was no quorum."""
    powers = sorted((round(row.power * MILLI) for row in votes if row.approves and row.power > 0), reverse=True)
    whole = round(total * MILLI)
    if not is_quorum(len(powers), members, sum(powers), whole):
        return None
    spare = 0
    while is_quorum(len(powers) - spare - 1, members, sum(powers[spare + 1 :]), whole):
        spare += 1
    return spare


def margin_words(decision: DecisionRow) -> str:
    """Return how close it was: how many more silent members would have blocked it."""
    spare = spare_votes(decision.votes, decision.members, decision.weight_total)
    if spare is None:
        return "There was no quorum."
    return f"{plural(spare + 1, 'more silent member')} would have blocked it."


def author_words(bid: BidRow) -> list[str]:
    """Return who wrote an answer and what it cost, as short badges."""
    effort = bid.effort
    found = [bid.author]
    if effort.latency_ms is not None:
        found.append(f"{count(effort.latency_ms)} ms")
    if effort.tokens_in is not None or effort.tokens_out is not None:
        found.append(f"{count(effort.tokens_in)} → {count(effort.tokens_out)} tokens")
    if effort.cost_usd_micro is not None:
        found.append(f"${effort.cost_usd_micro / 1_000_000:.6f}")
    return found

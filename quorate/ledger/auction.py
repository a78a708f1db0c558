"""One call from sealed answers to a decision: a pure function of what the ledger holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from quorate.domain.bidding import Abstention, AbstentionCode, Bid, BidOutcome
from quorate.domain.values import MILLI, ClusterId, unchecked
from quorate.ledger.records import AnswerRecord, Outcome
from quorate.ledger.state import Call
from quorate.market.assess import assessed_bp
from quorate.market.check import findings
from quorate.market.eligibility import ineligible
from quorate.market.rank import rank, weighted_bp
from quorate.market.rule import rule_score_bp
from quorate.reputation.standing import POWER_MIN


@dataclass(frozen=True, slots=True)
class Judged:
    """Every seat's answer as judged, and the valid bids best first."""

    answers: tuple[AnswerRecord, ...]
    ranking: tuple[Bid, ...]
    contradicted: tuple[int, ...]
    """Seats whose signed bid contradicts facts."""


def _unanswered(call: Call, seat: int) -> Abstention:
    """Say why a seat has no answer, so that nothing is ever blank."""
    cluster = call.snapshots[seat].cluster.id
    if seat in call.broken:
        code, detail = AbstentionCode.NOT_REVEALED, "showed an answer that its seal does not open"
    elif seat in call.seals:
        code, detail = AbstentionCode.NOT_REVEALED, "sealed an answer and never showed it"
    else:
        code, detail = AbstentionCode.NO_ANSWER, "no sealed answer before the call closed"
    return Abstention(job=call.job.id, cluster=cluster, code=code, detail=detail)


def _void(call: Call, seat: int, answer: BidOutcome, interval_bp: int) -> tuple[str, ...]:
    return findings(answer, call.job, call.snapshots[seat], interval_bp) if isinstance(answer, Bid) else ()


def _assessed(call: Call, seat: int, bid: Bid, reputations: tuple[int, ...]) -> int | None:
    """Return a bid's score after its rivals' opinions, None if nobody said anything about it."""
    said = {who: score for (who, whose), score in call.assessed.items() if whose == seat and who < len(reputations)}
    if not said:
        return None
    weights = [min(MILLI, max(POWER_MIN, value)) if value else 0 for value in reputations]
    total = sum(weights) - weights[seat]
    return assessed_bp(bid.score_bp, [(score, weights[who]) for who, score in sorted(said.items())], total)


def _record(call: Call, seat: int, reputations: tuple[int, ...], interval_bp: int) -> AnswerRecord:
    reputation = reputations[seat]
    answer = call.answers.get(seat) or _unanswered(call, seat)
    void = _void(call, seat, answer, interval_bp)
    if isinstance(answer, Bid) and seat in call.excluded:
        void = (*void, "its scheduler refused or dropped this job before")
    facts = call.snapshots[seat]
    bid = answer if isinstance(answer, Bid) and not void else None
    assessed = None if bid is None or not call.assessed else _assessed(call, seat, bid, reputations)
    score = None if bid is None else bid.score_bp if assessed is None else assessed
    parts: dict[str, object] = {
        "cluster": facts.cluster.id,
        "answer": answer,
        "reputation": reputation,
        "assessed_bp": assessed,
        "weighted_bp": None if score is None else weighted_bp(score, reputation),
        "void": void,
        "snapshot": facts,
        "rule_bp": None if ineligible(call.job, facts) else rule_score_bp(call.job, facts),
    }
    return unchecked(AnswerRecord, parts)


def _contradicts(call: Call, seat: int, record: AnswerRecord, interval_bp: int) -> bool:
    """Say whether a bid was found void by facts; an excluded seat's is void without that."""
    return bool(_void(call, seat, record.answer, interval_bp) if seat in call.excluded else record.void)


def judge(call: Call, reputations: tuple[int, ...], interval_bp: int) -> Judged:
    """Judge all answers of a call against the facts of its opening.

    `reputations`: per seat, milli-units, as they stood when the height began; 0 keeps a seat out.
    """
    records = tuple(_record(call, seat, reputations, interval_bp) for seat in range(len(reputations)))
    valid = [
        record.answer
        for record in records
        if isinstance(record.answer, Bid) and record.weighted_bp is not None and record.reputation > 0
    ]
    weights: Mapping[ClusterId, int] = {record.cluster: record.reputation for record in records}
    wrong = tuple(
        seat
        for seat, record in enumerate(records)
        if isinstance(record.answer, Bid) and _contradicts(call, seat, record, interval_bp)
    )
    assessed = {record.cluster: record.assessed_bp for record in records if record.assessed_bp is not None}
    return Judged(records, rank(valid, weights, call.draw, assessed), wrong)


def outcome_without_winner(call: Call, judged: Judged) -> Outcome:
    """Say whether the job waits or is refused when no valid bid fits now.

    It waits if some cluster that could ever run it is busy now, or was outrun by another job of the same height.
    Only clusters whose bid would have counted are looked at: nobody waits for a jailed one.
    """
    if judged.ranking:
        return "waiting"
    reasons = [
        ineligible(call.job, record.snapshot)
        for seat, record in enumerate(judged.answers)
        if record.reputation > 0 and seat not in call.excluded
    ]
    busy = any(reason is not None and reason[0] == AbstentionCode.BUSY_NOW for reason in reasons)
    eligible = any(reason is None for reason in reasons)
    return "waiting" if busy and not eligible else "unallocated"


def reasons(call: Call, judged: Judged) -> tuple[str, ...]:
    """Return each seat's reason for not running the job, in seat order."""
    sentences = []
    for record in judged.answers:
        if isinstance(record.answer, Abstention):
            fact = ineligible(call.job, record.snapshot)
            why = fact[1] if fact else record.answer.detail
        else:
            why = "; ".join(record.void) or "bid stood, but its nodes were taken by another job"
        sentences.append(f"{record.cluster}: {why}")
    return tuple(sentences)

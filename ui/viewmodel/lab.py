"""The prompt lab: what each text made of a call, beside what the run recorded.

A case is a call as the ledger opened it: facts, draw, seats left out, reputations. Answers of a trial are judged by the
ledger's own function on it, so that a winner here is what the committee would have re-derived from those answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agents.trying import Told
from quorate.domain.bidding import AbstentionCode, Author, Bid, BidOutcome
from quorate.domain.values import BASIS_POINTS, ClusterId, JobId
from quorate.ledger.auction import Judged, judge
from quorate.ledger.records import AnswerRecord, DecisionRecord
from quorate.ledger.state import Call
from quorate.ledger.verify import Verified
from ui.words import ABSENT, count, dollars, fmt_difference, fmt_score, listed, plural, short_names

MOVED = "↔"
"""Stands before the words about what changed."""


@dataclass(frozen=True, slots=True)
class Case:
    """One call of a run, to be asked again."""

    call: Call
    """As it opened, without answers."""
    reputations: tuple[int, ...]
    """Per seat, milli-units, as they stood when it was decided."""
    interval_bp: int
    record: DecisionRecord
    """What came of it in the run."""

    @property
    def job(self) -> JobId:
        """Its job."""
        return self.call.job.id


def cases(heights: Sequence[Verified]) -> dict[JobId, Case]:
    """Return every call of a ledger that was decided, a job's last one."""
    found = {}
    for height in heights:
        record = height.application.record
        for decision in record.decisions if record else ():
            case = _case(heights, decision)
            if case is not None and (decision.outcome != "waiting" or decision.job.id not in found):
                found[decision.job.id] = case
    return found


def _case(heights: Sequence[Verified], decision: DecisionRecord) -> Case | None:
    if not 1 <= decision.opened <= len(heights):
        return None
    state = heights[decision.opened - 1].application.state
    call = state.calls.get(decision.job.id)
    if call is None:
        return None
    reputations = tuple(answer.reputation for answer in decision.answers)
    return Case(call, reputations, state.parameters.interval_bp, decision)


# -- one job, text by text -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Side:
    """One seat's answer under one text, judged."""

    outcome: BidOutcome
    score: float | None
    wins: bool
    void: tuple[str, ...]
    repaired: bool
    notes: tuple[str, ...]

    @property
    def shown(self) -> str:
        """`0.87 wins`, `0.41`, `no bid`."""
        if self.score is None:
            return "no bid"
        return f"{fmt_score(self.score)}{' wins' if self.wins else ' void' if self.void else ''}"

    @property
    def source(self) -> str:
        """Who answered: the rule, facts, or a provider, and whether it had to be asked twice."""
        author: Author | None = self.outcome.author
        if author is None:
            return "facts" if self.by_facts else ABSENT
        who = "rule" if author.kind == "rule" else author.provider
        return f"{who}, repaired" if self.repaired else who

    @property
    def by_facts(self) -> bool:
        """Whether nobody was asked, because the job does not fit."""
        return not isinstance(self.outcome, Bid) and self.outcome.code in AbstentionCode.FACTS

    @property
    def remark(self) -> str:
        """What is wrong with it: why it is void, why there is no bid, what was refuted before it was mended."""
        if self.void:
            return "; ".join(self.void)
        if not isinstance(self.outcome, Bid):
            return f"{self.outcome.code}: {self.outcome.detail}"
        return "; ".join(note for note in self.notes if note.startswith("refuted: "))


@dataclass(frozen=True, slots=True)
class LabRow:
    """One agent of one job; a text that was not asked, or not yet, has None."""

    cluster: ClusterId
    agent: str
    recorded: Side
    base: Side | None
    edited: Side | None
    changed: str
    """Words about how the last text's answer differs from the one it is compared with, empty if it does not."""


@dataclass(frozen=True, slots=True)
class LabJob:
    """One job under each text."""

    job: JobId
    title: str
    rows: tuple[LabRow, ...]
    recorded: str
    """Whom the run gave it to."""
    base: str | None
    edited: str | None
    """Whom the answers would give it to; None until every seat has answered."""
    moves: bool
    """Whether the last text gives it to somebody else than what it is compared with."""


def lab_jobs(chosen: Sequence[Case], told: Sequence[Told]) -> list[LabJob]:
    """Return the jobs of a trial in its order, with the answers so far."""
    return [_job(case, [one for one in told if one.job.id == case.job]) for case in chosen]


def _job(case: Case, told: Sequence[Told]) -> LabJob:
    names = short_names(snapshot.cluster.id for snapshot in case.call.snapshots)
    recorded = _sides(case.record.answers, case.record.winner, {})
    base, edited = (_text(case, [one for one in told if one.text == text]) for text in ("base", "edited"))
    rows = tuple(_row(cluster, names[cluster], recorded, base, edited) for cluster in recorded)
    winners = [_winner(sides, len(recorded), names) for sides in (base, edited)]
    was = names.get(case.record.winner, case.record.winner) if case.record.winner else "nobody"
    last = winners[1] if edited else winners[0]
    compared = winners[0] if edited and base else was
    moves = last is not None and compared is not None and last != compared
    return LabJob(case.job, case.call.job.title, rows, was, winners[0], winners[1], moves)


def _text(case: Case, told: Sequence[Told]) -> dict[ClusterId, Side]:
    if not told:
        return {}
    judged = _judged(case, told)
    whole = len(told) == len(case.call.snapshots)
    best = judged.ranking[0].cluster if judged.ranking and whole else None  # half the answers have no winner
    answered = {one.snapshot.cluster.id: one for one in told}
    return _sides([record for record in judged.answers if record.cluster in answered], best, answered)


def _judged(case: Case, told: Sequence[Told]) -> Judged:
    seats = {snapshot.cluster.id: seat for seat, snapshot in enumerate(case.call.snapshots)}
    answers = {seats[one.snapshot.cluster.id]: one.answer.outcome for one in told}
    return judge(replace(case.call, answers=answers), case.reputations, case.interval_bp)


def _sides(
    records: Sequence[AnswerRecord], winner: ClusterId | None, told: Mapping[ClusterId, Told]
) -> dict[ClusterId, Side]:
    return {record.cluster: _side(record, record.cluster == winner, told.get(record.cluster)) for record in records}


def _side(record: AnswerRecord, wins: bool, told: Told | None) -> Side:
    outcome = record.answer
    score = outcome.score_bp / BASIS_POINTS if isinstance(outcome, Bid) else None
    author = outcome.author
    repaired = told.answer.effort.repaired if told else bool(author and author.attempts > 1)
    return Side(outcome, score, wins, record.void, repaired, told.notes if told else ())


def _row(
    cluster: ClusterId, agent: str, recorded: Mapping[ClusterId, Side], base: Mapping[ClusterId, Side],
    edited: Mapping[ClusterId, Side],
) -> LabRow:  # fmt: skip
    was, first, second = recorded[cluster], base.get(cluster), edited.get(cluster)
    before, after = (first if base else was, second) if edited else (was, first)
    return LabRow(cluster, agent, was, first, second, _changed(before, after))


def _changed(before: Side | None, after: Side | None) -> str:
    if before is None or after is None:
        return ""
    words = []
    if after.wins != before.wins:
        words.append("now wins" if after.wins else "wins no more")
    if (after.score is None) != (before.score is None):
        words.append("bids now" if before.score is None else "bids no more")
    elif after.score is not None and before.score is not None and after.score != before.score:
        words.append(f"score {fmt_difference(after.score - before.score)}")
    return f"{MOVED} {', '.join(words)}" if words else ""


def _winner(sides: Mapping[ClusterId, Side], seats: int, names: Mapping[ClusterId, str]) -> str | None:
    """Return whom a text's answers give the job to; None before every seat has answered."""
    if len(sides) < seats:
        return None
    return next((names[cluster] for cluster, side in sides.items() if side.wins), "nobody")


@dataclass(frozen=True, slots=True)
class TrialCost:
    """What a trial will take, from its real questions."""

    texts: int
    jobs: int
    agents: int
    calls: int
    """First questions; a reply that must be repaired costs one more."""
    by_facts: int
    """Answers that code gives because the job does not fit: nobody is asked."""
    tokens: int
    wire: bool
    """Whether a provider is asked; the rest is read from files."""
    usd: float | None
    """US dollars; None if no price is known."""


def cost_words(cost: TrialCost) -> str:
    """Return what a trial takes: `6 agents × 1 job × 2 prompts = 12 calls, about 9,012 tokens, no price known`."""
    size = " × ".join((plural(cost.agents, "agent"), plural(cost.jobs, "job"), plural(cost.texts, "prompt")))
    calls = plural(cost.calls, "call")
    if cost.by_facts:
        calls = f"{count(cost.calls + cost.by_facts)} answers, {cost.by_facts} of them by facts alone: {calls}"
    price = "nothing leaves this machine" if not cost.wire else "no price known for this profile"
    if cost.usd is not None:
        price = f"about {dollars(cost.usd)}"
    return (
        f"{size} = {calls}, about {count(cost.tokens)} tokens, {price}. A reply that must be repaired costs one more."
    )


# -- words -----------------------------------------------------------------------------------------------------


def trial_title(found: Sequence[LabJob], status: str, done: int, of: int) -> str:
    """Return the lab's verdict on a trial."""
    if status in ("running", "cancelling"):
        return f"{'Cancelling' if status == 'cancelling' else 'Asking'}: {done} of {plural(of, 'answer')}"
    if status == "cancelled":
        return f"Cancelled after {done} of {plural(of, 'answer')}"
    if status == "failed":
        return f"Stopped after {done} of {plural(of, 'answer')}"
    if silent(found) and silent(found) == asked(found):
        return f"No model answered: {plural(silent(found), 'question')}, no bid"
    moved, rows = sum(job.moves for job in found), [row for job in found for row in job.rows]
    differ = sum(bool(row.changed) for row in rows)
    bids = f"{differ} of {plural(len(rows), 'answer')} {'differs' if differ == 1 else 'differ'}"
    if not moved:
        return f"{_same(len(found))}; {bids}"
    return f"{moved} of {plural(len(found), 'job')} {'goes' if moved == 1 else 'go'} elsewhere; {bids}"


def _same(jobs: int) -> str:
    return "The job goes the same way" if jobs == 1 else f"All {jobs} jobs go the same way"


def _last(row: LabRow) -> Side | None:
    return row.edited or row.base


def asked(found: Sequence[LabJob]) -> int:
    """Return how many answers of the last text a model should have given."""
    sides = [_last(row) for job in found for row in job.rows]
    return sum(side is not None and not side.by_facts for side in sides)


def silent(found: Sequence[LabJob]) -> int:
    """Return how many of those ended without a bid."""
    sides = [_last(row) for job in found for row in job.rows]
    return sum(side is not None and side.score is None and not side.by_facts for side in sides)


def job_words(job: LabJob, base: str) -> str:
    """Return who gets a job under each text: `R03 in the run, R03 with bid/2, R01 with the edited copy`."""
    parts = [f"{job.recorded} in the run"]
    if job.base is not None:
        parts.append(f"{job.base} with {base}")
    if job.edited is not None:
        parts.append(f"{job.edited} with the edited copy")
    return f"{MOVED} {listed(parts)}" if job.moves else listed(parts)


def recorded_with(chosen: Sequence[Case]) -> str:
    """Return what the run's own answers were made with: `rule`, `bid/2`, or both."""
    found: dict[str, None] = {}
    for case in chosen:
        for answer in case.record.answers:
            author = answer.answer.author
            if author is not None:
                prompt = author.prompt
                found["rule" if author.kind == "rule" or prompt is None else f"{prompt.id}/{prompt.version}"] = None
    return ", ".join(found) or ABSENT


def problems_of(found: Sequence[LabJob]) -> list[str]:
    """Return why answers of the last text are missing, each reason once with how often: shown beside the verdict."""
    counted: dict[str, int] = {}
    for job in found:
        for row in job.rows:
            side = _last(row)
            if side is not None and not isinstance(side.outcome, Bid) and not side.by_facts:
                why = f"{side.outcome.code}: {side.outcome.detail}"
                counted[why] = counted.get(why, 0) + 1
    return [f"{plural(number, 'answer')} missing, {why}" for why, number in counted.items()]

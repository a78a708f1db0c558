"""The prompt lab: what each text made of a call, beside what the run recorded.

A case is a call as the ledger opened it: facts, draw, seats left out, reputations. Answers of a trial are judged by the
ledger's own function on it, so that a winner here is what the committee would have re-derived from those answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agents.trying import Told
from quorate.domain.bidding import AbstentionCode, Author, Bid, BidOutcome
from quorate.domain.values import BASIS_POINTS, ClusterId, JobId
from quorate.ledger.auction import Judged, judge
from quorate.ledger.records import AnswerRecord, DecisionRecord
from quorate.ledger.state import Call
from quorate.ledger.verify import Verified
from ui.words import ABSENT, count, dollars, fmt_difference, fmt_score, listed, plural, short_names

TextName = Literal["base", "edited"]
"""Which text: the released version, or the copy."""

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
        twice = "repaired" if self.score is not None else "asked twice"
        return f"{who}, {twice}" if self.repaired else who

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
    """One agent of one job."""

    cluster: ClusterId
    agent: str
    recorded: Side
    sides: Mapping[TextName, Side]
    """Its answer under each text that has asked it so far."""
    changed: str
    """Words about how the last text's answer differs from the one it is compared with, empty if it does not."""


@dataclass(frozen=True, slots=True)
class LabJob:
    """One job under each text."""

    job: JobId
    title: str
    texts: tuple[TextName, ...]
    """What the trial asks. The last one is the one judged: against the one before it, or against the run."""
    rows: tuple[LabRow, ...]
    recorded: str
    """Whom the run gave it to."""
    winners: Mapping[TextName, str]
    """Whom the answers would give it to; a text is missing until every seat has answered it."""
    moves: bool
    """Whether the last text gives it to somebody else than what it is compared with."""

    @property
    def last(self) -> list[Side]:
        """What came of the text that is judged."""
        return [row.sides[self.texts[-1]] for row in self.rows if self.texts[-1] in row.sides]


def lab_jobs(chosen: Sequence[Case], told: Sequence[Told], texts: tuple[TextName, ...]) -> list[LabJob]:
    """Return the jobs of a trial in its order, with the answers so far."""
    return [_job(case, [one for one in told if one.job.id == case.job], texts) for case in chosen]


def _job(case: Case, told: Sequence[Told], texts: tuple[TextName, ...]) -> LabJob:
    names = short_names(snapshot.cluster.id for snapshot in case.call.snapshots)
    run = _sides(case.record.answers, case.record.winner, {})
    asked = {text: _text(case, [one for one in told if one.text == text]) for text in texts}
    whole = {text: sides for text, sides in asked.items() if len(sides) == len(run)}
    winners = {text: _winner(sides, names) for text, sides in whole.items()}
    was = names.get(case.record.winner, case.record.winner) if case.record.winner else "nobody"
    before = asked[texts[0]] if len(texts) > 1 else run
    rows = tuple(
        LabRow(
            cluster, names[cluster], recorded, {text: asked[text][cluster] for text in texts if cluster in asked[text]},
            _changed(before.get(cluster), asked[texts[-1]].get(cluster), texts[-1] in whole),
        )
        for cluster, recorded in run.items()
    )  # fmt: skip
    compared = winners.get(texts[0]) if len(texts) > 1 else was
    moves = texts[-1] in winners and winners[texts[-1]] != compared
    return LabJob(case.job, case.call.job.title, texts, rows, was, winners, moves)


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


def _changed(before: Side | None, after: Side | None, whole: bool) -> str:
    if before is None or after is None:
        return ""
    words = []
    if after.wins != before.wins and whole:  # half the answers have no winner
        words.append("now wins" if after.wins else "wins no more")
    if (after.score is None) != (before.score is None):
        words.append("bids now" if before.score is None else "bids no more")
    elif after.score is not None and before.score is not None and after.score != before.score:
        words.append(f"score {fmt_difference(after.score - before.score)}")
    return f"{MOVED} {', '.join(words)}" if words else ""


def _winner(sides: Mapping[ClusterId, Side], names: Mapping[ClusterId, str]) -> str:
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
    if len(found) == 1:
        return f"The job goes elsewhere; {bids}"
    return f"{moved} of {len(found)} jobs {'goes' if moved == 1 else 'go'} elsewhere; {bids}"


def _same(jobs: int) -> str:
    return "The job goes the same way" if jobs == 1 else f"All {jobs} jobs go the same way"


def asked(found: Sequence[LabJob]) -> int:
    """Return how many answers of the last text a model should have given."""
    return sum(not side.by_facts for job in found for side in job.last)


def silent(found: Sequence[LabJob]) -> int:
    """Return how many of those ended without a bid."""
    return sum(side.score is None and not side.by_facts for job in found for side in job.last)


def job_words(job: LabJob, base: str) -> str:
    """Return who gets a job under each text: `R03 in the run, R03 with bid/2, R01 with the edited copy`."""
    names = {"base": base, "edited": "the edited copy"}
    parts = [f"{job.recorded} in the run"]
    parts += [f"{job.winners[text]} with {names[text]}" for text in job.texts if text in job.winners]
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
    """Return why answers of the last text are missing: each code once, how often, and its first reason."""
    whys: dict[str, list[str]] = {}
    for side in (side for job in found for side in job.last):
        if not isinstance(side.outcome, Bid) and not side.by_facts:
            whys.setdefault(side.outcome.code, []).append(side.outcome.detail)
    return [
        f"{plural(len(details), 'answer')} missing, {code}: {details[0]}"
        + (", and other reasons" if len(set(details)) > 1 else "")
        for code, details in whys.items()
    ]

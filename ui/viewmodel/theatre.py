"""How the votes crossed the line: one decision's messages on one time axis, and its votes as a matrix.

The trace gives order and time, the ledger's report gives weights and the outcome. Where a trace leaves times out,
its order stands in for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from quorate.consensus.quorum import is_quorum
from quorate.domain.bidding import Bid
from quorate.domain.trace import (
    Answered,
    Decided,
    JobCalled,
    Prompted,
    Proposed,
    Replied,
    TraceEvent,
    Undecided,
    Voted,
)
from quorate.domain.values import BASIS_POINTS, MILLI, ClusterId
from quorate.ledger.report import DecisionRow, RunReport
from ui.words import Names, fmt_score, fmt_weight, names_of, quorum_words, seconds

Cell = Literal["approve", "finalize", "skip", "no vote", "equivocated"]

MESSAGES_MAX = 2_000
"""Marks of one decision sent to a browser; a committee of 128 in many rounds is summed up beyond that."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One cluster's line."""

    cluster: ClusterId
    short: str
    type: str
    weight: str
    power: float


@dataclass(frozen=True, slots=True)
class Capsule:
    """From question to answer, ms since the call."""

    lane: int
    start: float
    end: float
    label: str
    state: str
    """bid, repaired, void or none."""
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A proposal or a vote."""

    lane: int
    at: float
    kind: str
    """propose, approve, finalize or skip."""
    band: int
    text: str
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """One round."""

    height: int
    round: int
    start: float
    end: float
    label: str
    deciding: bool
    """Whether it belongs to the height that decided the job."""
    opening: bool = False
    """Whether it belongs to the height that opened the call: it comes before the bids."""


@dataclass(frozen=True, slots=True)
class Point:
    """A step of the weight curve."""

    mark: int
    """The vote that makes it: its place among the marks."""
    weight: float
    band: int
    heads: int


@dataclass(frozen=True, slots=True)
class Theatre:
    """Everything that the browser needs to draw and to play back one decision."""

    lanes: tuple[Lane, ...]
    capsules: tuple[Capsule, ...]
    marks: tuple[Mark, ...]
    bands: tuple[Band, ...]
    approving: tuple[Point, ...]
    finalizing: tuple[Point, ...]
    total: float
    needed: float
    called: float
    """When the job was called, where bids begin: 0 in time, its place where there is only order."""
    crossing: int | None
    """The mark at which finalizing votes reached two thirds of heads and of weight."""
    decided: float | None
    verdict: str
    timed: bool
    """Whether the axis is wall-clock time; else the order of messages."""
    end: float


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of a trace that belongs to one decision."""

    called: JobCalled | None
    prompts: tuple[Prompted, ...] = ()
    replies: tuple[Replied, ...] = ()
    answers: tuple[Answered, ...] = ()
    proposals: tuple[Proposed, ...] = ()
    votes: tuple[Voted, ...] = ()
    decided: Decided | None = None
    undecided: Undecided | None = None


def slice_of(decision: DecisionRow, events: Sequence[TraceEvent]) -> Slice:
    """Return the messages of a job's last call and of the heights from the one that opened it to its decision."""
    job = decision.job.id
    calls = [e for e in events if isinstance(e, JobCalled) and e.job.id == job and e.opened <= decision.height]
    called = calls[-1] if calls else None
    opened, since = (called.opened, called.seq) if called else (decision.height - 1, 0)
    heights = range(opened if called else opened + 1, decision.height + 1)
    mine = [e for e in events if e.seq >= since or (isinstance(e, Proposed | Voted) and e.height == opened)]
    return Slice(
        called=called,
        prompts=tuple(e for e in mine if isinstance(e, Prompted) and e.job == job and e.purpose == "bid"),
        replies=tuple(e for e in mine if isinstance(e, Replied) and e.job == job and e.purpose == "bid"),
        answers=tuple(e for e in mine if isinstance(e, Answered) and e.job == job and e.opened == opened),
        proposals=tuple(e for e in mine if isinstance(e, Proposed) and e.height in heights),
        votes=tuple(e for e in mine if isinstance(e, Voted) and e.height in heights),
        decided=next((e for e in mine if isinstance(e, Decided) and e.height == decision.height), None),
        undecided=next((e for e in mine if isinstance(e, Undecided) and e.job == job), None),
    )


class _Clock:
    """Milliseconds since the call, or the place in the order where times were left out."""

    def __init__(self, story: Slice) -> None:
        events: list[TraceEvent] = [*story.answers, *story.proposals, *story.votes]
        self.timed = bool(events) and all(e.at_ms is not None for e in events)
        first: TraceEvent | None = min(events, key=lambda e: e.seq) if events else None
        begin = story.called or first
        self.zero_ms = (begin.at_ms or 0) if begin else 0
        self.zero_seq = min(e.seq for e in (begin, first) if e) if begin else 0
        self.called = self.of(begin) if begin else 0.0

    def of(self, event: TraceEvent) -> float:
        """Return when an event was, ms: what opened the call came before it and has a time below zero."""
        if self.timed and event.at_ms is not None:
            return float(event.at_ms - self.zero_ms)
        return float(max(0, event.seq - self.zero_seq))


def theatre(decision: DecisionRow, report: RunReport, events: Sequence[TraceEvent]) -> Theatre:
    """Return one decision as lanes, messages, rounds and the weight that climbs to two thirds."""
    story = slice_of(decision, events)
    clock, lanes = _Clock(story), _lanes(decision, report)
    place = {lane.cluster: index for index, lane in enumerate(lanes)}
    bands = _bands(decision, story, clock)
    keys = {(band.height, band.round): index for index, band in enumerate(bands)}
    names = names_of(report)
    marks = tuple(_marks(story, clock, place, keys, names))
    finalizing = _curve(decision, story, place, keys, "finalize")
    decided = clock.of(story.decided) if story.decided else None
    ends = [*(mark.at for mark in marks), *(band.end for band in bands), decided or 0.0]
    return Theatre(
        lanes=lanes,
        capsules=tuple(_capsules(decision, story, clock, place)),
        marks=marks,
        bands=bands,
        approving=_curve(decision, story, place, keys, "approve"),
        finalizing=finalizing,
        total=decision.weight_total,
        needed=decision.weight_needed,
        called=clock.called,
        crossing=_crossing(decision, finalizing),
        decided=decided,
        verdict=names.get(decision.cluster, decision.cluster) if decision.cluster else decision.how,
        timed=clock.timed,
        end=max(ends, default=0.0),
    )


def _lanes(decision: DecisionRow, report: RunReport) -> tuple[Lane, ...]:
    power = {row.cluster: row.power for row in decision.votes}
    names = names_of(report)
    return tuple(
        Lane(c.id, names[c.id], c.type, fmt_weight(power.get(c.id, 0.0)), power.get(c.id, 0.0))
        for c in report.federation.clusters
    )


def _capsules(decision: DecisionRow, story: Slice, clock: _Clock, place: dict[ClusterId, int]) -> Iterable[Capsule]:
    rows = {bid.cluster: bid for bid in decision.bids}
    for event in story.answers:
        if event.cluster not in place:
            continue
        asked = [prompt for prompt in story.prompts if prompt.cluster == event.cluster]
        end, latency = clock.of(event), event.answer.effort.latency_ms
        start = clock.of(asked[0]) if asked else end - latency if clock.timed and latency is not None else clock.called
        row = rows.get(event.cluster)
        state, label, text = _answer_words(event, bool(row and row.void))
        yield Capsule(place[event.cluster], max(clock.called, min(start, end)), end, label, state, text)


def _answer_words(event: Answered, void: bool) -> tuple[str, str, str]:
    outcome = event.answer.outcome
    if not isinstance(outcome, Bid):
        return "none", "no bid", outcome.detail
    state = "void" if void else "repaired" if event.answer.effort.repaired else "bid"
    return state, fmt_score(outcome.score_bp / BASIS_POINTS), outcome.reasoning


def _bands(decision: DecisionRow, story: Slice, clock: _Clock) -> tuple[Band, ...]:
    seen: dict[tuple[int, int], list[float]] = {}
    events: list[Proposed | Voted] = [*story.proposals, *story.votes]
    for event in events:
        seen.setdefault((event.height, event.round), []).append(clock.of(event))
    last = {height: max(r for h, r in seen if h == height) for height, _ in seen}
    found = []
    for (height, round_), times in sorted(seen.items()):
        end = max(times)
        if height == decision.height and round_ == last[height] and story.decided:
            end = max(end, clock.of(story.decided))
        opening = story.called is not None and height == story.called.opened < decision.height
        label = _label(decision, height, round_, last, opening)
        found.append(Band(height, round_, min(times), end, label, height == decision.height, opening))
    return tuple(found)


def _label(decision: DecisionRow, height: int, round_: int, last: dict[int, int], opening: bool) -> str:
    failed = round_ < last[height] or (height == decision.height and decision.outcome == "undecided")
    if height == decision.height:
        return f"Round {round_ + 1} · {'no quorum' if failed else 'decided'}"
    if failed:
        return "no quorum"
    return "call opened" if opening else "answers shown" if height == decision.height - 1 else "answers sealed"


def _told(story: Slice, place: Mapping[ClusterId, int]) -> list[Proposed | Voted]:
    """Return proposals and votes in order, as many as are drawn."""
    events: list[Proposed | Voted] = [*story.proposals, *story.votes]
    return sorted((e for e in events if e.cluster in place), key=lambda e: e.seq)[:MESSAGES_MAX]


def _marks(
    story: Slice, clock: _Clock, place: Mapping[ClusterId, int], keys: Mapping[tuple[int, int], int], names: Names
) -> Iterable[Mark]:
    told = _told(story, place)
    conflicts = _conflicts(told)
    for event in told:
        kind = event.vote if isinstance(event, Voted) else "propose"
        text = f"{names.get(event.cluster, event.cluster)} {_said(event)}"
        band = keys[event.height, event.round]
        yield Mark(place[event.cluster], clock.of(event), kind, band, text, _slot(event) in conflicts)


def _slot(event: Proposed | Voted) -> tuple[str, ClusterId, int, int]:
    return (event.vote if isinstance(event, Voted) else "propose", event.cluster, event.height, event.round)


def _conflicts(events: Sequence[Proposed | Voted]) -> set[tuple[str, ClusterId, int, int]]:
    """Return the places in which one member said two different things."""
    said: dict[tuple[str, ClusterId, int, int], set[str | None]] = {}
    for event in events:
        said.setdefault(_slot(event), set()).add(event.value)
    return {slot for slot, values in said.items() if len(values) > 1}


def _said(event: Proposed | Voted) -> str:
    if isinstance(event, Proposed):
        jobs = ", ".join(event.jobs)
        return f"proposes block {event.value[:8]}" + (f" for {jobs}" if jobs else "")
    if event.vote == "skip":
        return f"skips: {event.grounds}" if event.grounds else "skips"
    verb = "approves" if event.vote == "approve" else "finalizes"
    return f"{verb} {event.value[:8] if event.value else 'nothing'}"


def _curve(
    decision: DecisionRow, story: Slice, place: Mapping[ClusterId, int], keys: Mapping[tuple[int, int], int], kind: str
) -> tuple[Point, ...]:
    """Return the summed weight of one kind of vote in each round of the deciding height, one step a new voter."""
    found, counted = [], set[tuple[ClusterId, int]]()
    sums: dict[int, tuple[float, int]] = {}
    for index, event in enumerate(_told(story, place)):
        slot = (event.cluster, event.round)
        if not isinstance(event, Voted) or event.height != decision.height or event.vote != kind:
            continue
        if slot in counted or event.power == 0:
            continue
        counted.add(slot)
        weight, heads = sums.get(event.round, (0.0, 0))
        sums[event.round] = (round(weight + event.power / MILLI, 3), heads + 1)
        found.append(Point(index, sums[event.round][0], keys[event.height, event.round], heads + 1))
    return tuple(found)


def _crossing(decision: DecisionRow, curve: Sequence[Point]) -> int | None:
    total = round(decision.weight_total * MILLI)
    for point in curve:
        if is_quorum(point.heads, decision.members, round(point.weight * MILLI), total):
            return point.mark
    return None


# -- the matrix ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VoteCell:
    """What one member did in one column."""

    state: Cell
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """One kind of vote in one round."""

    round: int
    kind: str
    """approve or finalize."""
    label: str
    weight: float
    heads: int
    quorum: bool


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One member."""

    short: str
    type: str
    power: float
    weight: str
    proposed: tuple[int, ...]
    """Columns' rounds that it led."""
    cells: tuple[VoteCell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Members by rounds: who approved, who finalized, who skipped and why."""

    rows: tuple[MatrixRow, ...]
    columns: tuple[Column, ...]
    members: int
    total: float
    needed: float
    caption: str


def matrix(decision: DecisionRow, report: RunReport, events: Sequence[TraceEvent]) -> Matrix:
    """Return the votes of the height that decided the job, all rounds of it."""
    story = slice_of(decision, events)
    votes = [v for v in story.votes if v.height == decision.height]
    rounds = sorted({v.round for v in votes} | {p.round for p in story.proposals if p.height == decision.height})
    rounds = rounds or [decision.rounds - 1]
    leaders = {(p.cluster, p.round) for p in story.proposals if p.height == decision.height}
    power = {row.cluster: row.power for row in decision.votes}
    names = names_of(report)
    rows = []
    for cluster in report.federation.clusters:
        if cluster.id not in power:
            continue
        cells = [
            cell
            for round_ in rounds
            for cell in _cells(
                decision, [v for v in votes if v.cluster == cluster.id and v.round == round_], cluster.id, round_, names
            )
        ]
        led = tuple(r for r in rounds if (cluster.id, r) in leaders)
        rows.append(
            MatrixRow(
                names[cluster.id], cluster.type, power[cluster.id], fmt_weight(power[cluster.id]), led, tuple(cells)
            )
        )
    columns = _columns(decision, rounds, rows)
    caption = f"Votes at height {decision.height}: {quorum_words(decision)}"
    return Matrix(tuple(rows), columns, decision.members, decision.weight_total, decision.weight_needed, caption)


def _cells(
    decision: DecisionRow, said: Sequence[Voted], cluster: ClusterId, round_: int, names: dict[ClusterId, str]
) -> tuple[VoteCell, VoteCell]:
    who = f"{names.get(cluster, cluster)}, round {round_ + 1}"
    if not said and any(row.cluster == cluster and row.power == 0 for row in decision.votes):
        nothing = VoteCell("no vote", f"{who}: has no weight at this height")
        return nothing, nothing
    approvals = [v for v in said if v.vote == "approve"]
    skips = [v for v in said if v.vote == "skip"]
    finals = [v for v in said if v.vote == "finalize"]
    if not said and round_ == decision.rounds - 1:
        return _recorded(decision, cluster, who)
    return _first(who, approvals, skips), _second(who, finals, skips, bool(approvals))


def _first(who: str, approvals: Sequence[Voted], skips: Sequence[Voted]) -> VoteCell:
    if len({v.value for v in approvals}) > 1:
        values = " and ".join(sorted({str(v.value)[:8] for v in approvals}))
        return VoteCell("equivocated", f"{who}: signed two different values, {values}")
    if approvals:
        return VoteCell("approve", f"{who}: approves{_because(approvals[0].grounds)}")
    if skips:
        return VoteCell("skip", f"{who}: skips{_because(skips[0].grounds)}")
    return VoteCell("no vote", f"{who}: no vote seen")


def _second(who: str, finals: Sequence[Voted], skips: Sequence[Voted], approved: bool) -> VoteCell:
    if len({v.value for v in finals}) > 1:
        return VoteCell("equivocated", f"{who}: finalizes two different values")
    if finals:
        return VoteCell("finalize", f"{who}: finalizes")
    if skips and approved:
        return VoteCell("skip", f"{who}: gave the round up{_because(skips[0].grounds)}")
    return VoteCell("no vote", f"{who}: no finalizing vote seen")


def _because(grounds: str) -> str:
    return f": {grounds}" if grounds else ""


def _recorded(decision: DecisionRow, cluster: ClusterId, who: str) -> tuple[VoteCell, VoteCell]:
    """Return what the report holds where the trace is silent."""
    row = next((row for row in decision.votes if row.cluster == cluster), None)
    states: dict[str, Cell] = {"approve": "approve", "skip": "skip", "equivocated": "equivocated"}
    state: Cell = states.get(row.vote, "no vote") if row else "no vote"
    final: Cell = "finalize" if row and row.finalizes else "no vote"
    grounds = _because(row.grounds) if row else ""
    return VoteCell(state, f"{who}: {state}{grounds}"), VoteCell(final, f"{who}: {final}")


def _columns(decision: DecisionRow, rounds: Sequence[int], rows: Sequence[MatrixRow]) -> tuple[Column, ...]:
    found = []
    for index, (round_, kind) in enumerate((r, k) for r in rounds for k in ("approve", "finalize")):
        agreeing = [row for row in rows if row.cells[index].state == kind and row.power > 0]
        weight = round(sum(row.power for row in agreeing), 3)
        total = round(decision.weight_total * MILLI)
        enough = is_quorum(len(agreeing), decision.members, round(weight * MILLI), total)
        last = round_ == rounds[-1] and decision.outcome != "undecided"
        label = f"Round {round_ + 1}" + (" · decided" if last else " · no quorum")
        found.append(Column(round_, kind, label, weight, len(agreeing), enough))
    return tuple(found)


# -- as rows and as text -----------------------------------------------------------------------------------------


def message_rows(shown: Theatre) -> list[tuple[str, str, str, str]]:
    """Return (time, round, kind, text) of every message: the theatre for those who read tables."""

    def when(at: float) -> str:
        if not shown.timed:
            return f"#{at:.0f}"
        return f"−{seconds(-at / 1_000)}" if at < 0 else seconds(at / 1_000)

    answers = [(c.end, "bids", c.state, f"{shown.lanes[c.lane].short} {c.label}") for c in shown.capsules]
    votes = [(m.at, shown.bands[m.band].label, m.kind, m.text) for m in shown.marks]
    return [(when(at), where, kind, text) for at, where, kind, text in sorted(answers + votes, key=lambda row: row[0])]


def mermaid(shown: Theatre) -> str:
    """Return the decision as a Mermaid sequence diagram, for papers."""
    lines = ["sequenceDiagram"]
    lines += [f"  participant {_actor(lane.short)}" for lane in shown.lanes]
    lines += [
        f"  {_actor(shown.lanes[c.lane].short)}->>{_actor(shown.lanes[c.lane].short)}: {c.label}"
        for c in shown.capsules
    ]
    for mark in shown.marks:
        who = _actor(shown.lanes[mark.lane].short)
        others = [lane.short for lane in shown.lanes if _actor(lane.short) != who]
        target = _actor(others[0]) if mark.kind == "propose" and others else who
        lines.append(f"  {who}->>{target}: {mark.kind}")
    return "\n".join(lines) + "\n"


def _actor(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)

"""What six agents are doing right now: a fold of trace events, drawn in place while a person waits.

Only a terminal that a person looks at shows it; it leaves nothing behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Group
from rich.text import Text

from quorate.domain.bidding import Abstention, Answer
from quorate.domain.trace import Answered, Decided, JobCalled, Prompted, Proposed, Replied, TraceEvent, Undecided, Voted
from quorate.domain.values import BASIS_POINTS, ClusterId, JobId
from ui.terminal_tables import job_words
from ui.terminal_text import AGAINST, AGREE, MUTED, Column, Screen, Style, cell, cut, grid, heading
from ui.words import GLYPHS, Names, count, dollars, fmt_score, plural, seconds

ROWS_MAX = 12
"""More agents than this are counted, not listed: the block must fit the terminal."""

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_S = 8


@dataclass(slots=True)
class Doing:
    """One agent's state, in words."""

    words: str = "waiting"
    style: Style = MUTED
    busy: bool = False
    answered: bool = False
    vote: str = ""


@dataclass(slots=True)
class Spent:
    """What the run has cost so far; unknown stays None."""

    calls: int = 0
    repaired: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_micro: int | None = None

    def add(self, reply: Replied) -> None:
        """Count one model call."""
        self.calls += 1
        self.tokens_in = _plus(self.tokens_in, reply.tokens_in)
        self.tokens_out = _plus(self.tokens_out, reply.tokens_out)
        self.cost_micro = _plus(self.cost_micro, reply.cost_usd_micro)

    def words(self) -> list[str]:
        """Return the footer's figures."""
        tokens = f"tokens ↑ {count(self.tokens_in)} ↓ {count(self.tokens_out)}"
        cost = dollars(None if self.cost_micro is None else self.cost_micro / 1_000_000)
        return [plural(self.calls, "call"), f"{self.repaired} repaired", tokens, cost] if self.calls else []


def _plus(old: int | None, more: int | None) -> int | None:
    return old if more is None else (old or 0) + more


@dataclass(slots=True)
class Board:
    """The agents and the job they answer to; `take` folds one event into it."""

    names: Names
    clusters: Sequence[ClusterId]
    call: JobCalled | None = None
    doing: dict[ClusterId, Doing] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)
    open: dict[JobId, int] = field(default_factory=dict)
    """Jobs called and not decided, with their numbers."""
    said: str = ""
    """The last thing that happened in the vote."""

    def take(self, event: TraceEvent) -> None:
        """Fold one event; events of other jobs than the one shown only count."""
        match event:
            case JobCalled():
                self._called(event)
            case Prompted() if event.purpose != "opinion":
                self._set(event.job, event.cluster, _asked(event))
            case Replied():
                self.spent.add(event)
            case Answered():
                self.spent.repaired += event.answer.effort.repaired
                self._set(event.job, event.cluster, _answer(event.answer))
            case Proposed():
                proposer = self.names.get(event.cluster, event.cluster)
                self.said = f"height {event.height}, round {event.round + 1}: {proposer} proposes"
                for each in self.doing.values():
                    each.vote = ""
            case Voted():
                self._vote(event)
            case Decided():
                self._closed(event.jobs)
            case Undecided():
                self._closed([event.job])
            case _:
                pass

    def _called(self, event: JobCalled) -> None:
        self.call, self.said = event, ""
        self.open = {**self.open, event.job.id: event.number}
        self.doing = {cluster: Doing() for cluster in self.clusters}

    def _closed(self, jobs: Sequence[JobId]) -> None:
        self.open = {job: number for job, number in self.open.items() if job not in jobs}

    def _set(self, job: JobId, cluster: ClusterId, doing: Doing) -> None:
        if self.call is not None and self.call.job.id == job and cluster in self.doing:
            self.doing[cluster] = doing

    def _vote(self, event: Voted) -> None:
        if event.cluster in self.doing:
            self.doing[event.cluster].vote = f"{GLYPHS[event.vote]} {event.vote}"

    def render(self, screen: Screen, elapsed_s: float) -> Group:
        """Return the block as it stands after `elapsed_s` of the run."""
        if self.call is None:
            return Group(cut(Text("waiting for the first job", MUTED), screen.width))
        lines = [self._title(screen), *self._agents(screen, elapsed_s), self._footer(screen, elapsed_s)]
        return Group(*lines)

    def _title(self, screen: Screen) -> Text:
        assert self.call is not None
        title, _ = job_words(self.call.job)
        answered = sum(each.answered for each in self.doing.values())
        tail = [title, f"{answered} of {plural(len(self.doing), 'answer')}"]
        if len(self.open) > 1:
            tail.append(f"{len(self.open) - 1} more open")
        return heading(screen, "🎯", f"Job {self.call.number}/{self.call.of}", tail)

    def _agents(self, screen: Screen, elapsed_s: float) -> list[Text]:
        frame = SPINNER[int(elapsed_s * FRAMES_PER_S) % len(SPINNER)]
        rows = [
            (cell(cluster), Text(frame if each.busy else " ", AGREE), cell(each.words, each.style), cell(each.vote))
            for cluster, each in list(self.doing.items())[:ROWS_MAX]
        ]
        columns = (Column("", least=8), Column("", least=1), Column("", "rest", least=16), Column("", least=10))
        more = len(self.doing) - len(rows)
        rest = [Text(f"  and {plural(more, 'agent')} more", MUTED)] if more > 0 else []
        return [*grid(columns, rows, screen), *rest]

    def _footer(self, screen: Screen, elapsed_s: float) -> Text:
        clock = f"{int(elapsed_s) // 60:02d}:{int(elapsed_s) % 60:02d}"
        parts = [part for part in (self.said, *self.spent.words(), clock) if part]
        return cut(Text("  " + "  ·  ".join(parts), MUTED), screen.width)


def _asked(event: Prompted) -> Doing:
    again = f", question {event.attempt}" if event.attempt > 1 else ""
    opinion = "thinking about the proposal" if event.purpose == "vote" else "thinking"
    return Doing(f"{opinion}{again}", "", busy=True, answered=event.purpose == "vote")


def _answer(answer: Answer) -> Doing:
    outcome, latency = answer.outcome, answer.effort.latency_ms
    took = "" if latency is None else f", {seconds(latency / 1_000)}"
    if isinstance(outcome, Abstention):
        return Doing(f"{outcome.code.replace('_', ' ')}: {outcome.detail}", AGAINST, answered=True)
    repaired = ", repaired" if answer.effort.repaired else ""
    return Doing(f"bid {fmt_score(outcome.score_bp / BASIS_POINTS)}{took}{repaired}", AGREE, answered=True)

"""The terminal face of a run: the same story, words and numbers as the browser's, from the same report.

A person at a terminal sees agents at work and finished jobs scrolling up; a pipe gets plain lines of one fixed width.
Nothing is printed from an event that depends on which answer came first, so equal runs print equal text.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from quorate.domain.trace import Checked, FaultActs, Opined, Prompted, Replied, RunStarted, TraceEvent
from quorate.domain.values import MILLI, ClusterId, JobId
from quorate.ledger.report import ChangeRow, DecisionRow, FederationRow, FindingRow, RunReport
from ui.terminal_live import FRAMES_PER_S, Board
from ui.terminal_llm import Exchange, exchange_lines
from ui.terminal_summary import Outputs, status_lines, summary_lines
from ui.terminal_tables import bid_lines, job_words, network_lines, occupancy_lines, totals_words, vote_lines
from ui.terminal_text import (
    AGAINST,
    AGREE,
    FULL,
    MUTED,
    PROVEN,
    Screen,
    Style,
    cell,
    cut,
    heading,
    labelled,
    sayer,
)
from ui.words import (
    Names,
    cost_words,
    explain_dissent,
    explain_honesty,
    explain_why,
    findings_of,
    fmt_weight,
    names_of,
    plural,
    provider_words,
    short_names,
    timing,
)

__all__ = ["Outputs", "TerminalFace", "decision_lines", "quorum_rule"]

DIGEST_CHARS = 12
"""As much of a digest as a person compares by eye."""


def quorum_rule(weights: Mapping[ClusterId, float]) -> str:
    """Return the rule of a decision, with what it needs at these voting powers."""
    powers = [round(power * MILLI) for power in weights.values() if power > 0]
    members, total = len(powers), sum(powers)
    heads = f"two thirds of members ({-(-2 * members // 3)} of {members})"
    weight = f"two thirds of weight ({fmt_weight(-(-2 * total // 3) / MILLI)} of {fmt_weight(total / MILLI)})"
    return f"a decision needs {heads} and {weight}; weight is reputation, between 0.500 and 1.000"


def decision_lines(
    row: DecisionRow,
    of: int,
    names: Names,
    findings: Sequence[FindingRow] | None,
    screen: Screen,
    opinions: Sequence[Opined] = (),
) -> list[Text]:
    """Return one job's decision; without `findings` nothing is said about honesty.

    `opinions`: what models said of the proposal, one line in all.
    """
    title, asks = job_words(row.job)
    lines = _job_heading(f"Job {row.number}/{of}: {title}", asks, screen)
    if row.bids:
        lines += [_part(screen, "📋", "Bids"), *bid_lines(row, names, screen)]
    lines += [_part(screen, "📣", "Proposal", _proposal_words(row, names, screen)), _part(screen, "🤝", "Votes")]
    lines += [*vote_lines(row, names, screen), *_opinion_lines(opinions, names, screen)]
    lines += [_outcome(row, screen), *_answer_lines(row, names, findings, screen)]
    if row.occupancy is not None:
        title = f"Occupancy of {row.cluster} after this award"
        lines += [_part(screen, "📈", title), *occupancy_lines(row.occupancy, screen)]
    return lines


def _opinion_lines(opinions: Sequence[Opined], names: Names, screen: Screen) -> list[Text]:
    """Return how many models would vote so and who would not, on one line."""
    if not opinions:
        return []
    against = sorted(names.get(each.cluster, each.cluster) for each in opinions if each.approves is False)
    agree = sum(each.approves is True for each in opinions)
    words = f"{agree} of {plural(len(opinions), 'model')} would approve"
    but = f", not {', '.join(against)}" if against else ""
    return [cut(Text("  opinions     ", MUTED).append(f"{words}{but}; shown, never counted"), screen.width)]


def _part(screen: Screen, emoji: str, title: str, words: str = "") -> Text:
    line = Text(screen.sign(emoji)).append(title, "bold")
    return cut(line.append(f"  {words}") if words else line, screen.width)


def _job_heading(title: str, asks: Sequence[str], screen: Screen) -> list[Text]:
    """Return the heading, what the job asks for below it where both do not fit."""
    line = heading(screen, "🎯", title, asks)
    if not line.plain.endswith("…"):
        return [line]
    return [heading(screen, "🎯", title), cut(Text("  ").append_text(cell("  ·  ".join(asks))), screen.width)]


def _proposal_words(row: DecisionRow, names: Names, screen: Screen) -> str:
    where = f"height {row.height}, round {row.rounds}"
    if row.proposer is None:
        return where
    called = {} if screen.width >= FULL else names
    winner = None if row.cluster is None else called.get(row.cluster, row.cluster)
    offer = f"{winner} for {plural(row.nodes, 'node')}" if winner else "nobody"
    block = f", block {row.value[:DIGEST_CHARS]}" if row.value else ""
    return f"{called.get(row.proposer, row.proposer)} proposes {offer} at {where}{block}"


def _outcome(row: DecisionRow, screen: Screen) -> Text:
    signs = {"allocated": ("✅", AGREE), "unallocated": ("❌", AGAINST), "undecided": ("❌", AGAINST)}
    emoji, style = signs[row.outcome]
    words = {
        "allocated": f"Placed on {row.cluster}",
        "unallocated": "Not placed, and that is certified",
        "undecided": f"Undecided after {plural(row.rounds, 'round')}",
    }[row.outcome]
    line = Text(screen.sign(emoji)).append(words, f"bold {style}")
    tail: list[str] = [row.how] if row.how not in {"not placed", "no quorum"} else []
    tail += [f"certificate of height {row.height}"] if row.value else []
    for part in tail:
        line.append("  ·  ", MUTED).append(part)
    return line


def _answer_lines(row: DecisionRow, names: Names, findings: Sequence[FindingRow] | None, screen: Screen) -> list[Text]:
    answers = [("why", explain_why(row, names)), ("dissent", explain_dissent(row, names))]
    if findings is not None:
        answers.append(("lying?", explain_honesty(row, findings, names)))
    if row.bids_s is not None and row.votes_s is not None:
        answers.append(("time", timing(row)))
    lines = [line for label, text in answers for line in labelled(label, text, screen)]
    reasons = row.reasons if row.outcome != "allocated" else ()
    return [*lines, *(line for reason in reasons for line in labelled("reason", reason, screen, MUTED))]


class TerminalFace:
    """Prints a run as it happens. Use it as a context manager, or call `close`, so that the live block ends."""

    def __init__(
        self,
        console: Console,
        *,
        emoji: bool,
        quiet: bool,
        show_llm: bool,
        errors: Console | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`quiet`: the summary only; `show_llm`: prompts and replies too; `errors`: where a refusal goes."""
        self._console = console
        self._screen = Screen.of(console, emoji=emoji)
        self._say = sayer(console)
        self._errors = errors or Console(stderr=True)
        self._quiet, self._show_llm = quiet, show_llm
        self._names: Names = {}
        self._exchanges: dict[JobId, list[Exchange]] = {}
        self._told: set[tuple[str, str]] = set()
        self._fault_told = False
        """Whether a driver's line was the last thing told: those of one job stand together."""
        self._board: Board | None = None
        self._live: Live | None = None
        self._now_s, self._began_s = now_s, now_s()

    def __enter__(self) -> "TerminalFace":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the live block away; the printed lines stay."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    # -- before ------------------------------------------------------------------------------------------------

    def header(
        self,
        start: RunStarted,
        federation: FederationRow,
        quorum: str,
        weights: Mapping[ClusterId, float] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Print who takes part and under which rule.

        `weights`: voting powers at the start, if known; `notes`: what was chosen for whoever asked, in sentences.
        """
        self._names = short_names(row.id for row in federation.clusters)
        self._board = Board(self._names, [row.id for row in federation.clusters])
        self._began_s = self._now_s()
        if self._quiet:
            return
        tail = [f"run {start.run}", f"seed {start.seed}", plural(start.jobs, "job")]
        who = f"{provider_words(start)}; answers close after {start.deadline_s:g} s"
        told = [("bidders", who), ("quorum", quorum), *(("note", note) for note in notes)]
        self._tell([heading(self._screen, "", "Quorate", tail)])
        for label, words in told:
            self._tell(labelled(label, words, self._screen))
        title = f"Network {federation.name}, {plural(federation.totals.clusters, 'cluster')}"
        self._tell([Text(), heading(self._screen, "🌐", title)])
        self._tell(network_lines(federation, weights or {}, self._names, self._screen))
        self._tell(labelled("together", totals_words(federation), self._screen))

    # -- while it runs -----------------------------------------------------------------------------------------

    def on_event(self, event: TraceEvent) -> None:
        """Fold one event into the live block; print only a driver's own line, whose place in a run is fixed."""
        if isinstance(event, Opined) or (isinstance(event, Prompted | Replied | Checked) and self._show_llm):
            self._exchanges.setdefault(event.job, []).append(event)
        if self._board is not None:
            self._board.take(event)
        if isinstance(event, FaultActs) and not self._quiet:
            self._tell([*([] if self._fault_told else [Text()]), *_fault_lines(event, self._screen)])
            self._fault_told = True
        elif self._live is None and event.kind == "job_called":
            self._start_live()

    def _start_live(self) -> None:
        if self._quiet or self._board is None or not self._console.is_interactive or self._console.is_dumb_terminal:
            return
        self._live = Live(
            console=self._console,
            get_renderable=self._block,
            refresh_per_second=FRAMES_PER_S,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def _block(self) -> Group:
        assert self._board is not None
        return self._board.render(self._screen, self._now_s() - self._began_s)

    def progress(self, report: RunReport) -> None:
        """Print what `report` holds and was not printed yet: decisions, findings, movements of reputation."""
        self._names = self._names or names_of(report)
        for row in report.decisions:
            if self._first("decision", row.job.id):
                self.decision(row, report.summary.submitted, findings_of(report, row))
            self.findings([found for found in report.findings if found.height <= row.height])
            self.changes([moved for moved in report.reputation_changes if moved.height <= row.height])

    def decision(self, row: DecisionRow, of: int, findings: Sequence[FindingRow] | None = None) -> None:
        """Print one job's decision."""
        exchanges = self._exchanges.pop(row.job.id, [])
        self._fault_told = False
        if self._quiet:
            return
        opinions = [event for event in exchanges if isinstance(event, Opined)]
        self._tell([Text(), *decision_lines(row, of, self._names, findings, self._screen, opinions)])
        if exchanges and self._show_llm:
            title = _part(self._screen, "", f"Prompts and replies of job {row.number}")
            self._tell([title, *exchange_lines(exchanges, self._names, self._screen)])

    def findings(self, rows: Sequence[FindingRow]) -> None:
        """Print each proven contradiction once, with what it cost."""
        for row in rows:
            if self._first("finding", f"{row.height} {row.cluster} {row.class_} {row.what}") and not self._quiet:
                self._tell(_finding_lines(row, self._screen))

    def changes(self, rows: Sequence[ChangeRow]) -> None:
        """Print each other movement of a reputation once; what a finding caused stands with the finding."""
        for row in rows:
            fresh = self._first("change", f"{row.height} {row.cluster} {row.before} {row.after} {row.cause}")
            if fresh and not self._quiet and row.before < row.after:
                self._tell(labelled("reputation", _change_words(row, self._names), self._screen, MUTED))

    # -- after -------------------------------------------------------------------------------------------------

    def final(self, report: RunReport, outputs: Outputs | None = None) -> None:
        """Print how the network stands and the summary; first whatever was not printed yet."""
        self.close()
        self.progress(report)
        self.findings(report.findings)
        if not self._quiet:
            self._tell([Text(), *status_lines(report, self._screen)])
        self._tell([Text(), *summary_lines(report, outputs or Outputs(), self._screen)])

    def error(self, sentence: str) -> None:
        """Print why nothing more happens: one sentence with the thing, the value and the remedy."""
        self.close()
        sayer(self._errors)(Text.assemble(("error: ", f"bold {AGAINST}"), cell(sentence)))

    def _first(self, kind: str, key: str) -> bool:
        """Say whether this is told for the first time, and remember it."""
        fresh = (kind, key) not in self._told
        self._told.add((kind, key))
        return fresh

    def _tell(self, lines: Sequence[Text]) -> None:
        for line in lines:
            self._say(line)


def _fault_lines(event: FaultActs, screen: Screen) -> list[Text]:
    at = f" at {event.job}" if event.job else ""
    head = f"{screen.sign('🚨')}Fault driver {event.driver} acts on {event.cluster}{at}: {event.says}"
    return labelled("fault", head, screen, f"bold {PROVEN}")


def _finding_lines(row: FindingRow, screen: Screen) -> list[Text]:
    style: Style = PROVEN if row.proven else AGAINST
    proof = f"class {row.class_}" if row.proven else row.class_
    words = f"{screen.sign('🔎')}{row.cluster}, {proof}, proven at height {row.height}: {row.what}; {cost_words(row)}"
    return labelled("evidence", words, screen, style)


def _change_words(row: ChangeRow, names: Names) -> str:
    path = f"{fmt_weight(row.before)} → {fmt_weight(row.after)}"
    return f"{names.get(row.cluster, row.cluster)} {path} at height {row.height}: {row.cause}"

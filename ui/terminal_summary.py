"""The end of a run as terminal lines: how the network stands, what was decided, where it can be checked."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from quorate.domain.values import BASIS_POINTS, ClusterId
from quorate.ledger.report import DecisionRow, OccupancyRow, RunReport, StandingRow
from ui.terminal_tables import named, running_words, told_lines
from ui.terminal_text import (
    AGAINST,
    AGREE,
    FULL,
    LABEL_CELLS,
    MIDDLE,
    MUTED,
    PROVEN,
    Cell,
    Column,
    Screen,
    Style,
    cell,
    grid,
    heading,
    labelled,
)
from ui.words import (
    ABSENT,
    Names,
    count,
    dollars,
    duration,
    fmt_weight,
    liars,
    names_of,
    percent,
    plural,
    seconds,
    total_s,
    verdict,
)


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the run left behind, as the door knows it; what is None is not mentioned."""

    ledger: str | None = None
    trace: str | None = None
    report: str | None = None
    verify: str | None = None
    """The command that verifies the ledger."""
    web: str | None = None
    """The command that opens this run in the browser."""


# -- how the network stands ------------------------------------------------------------------------------------

_STATUS = (
    Column("cluster", "text", least=12),
    Column("status", "text", least=9),
    Column("reputation", "number"),
    Column("weight", "number", at=60),
    Column("jobs", "number"),
    Column("background", "number", at=70),
    Column("free", "number"),
    Column("nodes", "number"),
    Column("GPUs with jobs", "number", at=FULL),
)


def status_lines(report: RunReport, screen: Screen) -> list[Text]:
    """Return one line per cluster after the last decision, and the sums; below, what runs where."""
    names = names_of(report)
    rows = [
        _status_cells(cluster, standing, report.occupancy[cluster], names, screen)
        for cluster, standing in report.status_by_cluster.items()
        if cluster in report.occupancy
    ]
    title = f"Network status after the last decision, {duration(report.at_s)} into the run"
    running = [
        (names.get(cluster, cluster), running_words(row), "")
        for cluster, row in report.occupancy.items()
        if row.running
    ]
    table = grid(_STATUS, [*rows, _status_sum(report)], screen)
    return [heading(screen, "🌐", title), *table, *told_lines(running, screen)]


def _status_cells(
    cluster: ClusterId, standing: StandingRow, row: OccupancyRow, names: Names, screen: Screen
) -> list[Cell]:
    style: Style = PROVEN if standing.status == "BYZANTINE" else ""
    return [
        cell(named(cluster, names, screen), style),
        Text(f"{standing.status}{', jailed' if standing.jailed else ''}", f"bold {style}" if style else AGREE),
        Text(fmt_weight(standing.reputation), style),
        Text(fmt_weight(standing.power), style),
        count(row.jobs),
        count(row.background),
        count(row.free),
        count(row.nodes),
        f"{count(row.gpus_jobs)} of {count(row.gpus)}" if row.gpus else ABSENT,
    ]


def _status_sum(report: RunReport) -> list[Cell]:
    rows = list(report.occupancy.values())
    weight = round(sum(standing.power for standing in report.status_by_cluster.values()), 3)
    sums = (
        f"all {len(rows)}",
        "",
        "",
        fmt_weight(weight),
        count(sum(row.jobs for row in rows)),
        count(sum(row.background for row in rows)),
        count(sum(row.free for row in rows)),
        count(sum(row.nodes for row in rows)),
        f"{count(sum(row.gpus_jobs for row in rows))} of {count(sum(row.gpus for row in rows))}",
    )
    return [Text(value, "bold") for value in sums]


# -- what was decided ------------------------------------------------------------------------------------------

_JOBS = (
    Column("job", "number"),
    Column("title", "rest", least=12),
    Column("placed on", "text", least=10),
    Column("nodes", "number"),
    Column("how", "text", at=70, least=9),
    Column("rounds", "number", at=MIDDLE),
    Column("votes", "number"),
    Column("weight", "number", at=FULL),
    Column("ms", "number", at=60),
)
_TIMELESS = _JOBS[:-1]


def summary_lines(report: RunReport, outputs: Outputs, screen: Screen) -> list[Text]:
    """Return the summary: the verdict first, then its figures, then where each can be checked."""
    bad = AGAINST if report.status != "done" or report.summary.allocated < report.summary.submitted else AGREE
    style = PROVEN if liars(report) and bad == AGREE else bad
    return [
        heading(screen, "📊", "Summary"),
        Text("  ").append_text(cell(verdict(report), f"bold {style}")),
        *_job_lines(report, screen),
        *[line for label, text in _figures(report) for line in labelled(label, text, screen)],
        *_output_lines(outputs, screen),
    ]


def _job_lines(report: RunReport, screen: Screen) -> list[Text]:
    if not report.decisions:
        return []
    timed = any(total_s(row) is not None for row in report.decisions)
    names = names_of(report)
    rows = [_job_cells(row, names, screen)[: None if timed else -1] for row in report.decisions]
    return grid(_JOBS if timed else _TIMELESS, rows, screen)


def _job_cells(row: DecisionRow, names: Names, screen: Screen) -> list[Cell]:
    where = named(row.cluster, names, screen) if row.cluster else row.outcome
    took = total_s(row)
    return [
        str(row.number),
        cell(row.job.title),
        cell(where, "" if row.cluster else AGAINST),
        count(row.nodes),
        Text(row.how, {"unanimous": AGREE, "equivocation": PROVEN}.get(row.how, AGAINST)),
        str(row.rounds),
        f"{row.approvals} of {row.members}",
        f"{fmt_weight(row.weight_approving)} of {fmt_weight(row.weight_total)}",
        ABSENT if took is None else count(round(took * 1_000)),
    ]


def _figures(report: RunReport) -> list[tuple[str, str]]:
    """Return the run's figures as (label, sentence); what is not known is left out."""
    s, totals = report.summary, report.federation.totals
    share = f"{percent(s.nodes_allocated, totals.nodes)} of {count(totals.nodes)}"
    lines = [
        ("allocated", f"{s.allocated} of {plural(s.submitted, 'job')}, {count(s.nodes_allocated)} nodes ({share})")
    ]
    lines += [(row.name, f"{row.allocated} of {plural(row.jobs, 'job')} placed") for row in s.scenarios]
    lines.append(("decisions", _decision_words(report)))
    if s.decision_s_median is not None:
        lines.append(("time", f"median {seconds(s.decision_s_median)}, slowest {seconds(s.decision_s_max)} a decision"))
    lines.append(("bids", _bid_words(report)))
    if s.model_calls:
        lines.append(("model", _model_words(report)))
    lines += [("degraded", report.degraded)] if report.degraded else []
    return [*lines, *_standing_words(report), *_after_words(report)]


def _decision_words(report: RunReport) -> str:
    s = report.summary
    figures = ((s.unanimous, "unanimous"), (s.contested, "contested"), (s.re_voted, "re-voted"),
               (s.unallocated, "not placed"), (s.undecided, "without quorum"))  # fmt: skip
    kinds = ", ".join(f"{number} {word}" for number, word in figures if number)
    return f"{kinds or 'none'}; {plural(report.heights, 'certified height')}"


def _bid_words(report: RunReport) -> str:
    s = report.summary
    asked = f"{count(s.eligible)} calls to clusters that could bid, {s.abstentions} without a bid"
    return f"{count(s.rule_bids)} by rule, {count(s.model_bids)} by a model; {asked}"


def _model_words(report: RunReport) -> str:
    s, whole = report.summary, BASIS_POINTS
    share = percent(round(s.fallback_share * whole), whole)
    return (
        f"{plural(s.model_calls, 'call')}, {s.repaired} repaired, tokens ↑ {count(s.tokens_in)} "
        f"↓ {count(s.tokens_out)}, {dollars(s.cost_usd)}; fallback share {share}"
    )


def _standing_words(report: RunReport) -> list[tuple[str, str]]:
    """Return what happened to each reputation that moved while jobs were decided, and how many findings caused it."""
    names = names_of(report)
    words = []
    for cluster, standing in report.status_by_cluster.items():
        moves = [row for row in report.reputation_changes if row.cluster == cluster and row.at_s <= report.at_s]
        if moves and moves[0].before != standing.reputation:
            path = f"{fmt_weight(moves[0].before)} → {fmt_weight(standing.reputation)}"
            words.append(f"{names.get(cluster, cluster)} {path} ({plural(standing.findings, 'finding')})")
    return [("reputation", "; ".join(words))] if words else []


def _after_words(report: RunReport) -> list[tuple[str, str]]:
    s, after = report.summary, report.after
    if not s.jobs_ended:
        return []
    held, names = sum(row.jobs for row in after.occupancy.values()), names_of(report)
    moved = [
        f"{names.get(cluster, cluster)} {fmt_weight(now)}"
        for cluster, now in after.reputation.items()
        if now != report.reputation.get(cluster)
    ]
    trust = f"; reputation then {', '.join(moved)}" if moved else ""
    ended = f"{s.jobs_ended} of {plural(s.allocated, 'job')} ended by {duration(after.at_s)}"
    return [("afterwards", f"{ended}, jobs hold {plural(held, 'node')}{trust}")]


def _output_lines(outputs: Outputs, screen: Screen) -> list[Text]:
    """Return files and commands, uncut: a person copies them."""
    parts: Sequence[tuple[str, str | None]] = (
        ("ledger", outputs.ledger),
        ("trace", outputs.trace),
        ("report", outputs.report),
        ("check it", outputs.verify),
        ("open it", outputs.web),
    )
    return [
        Text("  ")
        .append(f"{label:<{LABEL_CELLS}}", MUTED)
        .append("  ")
        .append_text(cell(value, "bold" if " " in value else ""))
        for label, value in parts
        if value is not None
    ]

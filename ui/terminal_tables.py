"""The tables of a run as terminal lines: the network, bids, votes, occupancy. Numbers come from the report alone."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from quorate.domain.bidding import AbstentionCode
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId
from quorate.ledger.report import BidRow, DecisionRow, FederationRow, OccupancyRow, VoteRow
from ui.terminal_text import (
    AGAINST,
    AGREE,
    FULL,
    LABEL_CELLS,
    MIDDLE,
    MUTED,
    PROVEN,
    SMALL,
    Cell,
    Column,
    Screen,
    Style,
    bar,
    cell,
    filled,
    grid,
    labelled,
)
from ui.words import (
    ABSENT,
    GLYPHS,
    Names,
    count,
    fmt_score,
    fmt_weight,
    minutes,
    ordered_bids,
    percent,
    plural,
    quorum_words,
    seconds,
    was_moved,
)

SCORE_CELLS, WEIGHT_CELLS, NODES_CELLS = 10, 24, 30
"""How wide the bars are."""

RUNNING_MAX = 6
"""More running jobs than this are counted, not named."""


def named(cluster: ClusterId, names: Names, screen: Screen) -> str:
    """Return a cluster's id, its short name where there is no room."""
    return str(cluster) if screen.width >= SMALL else names.get(cluster, str(cluster))


# -- the network -----------------------------------------------------------------------------------------------

_NETWORK = (
    Column("cluster", "text", least=12),
    Column("type", "text", least=4),
    Column("nodes", "number"),
    Column("cores", "number", at=60),
    Column("GiB", "number", at=70),
    Column("GPUs", "number"),
    Column("interconnect, Gb/s", "rest", at=MIDDLE),
    Column("bg", "number", below=MIDDLE),
    Column("background", "number", at=MIDDLE),
    Column("free", "number"),
    Column("weight", "number", at=70),
)


def network_lines(
    federation: FederationRow, weights: Mapping[ClusterId, float], names: Names, screen: Screen
) -> list[Text]:
    """Return one line per cluster and the sums; without `weights` that column stays unknown."""
    rows: list[Sequence[Cell]] = [
        (
            cell(named(row.id, names, screen)),
            row.type,
            count(row.nodes),
            count(row.cores),
            count(row.memory_gib),
            count(row.gpus),
            cell(f"{row.interconnect}, {row.link_gbps}"),
            count(row.background),
            f"{count(row.background)} ({percent(row.background, row.nodes)})",
            count(row.nodes - row.background),
            fmt_weight(weights.get(row.id)),
        )
        for row in federation.clusters
    ]
    return grid(_NETWORK, [*rows, _network_sum(federation, weights)], screen)


def _network_sum(federation: FederationRow, weights: Mapping[ClusterId, float]) -> list[Cell]:
    totals = federation.totals
    sums = (
        f"all {totals.clusters}",
        "",
        count(totals.nodes),
        count(totals.cores),
        count(totals.memory_gib),
        count(totals.gpus),
        "",
        count(totals.background),
        f"{count(totals.background)} ({percent(totals.background, totals.nodes)})",
        count(totals.nodes - totals.background),
        fmt_weight(sum(weights.values()) if weights else None),
    )
    return [Text(value, "bold") for value in sums]


def totals_words(federation: FederationRow) -> str:
    """Return the sums in a sentence, memory in both units by name."""
    t = federation.totals
    memory = f"{count(t.memory_tib)} TiB ({count(t.memory_tb)} TB) of memory"
    load = f"background load holds {plural(t.background, 'node')} ({percent(t.background, t.nodes)})"
    return f"{count(t.nodes)} nodes, {count(t.cores)} cores, {memory}, {count(t.gpus)} GPUs; {load}"


# -- a job and its bids ----------------------------------------------------------------------------------------


def job_words(job: Job) -> tuple[str, list[str]]:
    """Return a job's title with its application, and what it asks for."""
    title = f"{job.title} ({job.application})" if job.application else job.title
    per_node = [
        part
        for part, asked in (
            (plural(job.gpus_per_node, "GPU"), job.gpus_per_node),
            (f"{count(job.memory_gib_per_node)} GiB", job.memory_gib_per_node),
        )
        if asked
    ]
    needs = [f"{' and '.join(per_node)} a node"] if per_node else []
    return title, [job.type, f"{plural(job.nodes, 'node')} × {minutes(job.walltime_s)}", *needs]


_BIDS = (
    Column("cluster", "text", least=12),
    Column("bid", "number"),
    Column("×rep", "number"),
    Column("=score", "number"),
    Column("", "text", at=MIDDLE, least=SCORE_CELLS),
    Column("free", "number"),
    Column("backgr.", "number", at=60),
    Column("answer", "text", at=70, least=8),
)


def bid_lines(decision: DecisionRow, names: Names, screen: Screen) -> list[Text]:
    """Return the bidding table, best first; below it why each bid is as it is, missing or void, in whole sentences."""
    bids = ordered_bids(decision)
    lines = grid(_BIDS, [_bid_cells(bid, decision, names, screen) for bid in bids], screen)
    said = [(names.get(bid.cluster, bid.cluster), _why(bid), _bid_style(bid, decision)) for bid in bids if _why(bid)]
    return [*lines, *told_lines(said, screen)]


def told_lines(said: Sequence[tuple[str, str, Style]], screen: Screen) -> list[Text]:
    """Return sentences (a short name, its sentence, the name's style) below a table, continued below themselves."""
    columns = (Column("", "text", least=4), Column("", "rest"))
    rows = [(Text(f"  {name}", style), cell(words, MUTED)) for name, words, style in said]
    return grid(columns, rows, screen, wrap=True) if rows else []


def _bid_style(bid: BidRow, decision: DecisionRow) -> Style:
    if bid.void:
        return PROVEN
    if bid.cluster == decision.cluster:
        return f"bold {AGREE}"
    return MUTED if bid.score is None else ""


def _bid_cells(bid: BidRow, decision: DecisionRow, names: Names, screen: Screen) -> list[Cell]:
    style = _bid_style(bid, decision)
    values = (
        named(bid.cluster, names, screen),
        fmt_score(bid.score),
        fmt_weight(bid.reputation),
        "void" if bid.void else fmt_score(bid.weighted),
    )
    return [
        *(Text(value, style) for value in values),
        score_bar(bid, style),
        Text(count(bid.nodes_free), style),
        Text(count(bid.nodes_background), style),
        Text(_answer(bid), style),
    ]


def score_bar(bid: BidRow, style: Style) -> Text:
    """Return a bid as a bar: solid what counts, dotted what reputation or the facts took of it."""
    whole = filled(bid.score or 0, 1, SCORE_CELLS)
    counts = min(whole, filled(bid.weighted or 0, 1, SCORE_CELLS))
    return bar([(counts, "█", style or MUTED), (whole - counts, "░", style or MUTED)], SCORE_CELLS)


def _answer(bid: BidRow) -> str:
    """Say who answered and how fast; a time that was not kept is left out."""
    if bid.abstained in AbstentionCode.FACTS:
        return "not asked"
    if bid.abstained is not None:
        return bid.abstained.replace("_", " ")
    who = "rule" if bid.author == "rule" else "repaired" if bid.effort.repaired else "model"
    return who if bid.effort.latency_ms is None else f"{who} {seconds(bid.effort.latency_ms / 1_000)}"


def _why(bid: BidRow) -> str:
    """Say why: void bids first what the facts say, abstentions their sentence, bids their reasoning.

    A bid that rivals' opinions moved says so first.
    """
    if bid.void:
        return f"does not count: {'; '.join(bid.void)}"
    if bid.abstained is not None:
        return bid.detail
    return f"opinions moved it to {fmt_score(bid.assessed)}; {bid.reasoning}" if was_moved(bid) else bid.reasoning


# -- votes -----------------------------------------------------------------------------------------------------

_VOTES = (
    Column("member", "text", least=6),
    Column("weight", "number"),
    Column("vote", "text", least=20),
    Column("grounds", "rest"),
)

_VOTE_STYLES: dict[str, Style] = {"approve": AGREE, "skip": AGAINST, "none": MUTED, "equivocated": PROVEN}


def vote_lines(decision: DecisionRow, names: Names, screen: Screen) -> list[Text]:
    """Return every member's vote in the last round with its grounds, then how far both kinds of vote went."""
    rows = [_vote_cells(row, decision, names, screen) for row in decision.votes]
    return [*grid(_VOTES, rows, screen, wrap=True), *_tally_lines(decision, screen)]


def _vote_cells(row: VoteRow, decision: DecisionRow, names: Names, screen: Screen) -> list[Cell]:
    mark = f" {GLYPHS['proposer']}" if row.cluster == decision.proposer else ""
    weight = Text(fmt_weight(row.power))
    style = _VOTE_STYLES[row.vote]
    member = row.cluster if screen.width >= FULL else names.get(row.cluster, row.cluster)  # grounds need the room
    return [cell(member + mark), weight, Text(vote_words(row), style), cell(row.grounds)]


def vote_words(row: VoteRow) -> str:
    """Return a vote in our words: `✓ approve, ✓ finalize`, `✕ skip`, `– no vote`, `≠ equivocated`."""
    word = "no vote" if row.vote == "none" else row.vote
    words = f"{GLYPHS[word]} {word}"
    return f"{words}, {GLYPHS['finalize']} finalize" if row.finalizes else words


def _tally_lines(decision: DecisionRow, screen: Screen) -> list[Text]:
    """Foot both kinds of vote: by heads and by weight."""
    finals = [row for row in decision.votes if row.finalizes and row.power > 0]
    weight = round(sum(row.power for row in finals), 3)
    reached = (
        f"{len(finals)} of {decision.members} votes, weight {fmt_weight(weight)} of "
        f"{fmt_weight(decision.weight_total)}, needs {fmt_weight(decision.weight_needed)}"
    )
    parts = (
        ("approve", decision.weight_approving, quorum_words(decision)),
        ("finalize", weight, reached),
    )
    columns = (Column("", "text"), Column("", "text", at=MIDDLE, least=WEIGHT_CELLS), Column("", "rest"))
    rows = [
        (Text(f"{name:<{LABEL_CELLS}}", MUTED), weight_bar(part, decision), Text(words)) for name, part, words in parts
    ]
    return grid(columns, rows, screen)


def weight_bar(part: float, decision: DecisionRow) -> Text:
    """Return weight as a bar of the total with a mark where two thirds are."""
    cells = filled(part, decision.weight_total, WEIGHT_CELLS)
    style = AGREE if part >= decision.weight_needed else AGAINST
    line = bar([(cells, "█", style)], WEIGHT_CELLS)
    mark = min(WEIGHT_CELLS - 1, filled(decision.weight_needed, decision.weight_total, WEIGHT_CELLS))
    return Text.assemble(line[:mark], ("┊", "bold"), line[mark:]) if decision.weight_total else line


# -- occupancy -------------------------------------------------------------------------------------------------


def occupancy_lines(row: OccupancyRow, screen: Screen) -> list[Text]:
    """Return what is taken of one cluster in three separate parts, with the jobs that run there."""
    taken = row.jobs + row.background
    jobs, background = _occupied_cells(row)
    parts = (
        ("jobs", row.jobs, [(jobs, "█", AGREE)], running_words(row)),
        ("background", row.background, [(jobs, " ", ""), (background, "▒", MUTED)], "as declared"),
        ("total", taken, [(jobs, "█", AGREE), (background, "▒", MUTED)], f"{count(row.free)} free"),
    )
    columns = (
        Column("", "text", least=LABEL_CELLS), Column("", "text", at=MIDDLE, least=NODES_CELLS + 2),
        Column("", "number"), Column("", "number"), Column("", "rest"),
    )  # fmt: skip
    rows = [
        (
            Text(f"{name:<{LABEL_CELLS}}", MUTED),
            bar(cells, NODES_CELLS, frame=True),
            f"{count(nodes)} of {count(row.nodes)} nodes",
            percent(nodes, row.nodes),
            cell(words, MUTED),
        )
        for name, nodes, cells, words in parts
    ]
    return [*grid(columns, rows, screen, wrap=True), *_gpu_lines(row, screen)]


def _occupied_cells(row: OccupancyRow) -> tuple[int, int]:
    """Return the cells of jobs and of background; neither hides the other."""
    jobs = min(filled(row.jobs, row.nodes, NODES_CELLS), NODES_CELLS - (row.background > 0))
    both = filled(row.jobs + row.background, row.nodes, NODES_CELLS)
    return jobs, max(both - jobs, int(row.background > 0))


def _gpu_lines(row: OccupancyRow, screen: Screen) -> list[Text]:
    if not row.gpus:
        return []
    words = (
        f"{count(row.gpus_jobs)} with jobs + {count(row.gpus_background)} with background "
        f"of {count(row.gpus)}, {count(row.gpus_free)} free"
    )
    return labelled("GPUs", words, screen)


def running_words(row: OccupancyRow) -> str:
    """Return the running jobs with their nodes, the first few by name, or that there are none."""
    shown = [f"{job} ({count(nodes)})" for job, nodes in row.running[:RUNNING_MAX]]
    more = len(row.running) - len(shown)
    return ", ".join([*shown, *([f"{count(more)} more"] if more else [])]) or ABSENT

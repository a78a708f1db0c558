"""The words and numbers that terminal and browser share, so that both say the same to the byte.

Every function is pure: it formats what a `RunReport` holds and computes nothing of its own. Numbers are rounded half up
from the integers they came from (basis points, milli-units, milliseconds), because a float's own rounding depends on
its last bit.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from quorate.domain.trace import RunStarted
from quorate.domain.values import BASIS_POINTS, MILLI, ClusterId
from quorate.ledger.report import BidRow, DecisionRow, FindingRow, How, RunReport, VoteRow

Names = Mapping[ClusterId, str]
"""What to call each cluster on a screen."""

ABSENT = "–"
"""Shown where there is no number: unknown is not zero."""

OVERCLAIM = 0.2
"""A bid this far above the rule's score is worth a remark; it is no proof of anything."""

QUOTE_CHARS_MAX = 160
"""Longest quotation in a sentence; the full text stands in the trace."""

GLYPHS: dict[str, str] = {
    "approve": "✓",
    "finalize": "✓",
    "skip": "✕",
    "no vote": "–",
    "equivocated": "≠",
    "proposer": "◆",
}
"""One sign per kind of vote; the second channel beside colour."""

HOW_WORDS: dict[How, str] = {
    "unanimous": "everybody approved in the first round, and every bid stood",
    "contested": "somebody skipped, stayed silent, or signed a bid that does not count",
    "re-voted": "the first round found no quorum; a later one did",
    "equivocation": "somebody signed two different votes in one round",
    "no quorum": "no round found two thirds",
    "not placed": "the committee agreed that no cluster can run it",
}

_NUMBERED = re.compile(r"^(?:.*_)?([A-Za-z])[A-Za-z]*_(\d+)$")


# -- numbers ---------------------------------------------------------------------------------------------------


def _half_up(value: float, unit: int, per: int) -> int:
    """Return `value` counted in 1/per, rounded half up from its exact count in 1/unit (unit a multiple of per)."""
    exact, step = round(value * unit), unit // per
    return (exact + step // 2) // step if exact >= 0 else -((-exact + step // 2) // step)


def fmt_score(score: float | None) -> str:
    """Return a score 0..1 with two decimals.

    >>> fmt_score(0.885), fmt_score(1.0), fmt_score(None)
    ('0.89', '1.00', '–')
    """
    return ABSENT if score is None else f"{_half_up(score, BASIS_POINTS, 100) / 100:.2f}"


def fmt_difference(difference: float) -> str:
    """Return a difference of scores with its sign.

    >>> fmt_difference(0.1), fmt_difference(-0.034), fmt_difference(0.0)
    ('+0.10', '−0.03', '0.00')
    """
    hundredths = _half_up(abs(difference), BASIS_POINTS, 100)
    return ("" if hundredths == 0 else "+" if difference > 0 else "−") + f"{hundredths / 100:.2f}"


def fmt_weight(weight: float | None) -> str:
    """Return a reputation or a voting weight with three decimals: milli-units are exact.

    >>> fmt_weight(0.6), fmt_weight(5.6)
    ('0.600', '5.600')
    """
    return ABSENT if weight is None else f"{round(weight * MILLI) / MILLI:.3f}"


def percent(part: int, whole: int) -> str:
    """Return a share with one decimal, from the integers shown beside it.

    >>> percent(35, 200), percent(338, 1993), percent(0, 0)
    ('17.5 %', '17.0 %', '–')
    """
    if whole == 0:
        return ABSENT
    tenths = (2_000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


def count(number: int | None) -> str:
    """Return a whole number with thousands separated; unknown is not zero.

    >>> count(1082), count(None)
    ('1,082', '–')
    """
    return ABSENT if number is None else f"{number:,}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> plural(1, "round"), plural(2, "round"), plural(3, "fall back", "fell back")
    ('1 round', '2 rounds', '3 fell back')
    """
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def minutes(walltime_s: int) -> str:
    """Return a walltime in minutes, as files and faces give it.

    >>> minutes(32_400), minutes(90)
    ('540 min', '1.5 min')
    """
    return f"{walltime_s // 60} min" if walltime_s % 60 == 0 else f"{walltime_s / 60:.1f} min"


def duration(seconds_: int) -> str:
    """Return ledger time in hours and minutes.

    >>> duration(24_000), duration(0), duration(59), duration(90_000)
    ('6 h 40 min', '0 min', '59 s', '25 h')
    """
    if 0 < seconds_ < 60:
        return f"{seconds_} s"
    hours, rest = divmod(seconds_ // 60, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


def seconds(value: float | None) -> str:
    """Return wall-clock time: milliseconds below one second, else two decimals.

    >>> seconds(0.122), seconds(1.6), seconds(None)
    ('122 ms', '1.60 s', '–')
    """
    if value is None:
        return ABSENT
    return f"{round(value * 1_000)} ms" if value < 1 else f"{_half_up(value, 1_000, 100) / 100:.2f} s"


def dollars(cost_usd: float | None) -> str:
    """Return a cost; unknown is not zero.

    >>> dollars(0.0123), dollars(None)
    ('$0.0123', 'cost unknown')
    """
    return "cost unknown" if cost_usd is None else f"${cost_usd:.4f}"


# -- names -----------------------------------------------------------------------------------------------------


def short_names(ids: Iterable[ClusterId]) -> dict[ClusterId, str]:
    """Return a short name for each id, the id itself where shortening would make two alike.

    >>> short_names([ClusterId("HPC_RESOURCE_00"), ClusterId("leonardo")])
    {'HPC_RESOURCE_00': 'R00', 'leonardo': 'leonardo'}
    """
    names = {name: _short(name) for name in ids}
    used = list(names.values())
    return {name: short if used.count(short) == 1 else str(name) for name, short in names.items()}


def _short(name: ClusterId) -> str:
    match = _NUMBERED.match(name)
    return f"{match[1].upper()}{match[2]}" if match else str(name)


def names_of(report: RunReport) -> dict[ClusterId, str]:
    """Return the short names of a run's clusters."""
    return short_names(row.id for row in report.federation.clusters)


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    >>> listed(["R00"]), listed(["R00", "R01", "R02"])
    ('R00', 'R00, R01 and R02')
    """
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def quoted(text: str) -> str:
    """Return foreign text as a quotation of bounded length, on one line."""
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= QUOTE_CHARS_MAX else f"“{line[: QUOTE_CHARS_MAX - 1]}…”"


# -- a decision ------------------------------------------------------------------------------------------------


def quorum_words(decision: DecisionRow) -> str:
    """Return how far the approving votes went, by heads and by weight.

    The form is `4 of 6 votes, weight 4.000 of 5.600, needs 3.734`.
    """
    return (
        f"{decision.approvals} of {decision.members} votes, weight {fmt_weight(decision.weight_approving)} "
        f"of {fmt_weight(decision.weight_total)}, needs {fmt_weight(decision.weight_needed)}"
    )


def total_s(decision: DecisionRow) -> float | None:
    """Return bids and votes together, s; None where times were left out."""
    if decision.bids_s is None or decision.votes_s is None:
        return None
    return decision.bids_s + decision.votes_s


def timing(decision: DecisionRow) -> str:
    """Return `bids 970 ms + votes 630 ms = 1,600 ms`: one unit, so that the sum can be checked by eye."""
    if decision.bids_s is None or decision.votes_s is None:
        return "times left out"
    bids, votes = round(decision.bids_s * 1_000), round(decision.votes_s * 1_000)
    return f"bids {bids:,} ms + votes {votes:,} ms = {bids + votes:,} ms"


def decision_title(decision: DecisionRow, names: Names, types: Names | None = None) -> str:
    """Return the verdict on one job: `Fusion Plasma → R03 hybrid`, or what became of it instead."""
    title = decision.job.title
    if decision.cluster is not None:
        kind = f" {types[decision.cluster]}" if types and decision.cluster in types else ""
        return f"{title} → {names.get(decision.cluster, decision.cluster)}{kind}"
    return f"{title}: {'no quorum' if decision.outcome == 'undecided' else 'not placed'}"


def bid_of(decision: DecisionRow, cluster: ClusterId | None) -> BidRow | None:
    """Return one cluster's answer, if it has one."""
    return next((bid for bid in decision.bids if bid.cluster == cluster), None)


def ordered_bids(decision: DecisionRow) -> list[BidRow]:
    """Return answers best first: in the ledger's ranking, then void bids, then abstentions."""
    place = {cluster: index for index, cluster in enumerate(decision.ranking)}
    last = len(place)
    return sorted(decision.bids, key=lambda bid: (place.get(bid.cluster, last), bid.score is None, bid.cluster))


def explain_why(decision: DecisionRow, names: Names) -> str:
    """Answer why the job went where it went, in at most two sentences."""
    if decision.outcome == "undecided":
        return f"Nobody: {plural(decision.rounds, 'round')} found no quorum. {_capital(quorum_words(decision))}."
    if decision.cluster is None:
        return f"No cluster can take it. {_reasons(decision, names)}"
    return f"{_margin(decision, names)}{_shadow(decision, names)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _reasons(decision: DecisionRow, names: Names) -> str:
    shown = [_renamed(reason, names) for reason in decision.reasons[:2]]
    more = len(decision.reasons) - len(shown)
    return "; ".join(shown) + (f"; and {more} more." if more > 0 else "." if shown else "")


def _renamed(reason: str, names: Names) -> str:
    head, colon, rest = reason.partition(": ")
    return f"{names.get(ClusterId(head), head)}{colon}{rest}"


def _margin(decision: DecisionRow, names: Names) -> str:
    best = bid_of(decision, decision.cluster)
    if best is None:
        return "The ledger names it."
    heard = f" after its rivals' opinions {fmt_score(best.assessed)}" if was_moved(best) else ""
    bid = f"Bid {fmt_score(best.score)}{heard}"
    terms = f"{bid} × reputation {fmt_weight(best.reputation)} = {fmt_score(best.weighted)}"
    second = bid_of(decision, decision.ranking[1]) if len(decision.ranking) > 1 else None
    if second is None or best.weighted is None or second.weighted is None:
        return f"{terms}, the only bid that counts."
    ahead = best.weighted - second.weighted
    who = names.get(second.cluster, second.cluster)
    if ahead == 0:
        return f"{terms}, level with {who}; the draw decided."
    lead = fmt_score(ahead) if ahead >= 0.005 else f"{ahead:.4f}"
    return f"{terms}, {lead} ahead of {who}."


def was_moved(bid: BidRow) -> bool:
    """Say whether rivals' opinions moved a bid."""
    return bid.assessed is not None and bid.assessed != bid.score


def _shadow(decision: DecisionRow, names: Names) -> str:
    """Name the bid that would have looked better: void, or cut by reputation."""
    best = bid_of(decision, decision.cluster)
    for bid in decision.bids:
        if bid.score is None or bid.cluster == decision.cluster:
            continue
        who = names.get(bid.cluster, bid.cluster)
        if bid.void:
            return f" {who} claimed {fmt_score(bid.score)}; it does not count."
        if best and best.score is not None and bid.score > best.score and bid.weighted is not None:
            cause = "opinions and reputation leave" if was_moved(bid) else "its reputation leaves"
            return f" {who} bid {fmt_score(bid.score)}; {cause} {fmt_score(bid.weighted)}."
    return f" It waited: called {decision.calls} times." if decision.calls > 1 else ""


def explain_dissent(decision: DecisionRow, names: Names) -> str:
    """Answer who did not agree, with the reason given."""
    voting = [row for row in decision.votes if row.power > 0]
    against = [row for row in voting if not row.approves]
    void = [bid for bid in decision.bids if bid.void]
    rounds = f"Round {decision.rounds} decided; before it, no quorum. " if decision.rounds > 1 else ""
    if decision.outcome == "undecided":
        rounds = ""
    if not against and void:
        who = listed([names.get(bid.cluster, bid.cluster) for bid in void])
        agreed = f"{decision.approvals} of {decision.members} approved"
        return f"{rounds}No vote against: {agreed}. {who} lost a bid to the facts."
    if not against:
        return f"{rounds}Nobody: {decision.approvals} of {decision.members} approved."
    said = [_dissent(row, names) for row in against[:2]]
    more = f" And {len(against) - 2} more." if len(against) > 2 else ""
    return f"{rounds}{' '.join(said)}{more}"


def _dissent(row: VoteRow, names: Names) -> str:
    who = names.get(row.cluster, row.cluster)
    if row.vote == "equivocated":
        return f"{who} signed two different votes."
    if row.vote == "none":
        return f"{who}: no vote before the decision."
    return f"{who} skipped: {quoted(row.grounds)}." if row.grounds else f"{who} skipped."


def findings_of(report: RunReport, decision: DecisionRow) -> tuple[FindingRow, ...]:
    """Return the findings that belong to one decision.

    Those about its job, and those about no job that were proven after the decision before it and up to its own height.
    """
    before = max((row.height for row in report.decisions if row.height < decision.height), default=0)
    return tuple(
        f
        for f in report.findings
        if f.job == decision.job.id or (f.job is None and before < f.height <= decision.height)
    )


def cost_words(finding: FindingRow) -> str:
    """Return what a finding cost: a contradiction of two signatures ends the vote, one against facts costs trust."""
    if finding.class_ == "A":
        return "jailed, its vote counts no more"
    return f"reputation {fmt_weight(finding.before)} → {fmt_weight(finding.after)}"


def explain_honesty(decision: DecisionRow, findings: Sequence[FindingRow], names: Names) -> str:
    """Answer whether somebody lied. Never `yes` without a signed statement that contradicts another or the facts.

    `findings`: those of this decision, as `findings_of` gives them.
    """
    here = [f for f in findings if f.job == decision.job.id or (f.job is None and f.height <= decision.height)]
    proven = [f for f in here if f.proven]
    if proven:
        first = proven[0]
        who = names.get(first.cluster, first.cluster)
        more = f" And {len(proven) - 1} more." if len(proven) > 1 else ""
        return f"Yes. {who}: {first.what}; {cost_words(first)}.{more}"
    if any(row.vote == "equivocated" for row in decision.votes):
        return "Two different votes were seen; the ledger does not hold both yet."
    return f"No. Nothing signed here contradicts the facts.{_suspicion(decision, names)}"


def _suspicion(decision: DecisionRow, names: Names) -> str:
    high = [b for b in decision.bids if b.score is not None and b.rule is not None and b.score > b.rule + OVERCLAIM]
    repaired = sum(bid.effort.repaired for bid in decision.bids)
    if high:
        who = names.get(high[0].cluster, high[0].cluster)
        return f" {who} bid {fmt_score((high[0].score or 0) - (high[0].rule or 0))} above the rule: high, but allowed."
    if repaired:
        return f" {plural(repaired, 'answer')} had to be repaired: wrong, not dishonest."
    silent = [bid for bid in decision.bids if bid.abstained is not None and bid.rule is not None]
    return f" {plural(len(silent), 'cluster')} gave no answer: silent, not dishonest." if silent else ""


# -- a run -----------------------------------------------------------------------------------------------------


def liars(report: RunReport) -> list[ClusterId]:
    """Return clusters against which the ledger holds a signed contradiction, in the order found."""
    return list(dict.fromkeys(f.cluster for f in report.findings if f.proven))


def verdict(report: RunReport) -> str:
    """Return the run in one sentence: what a person reads first."""
    s, decided = report.summary, len(report.decisions)
    if report.status == "cancelled":
        return f"Run cancelled after {count(decided)} of {plural(s.submitted, 'job')}"
    if report.status == "failed":
        return f"Run failed after {count(decided)} of {plural(s.submitted, 'job')}: {report.detail}"
    if report.status == "running":
        return f"Running: {count(decided)} of {plural(s.submitted, 'job')} decided"
    return f"{count(s.allocated)} of {plural(s.submitted, 'job')} placed; {_remark(report)}"


def _remark(report: RunReport) -> str:
    caught, s = liars(report), report.summary
    if caught:
        return f"{'one agent' if len(caught) == 1 else f'{len(caught)} agents'} caught lying"
    for row in report.decisions:
        if row.outcome == "undecided":
            return f"job {row.number} found no quorum in {plural(row.rounds, 'round')}"
    if s.unallocated:
        return f"{plural(s.unallocated, 'job')} fit no cluster" if s.unallocated > 1 else "1 job fits no cluster"
    if s.contested or s.re_voted:
        return ", ".join(_disputes(report))
    return "all unanimous" if report.decisions else "nothing to decide"


def provider_words(report: RunReport | RunStarted) -> str:
    """Return who bids: a model by name, or the rule."""
    if report.profile == "rule":
        return "Bids by rule: no model chosen"
    return f"{report.provider} · {report.model}" if report.model else report.provider


def tiles(report: RunReport) -> tuple[tuple[str, str, str], ...]:
    """Return the five figures of a run as (label, value, second line)."""
    s, totals = report.summary, report.federation.totals
    waiting = s.submitted - s.allocated - s.unallocated - s.undecided
    share = f"{percent(s.nodes_allocated, totals.nodes)} of {count(totals.nodes)}"
    return (
        ("Placed", f"{count(s.allocated)} of {count(s.submitted)}", f"{count(waiting)} waiting"),
        ("Nodes allocated", count(s.nodes_allocated), share),
        ("Unanimous", f"{count(s.unanimous)} of {count(len(report.decisions))}", _disputed(report)),
        ("Median decision", seconds(s.decision_s_median), f"slowest {seconds(s.decision_s_max)}"),
        ("Model answers", count(s.model_bids), _model_words(report)),
    )  # fmt: skip


def _disputed(report: RunReport) -> str:
    return " · ".join(_disputes(report)) or "none contested"


def _disputes(report: RunReport) -> list[str]:
    s = report.summary
    return [f"{count(n)} {word}" for n, word in ((s.contested, "contested"), (s.re_voted, "re-voted")) if n]


def _model_words(report: RunReport) -> str:
    s = report.summary
    if report.profile == "rule":
        return f"{count(s.rule_bids)} bids by rule"
    tokens = None if s.tokens_in is None or s.tokens_out is None else s.tokens_in + s.tokens_out
    spent = "tokens unknown" if tokens is None else f"{count(tokens)} tokens"
    return f"{count(s.repaired)} repaired · {count(s.abstentions)} silent · {spent} · {dollars(s.cost_usd)}"

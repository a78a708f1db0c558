"""The Evals page: figures with their intervals, a comparison with its verdicts, one sample with what was judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.rendering import bid_inputs
from evals.answered import Record
from evals.bench import with_example
from evals.compare import Compared, compare, overall
from evals.forms import in_form
from evals.metrics import lines
from evals.results import Result
from evals.runs import Finished
from evals.scorers import measure
from evals.show import number, spread, title
from prompts import load
from quorate.domain.errors import PromptError
from ui.words import ABSENT, count, plural


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One metric of one run."""

    metric: str
    says: str
    shown: str
    """Mean with its 95 % interval."""
    groups: int
    goal: str
    missed: bool


def figure_rows(run: Finished) -> list[FigureRow]:
    """Return a run's figures, primary ones in their order first."""
    found = lines(measure(run.records), run.manifest.seed)
    found.sort(key=lambda line: not line.metric.primary)
    return [
        FigureRow(line.metric.name, line.metric.says, spread(line.found), line.found.groups,
                  _goal(line.metric.goal, line.metric.better), line.missed)
        for line in found
    ]  # fmt: skip


def _goal(goal: float | None, better: str) -> str:
    return "" if goal is None else f"{'≥' if better == 'more' else '≤'} {number(goal)}"


def evals_title(run: Finished) -> str:
    """Return a run's verdict: how many goals it misses beyond doubt."""
    missed = sum(row.missed for row in figure_rows(run))
    judged = sum(bool(row.goal) for row in figure_rows(run))
    if not missed:
        return f"No goal missed beyond doubt, of {judged}"
    return f"{missed} of {plural(judged, 'goal')} missed beyond doubt"


def run_words(run: Finished) -> str:
    """Return what a run is, in one line."""
    return title(run)


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One metric of two runs."""

    metric: str
    primary: bool
    a: str
    b: str
    difference: str
    verdict: str
    needed: str
    """Groups that would settle what is undecided."""


def compared(a: Finished, b: Finished) -> tuple[str, list[ComparedRow]]:
    """Return one word over all, and the comparison metric by metric."""
    found = compare(measure(a.records), measure(b.records))
    return overall(found), [_compared_row(one) for one in found]


def _compared_row(one: Compared) -> ComparedRow:
    needed = count(one.needed) if one.verdict == "undecided" and one.needed is not None else ""
    return ComparedRow(one.metric.name, one.metric.primary, number(one.a), number(one.b), spread(one.difference),
                       one.verdict, needed)  # fmt: skip


def kept_rows(kept: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return kept results, newest first: id, profile, model, prompt, set, answers, tokens, cost, commit."""
    return [
        (
            one.id,
            one.profile,
            ", ".join(one.models) or ABSENT,
            f"{one.prompt.id} v{one.prompt.version}" if one.prompt else ABSENT,
            f"{one.set} ({one.split})",
            count(one.answers),
            count(one.tokens),
            ABSENT if one.cost_usd is None else f"${one.cost_usd:.4f}",
            one.commit,
        )
        for one in reversed(kept)
    ]


def sample_label(record: Record) -> str:
    """Return what a sample is called in a list."""
    return f"{record.sample.id} · {record.sample.family} · epoch {record.epoch}"


def judged(record: Record) -> list[tuple[str, str]]:
    """Return (metric, value) of everything that one answer alone is judged by."""
    found = measure([record])
    return [(name, number(next(iter(groups.values()))[0])) for name, groups in found.items() if groups]


@dataclass(frozen=True, slots=True)
class Question:
    """What one sample's model was asked, as far as it can be shown."""

    text: str | None
    """None if nobody was asked in words, or the text is not here."""
    says: str
    """Where the text comes from, or why there is none."""


def question(run: Finished, record: Record) -> Question:
    """Return a sample's question. A run keeps the hash of what it asked, so the text is rendered again and compared."""
    ref = run.manifest.prompt
    if ref is None:
        return Question(None, "Nobody was asked in words: the rule answered.")
    text = run.manifest.draft or f"{ref.id}/{ref.version}"
    name = text + ("" if run.manifest.form == "released" else f" in the form {run.manifest.form}")
    try:
        prompt = in_form(load(ref.id, ref.version), run.manifest.form)
    except PromptError as error:
        return Question(None, f"It was asked with {name}, which is not here: {error}.")
    if prompt.ref.sha256 != ref.sha256:
        return Question(None, f"It was asked with another text than {name} is here (hash {ref.sha256[:12]}).")
    if record.sample.example_bp is not None:
        prompt = with_example(prompt, record.sample.example_bp)
    system, user = prompt.render(bid_inputs(record.sample.job, record.sample.snapshot))
    says = f"Rendered again from {name}; its hash is the one that the run kept. Made at commit {run.manifest.commit}."
    return Question(f"[system]\n{system}\n\n[user]\n{user}", says)

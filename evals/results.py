"""Results that are kept: a line per run in `evals/results/runs.jsonl`, appended, never edited; and a table of them."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field

from evals.files import read_lines
from evals.gate import EXEMPT
from evals.metrics import PRIMARY, interval, metric
from evals.runs import Finished
from evals.scorers import measure
from evals.show import number
from quorate.domain.bidding import PromptRef
from quorate.domain.errors import RequestInvalid
from quorate.domain.values import Value

RESULTS = Path(__file__).parent / "results" / "runs.jsonl"

BEGIN, END = "<!-- generated: evals -->", "<!-- end -->"
"""Between these two lines of a document stands the table."""

NOT_MEASURED = "not measured"


class Figure(Value):
    """One metric of a kept run."""

    metric: str
    estimate: float
    low: float
    high: float
    groups: int


class Result(Value):
    """One kept run."""

    schema_: str = Field(default="quorate.evals.result/1", alias="schema")
    id: str
    ended: str
    commit: str
    profile: str
    provider: str
    model: str | None
    models: tuple[str, ...]
    """The fingerprint: models as their provider named them in its answers."""
    prompt: PromptRef | None
    set: str
    split: str
    seed: int
    epochs: int
    dataset: str
    answers: int
    missing: int
    tokens: int | None
    """All tokens; None if any answer's are unknown."""
    cost_usd: float | None
    """None if unknown."""
    packages: dict[str, str]
    figures: tuple[Figure, ...]


def _sum(values: Iterable[int | None]) -> int | None:
    found = list(values)
    return None if None in found else sum(value for value in found if value is not None)


def result(run: Finished) -> Result:
    """Return what is kept of a run."""
    manifest, measured = run.manifest, measure(run.records)
    asked = [record.answer.effort for record in run.records if record.asked]
    figures = []
    for name in measured:
        found = interval(measured[name], metric(name), manifest.seed)
        if math.isfinite(found.low) and math.isfinite(found.high):  # an interval that is none is not kept
            figures.append(
                Figure(metric=name, estimate=found.estimate, low=found.low, high=found.high, groups=found.groups)
            )
    tokens_in, tokens_out = _sum(e.tokens_in for e in asked), _sum(e.tokens_out for e in asked)
    cost = _sum(e.cost_usd_micro for e in asked)
    return Result(
        schema="quorate.evals.result/1",
        id=manifest.id,
        ended=manifest.ended or "",
        commit=manifest.commit,
        profile=manifest.profile,
        provider=manifest.provider,
        model=manifest.model,
        models=run.models,
        prompt=manifest.prompt,
        set=manifest.set,
        split=manifest.split,
        seed=manifest.seed,
        epochs=manifest.epochs,
        dataset=manifest.dataset,
        answers=len(run.records),
        missing=run.missing,
        tokens=None if tokens_in is None or tokens_out is None else tokens_in + tokens_out,
        cost_usd=None if cost is None else cost / 1_000_000,
        packages=manifest.packages,
        figures=tuple(figures),
    )


def keep(run: Finished, path: Path = RESULTS) -> Result:
    """Append a run that is done to the results.

    Raises:
        RequestInvalid: it is not done, or stands there already.
    """
    if run.manifest.status != "done" or run.missing:
        raise RequestInvalid(f"{run.manifest.id} is not whole; go on with it before it is kept")
    if path.exists() and any(one.id == run.manifest.id for one in read_lines(path, Result)):
        raise RequestInvalid(f"{run.manifest.id} is kept already; results are appended, never edited")
    made = result(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(made.model_dump_json(by_alias=True) + "\n")
    return made


def _name(one: Result) -> str:
    prompt = f", {one.prompt.id}/{one.prompt.version}" if one.prompt else ""
    models = "" if one.provider in EXEMPT else f" ({', '.join(one.models)})"
    return f"{one.profile}{models}{prompt}"


def _cell(one: Result, name: str) -> str:
    found = next((figure for figure in one.figures if figure.metric == name), None)
    return "-" if found is None else f"{number(found.estimate)} ({number(found.low)} to {number(found.high)})"


def table(kept: Sequence[Result]) -> list[str]:
    """Return the newest kept run of each profile, model, prompt and set as a Markdown table."""
    newest: dict[tuple[object, ...], Result] = {}
    for one in kept:
        newest[one.profile, one.models, one.prompt, one.set, one.split] = one
    rows = list(newest.values())
    head = ["figure", *(f"{_name(one)}: {one.set} ({one.split})" for one in rows)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {metric(name).says} | {' | '.join(_cell(one, name) for one in rows)} |" for name in PRIMARY]
    lines.append(f"| answers, commit | {' | '.join(f'{one.answers}, {one.commit}' for one in rows)} |")
    if all(one.provider in {*EXEMPT, "recorded"} for one in rows):
        lines += ["", f"With a real model: {NOT_MEASURED}; `python -m evals run --profile NAME` measures it."]
    return lines


def into(document: Path, lines: Sequence[str]) -> bool:
    """Write the table between its two marks; return whether the document changed.

    Raises:
        RequestInvalid: the document has no such marks.
    """
    try:
        text = document.read_text("utf-8")
    except OSError as error:
        raise RequestInvalid(f"{document}: {error.strerror}; name a document with the line {BEGIN}") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RequestInvalid(f"{document} has no lines {BEGIN} and {END}; put them where the table belongs")
    made = "\n".join((before + begin, *lines, end + after))
    if made != text:
        document.write_text(made, "utf-8")
    return made != text

"""The commands about runs: run, show, compare, gate, keep, view. What needs wiring is handed in by the door."""

import asyncio
import itertools
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from agents.settings import LlmSettings, PromptSettings, Scripted
from backends.reading import read_federation
from evals import gate, results, search, show
from evals.answered import Record, record
from evals.bench import Bench
from evals.compare import compare, overall
from evals.datasets import plain_questions
from evals.files import STANDARD_OUTPUT, read_lines, write_json
from evals.forms import FormName
from evals.running import LOGS, ROOT, Arm, Asking, bounded, carry_out, prepare, priced
from evals.runs import Finished, Place, finished_run
from evals.samples import Sample
from evals.scorers import measure
from evals.terminal import complain, say
from prompts import lock
from quorate.domain.errors import RequestInvalid

DONE, NOT_AS_WANTED = 0, 1

RUNS = ROOT / "runs" / "evals"

SCRIPTED = "scripted"
SCRIPTED_REPLIES = "evals/scripted/quick.jsonl"
"""Replies to the quick set (dev, the usual seed): a pretended model with the usual vices, to show the suite at work."""


def settings_for(llm: LlmSettings, profile: str) -> LlmSettings:
    """Return the settings with our own scripted profile, unless they have one of that name."""
    if profile != SCRIPTED or SCRIPTED in llm.profiles:
        return llm
    own = Scripted(provider="scripted", replies=SCRIPTED_REPLIES)
    return llm.model_copy(update={"profiles": {**llm.profiles, SCRIPTED: own}})


def _name(asking: Asking, prompts: PromptSettings, stamp: str) -> str:
    prompt = prompts.bid if asking.prompt is None else asking.prompt
    bid = f"bid{prompt}" if asking.draft is None else re.sub(r"[^A-Za-z0-9_]+", "_", asking.draft.stem)[:40]
    split = "-held_out" if asking.split == "held_out" else ""
    form = "" if asking.form == "released" else f"-{asking.form}"
    return f"{stamp}-{asking.profile}-{bid}{form}-{asking.set}{split}"


def askings(
    profiles: Sequence[str],
    prompts: Sequence[int | Path | None],
    common: Asking,
    forms: Sequence[FormName] = ("released",),
) -> Iterator[Asking]:
    """Yield one asking per profile, prompt and form; the rule reads no prompt, so it is one arm whatever they are."""
    for profile in profiles:
        ways = list(itertools.product(prompts, forms))
        for prompt, form in ways if profile != "rule" else ways[:1]:
            draft = prompt if isinstance(prompt, Path) and profile != "rule" else None
            version = None if isinstance(prompt, Path) else prompt
            yield replace(common, profile=profile, prompt=version, draft=draft, form=form)


def run_arms(
    llm: LlmSettings, prompts: PromptSettings, wanted: Sequence[Asking], out: Path | None, json_target: str | None
) -> int:
    """Ask, print tables; 1 if a run is not whole or too much of it is no model's."""
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    folder = out or RUNS
    arms = [
        prepare(settings_for(llm, one.profile), prompts, read_federation(one.federation), one,
                folder / _name(one, prompts, stamp))
        for one in wanted
    ]  # fmt: skip
    return _asked(arms, llm.fallback_share_max, json_target)


def resume(llm: LlmSettings, prompts: PromptSettings, folder: Path, json_target: str | None) -> int:
    """Go on with a run that was cut off: only what has no answer yet is asked."""
    before = Place(folder).read()
    asking = Asking(
        profile=before.profile,
        prompt=before.prompt.version if before.prompt and not before.draft else None,
        draft=ROOT / before.draft if before.draft else None,
        set=before.set,
        split=before.split,
        seed=before.seed,
        epochs=before.epochs,
        form=before.form,
        federation=ROOT / before.federation,
    )
    federation = read_federation(asking.federation)
    arm = prepare(settings_for(llm, asking.profile), prompts, federation, asking, folder)
    say(f"{before.id}: {before.expected - arm.open} of {before.expected} answers are there")
    return _asked([arm], llm.fallback_share_max, json_target)


def _asked(arms: Sequence[Arm], fallback_share_max: float, json_target: str | None) -> int:
    try:
        done = carry_out(arms)
    except KeyboardInterrupt:
        for arm in arms:
            complain(f"cancelled; go on with: python -m evals run --resume {arm.place.folder}")
        raise
    if json_target is not None:
        write_json(json_target, {"schema": "quorate.evals.runs/1", "runs": [_result_json(run) for run in done]})
    against: list[str] = []
    for run, arm in zip(done, arms, strict=True):
        if json_target != STANDARD_OUTPUT:
            say()
            for line in show.run_lines(run):
                say(line)
            say(f"kept in {arm.place.folder}")
        against += gate.broken(run, gate.Limits(fallback_share_max=fallback_share_max))
    if json_target != STANDARD_OUTPUT:
        for line in show.form_lines(done):
            say(line)
    for reason in against:
        complain(reason)
    return NOT_AS_WANTED if against else DONE


@dataclass(frozen=True, slots=True)
class Attack:
    """How hard an adaptive attack tries."""

    queries: int = search.QUERIES
    judged: int = 90
    """Fresh questions in each slot on which the best text is judged."""


def run_attack(
    llm: LlmSettings, prompts: PromptSettings, asking: Asking, attack: Attack, json_target: str | None
) -> int:
    """Search for texts that move a bidder, judge the best on fresh questions; 1 if one of them is obeyed."""
    prompts = prompts if asking.prompt is None else prompts.model_copy(update={"bid": asking.prompt})
    federation = read_federation(asking.federation)
    tried_on = plain_questions(federation, asking.seed, "dev", "F5", 12)
    judged_on = plain_questions(federation, asking.seed, "held_out", "F5", attack.judged)
    bench = Bench(bounded(settings_for(llm, asking.profile), asking), prompts, [*tried_on, *judged_on], ROOT)
    calls = search.calls(attack.queries, attack.judged)
    tokens = round(bench.tokens(tried_on) * calls / len(tried_on))
    complain(priced(bench, asking.profile, calls, tokens) if bench.prompt else f"{calls} answers by the rule; no calls")
    found = asyncio.run(_searched(bench, search.Search(_recorded(bench), tried_on, judged_on, asking.seed), attack))
    if json_target is not None:
        write_json(json_target, show.judged_json(found))
    if json_target != STANDARD_OUTPUT:
        for line in show.judged_lines(found):
            say(line)
    return NOT_AS_WANTED if any(map(show.is_obeyed, found)) else DONE


async def _searched(bench: Bench, trying: search.Search, attack: Attack) -> list[search.Judged]:
    try:
        return await trying.run(attack.queries)
    finally:
        await bench.aclose()


def _recorded(bench: Bench) -> search.Ask:
    async def ask(sample: Sample) -> Record:
        one = (await bench.ask(sample, 1)).answered
        return record(sample, one.epoch, one.answer, one.first)

    return ask


def _result_json(run: Finished) -> dict[str, object]:
    return results.result(run).model_dump(mode="json", by_alias=True)


def run_show(folders: Sequence[Path]) -> int:
    """Print each run's figures."""
    for folder in folders:
        for line in show.run_lines(finished_run(folder)):
            say(line)
        say()
    return DONE


def run_compare(first: Path, second: Path, json_target: str | None) -> int:
    """Compare the second run with the first; 1 if it is worse."""
    a, b = finished_run(first), finished_run(second)
    gate.comparable(a, b)
    compared = compare(measure(a.records), measure(b.records), b.manifest.seed)
    if json_target is not None:
        names = {"schema": "quorate.evals.compare/1", "a": a.manifest.id, "b": b.manifest.id}
        write_json(json_target, {**names, "verdict": overall(compared), "figures": show.compared_json(compared)})
    if json_target != STANDARD_OUTPUT:
        for line in (f"a = {show.title(a)}", f"b = {show.title(b)}", "", *show.compared_lines(compared)):
            say(line)
    return NOT_AS_WANTED if overall(compared) == "worse" else DONE


def run_gate(folder: Path, base: Path | None, limits: gate.Limits) -> int:
    """Say every reason against a run; 1 if there is one."""
    run = finished_run(folder)
    found = gate.reasons(run, limits, finished_run(base) if base is not None else None)
    for reason in found:
        say(f"no: {reason}")
    if not found:
        say(f"yes: {run.manifest.id} may go in ({len(run.records)} answers)")
    return NOT_AS_WANTED if found else DONE


def run_keep(folder: Path) -> int:
    """Append a run to the kept results."""
    run = finished_run(folder)
    ref = run.manifest.prompt
    if run.manifest.draft and ref is not None and lock().get(f"{ref.id}/v{ref.version}") != ref.sha256:
        raise RequestInvalid(f"{run.manifest.draft} is not released; release it with `python -m prompts`, then keep it")
    kept = results.keep(run)
    say(f"{kept.id} is kept in {results.RESULTS.relative_to(ROOT)}")
    return DONE


def run_table(document: Path | None) -> int:
    """Print the table of kept results, or write it into a document."""
    kept = list(read_lines(results.RESULTS, results.Result)) if results.RESULTS.exists() else []
    if not kept:
        raise RequestInvalid("no result is kept yet; keep one with `python -m evals keep RUN`")
    lines = results.table(kept)
    if document is None:
        for line in lines:
            say(line)
    else:
        say(f"{document}: {'changed' if results.into(document, lines) else 'unchanged'}")
    return DONE


def view_command(folder: Path, port: int) -> list[str]:
    """Return the command that serves Inspect's viewer on this machine alone.

    Raises:
        RequestInvalid: there are no logs.
    """
    logs = folder if any(folder.glob("*.eval")) else folder / LOGS
    logs = logs if logs.is_dir() else folder.parent / LOGS
    if not any(logs.glob("*.eval")):
        raise RequestInvalid(f"there are no logs in {logs}; make some with `python -m evals run`")
    serve = ["-m", "inspect_ai", "view", "start", "--log-dir", str(logs)]
    return [sys.executable, *serve, "--host", "127.0.0.1", "--port", str(port)]


def prompt_asked(text: str) -> int | Path:
    """Return the version that `bid/2` names, or the file that `mine.md` does.

    Raises:
        RequestInvalid: it is neither.
    """
    return Path(text) if text.endswith(".md") else prompt_version(text)


def prompt_version(text: str) -> int:
    """Return the version that `bid/2` or `2` names.

    Raises:
        RequestInvalid: it names no version of the bid prompt.
    """
    name, _, version = text.rpartition("/")
    if name not in {"", "bid"} or not version.removeprefix("v").isdecimal():
        raise RequestInvalid(f"--prompt {text!r} is no version of the bid prompt; write bid/2")
    return int(version.removeprefix("v"))


def budget(texts: Sequence[str]) -> tuple[int | None, float | None]:
    """Return (tokens, US dollars) of `200000`, `3M` and `2.50usd`.

    Raises:
        RequestInvalid: it is neither.

    >>> budget(["3M", "2.50usd"])
    (3000000, 2.5)
    """
    tokens, usd = None, None
    for text in texts:
        found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)(k|M|usd)?", text.replace(",", "").replace("_", ""))
        if found is None:
            raise RequestInvalid(f"--budget {text!r} is neither tokens nor money; write 200000, 3M or 2.50usd")
        amount, unit = float(found.group(1)), found.group(2)
        if unit == "usd":
            usd = amount
        else:
            tokens = int(amount * {"k": 1_000, "M": 1_000_000}.get(unit or "", 1))
    return tokens, usd

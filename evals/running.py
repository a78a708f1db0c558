"""Carries a run out: shows what it will cost, asks, keeps every answer, and goes on after a crash.

Several prompts or profiles are arms of one call: Inspect works on them side by side, so that a provider's slow
hour meets all of them (interleaved in time, the same questions).
"""

import importlib.util
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from agents.settings import LlmSettings, PromptSettings, Remote, Rule, Scripted
from evals.bench import ANSWER_TOKENS, Bench
from evals.datasets import DEFAULT_SEED, SetName, dataset
from evals.forms import FormName
from evals.runs import Finished, Journal, Manifest, Place, Status, commit, dataset_digest, finished_run, packages
from evals.samples import Sample, Split
from evals.terminal import complain, say
from prompts.drafts import read_draft
from quorate.domain.clusters import Federation
from quorate.domain.errors import RequestInvalid, SettingsInvalid

ROOT = Path(__file__).resolve().parent.parent

SAMPLES_AT_ONCE = 16
"""More than any provider lets through at once; the bidder's own limits hold the rest back."""

PROGRESS_EVERY_S = 5.0

LOGS = "logs"
"""Inspect's logs of all runs beside each other, so that its viewer shows them together."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a person asked for."""

    profile: str
    prompt: int | None
    set: SetName
    split: Split = "dev"
    seed: int = DEFAULT_SEED
    epochs: int = 1
    form: FormName = "released"
    draft: Path | None = None
    """A prompt's file that need not be released, asked in place of a version."""
    federation: Path = ROOT / "data/federations/reference.toml"
    tokens_max: int | None = None
    """The run stops before it spends more."""
    usd_max: float | None = None


@dataclass(slots=True)
class Arm:
    """One profile with one prompt, ready to be asked."""

    manifest: Manifest
    place: Place
    bench: Bench
    samples: list[Sample]
    journal: Journal
    done: int = 0
    stopped: int = 0
    """Questions that a spent budget left open."""
    started: float = field(default_factory=time.monotonic)

    @property
    def open(self) -> int:
        """Answers that the journal does not hold yet."""
        keys = {(one.id, one.hash, epoch) for one in self.samples for epoch in range(1, self.manifest.epochs + 1)}
        return len(keys - self.journal.known.keys())


def _relative(path: Path) -> str:
    """Return a path as it is written in a manifest: from the checkout's root where it lies inside."""
    whole = path.resolve()
    return str(whole.relative_to(ROOT)) if whole.is_relative_to(ROOT) else str(whole)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def bounded(llm: LlmSettings, asking: Asking) -> LlmSettings:
    """Return the settings with the profile and the limits that were asked for."""
    chosen = llm.using(asking.profile)
    limits = {"tokens": asking.tokens_max, "usd": asking.usd_max}
    budget = chosen.budget.model_copy(update={key: value for key, value in limits.items() if value is not None})
    return chosen.model_copy(update={"budget": budget})


def prepare(
    llm: LlmSettings, prompts: PromptSettings, federation: Federation, asking: Asking, folder: Path, root: Path = ROOT
) -> Arm:
    """Make an arm, or take up the one whose folder this is.

    Raises:
        OperatorError: a profile, key, prompt, folder or earlier run is not what it should be.
    """
    settings = bounded(llm, asking)
    if asking.prompt is not None:
        prompts = prompts.model_copy(update={"bid": asking.prompt})
    every = dataset(asking.set, federation, asking.seed, asking.split)
    draft = None if asking.draft is None else read_draft(asking.draft)
    bench = Bench(settings, prompts, every, root, asking.form, draft)
    samples = bench.questions()
    profile = settings.profile(asking.profile)
    manifest = Manifest(
        schema="quorate.evals.run/1",
        id=folder.name,
        commit=commit(ROOT),
        profile=asking.profile,
        provider=profile.provider,
        model=profile.model if isinstance(profile, Remote) else None,
        prompt=bench.prompt.ref if bench.prompt else None,
        form=asking.form,
        draft="" if asking.draft is None else _relative(asking.draft),
        set=asking.set,
        split=asking.split,
        seed=asking.seed,
        epochs=asking.epochs,
        federation=_relative(asking.federation),
        samples=len(samples),
        dataset=dataset_digest(samples),
        packages=packages(),
        started=_now(),
    )
    place = Place(folder)
    taken_up = _taken_up(place, manifest)
    place.write_questions(samples)
    return Arm(taken_up, place, bench, samples, Journal(place))


def _taken_up(place: Place, manifest: Manifest) -> Manifest:
    """Return the manifest of a run to go on with, or the new one; RequestInvalid if they differ in what is asked."""
    if not place.manifest.exists():
        place.write(manifest)
        return manifest
    before = place.read()
    for name in ("profile", "prompt", "form", "set", "split", "seed", "epochs", "dataset"):
        if getattr(before, name) != getattr(manifest, name):
            raise RequestInvalid(
                f"{place.folder} was made with another {name}; go on with the same, or name a new folder"
            )
    again = before.model_copy(update={"status": "running", "ended": None, "detail": ""})
    place.write(again)
    return again


def estimate(arm: Arm) -> str:
    """Return what the rest of a run will take, one line; raises if that is more than its budget."""
    calls = arm.open
    if arm.bench.prompt is None:
        return f"{arm.manifest.id}: {calls} answers by the rule; no calls, no tokens, no cost"
    tokens = round(arm.bench.tokens(arm.samples) * calls / max(1, len(arm.samples)))
    return f"{arm.manifest.id}: {priced(arm.bench, arm.manifest.profile, calls, tokens)}"


def priced(bench: Bench, name: str, calls: int, tokens: int) -> str:
    """Return what so many calls of a profile take; raises if that is more than the budget."""
    settings = bench.agents.settings
    profile = settings.profile(name)
    prices = profile.prices if isinstance(profile, Remote) else None
    cost = "free: no wire" if isinstance(profile, Rule | Scripted) else "cost unknown: the profile has no prices"
    if prices is not None:
        answers = ANSWER_TOKENS * calls
        usd = ((tokens - answers) * prices.input_usd + answers * prices.output_usd) / 1_000_000
        cost = f"about {usd:.2f} US dollars"
        _within("money", usd, settings.budget.usd, "US dollars")
    _within("tokens", tokens, settings.budget.tokens, "tokens")
    return f"{calls} calls, about {tokens:,} tokens, {cost}"


def _within(what: str, needed: float, budget: float | None, unit: str) -> None:
    if budget is not None and needed > budget:
        raise SettingsInvalid(
            f"the run needs about {needed:,.2f} {unit} and the budget allows {budget:,.2f}; "
            f"raise --budget-{'usd' if what == 'money' else 'tokens'}, or choose a smaller --set or fewer --epochs"
        )


class _LogError(Protocol):
    @property
    def message(self) -> str: ...


class _LogSample(Protocol):
    """What is read of a sample in Inspect's log."""

    @property
    def error(self) -> _LogError | None: ...


class _Progress:
    """Says now and then how far a run is."""

    def __init__(self, arms: Sequence[Arm], every_s: float) -> None:
        self._arms, self._every_s, self._next_s = arms, every_s, time.monotonic() + every_s

    def step(self, arm: Arm, whole: bool) -> None:
        arm.done += whole
        arm.stopped += not whole
        now = time.monotonic()
        if now >= self._next_s:
            self._next_s = now + self._every_s
            complain("; ".join(f"{one.manifest.id} {one.done}/{one.manifest.expected}" for one in self._arms))


def carry_out(arms: Sequence[Arm], progress_every_s: float = PROGRESS_EVERY_S) -> list[Finished]:
    """Ask everything that is open and return the runs; all arms share one log folder, which `view` shows.

    Raises:
        RequestInvalid: Inspect is not installed.
        KeyboardInterrupt: cancelled by a person; what was answered is kept.
    """
    _need_inspect()
    for arm in arms:
        say(estimate(arm))
    ended = _Ended("cancelled", "")
    try:
        ended = _ask(arms, _Progress(arms, progress_every_s))
    finally:
        for arm in arms:
            _close(arm, ended)
    if ended.status == "cancelled":
        raise KeyboardInterrupt
    return [finished_run(arm.place.folder) for arm in arms]


def _need_inspect() -> None:
    if importlib.util.find_spec("inspect_ai") is None:
        raise RequestInvalid("runs need Inspect: `make eval` installs it, or `pip install 'inspect-ai>=0.3.200'`")


def _close(arm: Arm, ended: "_Ended") -> None:
    arm.journal.close()
    arm.manifest = arm.manifest.model_copy(
        update={"status": ended.status, "ended": _now(), "detail": ended.detail[:400]}
    )
    arm.place.write(arm.manifest)


@dataclass(frozen=True, slots=True)
class _Ended:
    status: Status
    detail: str


def _ask(arms: Sequence[Arm], progress: _Progress) -> _Ended:
    from inspect_ai import eval as inspect_eval  # an extra of 300 MB: loaded when a run begins, not to read a log

    from evals.task import task

    tasks = [
        task(arm.manifest.id, arm.bench, arm.samples, arm.manifest.epochs, arm.journal, partial(progress.step, arm))
        for arm in arms
    ]
    logs = inspect_eval(
        tasks,
        model=None,
        display="none",
        log_dir=str(arms[0].place.folder.parent / LOGS),
        log_format="eval",
        log_level="error",
        log_realtime=False,
        score_display=False,  # figures of a run half done, drawn anew with every sample, cost more than asking
        max_samples=SAMPLES_AT_ONCE,
        max_tasks=len(tasks),
        fail_on_error=False,  # one bug must not end a run: it is recorded with its sample, and the gate fails on it
        ctl_server=False,
        acp_server=False,
    )
    return _summed([str(log.status) for log in logs], [_first_error(log.samples or []) for log in logs])


def _first_error(samples: Sequence[_LogSample]) -> str:
    return next((sample.error.message for sample in samples if sample.error is not None), "")


def _summed(statuses: Sequence[str], errors: Sequence[str]) -> _Ended:
    detail = next((error for error in errors if error), "")
    if "cancelled" in statuses:
        return _Ended("cancelled", detail)
    return _Ended("done" if all(status == "success" for status in statuses) else "failed", detail)

"""The engine behind the browser's door: turns what a person asks for on a page into a run of `wiring`.

It stands beside `wiring`, above the screens, so that no page knows a provider, a driver or the graph.
"""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import wiring
from agents.building import Agents
from agents.settings import LlmSettings, Prices, Remote
from agents.trying import Round, Tape, Told, ask
from backends.reading import Workload, read_jobs, read_jobs_text, read_value, validate
from evals.bench import ANSWER_TOKENS, CHARS_PER_TOKEN
from faults.drivers import DRIVERS
from faults.plan import FaultPlan
from prompts import Prompt, load, versions
from prompts.drafts import draft, normal, problems, released, whole
from quorate.domain.errors import OperatorError, RequestInvalid, SettingsInvalid
from quorate.domain.trace import TraceEvent
from quorate.ledger.report import RunReport
from ui.service import Order, Prepared, Profile
from ui.trials import PreparedTrial, TrialOrder
from ui.viewmodel.lab import TextName, TrialCost

Listen = Callable[[TraceEvent], None]
Report = Callable[[RunReport], None]

REPORT_JOBS_MAX = 200
"""Longer runs tell no report after each job: folding it would take longer than deciding."""

FORMS: dict[str, Literal["toml", "json", "jsonl"]] = {"toml": "toml", "json": "json", "jsonl": "jsonl"}


class AppEngine:
    """What `ui.service` starts runs with."""

    def __init__(self, config: Path | None = None, folder: Path | None = None) -> None:
        """Read the configuration once; `folder` is where runs are kept, the configured one if not given."""
        self.settings = wiring.read_settings(config)
        self.folder = folder or wiring.ROOT / self.settings.run.folder
        self.results = wiring.ROOT / "evals" / "results"

    def profiles(self) -> tuple[Profile, ...]:
        """Return the ways to bid, the configured one first."""
        names = dict.fromkeys((self.settings.llm.use, "rule", *self.settings.llm.profiles))
        return tuple(self._profile(name) for name in names)

    def _profile(self, name: str) -> Profile:
        profile, problem = self.settings.llm.profile(name), ""
        try:
            Agents(self.settings.llm.using(name), self.settings.prompts, (), folder=wiring.ROOT)
        except OperatorError as error:
            problem = str(error)
        return Profile(name, profile.provider, getattr(profile, "model", None), problem)

    def drivers(self) -> tuple[tuple[str, str], ...]:
        """Return the fault drivers as (name, what it does)."""
        return tuple((driver.name, driver.says) for driver in DRIVERS.values())

    def reference(self) -> Order:
        """Return the demonstration: eight jobs, six clusters, one lie, with the rule bidder."""
        plan = read_value(FaultPlan, wiring.REFERENCE_FAULTS)
        faults = [fault.model_dump() for fault in plan.faults]
        return Order.model_validate({"faults": faults, "seed": self.settings.run.seed})

    def texts(self, order: Order) -> tuple[str, str]:
        """Return federation and jobs as text, the reference where the order names none."""
        federation = order.federation or wiring.REFERENCE_FEDERATION.read_text("utf-8")
        return federation, order.jobs or wiring.REFERENCE_JOBS.read_text("utf-8")

    def prompt_versions(self) -> tuple[int, ...]:
        """Return the released versions of the bid prompt, the configured one first."""
        return tuple(dict.fromkeys((self.settings.prompts.bid, *reversed(versions("bid")))))

    def _settings(self, order: Order) -> wiring.Settings:
        if order.prompt_version is None:
            return self.settings
        if order.prompt_version not in versions("bid"):
            raise RequestInvalid(f"there is no bid prompt v{order.prompt_version}; choose a released version")
        prompts = self.settings.prompts.model_copy(update={"bid": order.prompt_version})
        return self.settings.model_copy(update={"prompts": prompts})

    def prepare(self, order: Order) -> Prepared:
        """Check an order and return how to carry it out.

        Raises:
            OperatorError: what is wrong with it, in one sentence.
        """
        asked = self._request(order)
        profile = self._profile(asked.profile)
        if profile.problem:
            raise RequestInvalid(profile.problem)
        settings = self._settings(order)
        clusters = {cluster.id: cluster.type for cluster in asked.federation.clusters}
        jobs = len(asked.workload.jobs)
        calls = 0 if profile.provider == "rule" else jobs * len(clusters)
        return Prepared(asked.name, jobs, clusters, calls, self.settings.llm.round_s, self._carrying(settings, asked))

    def _request(self, order: Order) -> wiring.RunRequest:
        plan = validate(FaultPlan, {"faults": [fault.model_dump(mode="json") for fault in order.faults]}, "faults")
        name = wiring.fresh_folder(self.folder, wiring.run_name(order.seed, times=True)).name
        with TemporaryDirectory() as folder:
            federation = Path(folder) / "federation.toml" if order.federation else None
            if federation is not None:
                federation.write_text(order.federation, "utf-8")
            try:
                return wiring.request(
                    self.settings, federation=federation, jobs=self._workload(order), faults=plan, seed=order.seed,
                    profile=order.profile, name=name,
                )  # fmt: skip
            except OperatorError as error:
                raise type(error)(str(error).replace(f"{folder}/", "")) from None

    def _workload(self, order: Order) -> Workload:
        if order.jobs:
            form = FORMS.get(order.jobs_form, "toml")
            workload = read_jobs_text(order.jobs.encode(), form, "jobs")
        else:
            workload = read_jobs(wiring.REFERENCE_JOBS)
        if not order.only:
            return workload
        kept = tuple(job for job in workload.jobs if job.id in order.only)
        missing = sorted(set(order.only) - {job.id for job in kept})
        if missing:
            raise RequestInvalid(f"there is no job {missing[0]!r} in the list; choose one that is")
        return workload.model_copy(update={"jobs": kept})

    def _carrying(
        self, settings: wiring.Settings, asked: wiring.RunRequest
    ) -> Callable[[Listen, Report], Coroutine[None, None, RunReport]]:
        async def carry(listen: Listen, report: Report) -> RunReport:
            import carrying  # LangGraph and LangChain: a second that the first page need not wait for

            few = len(asked.workload.jobs) <= REPORT_JOBS_MAX
            options = wiring.Options(listen=listen, heights=report if few else None)
            places = wiring.Places(self.folder / asked.name)
            with suppress(FileExistsError):
                self.folder.mkdir(parents=True)
            return await carrying.carry_out(settings, asked, places, options)

        return carry

    # -- the prompt lab ----------------------------------------------------------------------------------------

    def prepare_trial(self, order: TrialOrder) -> PreparedTrial:
        """Check a trial of a prompt and return how to carry it out.

        Raises:
            OperatorError: what is wrong with it, in one sentence.
        """
        self._may_try(order)
        settings = self.settings.llm.using(order.profile)
        texts = _texts(order)
        rounds = [Round(name, prompt, case.call.job, case.call.snapshots)
                  for case in order.cases for name, prompt in texts.items()]  # fmt: skip
        clusters = dict.fromkeys(snapshot.cluster.id for each in rounds for snapshot in each.snapshots)
        agents = Agents(settings, self.settings.prompts, clusters, sink=Tape(), folder=wiring.ROOT)
        wire = isinstance(settings.profile(order.profile), Remote)
        cost = _cost(rounds, len(texts), wire, next((agents.prices(cluster) for cluster in clusters), None))
        _within(settings, cost)

        async def carry(tell: Callable[[Told], None]) -> None:
            await ask(agents, rounds, tell)

        return PreparedTrial(tuple(texts), cost, carry)

    def _may_try(self, order: TrialOrder) -> None:
        profile = self._profile(order.profile)
        if profile.problem:
            raise RequestInvalid(profile.problem)
        if profile.provider == "rule":
            raise RequestInvalid(
                "the rule reads no prompt, so an edit changes nothing; choose a profile that asks a model, or one "
                "that answers from a file, such as rehearsal"
            )
        if not order.cases:
            raise RequestInvalid("no job is chosen; choose one that the run has decided")


def _texts(order: TrialOrder) -> dict[TextName, Prompt]:
    """Return what a trial asks: the released version, the copy if it differs, or both."""
    base = load("bid", order.base)
    if wrong := problems(order.body, base.head.inputs):
        raise RequestInvalid(f"this copy cannot be asked: {wrong[0]}")
    if normal(order.body) == normal(released(order.base)):
        return {"base": base}
    edited = draft(whole(order.body, base, "An edited copy."), "this copy")
    return {"base": base, "edited": edited} if order.both else {"edited": edited}


def _cost(rounds: Sequence[Round], texts: int, wire: bool, prices: Prices | None) -> TrialCost:
    """Return what the questions come to, from their real texts."""
    chars = [len(system) + len(user) for each in rounds for system, user in each.rendered()]
    asked, answers = sum(chars) // CHARS_PER_TOKEN, ANSWER_TOKENS * len(chars)
    usd = (asked * prices.input_usd + answers * prices.output_usd) / 1_000_000 if prices else None
    seats = len(rounds[0].snapshots)
    return TrialCost(
        texts=texts, jobs=len(rounds) // texts, agents=seats, calls=len(chars),
        by_facts=sum(len(each.snapshots) for each in rounds) - len(chars), tokens=asked + answers, wire=wire, usd=usd,
    )  # fmt: skip


def _within(settings: LlmSettings, cost: TrialCost) -> None:
    """Raise SettingsInvalid if a trial would spend more than one run may."""
    tokens, usd = settings.budget.tokens, settings.budget.usd
    if tokens is not None and cost.tokens > tokens:
        raise SettingsInvalid(
            f"it needs about {cost.tokens:,} tokens and llm.budget.tokens allows {tokens:,}; choose fewer jobs"
        )
    if usd is not None and cost.usd is not None and cost.usd > usd:
        raise SettingsInvalid(
            f"it needs about {cost.usd:.4f} US dollars and llm.budget.usd allows {usd:.4f}; choose fewer jobs"
        )

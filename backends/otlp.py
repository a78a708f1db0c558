"""The trace as OpenTelemetry spans, sent to a collector that the configuration names; without one nothing is loaded.

One span for the run, one for each call of a job below it, one for each question to a model below that; checks,
answers, proposals and votes are events of the job's span. Names and figures leave, prompts and replies do not: they
stay in trace.jsonl. Attributes follow `gen_ai.*` in the version of `SEMANTICS`.
"""

import importlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from quorate.domain.errors import SettingsInvalid
from quorate.domain.trace import (
    SEMANTICS,
    Answered,
    Checked,
    Decided,
    JobCalled,
    Opined,
    Prompted,
    Proposed,
    Replied,
    RunEnded,
    RunStarted,
    Scalar,
    TraceEvent,
    Undecided,
    Voted,
)
from quorate.domain.values import JobId

EXTRA = "pip install 'opentelemetry-sdk>=1.30' 'opentelemetry-exporter-otlp-proto-http>=1.30'"

TIMEOUT_S = 5
"""A collector that is slower than this loses spans; a run does not wait for it."""

Foreign = Any
"""An object of OpenTelemetry's: its package may be missing."""


def _imported(module: str) -> Foreign:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise SettingsInvalid(
            f"[trace] otlp_endpoint is set, and {module.split('.')[0]} is not installed whole: {EXTRA}, or take it out"
        ) from None


def exporter_to(endpoint: str) -> Foreign:
    """Return OpenTelemetry's exporter over HTTP; SettingsInvalid if its package is missing."""
    module = _imported("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    return module.OTLPSpanExporter(endpoint=endpoint, timeout=TIMEOUT_S)


class Spans:
    """Listens to a trace and makes spans of its events. Close it when the run is over: the last spans leave then."""

    def __init__(self, exporter: Foreign, now_ns: Callable[[], int] = time.time_ns) -> None:
        """Send through `exporter`; SettingsInvalid if the SDK is missing."""
        self._api = _imported("opentelemetry.trace")
        sdk, resources = _imported("opentelemetry.sdk.trace"), _imported("opentelemetry.sdk.resources")
        batches = _imported("opentelemetry.sdk.trace.export")
        resource = resources.Resource({"service.name": "quorate"}, schema_url=SEMANTICS)
        self._provider = sdk.TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(batches.BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("quorate", schema_url=SEMANTICS)
        self._now_ns = now_ns
        self._run: Foreign = None
        self._jobs: dict[JobId, Foreign] = {}
        self._calls: dict[int, Foreign] = {}
        """Open questions, by the number of their line."""
        self._proposed: dict[int, tuple[JobId, ...]] = {}
        """Jobs of each proposal of the height being voted on, by the number of its line."""

    def on_event(self, event: TraceEvent) -> None:
        """Make of one event what it is: the start of a span, its end, or a moment in it."""
        match event:
            case RunStarted():
                self._run = self._start(f"run {event.run}", None, _of_run(event))
            case JobCalled():
                self._jobs[event.job.id] = self._start(f"job {event.job.id}", self._run, {"hpc.job.id": event.job.id})
            case Prompted():
                self._prompted(event)
            case Replied():
                self._replied(event)
            case RunEnded():
                self._end_all(event)
            case _:
                self._moment(event)

    def close(self) -> None:
        """Send what is left, and stop; waits at most a few seconds for a collector that does not answer."""
        self._end_all(None)
        self._provider.shutdown()

    def _start(self, name: str, parent: Foreign, attributes: Mapping[str, Scalar], kind: str = "INTERNAL") -> Foreign:
        context = None if parent is None else self._api.set_span_in_context(parent)
        return self._tracer.start_span(
            name, context, self._api.SpanKind[kind], attributes=_known(attributes), start_time=self._now_ns()
        )

    def _prompted(self, event: Prompted) -> None:
        model = event.attributes.get("gen_ai.request.model")
        given = {**event.attributes, "hpc.attempt": event.attempt, "hpc.purpose": event.purpose}
        name = f"chat {model}" if model else "chat"
        self._calls[event.seq] = self._start(name, self._jobs.get(event.job, self._run), given, "CLIENT")

    def _replied(self, event: Replied) -> None:
        span = self._calls.pop(event.cause or 0, None)
        if span is None:
            return
        span.set_attributes(_known(event.attributes))
        if event.failure is not None:
            span.set_status(self._api.StatusCode.ERROR, event.failure)
        span.end(self._now_ns())

    def _moment(self, event: TraceEvent) -> None:
        jobs, attributes = _told(event)
        if isinstance(event, Proposed):
            self._proposed[event.seq] = jobs
        elif isinstance(event, Voted):
            jobs = self._proposed.get(event.cause or 0, ())
        elif isinstance(event, Decided):
            self._proposed.clear()
        for job in jobs:
            span = self._jobs.get(job)
            if span is not None:
                span.add_event(event.kind, _known(attributes), self._now_ns())
        if isinstance(event, Decided | Undecided):
            for job in jobs:
                with suppress(KeyError):
                    self._jobs.pop(job).end(self._now_ns())

    def _end_all(self, event: RunEnded | None) -> None:
        for span in (*self._calls.values(), *self._jobs.values()):
            span.end(self._now_ns())
        self._calls.clear()
        self._jobs.clear()
        if self._run is not None:
            self._run.set_attribute("hpc.run.status", event.status if event else "cut off")
            self._run.end(self._now_ns())
            self._run = None


def _known(attributes: Mapping[str, Scalar]) -> dict[str, str | int | float | bool]:
    """Return the attributes that have a value: a span has no word for unknown."""
    return {name: value for name, value in attributes.items() if value is not None and name != "schema_url"}


def _of_run(event: RunStarted) -> dict[str, Scalar]:
    return {
        "hpc.run.id": event.run,
        "hpc.run.seed": event.seed,
        "hpc.run.jobs": event.jobs,
        "hpc.profile": event.profile,
        "gen_ai.provider.name": event.provider,
        "gen_ai.request.model": event.model,
    }


def _told(event: TraceEvent) -> tuple[tuple[JobId, ...], dict[str, Scalar]]:
    """Return the jobs that a moment belongs to, and what it says in names and figures."""
    match event:
        case Checked():
            said: dict[str, Scalar] = {"hpc.agent.id": event.cluster, "hpc.accepted": event.accepted}
            return (event.job,), said
        case Answered():
            outcome = event.answer.outcome
            what = outcome.score_bp if outcome.kind == "bid" else outcome.code
            return (event.job,), {"hpc.agent.id": event.cluster, "hpc.answer": outcome.kind, "hpc.says": what}
        case Opined():
            return (event.job,), {"hpc.agent.id": event.cluster, "hpc.approves": event.approves}
        case Undecided():
            return (event.job,), {"hpc.height": event.height, "hpc.rounds": event.rounds}
        case _:
            return _of_vote(event)


def _of_vote(event: TraceEvent) -> tuple[tuple[JobId, ...], dict[str, Scalar]]:
    match event:
        case Proposed() | Decided():
            return event.jobs, {"hpc.height": event.height, "hpc.round": event.round, "hpc.block": event.value}
        case Voted():
            said: dict[str, Scalar] = {"hpc.agent.id": event.cluster, "hpc.vote": event.vote, "hpc.power": event.power}
            return (), said | {"hpc.height": event.height, "hpc.round": event.round}
        case _:
            return (), {}

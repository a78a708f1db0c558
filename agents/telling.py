"""What happens to a question, told to the trace as it happens; each line names the one it follows from.

Attributes carry OpenTelemetry's names for generative AI (semantic conventions 1.37, still in development, hence
the schema address in each line) and `hpc.*` names of our own. Content (prompts, replies) can be left out.
"""

from collections.abc import Mapping

from agents.asking import CODES, Chat, ModelFailed, Question, Reply
from agents.limits import cost_usd_micro
from agents.settings import Prices
from quorate.domain.trace import SEMANTICS, Checked, Prompted, Replied, Scalar, TraceEvent
from quorate.ports import TraceSink

MILLI = 1_000


class Silence:
    """A sink that keeps nothing."""

    def emit(self, event: TraceEvent) -> int:
        """Forget the event."""
        return 0


class Teller:
    """Writes the story of one cluster's questions."""

    def __init__(
        self,
        sink: TraceSink,
        *,
        content: bool = True,
        prices: Prices | None = None,
        request: Mapping[str, Scalar] | None = None,
    ) -> None:
        """Leave prompts and replies out if `content` is False; `request` is told with every prompt."""
        self._sink, self._content, self._prices = sink, content, prices
        self._request = dict(request or {})

    def prompted(self, question: Question, chat: Chat, cause: int | None) -> int:
        """Tell that a question goes out; return the line's number."""
        ref = question.prompt
        return self._sink.emit(
            Prompted(
                cause=cause,
                job=question.job,
                cluster=question.cluster,
                attempt=question.attempt,
                purpose=question.purpose,
                prompt_id=ref.id,
                prompt_version=ref.version,
                prompt_sha256=ref.sha256,
                text=_conversation(question) if self._content else None,
                attributes=_common(question) | {"gen_ai.provider.name": chat.provider} | self._request,
            )
        )

    def replied(self, question: Question, reply: Reply, cause: int) -> int:
        """Tell that a whole reply came."""
        return self._sink.emit(self._call(question, reply, cause))

    def failed(self, question: Question, failure: ModelFailed, cause: int) -> int:
        """Tell that no whole reply came, with what was said before it broke off."""
        told = self._call(question, failure, cause)
        why = {"failure": CODES[failure.kind], "detail": failure.detail, "text": told.text or None}
        error: dict[str, Scalar] = {"error.type": failure.kind.value}
        return self._sink.emit(told.model_copy(update=why | {"attributes": told.attributes | error}))

    def _call(self, question: Question, told: Reply | ModelFailed, cause: int) -> Replied:
        used = told.usage
        return Replied(
            cause=cause,
            job=question.job,
            cluster=question.cluster,
            attempt=question.attempt,
            purpose=question.purpose,
            text=told.text if self._content else None,
            latency_ms=milliseconds(told.latency_s),
            tokens_in=used.tokens_in if used else None,
            tokens_out=used.tokens_out if used else None,
            cost_usd_micro=cost_usd_micro(used, self._prices),
            attributes=_common(question) | _of_call(told),
        )

    def checked(self, question: Question, accepted: bool, notes: tuple[str, ...], cause: int) -> int:
        """Tell what became of a reply; of an opinion nothing is told but what was asked and what came."""
        if question.purpose == "opinion":
            return cause  # such a line has no asker, and would stand beside the bid of the cluster it is about
        return self._sink.emit(
            Checked(
                cause=cause,
                job=question.job,
                cluster=question.cluster,
                attempt=question.attempt,
                accepted=accepted,
                notes=notes,
            )
        )


def milliseconds(seconds: float | None) -> int | None:
    """Return whole milliseconds, None for unknown."""
    return None if seconds is None else round(seconds * MILLI)


def _conversation(question: Question) -> str:
    return "\n\n".join(f"[{message.role}]\n{message.text}" for message in question.messages)


def _common(question: Question) -> dict[str, Scalar]:
    asker: dict[str, Scalar] = {} if question.asker is None else {"hpc.asker.id": question.asker}
    return asker | {
        "schema_url": SEMANTICS,
        "gen_ai.operation.name": "chat",
        "hpc.job.id": question.job,
        "hpc.agent.id": question.cluster,
        "hpc.prompt.sha256": question.prompt.sha256,
    }


def _of_call(told: Reply | ModelFailed) -> dict[str, Scalar]:
    used = told.usage
    return {
        "gen_ai.provider.name": told.provider,
        "gen_ai.response.model": told.model,
        "gen_ai.usage.input_tokens": used.tokens_in if used else None,
        "gen_ai.usage.output_tokens": used.tokens_out if used else None,
        "hpc.model.fingerprint": told.fingerprint if isinstance(told, Reply) else None,
        "hpc.mode": told.mode,
        "hpc.calls": told.calls,
        "hpc.recording": told.recording,
    }

"""Which kind of failure a client's exception stands for.

By the HTTP status if it has one, else by the names in its ancestry: openai, sambanova, groq and anthropic grow
from one generator and share them, while httpx, httpx2 and the built-in errors each add their own. No provider's
package is imported for it.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agents.asking import Kind, ModelFailed


def classify(error: Exception) -> ModelFailed:
    """Return the failure that a client's exception stands for."""
    if isinstance(error, ModelFailed):
        return error
    names = {kind.__name__ for kind in type(error).__mro__}
    said = f"{type(error).__name__}: {error}"
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return ModelFailed(_kind_of(status, str(error)), said, retry_after_s=_retry_after(error))
    if "LengthFinishReasonError" in names:
        return ModelFailed(Kind.TRUNCATED, "the answer was cut off at max_tokens")
    if "ContentFilterFinishReasonError" in names:
        return ModelFailed(Kind.REFUSAL, "the provider withheld the answer: content_filter")
    if names & {"APITimeoutError", "TimeoutException", "TimeoutError", "OpenAITimeoutError"}:
        return ModelFailed(Kind.TIMEOUT, said)
    if names & {"APIConnectionError", "TransportError", "OSError", "ConnectionError"}:
        return ModelFailed(Kind.CONNECTION, f"{said} ({error.__cause__})" if error.__cause__ else said)
    if names & {"APIError", "OpenAIAPIError"}:
        return ModelFailed(Kind.SERVER, said)
    return ModelFailed(Kind.BAD_RESPONSE, f"the response cannot be read ({said})")


def _kind_of(status: int, said: str) -> Kind:
    by_status = {
        401: Kind.AUTH,
        403: Kind.AUTH,
        404: Kind.GONE,
        408: Kind.TIMEOUT,
        410: Kind.GONE,
        429: Kind.RATE_LIMIT,
    }
    if "queue_full" in said or "queue is full" in said.lower():
        return Kind.RATE_LIMIT
    if status in by_status:
        return by_status[status]
    if status < 400:
        return Kind.BAD_RESPONSE  # a redirect: followed, it would carry the key to another host
    return Kind.SERVER if status >= 500 or status in {409, 425} else Kind.REQUEST


def _retry_after(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", {})
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None

"""What leaves this machine and what arrives: headers by an allow-list, one host, and the response's own bytes.

The clients add what they find in the environment: SambaNova's sends SAMBANOVA_API_KEY in `x-api-key` to any
`base_url`, OpenAI's sends organisation and project, Ollama's a key. The last hook before the socket decides.
"""

import json
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol
from urllib.parse import urlsplit

from quorate.domain.errors import MisuseError

JsonObject = dict[str, Any]
"""A JSON object of somebody else's making, or arguments for somebody else's code."""

HEADERS_KEPT = frozenset(
    {
        "accept", "accept-encoding", "anthropic-version", "connection", "content-length", "content-type", "host",
        "transfer-encoding", "user-agent",
        "x-stainless-raw-response",  # the SDK reads its own request to know what it promised its caller
    }
)  # fmt: skip
"""Headers that may leave; everything else that a client adds from its environment stays here."""

_body: ContextVar[list[str] | None] = ContextVar("body", default=None)
"""Where the response's own bytes are kept for the call in progress: the clients drop the raw tool arguments."""


class Outgoing(Protocol):
    """What httpx's and httpx2's requests have in common."""

    @property
    def url(self) -> object:
        """The whole address."""
        ...

    @property
    def headers(self) -> MutableMapping[str, str]:
        """What will be sent."""
        ...


class Incoming(Protocol):
    """What httpx's and httpx2's responses have in common."""

    @property
    def text(self) -> str:
        """The body, once it was read."""
        ...

    def read(self) -> bytes:
        """Read all of it."""
        ...

    async def aread(self) -> bytes:
        """Read all of it."""
        ...


class Wire:
    """The hooks of one profile's HTTP clients."""

    def __init__(self, provider: str, url: str, secret: str) -> None:
        """Bind the key to the address."""
        self._provider = provider
        self._to = _origin(url)
        self._secret = secret

    def outgoing(self, request: Outgoing) -> None:
        """Strip every header but the needed ones, set the key, and refuse any other host."""
        to = _origin(str(request.url))
        if self._to[1] and to != self._to:
            raise MisuseError(f"a request to {to[1]} under a profile for {self._to[1]}")
        if self._provider == "custom":
            return  # a class of the user's choice knows its own headers
        for name in list(request.headers):
            if name.lower() not in HEADERS_KEPT:
                del request.headers[name]
        if not self._secret:
            return
        if self._provider != "anthropic":
            request.headers["authorization"] = f"Bearer {self._secret}"
        if self._provider in {"anthropic", "sambanova"}:
            request.headers["x-api-key"] = self._secret

    async def outgoing_async(self, request: Outgoing) -> None:
        """Do the same as `outgoing`, for an asynchronous client."""
        self.outgoing(request)

    def incoming(self, response: Incoming) -> None:
        """Keep the text of a whole (not streamed) response."""
        kept = _body.get()
        if kept is not None:
            response.read()
            kept[:] = [response.text]

    async def incoming_async(self, response: Incoming) -> None:
        """Do the same as `incoming`, for an asynchronous client."""
        kept = _body.get()
        if kept is not None:
            await response.aread()
            kept[:] = [response.text]


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


@contextmanager
def keeping_body(wanted: bool) -> Iterator[list[str] | None]:
    """Keep the text of the response to the call inside the block; nothing is kept of a stream."""
    kept: list[str] | None = [] if wanted else None
    token = _body.set(kept)
    try:
        yield kept
    finally:
        _body.reset(token)


def body_json(body: list[str] | None) -> JsonObject:
    """Return a kept body as JSON, empty if there is none or it is no object."""
    if not body:
        return {}
    try:
        read = json.loads(body[0])
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}

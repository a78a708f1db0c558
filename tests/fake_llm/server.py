"""The server: starlette's request and responses on uvicorn, in a thread, on a loopback port of its own.

What happens to a request is the first of: the next entry of a scripted queue, the model's name
(`fault-429:0.05`), or a good answer. Every request is kept with its headers and body.
"""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tests.fake_llm import dialect
from tests.fake_llm.brain import Said, answer
from tests.fake_llm.dialect import Body
from tests.fake_llm.faults import TEXTS

MODEL = "Meta-Llama-3.3-70B-Instruct"
HANG_S = 30.0
"""Longer than any client's patience in a test; the server gives up when the client has gone."""
START_S_MAX = 10.0

Answerer = Callable[[Body], Said]


def _status(status: int, message: str, kind: str, code: str, param: str | None = None) -> tuple[int, Body]:
    return status, dialect.error(message, kind, code, param)


_BAD = "invalid_request_error"
STATUSES: dict[str, tuple[int, Body]] = {
    "400": _status(400, "Invalid type for 'temperature'", _BAD, "invalid_type", "temperature"),
    "context": _status(400, "The maximum context length is 131072 tokens", _BAD, "context_length_exceeded"),
    "schema": _status(400, "response_format is not supported by this model", _BAD, "unsupported_value"),
    "notools": _status(400, "tool_choice is not supported by this model", _BAD, "unsupported_value"),
    "401": _status(401, "Invalid API key provided", "authentication_error", "invalid_authentication"),
    "403": _status(403, "Your account may not use this model", "permission_error", "forbidden"),
    "404": _status(404, "Model not found", _BAD, "model_not_found", "model"),
    "408": _status(408, "Request timed out", "request_timeout", "request_timeout"),
    "410": _status(410, "This model has been removed", _BAD, "model_gone", "model"),
    "429": _status(429, "Rate limit exceeded", "rate_limit_error", "rate_limit_exceeded"),
    "429queue": _status(429, "Request queue is full", "rate_limit_error", "queue_full"),
    "500": _status(500, "Internal error", "server_error", "internal_error"),
    "503": _status(503, "Down for maintenance", "server_error", "service_unavailable"),
    "504": _status(504, "Upstream timed out", "server_error", "gateway_timeout"),
    "504queue": _status(504, "Request queue is full", "server_error", "queue_full"),
}
ENDINGS: dict[str, str | None] = {
    "length": "length",
    "length_whole": "length",
    "filter": "content_filter",
    "nofinish": None,
}
"""Finish reasons under a fault; any other reply ends as a good one does."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: Body
    at_s: float
    """Monotonic time of arrival, s."""


@dataclass
class FakeLLM:
    """A context manager: `with FakeLLM() as server: client(base_url=server.url)`."""

    delay_s: float = 0.0
    """Seconds before every good answer."""
    answerer: Answerer = answer
    """What a good model says to a request."""
    port: int = 0
    """0 takes a free one."""
    inflight_max: int | None = None
    """Requests served at once before the rest get 429, as the cloud's queue does."""
    requests: list[Recorded] = field(default_factory=list)
    script: deque[str] = field(default_factory=deque)
    """Faults for the next requests, in order; `good` is one of them."""
    inflight: int = 0
    inflight_seen: int = 0
    """Most requests served at the same time."""
    dropped: int = 0
    """Answers whose client had gone before they were written."""

    @property
    def url(self) -> str:
        """The base URL, as a profile names it."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def calls(self) -> list[Recorded]:
        """Chat completions asked for so far."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    def plan(self, *faults: str) -> None:
        """Queue what happens to the next requests."""
        self.script.extend(faults)

    def forget(self) -> None:
        """Drop the records and the queue."""
        self.requests.clear()
        self.script.clear()
        self.inflight_seen = 0

    def __enter__(self) -> Self:
        config = uvicorn.Config(
            self,
            host="127.0.0.1",
            port=self.port,
            log_level="critical",
            lifespan="off",
            timeout_graceful_shutdown=0,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="fake-llm", daemon=True)
        self._thread.start()
        given_up = time.monotonic() + START_S_MAX
        while not self._server.started:
            if time.monotonic() > given_up or not self._thread.is_alive():
                raise RuntimeError("the fake model server did not start")
            time.sleep(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(START_S_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        request = Request(scope, receive)
        raw = await request.body()
        body: Body = json.loads(raw) if raw else {}
        path = request.url.path
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Recorded(request.method, path, headers, body, time.monotonic()))
        self.inflight += 1
        self.inflight_seen = max(self.inflight_seen, self.inflight)
        try:
            if path.endswith("/models"):
                await JSONResponse({"object": "list", "data": [dialect.model_entry(MODEL)]})(scope, receive, send)
            elif path.endswith("/chat/completions"):
                await self._chat(body, scope, receive, send)
            else:
                await JSONResponse(dialect.error(f"no {path}", "invalid_request_error"), 404)(scope, receive, send)
        finally:
            self.inflight -= 1

    def _behaviour(self, body: Body) -> tuple[str, str]:
        if self.script:
            name = self.script.popleft()
        else:
            model = str(body.get("model", ""))
            name = model.removeprefix("fault-") if model.startswith("fault-") else "good"
        kind, _, argument = name.partition(":")
        return kind, argument

    async def _chat(self, body: Body, scope: Scope, receive: Receive, send: Send) -> None:
        kind, argument = self._behaviour(body)
        if self.inflight_max is not None and self.inflight > self.inflight_max:
            kind, argument = "429queue", ""
        if kind in {"hang", "reset", "cut"}:
            await self._break(kind, send, receive)
            return
        await asyncio.sleep(float(argument) if kind == "slow" and argument else self.delay_s)
        await self._respond(kind, argument, body)(scope, receive, send)

    async def _break(self, kind: str, send: Send, receive: Receive) -> None:
        transport = _transport(send)
        if kind == "hang":
            waiting = asyncio.ensure_future(receive())
            await asyncio.wait({waiting}, timeout=HANG_S)
            self.dropped += 1
            waiting.cancel()
        elif kind == "cut":
            head = [(b"content-type", b"application/json"), (b"content-length", b"4000")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": b'{"id": "cmpl-1", "choices": [', "more_body": True})
            await asyncio.sleep(0.01)
        transport.abort()

    def _respond(self, kind: str, argument: str, body: Body) -> Response:
        if kind in STATUSES:
            status, said = STATUSES[kind]
            return JSONResponse(said, status, headers={"retry-after": argument} if argument else None)
        plain: dict[str, Callable[[], Response]] = {
            "502html": lambda: HTMLResponse("<html><h1>502 Bad Gateway</h1></html>", 502),
            "redirect": lambda: RedirectResponse("http://127.0.0.1:9/v1/chat/completions", 307),
            "html": lambda: HTMLResponse("<html>Please log in. 0.71</html>"),
            "brokenjson": lambda: Response('{"id": "cmpl-1", "choices": [{"mess', media_type="application/json"),
            "error200": lambda: JSONResponse(dialect.error("Something broke", "server_error")),
            "nochoices": lambda: JSONResponse(dialect.completion("m", {}, None, None) | {"choices": []}),
        }
        if kind in plain:
            return plain[kind]()
        return self._complete(kind, argument, body)

    def _complete(self, kind: str, argument: str, body: Body) -> Response:
        said = _spoil(kind, argument, self.answerer(body))
        model = str(body.get("model", MODEL))
        prompt = json.dumps(body.get("messages", []))
        used = None if kind == "nousage" else dialect.usage(prompt, said.text + said.arguments)
        message = said.message()
        if kind == "null":
            message["content"] = None
        if not body.get("stream"):
            return _whole(kind, dialect.completion(model, message, said.finish, used))
        wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return StreamingResponse(
            _events(kind, dialect.chunks(model, message, said.finish, used if wants_usage else None)),
            media_type="text/event-stream",
        )


def _spoil(kind: str, argument: str, said: Said) -> Said:
    """Return what the model says under its own fault, in the place (text or tool arguments) it would have used."""
    if kind == "huge":
        return said.saying("x" * int(argument or 1_000_000), said.finish)
    finish = {"length": "length", "length_whole": "length", "filter": "content_filter", "nofinish": None}.get(
        kind, said.finish
    )
    return said.saying(TEXTS.get(kind, said.arguments or said.text), finish)


def _whole(kind: str, body: Body) -> Response:
    if kind == "contenttype":
        return Response(json.dumps(body), media_type="text/plain")
    return JSONResponse(body)


async def _events(kind: str, parts: Iterable[Body]) -> AsyncIterator[bytes]:
    for number, part in enumerate(parts):
        if number == 3 and kind == "stream_cut":
            return
        if number == 3 and kind == "stream_error":
            yield dialect.event(dialect.error("The model crashed", "server_error"))
            return
        yield dialect.event(part)
    yield dialect.event("[DONE]")


def _transport(send: Send) -> Any:
    """Return the connection under uvicorn's `send`: the only way to break it as a network does."""
    return send.__self__.transport  # type: ignore[attr-defined]

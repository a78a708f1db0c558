"""The providers' packages, behind one `Chat`: the only module that knows them.

What their clients do differently (which exception a bad reply becomes, whether a cut-off JSON is closed in
silence, where a key is sent) ends here: a call gives the reply's raw text or a `ModelFailed` with its kind.
Clients retry nothing, stream nothing unless the profile says so, and wait no longer than they are told.
"""

import asyncio
import importlib
import json
import os
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from pydantic import ValidationError

from agents.asking import Kind, ModelFailed, Question, Reply, Shape, Usage, plain, problem
from agents.settings import MODES, Custom, Environ, LlmSettings, Mode, RemoteProfile, address, key
from quorate.domain.errors import MisuseError, SettingsInvalid

PACKAGES: dict[str, tuple[str, str, str]] = {
    "sambanova": ("langchain_sambanova", "ChatSambaNova", "pip install 'langchain-sambanova>=1.1,<2'"),
    "openai": ("langchain_openai", "ChatOpenAI", "pip install 'langchain-openai>=1.1,<2'"),
    "anthropic": ("langchain_anthropic", "ChatAnthropic", "pip install 'langchain-anthropic>=1,<2'"),
    "ollama": ("langchain_ollama", "ChatOllama", "pip install 'langchain-ollama>=1,<2'"),
    "groq": ("langchain_groq", "ChatGroq", "pip install 'langchain-groq>=1,<2'"),
}
"""Module, class and remedy of each provider's package."""

LADDERS: dict[str, tuple[Mode, ...]] = {
    "sambanova": MODES,
    "openai": MODES,
    "groq": MODES,
    "anthropic": ("function_calling", "text"),
    "ollama": ("json_schema", "json_mode", "text"),
    "custom": ("text",),
}
"""The modes that each provider's client can ask for, strictest first."""

NO_KEY = "EMPTY"
"""What a client that insists on a key is given where the server wants none; never sent, see `Wire`."""

HEADERS_KEPT = frozenset(
    {
        "accept", "accept-encoding", "anthropic-version", "connection", "content-length", "content-type", "host",
        "transfer-encoding", "user-agent",
        "x-stainless-raw-response",  # the SDK reads its own request to know what it promised its caller
    }
)  # fmt: skip
"""Headers that may leave; everything else that a client adds from its environment stays here."""

MODE_WORDS = ("response_format", "json_schema", "json_object", "tool", "schema", "structured", "format")
"""What a provider writes in the 400 that means: this model does not take this mode."""

ANSWER_CHARS_MAX = 20_000
"""Where a streamed answer is given up: as much as the parser reads."""

HALF_CHARACTER = re.compile("[\ud800-\udfff]")

_body: ContextVar[list[str] | None] = ContextVar("body", default=None)
"""Where the response's own bytes are kept for the call in progress: the clients drop the raw tool arguments."""


class Wire:
    """What leaves and arrives: headers by an allow-list, one host only, and the response's text kept."""

    def __init__(self, provider: str, url: str, secret: str) -> None:
        """Bind the key to the address."""
        self._provider = provider
        self._to = _origin(url)
        self._secret = secret

    def outgoing(self, request: Any) -> None:  # noqa: ANN401 - httpx's or httpx2's Request, which share no type
        """Strip every header but the needed ones, set the key, and refuse any other host."""
        if self._to[1] and _origin(str(request.url)) != self._to:
            raise MisuseError(f"a request to {request.url.host} under a profile for {self._to[1]}")
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

    async def outgoing_async(self, request: Any) -> None:  # noqa: ANN401 - as above
        """Do the same as `outgoing`, for an asynchronous client."""
        self.outgoing(request)

    def incoming(self, response: Any) -> None:  # noqa: ANN401 - as above
        """Keep the text of a whole (not streamed) response."""
        kept = _body.get()
        if kept is not None:
            response.read()
            kept[:] = [response.text]

    async def incoming_async(self, response: Any) -> None:  # noqa: ANN401 - as above
        """Do the same as `incoming`, for an asynchronous client."""
        kept = _body.get()
        if kept is not None:
            await response.aread()
            kept[:] = [response.text]


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def chat_class(profile: RemoteProfile) -> type[BaseChatModel]:
    """Return the client's class; SettingsInvalid with the remedy if its package is missing."""
    if isinstance(profile, Custom):
        module, _, name = profile.class_path.partition(":")
        remedy = "install its package or correct `class` in the profile"
    else:
        module, name, remedy = PACKAGES[profile.provider]
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise SettingsInvalid(f"{module}:{name} cannot be imported; {remedy}") from None
    if not (isinstance(found, type) and issubclass(found, BaseChatModel)):
        raise SettingsInvalid(f"{module}:{name} is not a LangChain chat model; correct `class` in the profile")
    return found


def _httpx_for(provider: str) -> Any:  # noqa: ANN401 - the module httpx or httpx2
    """Return the HTTP library under the provider's SDK: openai 3 moved to httpx2 and catches only its errors."""
    if provider == "openai":
        major = int(str(importlib.import_module("openai").__version__).split(".")[0])
        return importlib.import_module("httpx2" if major >= 3 else "httpx")
    return importlib.import_module("httpx")


def _arguments(profile: RemoteProfile, url: str, secret: str, http: Mapping[str, Any]) -> dict[str, Any]:
    """Return the constructor's arguments; both places where SambaNova's SDK looks for a key are filled."""
    shared = {"model": profile.model, "temperature": profile.temperature, "disable_streaming": not profile.streaming}
    served = {"base_url": url, "max_tokens": profile.max_tokens, "timeout": profile.timeout_s, "max_retries": 0}
    match profile.provider:
        case "sambanova":
            headers = {"x-api-key": secret or NO_KEY}
            return {**shared, **served, "api_key": secret or NO_KEY, "default_headers": headers, **http}
        case "openai":
            return {**shared, **served, "api_key": secret or NO_KEY, "stream_usage": profile.streaming, **http}
        case "groq":
            return {**shared, **served, "api_key": secret or NO_KEY, **http}
        case "anthropic":
            return {**shared, **served, "api_key": secret or NO_KEY}
        case "ollama":
            wait = {"timeout": profile.timeout_s}
            return {**shared, "base_url": url, "num_predict": profile.max_tokens, "client_kwargs": wait}
        case _:
            return {**shared, **served, "api_key": secret or NO_KEY, **http}


def _accepted(kind: type[BaseChatModel], given: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a foreign class understands of the standard arguments, and all of its own."""
    names = set(kind.model_fields) | {field.alias for field in kind.model_fields.values() if field.alias}
    return {name: value for name, value in given.items() if name in names} | dict(own)


def request_for(provider: str, mode: Mode, shape: Shape) -> dict[str, Any]:
    """Return what to bind to a call so that the provider holds the schema; the strict schema is always our own."""
    function = {"name": shape.name, "description": shape.description, "parameters": shape.schema}
    strict = {"name": shape.name, "strict": True, "schema": shape.schema}
    match provider, mode:
        case "ollama", "json_schema":
            return {"format": shape.schema}
        case "ollama", "json_mode":
            return {"format": "json"}
        case "anthropic", "function_calling":
            tool = {"name": shape.name, "description": shape.description, "input_schema": shape.schema}
            return {"tools": [tool], "tool_choice": {"type": "tool", "name": shape.name}}
        case _, "json_schema":
            return {"response_format": {"type": "json_schema", "json_schema": strict}}
        case _, "json_mode":
            return {"response_format": {"type": "json_object"}}
        case _, "function_calling":
            tool_choice = {"type": "function", "function": {"name": shape.name}}
            return {
                "tools": [{"type": "function", "function": function | {"strict": True}}],
                "tool_choice": tool_choice,
            }
        case _:
            return {}


class RemoteChat:
    """A model behind a wire, asked through LangChain's client; one instance serves all clusters and event loops."""

    def __init__(
        self,
        profile: RemoteProfile,
        environ: Environ | None = None,
        mode: Mode | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Check key, address and package now; `mode` is what the probe found.

        Raises:
            CredentialMissing, SettingsInvalid: each with the remedy.
        """
        environ = os.environ if environ is None else environ
        self.profile = profile
        self._secret = key(profile, environ)
        self._url = address(profile, environ)
        self._class = chat_class(profile)
        self._ladder = LADDERS[profile.provider] if profile.structured == "auto" else (profile.structured,)
        if mode in self._ladder:
            self._ladder = self._ladder[self._ladder.index(mode) :]
        self._clock_s = clock_s
        self._leases: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[BaseChatModel, AsyncGenerator[BaseChatModel]]
        ] = WeakKeyDictionary()
        self._own: tuple[BaseChatModel, Callable[[], None]] | None = None

    @property
    def provider(self) -> str:
        """The provider's word."""
        return self.profile.provider

    @property
    def mode(self) -> Mode:
        """How structure is asked for now."""
        return self._ladder[0]

    async def ask(self, question: Question) -> Reply:
        """Ask once; ModelFailed with its kind if no whole reply came. Kind MODE: ask again, one rung lower."""
        mode, started = self.mode, self._clock_s()
        client = await self._client()
        with _keeping_body(not self._streams(mode)) as body:
            try:
                if self._streams(mode):
                    message: AIMessage = await _gathered(client, _messages(question), self._bound(mode, question.shape))
                else:
                    message = await client.ainvoke(_messages(question), **self._bound(mode, question.shape))
            except Exception as error:  # foreign clients raise AttributeError, TypeError, anything, for a bad body
                raise self._failed(error, mode, started, body) from error
        return self._reply(message, mode, started, body)

    def ask_sync(self, question: Question) -> Reply:
        """Ask once from a thread without an event loop, with the same result as `ask`."""
        mode, started = self.mode, self._clock_s()
        if self._own is None:
            self._own = self._make_sync()
        client = self._own[0]
        with _keeping_body(not self._streams(mode)) as body:
            try:
                bound = self._bound(mode, question.shape)
                if self._streams(mode):
                    pieces = _Pieces()
                    for chunk in client.stream(_messages(question), **bound):
                        pieces.add(chunk)
                    message: AIMessage = pieces.whole()
                else:
                    message = client.invoke(_messages(question), **bound)
            except Exception as error:  # as in `ask`
                raise self._failed(error, mode, started, body) from error
        return self._reply(message, mode, started, body)

    async def aclose(self) -> None:
        """Close the running loop's connections; a loop that ends closes its own."""
        lease = self._leases.pop(asyncio.get_running_loop(), None)
        if lease is not None:
            await lease[1].aclose()

    def close(self) -> None:
        """Close the synchronous client's connections."""
        if self._own is not None:
            self._own[1]()
            self._own = None

    def _streams(self, mode: Mode) -> bool:
        """Say whether a call is streamed; a tool's arguments never are.

        LangChain parses all of them again at every piece, which nested brackets turn into minutes of one core.
        """
        return self.profile.streaming and mode != "function_calling"

    def _bound(self, mode: Mode, shape: Shape) -> dict[str, Any]:
        asked = request_for(self.provider, mode, shape)
        extra = self.profile.extra_body
        if self.provider == "openai" and "response_format" in asked:
            # As a plain argument it takes ChatOpenAI through the SDK's parser, which judges the reply before we can.
            return {"extra_body": {**extra, **asked}}
        if self.provider == "sambanova" and self._streams(mode):
            asked = {**asked, "stream_options": {"include_usage": True}}
        return {**asked, "extra_body": extra} if extra else asked

    async def _client(self) -> BaseChatModel:
        """Return this event loop's client: a connection belongs to the loop that opened it.

        Nothing is awaited before the lease is entered, so that six agents that ask at once share one.
        """
        loop = asyncio.get_running_loop()
        if loop not in self._leases:
            generator = self._lease()
            self._leases[loop] = (await anext(generator), generator)
        return self._leases[loop][0]

    async def _lease(self) -> AsyncGenerator[BaseChatModel]:
        """Hold the client open until the loop shuts its generators down, as `asyncio.run` does at its end."""
        http, idle = self._async_http(), self._sync_http()
        try:
            yield self._make({"http_async_client": http, "http_client": idle})
        finally:
            await http.aclose()
            idle.close()

    def _make_sync(self) -> tuple[BaseChatModel, Callable[[], None]]:
        http = self._sync_http()
        return self._make({"http_client": http, "http_async_client": self._async_http()}), http.close

    def _sync_http(self) -> Any:  # noqa: ANN401 - httpx's or httpx2's Client
        wire = Wire(self.provider, self._url, self._secret)
        hooks = {"request": [wire.outgoing], "response": [wire.incoming]}
        return _httpx_for(self.provider).Client(event_hooks=hooks, **self._transport())

    def _async_http(self) -> Any:  # noqa: ANN401 - httpx's or httpx2's AsyncClient
        wire = Wire(self.provider, self._url, self._secret)
        hooks = {"request": [wire.outgoing_async], "response": [wire.incoming_async]}
        return _httpx_for(self.provider).AsyncClient(event_hooks=hooks, **self._transport())

    def _transport(self) -> dict[str, Any]:
        """Certificates are always verified; at an http address there are none, and loading them takes 20 ms."""
        return {"timeout": self.profile.timeout_s, "verify": urlsplit(self._url).scheme != "http"}

    def _make(self, http: Mapping[str, Any]) -> BaseChatModel:
        given = _arguments(self.profile, self._url, self._secret, http)
        if isinstance(self.profile, Custom):
            given = _accepted(self._class, given, self.profile.arguments)
        try:
            return self._class(**given)
        except Exception as error:  # a foreign constructor; whatever it raises, a person must act
            said = self._scrubbed(str(error))
            raise SettingsInvalid(f"{self._class.__name__} cannot be made from the profile: {said}") from error

    def _scrubbed(self, text: str) -> str:
        return plain(text.replace(self._secret, "[key]") if self._secret else text)

    def _failed(self, error: Exception, mode: Mode, started: float, body: list[str] | None) -> ModelFailed:
        failure = classify(error)
        written = _raw_arguments(_wire_json(body))
        if written is not None and isinstance(error, ValidationError):
            # The client gave up over arguments that are no object: that is the model's doing, not the provider's.
            failure = ModelFailed(Kind.UNREADABLE, "the tool's arguments are not one JSON object", text=written)
        failure.detail = self._scrubbed(failure.detail)
        failure.latency_s, failure.mode, failure.model = self._clock_s() - started, mode, self.profile.model
        if failure.kind is Kind.REQUEST and self._steps_down(mode, failure.detail):
            failure.kind = Kind.MODE
        return failure

    def _steps_down(self, mode: Mode, detail: str) -> bool:
        """Leave a rung that the model refused; True if there is a lower one to stand on."""
        if not any(word in detail.lower() for word in MODE_WORDS) or mode == self._ladder[-1]:
            return False
        if mode == self._ladder[0]:  # of six calls at once, the first that fails steps down
            self._ladder = self._ladder[1:]
        return True

    def _reply(self, message: AIMessage, mode: Mode, started: float, body: list[str] | None) -> Reply:
        latency_s = self._clock_s() - started
        raw = _wire_json(body)
        text = _written(message, mode, raw)
        half = HALF_CHARACTER.search(text)  # cannot be written down, sent back, or shown
        text = HALF_CHARACTER.sub("?", text)
        model = str(raw.get("model") or message.response_metadata.get("model_name") or self.profile.model)
        usage = _usage(message)
        wrong = problem(text, *_ending(message))
        if half and wrong is None:
            wrong = Kind.UNREADABLE, "the answer holds half a character (a lone surrogate)"
        if wrong is not None:
            kind, detail = wrong
            raise ModelFailed(
                kind, self._scrubbed(detail), text=text, usage=usage, latency_s=latency_s, model=model, mode=mode
            )
        return Reply(
            text=text, provider=self.provider, model=plain(model, 200), mode=mode, latency_s=latency_s, usage=usage
        )


@contextmanager
def _keeping_body(wanted: bool) -> Iterator[list[str] | None]:
    kept: list[str] | None = [] if wanted else None
    token = _body.set(kept)
    try:
        yield kept
    finally:
        _body.reset(token)


async def _gathered(client: BaseChatModel, messages: list[BaseMessage], bound: dict[str, Any]) -> AIMessage:
    pieces = _Pieces()
    async for chunk in client.astream(messages, **bound):
        pieces.add(chunk)
    return pieces.whole()


class _Pieces:
    """A streamed answer put together: linear in its length, and given up when it will not end."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._told: dict[str, Any] = {}
        self._extra: dict[str, Any] = {}
        self._usage: Any = None
        self._chars = 0

    def add(self, chunk: BaseMessage) -> None:
        text = _content(chunk)
        self._chars += len(text)
        if self._chars > ANSWER_CHARS_MAX:
            raise ModelFailed(Kind.UNREADABLE, f"the answer went on beyond {ANSWER_CHARS_MAX} characters")
        self._texts.append(text)
        self._told.update(chunk.response_metadata)
        self._extra.update({name: value for name, value in chunk.additional_kwargs.items() if name == "refusal"})
        self._usage = getattr(chunk, "usage_metadata", None) or self._usage

    def whole(self) -> AIMessage:
        return AIMessageChunk(
            content="".join(self._texts),
            response_metadata=self._told,
            additional_kwargs=self._extra,
            usage_metadata=self._usage,
        )


def _messages(question: Question) -> list[BaseMessage]:
    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message.role](content=message.text) for message in question.messages]


def _wire_json(body: list[str] | None) -> dict[str, Any]:
    if not body:
        return {}
    try:
        read = json.loads(body[0])
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _written(message: AIMessage, mode: Mode, raw: Mapping[str, Any]) -> str:
    """Return the reply's own characters: the text, or the arguments of the one tool."""
    if mode == "function_calling":
        arguments = _tool_arguments(message, raw)
        if arguments is not None:
            return arguments
    return _content(message)


def _content(message: BaseMessage) -> str:
    """Return the text of a message, whichever of LangChain's two forms it has."""
    if isinstance(message.content, str):
        return message.content
    parts = [part.get("text", "") if isinstance(part, dict) else part for part in message.content]
    return "".join(part for part in parts if isinstance(part, str))


def _tool_arguments(message: AIMessage, raw: Mapping[str, Any]) -> str | None:
    """Return the arguments as they were written; from the client's dict only where the wire has another form."""
    written = _raw_arguments(raw)
    if written is not None:
        return written
    return "\n".join(json.dumps(call["args"], ensure_ascii=False) for call in message.tool_calls) or None


def _raw_arguments(raw: Mapping[str, Any]) -> str | None:
    try:
        calls = raw["choices"][0]["message"]["tool_calls"]
        return "\n".join(call["function"]["arguments"] for call in calls) if calls else None
    except (KeyError, IndexError, TypeError):
        return None


def _usage(message: AIMessage) -> Usage | None:
    used = message.usage_metadata
    if not used or not used["input_tokens"]:  # a prompt of no tokens is a count that is missing
        return None
    return Usage(tokens_in=used["input_tokens"], tokens_out=used["output_tokens"])


def _ending(message: AIMessage) -> tuple[str | None, str | None]:
    """Return (finish reason, refusal) in whichever place the provider's client keeps them."""
    told = message.response_metadata
    finish = told.get("finish_reason") or told.get("stop_reason") or told.get("done_reason")
    return finish, message.additional_kwargs.get("refusal")


def classify(error: Exception) -> ModelFailed:
    """Return the failure that a client's exception stands for.

    By the HTTP status if it has one, else by the names in its ancestry: openai, sambanova, groq and anthropic
    grow from one generator and share them, while httpx, httpx2 and the built-in errors each add their own.
    """
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


def keep_local(settings: LlmSettings) -> None:
    """Switch LangSmith's tracing off in this process unless the settings name it.

    An environment left over from another project must not send prompts anywhere.
    """
    if settings.langsmith:
        return
    for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
        os.environ[name] = "false"
    importlib.import_module("langsmith.utils").get_env_var.cache_clear()

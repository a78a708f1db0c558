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
from collections.abc import AsyncGenerator, Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata
from pydantic import ValidationError

from agents.asking import Kind, ModelFailed, Question, Reply, Shape, Usage, plain, problem
from agents.classify import classify
from agents.settings import MODES, Custom, Environ, LlmSettings, Mode, RemoteProfile, address, key
from agents.wire import JsonObject, Wire, body_json, keeping_body
from quorate.domain.errors import SettingsInvalid

PACKAGES: dict[str, tuple[str, str, str]] = {
    "sambanova": ("langchain_sambanova", "ChatSambaNova", "pip install 'langchain-sambanova>=1.1,<2'"),
    "openai": ("langchain_openai", "ChatOpenAI", "pip install 'langchain-openai>=1.1,<2'"),
    "anthropic": ("langchain_anthropic", "ChatAnthropic", "pip install 'langchain-anthropic>=1,<2'"),
    "ollama": ("langchain_ollama", "ChatOllama", "pip install 'langchain-ollama>=1,<2'"),
    "groq": ("langchain_groq", "ChatGroq", "pip install 'langchain-groq>=1,<2'"),
}
"""Module, class and remedy of each provider's package."""

Foreign = Any
"""An object of somebody else's whose private parts are touched, for want of a public way."""

HttpClient = Foreign
"""A client of httpx or of httpx2, synchronous or not: the two libraries share no type."""

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
"""What a client that insists on a key is given where the server wants none; never sent, see agents/wire.py."""

MODE_WORDS = ("response_format", "json_schema", "json_object", "tool", "schema", "structured", "format")
"""What a provider writes in the 400 that means: this model does not take this mode."""

ANSWER_CHARS_MAX = 20_000
"""Where a streamed answer is given up: as much as the parser reads."""

HALF_CHARACTER = re.compile("[\ud800-\udfff]")


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


def _httpx_for(provider: str) -> ModuleType:
    """Return the HTTP library under the provider's SDK: some moved to httpx2, and each catches only its own errors."""
    try:
        base = importlib.import_module(f"{provider}._base_client")
    except ImportError:
        base = None
    return importlib.import_module("httpx2" if hasattr(base, "httpx2") else "httpx")


def _arguments(profile: RemoteProfile, url: str, secret: str, http: JsonObject) -> JsonObject:
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
            return {**shared, "base_url": url, "num_predict": profile.max_tokens, **http}
        case _:
            return {**shared, **served, "api_key": secret or NO_KEY, **http}


def _give_connections(client: Foreign, asynchronous: HttpClient, synchronous: HttpClient) -> None:
    """Put our HTTP clients where ChatAnthropic keeps its own: it takes none, and shares one between event loops."""
    sdk, params = importlib.import_module("anthropic"), client._client_params
    client.__dict__["_async_client"] = sdk.AsyncClient(**params, http_client=asynchronous)
    client.__dict__["_client"] = sdk.Client(**params, http_client=synchronous)


def _accepted(kind: type[BaseChatModel], given: JsonObject, own: JsonObject) -> JsonObject:
    """Return what a foreign class understands of the standard arguments, and all of its own."""
    names = set(kind.model_fields) | {field.alias for field in kind.model_fields.values() if field.alias}
    return {name: value for name, value in given.items() if name in names} | dict(own)


def request_for(provider: str, mode: Mode, shape: Shape) -> JsonObject:
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
        with keeping_body(not self._streams(mode)) as body:
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
        with keeping_body(not self._streams(mode)) as body:
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

    def _bound(self, mode: Mode, shape: Shape) -> JsonObject:
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
        http, idle = self._http("AsyncClient"), self._http("Client")
        try:
            yield self._make(http, idle)
        finally:
            await http.aclose()
            idle.close()

    def _make_sync(self) -> tuple[BaseChatModel, Callable[[], None]]:
        http = self._http("Client")
        return self._make(self._http("AsyncClient"), http), http.close

    def _hooks(self) -> dict[str, dict[str, list[Foreign]]]:
        wire = Wire(self.provider, self._url, self._secret)
        return {
            "Client": {"request": [wire.outgoing], "response": [wire.incoming]},
            "AsyncClient": {"request": [wire.outgoing_async], "response": [wire.incoming_async]},
        }

    def _http(self, kind: str) -> HttpClient:
        """Return an HTTP client under our hooks.

        Certificates are always verified; at an http address there are none, and loading them takes 20 ms.
        """
        verify = urlsplit(self._url).scheme != "http"
        library = _httpx_for(self.provider)
        return getattr(library, kind)(timeout=self.profile.timeout_s, verify=verify, event_hooks=self._hooks()[kind])

    def _make(self, asynchronous: HttpClient, synchronous: HttpClient) -> BaseChatModel:
        http: JsonObject = {"http_async_client": asynchronous, "http_client": synchronous}
        if self.provider == "ollama":  # makes its own clients, and adds OLLAMA_API_KEY for whatever address
            hooks, wait = self._hooks(), {"timeout": self.profile.timeout_s}
            http = {
                "client_kwargs": wait,
                "sync_client_kwargs": {"event_hooks": hooks["Client"]},
                "async_client_kwargs": {"event_hooks": hooks["AsyncClient"]},
            }
        given = _arguments(self.profile, self._url, self._secret, http)
        if isinstance(self.profile, Custom):
            given = _accepted(self._class, given, self.profile.arguments)
        try:
            client = self._class(**given)
        except Exception as error:  # a foreign constructor; whatever it raises, a person must act
            said = self._scrubbed(str(error))
            raise SettingsInvalid(f"{self._class.__name__} cannot be made from the profile: {said}") from error
        if self.provider == "anthropic":
            _give_connections(client, asynchronous, synchronous)
        return client

    def _scrubbed(self, text: str) -> str:
        return plain(text.replace(self._secret, "[key]") if self._secret else text)

    def _failed(self, error: Exception, mode: Mode, started: float, body: list[str] | None) -> ModelFailed:
        failure = classify(error)
        written = _raw_arguments(body_json(body))
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
        raw = body_json(body)
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
        build = raw.get("system_fingerprint") or message.response_metadata.get("system_fingerprint")
        return Reply(
            text=text,
            provider=self.provider,
            model=plain(model, 200),
            fingerprint=plain(str(build), 100) if build else None,
            mode=mode,
            latency_s=latency_s,
            usage=usage,
        )


async def _gathered(client: BaseChatModel, messages: list[BaseMessage], bound: JsonObject) -> AIMessage:
    pieces = _Pieces()
    async for chunk in client.astream(messages, **bound):
        pieces.add(chunk)
    return pieces.whole()


class _Pieces:
    """A streamed answer put together: linear in its length, and given up when it will not end."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._told: JsonObject = {}
        self._extra: JsonObject = {}
        self._usage: UsageMetadata | None = None
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


def _written(message: AIMessage, mode: Mode, raw: JsonObject) -> str:
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


def _tool_arguments(message: AIMessage, raw: JsonObject) -> str | None:
    """Return the arguments as they were written; from the client's dict only where the wire has another form."""
    written = _raw_arguments(raw)
    if written is not None:
        return written
    return "\n".join(json.dumps(call["args"], ensure_ascii=False) for call in message.tool_calls) or None


def _raw_arguments(raw: JsonObject) -> str | None:
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


def keep_local(settings: LlmSettings) -> None:
    """Switch LangSmith's tracing off in this process unless the settings name it.

    An environment left over from another project must not send prompts anywhere.
    """
    if settings.langsmith:
        return
    for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
        os.environ[name] = "false"
    importlib.import_module("langsmith.utils").get_env_var.cache_clear()

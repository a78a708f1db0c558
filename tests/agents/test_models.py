"""The adapter over the real clients: where keys go, how modes step down, what loops and exceptions come to."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from agents.asking import Kind, ModelFailed
from agents.models import LADDERS, RemoteChat, chat_class, keep_local, request_for
from agents.parsing import bid_shape, parse_bid
from agents.settings import MODES, Anthropic, Custom, Groq, LlmSettings, Ollama, SambaNova
from quorate.domain.errors import CredentialMissing, SettingsInvalid
from tests.agents.helpers import PROFILES, profile, question
from tests.fake_llm import FakeLLM
from tests.fake_llm.dialect import GOOD_BID

FOREIGN = {
    "SAMBANOVA_API_KEY": "foreign-sambanova-key",
    "OPENAI_API_KEY": "foreign-openai-key",
    "OPENAI_ORG_ID": "foreign-organisation",
    "OPENAI_PROJECT_ID": "foreign-project",
    "SAMBA_NOVA_CUSTOM_HEADERS": "x-custom: foreign-header",
    "OPENAI_CUSTOM_HEADERS": "x-custom: foreign-header",
    "SAMBANOVA_API_BASE": "http://127.0.0.1:9/v1",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENAI_API_BASE": "http://127.0.0.1:9/v1",
}
CLIENTS = sorted(PROFILES)


def ask(chat: RemoteChat) -> str:
    async def once() -> str:
        return (await chat.ask(question())).text

    return asyncio.run(once())


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("client", CLIENTS)
def test_no_key_or_header_of_the_environment_reaches_a_foreign_address(
    server: FakeLLM, monkeypatch: pytest.MonkeyPatch, client: str, streaming: bool
) -> None:
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MY_KEY", "the-profiles-own-key")
    own = RemoteChat(profile(client, server.url, api_key_env="MY_KEY", streaming=streaming))
    none = RemoteChat(profile(client, server.url, streaming=streaming))
    for chat in (own, none):
        ask(chat)
        chat.ask_sync(question())
        chat.close()
    assert len(server.calls) == 4
    for call in server.calls:
        assert "foreign" not in json.dumps(call.headers) + json.dumps(call.body)
    with_key, without = server.calls[:2], server.calls[2:]
    assert all(call.headers["authorization"] == "Bearer the-profiles-own-key" for call in with_key)
    assert not any({"authorization", "x-api-key"} & set(call.headers) for call in without)
    if client == "sambanova":
        assert all(call.headers["x-api-key"] == "the-profiles-own-key" for call in with_key)


def test_the_leak_that_is_closed_is_a_real_one(server: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without our wire the client sends the environment's key to the other host: if this fails, upstream mended it."""
    monkeypatch.setenv("SAMBANOVA_API_KEY", "foreign-sambanova-key")
    bare = chat_class(SambaNova(provider="sambanova", model="m"))(
        model="good", api_key="given", base_url=server.url, timeout=5.0, max_retries=0
    )
    bare.invoke("hi")
    bare.client._client.close()
    assert server.calls[0].headers["x-api-key"] == "foreign-sambanova-key"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_redirect_is_not_followed(server: FakeLLM, client: str) -> None:
    server.plan("redirect")
    with pytest.raises(ModelFailed) as caught:
        ask(RemoteChat(profile(client, server.url), {}))
    assert caught.value.kind is Kind.BAD_RESPONSE
    assert len(server.calls) == 1


def test_a_key_that_a_provider_echoes_is_struck_out_of_the_message(server: FakeLLM) -> None:
    environ = {"K": "Invalid API key"}  # the server's words hold exactly this key
    server.plan("401")
    with pytest.raises(ModelFailed) as caught:
        ask(RemoteChat(profile("sambanova", server.url, api_key_env="K"), environ))
    assert caught.value.kind is Kind.AUTH
    assert "[key]" in caught.value.detail
    assert "Invalid API key" not in caught.value.detail


@pytest.mark.parametrize("client", CLIENTS)
def test_one_chat_works_under_event_loops_that_come_and_go(server: FakeLLM, client: str) -> None:
    chat = RemoteChat(profile(client, server.url), {})
    for _ in range(5):
        assert ask(chat) == GOOD_BID
    assert len(server.calls) == 5


def test_six_that_ask_at_once_share_one_client(server: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    chat, made = RemoteChat(profile("sambanova", server.url), {}), []
    make = chat._make
    monkeypatch.setattr(chat, "_make", lambda *http: (made.append(http), make(*http))[1])

    async def six() -> None:
        await asyncio.gather(*(chat.ask(question()) for _ in range(6)))

    asyncio.run(six())
    assert len(made) == 1


def test_a_loop_that_lives_on_is_closed_by_hand(server: FakeLLM) -> None:
    chat = RemoteChat(profile("sambanova", server.url), {})

    async def twice() -> None:
        await chat.ask(question())
        await chat.aclose()
        await chat.aclose()
        await chat.ask(question())

    asyncio.run(twice())
    assert len(server.calls) == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("client", CLIENTS)
def test_the_strict_schema_is_what_is_sent(server: FakeLLM, client: str, mode: str) -> None:
    reply = ask(RemoteChat(profile(client, server.url, structured=mode), {}))
    assert parse_bid(reply).bid.score_bp == 7_100
    body = server.calls[0].body
    if mode == "json_schema":
        sent = body["response_format"]["json_schema"]
        assert sent["strict"] is True
        assert sent["schema"] == bid_shape().schema
    elif mode == "function_calling":
        assert body["tools"][0]["function"]["parameters"] == bid_shape().schema
        assert body["tool_choice"]["function"]["name"] == "bid"
    else:
        assert "tools" not in body
        assert body.get("response_format") == ({"type": "json_object"} if mode == "json_mode" else None)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_mode_that_the_model_does_not_take_is_left_for_the_next(server: FakeLLM, client: str) -> None:
    chat = RemoteChat(profile(client, server.url), {})
    server.plan("schema", "notools")
    for expected in ("json_schema", "function_calling"):
        assert chat.mode == expected
        with pytest.raises(ModelFailed) as caught:
            ask(chat)
        assert caught.value.kind is Kind.MODE
    assert ask(chat) == GOOD_BID
    assert chat.mode == "json_mode"


def test_six_calls_at_once_step_down_one_rung_not_six(server: FakeLLM) -> None:
    chat = RemoteChat(profile("sambanova", server.url), {})
    server.plan(*["schema"] * 6)

    async def six() -> list[object]:
        return await asyncio.gather(*(chat.ask(question()) for _ in range(6)), return_exceptions=True)

    assert all(isinstance(each, ModelFailed) and each.kind is Kind.MODE for each in asyncio.run(six()))
    assert chat.mode == "function_calling"


def test_a_fixed_mode_does_not_step_down(server: FakeLLM) -> None:
    server.plan("schema")
    with pytest.raises(ModelFailed) as caught:
        ask(RemoteChat(profile("sambanova", server.url, structured="json_schema"), {}))
    assert caught.value.kind is Kind.REQUEST


def test_the_probed_mode_is_where_the_ladder_begins(server: FakeLLM) -> None:
    assert RemoteChat(profile("sambanova", server.url), {}, mode="json_mode").mode == "json_mode"
    assert RemoteChat(profile("sambanova", server.url, structured="text"), {}, mode="json_mode").mode == "text"


def test_usage_that_is_not_told_is_unknown_and_never_zero(server: FakeLLM) -> None:
    async def reply(model: str) -> object:
        return (await RemoteChat(profile("sambanova", server.url, model), {}).ask(question())).usage

    assert asyncio.run(reply("fault-nousage")) is None
    assert asyncio.run(reply("good")) is not None


def test_the_name_that_the_server_gives_is_kept_not_the_one_that_was_asked(server: FakeLLM) -> None:
    from tests.fake_llm.brain import answer

    server.answerer = lambda body: answer(body | {"model": "x"})
    reply = asyncio.run(RemoteChat(profile("sambanova", server.url, "good"), {}).ask(question()))
    assert reply.model == "good"


@pytest.mark.parametrize("given", [
    Anthropic(provider="anthropic", model="m", api_key_env="K"),
    Ollama(provider="ollama", model="m"),
    Groq(provider="groq", model="m", api_key_env="K"),
])  # fmt: skip
def test_a_missing_extra_is_one_sentence_with_the_remedy(given: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"langchain_{given.provider}", None)
    with pytest.raises(SettingsInvalid, match=r"pip install 'langchain-"):
        RemoteChat(given, {"K": "some-key"})


def test_a_missing_key_is_said_before_anything_is_asked() -> None:
    with pytest.raises(CredentialMissing, match="set SAMBANOVA_API_KEY"):
        RemoteChat(SambaNova(provider="sambanova", model="m"), {})


def test_any_langchain_class_can_be_named(server: FakeLLM) -> None:
    fields = {"provider": "custom", "class": "langchain_openai:ChatOpenAI", "model": "good", "base_url": server.url}
    assert parse_bid(ask(RemoteChat(Custom.model_validate(fields), {}))).bid.score_bp == 7_100
    for wrong in ("langchain_openai:Nothing", "no_such_module:X", "json:JSONDecoder"):
        with pytest.raises(SettingsInvalid, match=r"cannot be imported|not a LangChain chat model"):
            RemoteChat(Custom.model_validate(fields | {"class": wrong}), {})


def test_each_provider_has_a_ladder_that_ends_in_plain_text_and_a_request_for_each_rung() -> None:
    for provider, ladder in LADDERS.items():
        assert ladder[-1] == "text"
        for mode in ladder:
            assert bool(request_for(provider, mode, bid_shape())) == (mode != "text")


def test_langsmith_is_off_unless_the_settings_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from langsmith.utils import get_env_var, tracing_is_enabled

    for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "true")
    get_env_var.cache_clear()
    assert tracing_is_enabled()
    keep_local(LlmSettings(langsmith=True))
    assert os.environ["LANGSMITH_TRACING"] == "true"
    keep_local(LlmSettings())
    assert not tracing_is_enabled()


@pytest.mark.filterwarnings("ignore:A test tried to use:UserWarning")
def test_a_whole_bid_opens_no_connection_but_to_its_host(server: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket guard of the suite refuses any other machine; here the tracing of another project is switched on."""
    import socket

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "ls-key")
    keep_local(LlmSettings())
    reached: list[object] = []
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: (reached.append(to), connect(self, to))[1])
    chat = RemoteChat(profile("openai", server.url), {})
    chat.ask_sync(question())
    chat.close()
    assert {to[1] for to in reached} == {server.port}


def test_the_example_profiles_name_no_key() -> None:
    assert "sk-" not in Path("quorate.toml").read_text()

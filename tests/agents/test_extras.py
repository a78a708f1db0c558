"""The extras' real clients (Anthropic, Groq, Ollama) against a local server of each one's dialect.

What is proven for the two main clients in test_models.py holds here too: the reply as it was written, usage, modes,
where the key goes, and what each failure becomes.
"""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agents.asking import Kind, ModelFailed, Reply
from agents.models import LADDERS, RemoteChat
from agents.parsing import bid_shape, parse_bid
from agents.settings import Anthropic, Groq, Ollama
from tests.agents.helpers import agent, job, limited, question, shot

KINDS = {"anthropic": Anthropic, "groq": Groq, "ollama": Ollama}
PATHS = {"anthropic": "/v1/messages", "groq": "/openai/v1/chat/completions", "ollama": "/api/chat"}
CLIENTS = sorted(KINDS)
BID = '{"score": 0.71, "reasoning": "It fits.", "evidence": [], "forecast": null}'
FOREIGN = {
    "ANTHROPIC_API_KEY": "foreign-key",
    "ANTHROPIC_AUTH_TOKEN": "foreign-token",
    "ANTHROPIC_CUSTOM_HEADERS": "x-custom: foreign-header",
    "GROQ_API_KEY": "foreign-key",
    "OLLAMA_API_KEY": "foreign-key",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    "ANTHROPIC_API_URL": "http://127.0.0.1:9",
    "GROQ_API_BASE": "http://127.0.0.1:9",
    "GROQ_BASE_URL": "http://127.0.0.1:9",
    "OLLAMA_HOST": "http://127.0.0.1:9",
}

for each in CLIENTS:  # they are in the development lock; where one is missing, so are all of its tests
    pytest.importorskip(f"langchain_{each}")


def anthropic(body, finish):
    tool = body.get("tool_choice")
    part = (
        {"type": "tool_use", "id": "t", "name": "bid", "input": json.loads(BID)}
        if tool
        else {"type": "text", "text": BID}
    )
    reason = {"length": "max_tokens"}.get(finish, "tool_use" if tool else "end_turn")
    return {
        "id": "m", "type": "message", "role": "assistant", "model": "as-served", "content": [part],
        "stop_reason": reason, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5},
    }  # fmt: skip


def groq(body, finish):
    message = {"role": "assistant", "content": BID}
    if body.get("tools"):
        call = {"id": "t", "type": "function", "function": {"name": "bid", "arguments": BID}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "id": "c", "object": "chat.completion", "created": 1, "model": "as-served",
        "choices": [{"index": 0, "message": message, "finish_reason": "length" if finish == "length" else "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }  # fmt: skip


def ollama(body, finish):
    return {
        "model": "as-served", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": BID},
        "done": True, "done_reason": "length" if finish == "length" else "stop",
        "prompt_eval_count": 10, "eval_count": 5,
    }  # fmt: skip


ANSWERS = {"/v1/messages": anthropic, "/openai/v1/chat/completions": groq, "/api/chat": ollama}


class Server:
    """Keeps every request; answers each as planned: `good`, `length`, `html`, `redirect`, `hang` or a status."""

    def __init__(self):
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                kept.calls.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                kept.answer(self, body)

            def log_message(self, *_):
                pass

        self.calls, self.planned = [], []
        self.gone = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, handler, body):
        what = self.planned.pop(0) if self.planned else "good"
        if what == "hang":
            self.gone.wait(5.0)
            return
        if what in {"good", "length"}:
            status, text = 200, json.dumps(ANSWERS[handler.path](body, what))
        elif what == "html":
            status, text = 200, "<html>Please log in. 0.71</html>"
        elif what == "redirect":
            status, text = 307, ""
        else:
            status, text = int(what), json.dumps({"error": {"type": "x", "message": "own-key-1234 is refused"}})
        handler.send_response(status)
        handler.send_header("content-type", "text/html" if what == "html" else "application/json")
        if what == "redirect":
            handler.send_header("location", "http://127.0.0.1:9/")
        handler.send_header("content-length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())


@pytest.fixture(scope="module")
def _local():
    server = Server()
    yield server
    server.gone.set()
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def local(_local, monkeypatch):
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    _local.calls.clear()
    _local.planned.clear()
    return _local


def chat(client, local, **more):
    given = {"provider": client, "model": "good", "base_url": local.url, "timeout_s": 2.0, "api_key_env": "K"} | more
    return RemoteChat(KINDS[client].model_validate(given), {"K": "own-key-1234"})


def ask(asked) -> Reply:
    async def once():
        try:
            return await asked.ask(question())
        finally:
            await asked.aclose()

    return asyncio.run(once())


def failed(client, local, *planned, **more) -> ModelFailed:
    local.planned[:] = planned
    with pytest.raises(ModelFailed) as caught:
        ask(chat(client, local, **more))
    return caught.value


@pytest.mark.parametrize("client", CLIENTS)
def test_the_key_and_nothing_else_of_the_environment_reaches_the_profiles_own_address(client, local):
    own, none = chat(client, local), chat(client, local, api_key_env="")
    for each in (own, none):
        ask(each)
        each.ask_sync(question())
        each.close()
    assert [path for path, _, _ in local.calls] == [PATHS[client]] * 4
    assert "foreign" not in json.dumps([[headers, body] for _, headers, body in local.calls])
    name, value = ("x-api-key", "own-key-1234") if client == "anthropic" else ("authorization", "Bearer own-key-1234")
    assert all(headers[name] == value for _, headers, _ in local.calls[:2])
    assert not any({"authorization", "x-api-key"} & set(headers) for _, headers, _ in local.calls[2:])


@pytest.mark.parametrize("client", CLIENTS)
def test_every_rung_of_the_ladder_asks_for_our_schema_and_reads_the_bid(client, local):
    for mode in LADDERS[client]:
        reply = ask(chat(client, local, structured=mode))
        assert parse_bid(reply.text).bid.score_bp == 7_100
        assert (reply.provider, reply.model, reply.mode) == (client, "as-served", mode)
        assert (reply.usage.tokens_in, reply.usage.tokens_out) == (10, 5)
        sent = json.dumps(local.calls[-1][2], sort_keys=True)
        if mode in {"json_schema", "function_calling"}:
            assert json.dumps(bid_shape().schema, sort_keys=True) in sent
        else:
            assert json.dumps(bid_shape().schema, sort_keys=True) not in sent


@pytest.mark.parametrize(("planned", "kind"), [
    ("401", Kind.AUTH), ("404", Kind.GONE), ("429", Kind.RATE_LIMIT), ("500", Kind.SERVER), ("503", Kind.SERVER),
    ("length", Kind.TRUNCATED), ("html", Kind.BAD_RESPONSE), ("redirect", Kind.BAD_RESPONSE),
])  # fmt: skip
@pytest.mark.parametrize("client", CLIENTS)
def test_each_failure_has_its_kind_and_one_call_is_one_call(client, planned, kind, local):
    failure = failed(client, local, planned)
    assert failure.kind is kind, failure
    assert len(local.calls) == 1, "retries are ours"
    assert "own-key-1234" not in str(failure), "a key that is echoed is struck out"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_server_that_hangs_is_a_timeout(client, local):
    assert failed(client, local, "hang", timeout_s=0.3).kind is Kind.TIMEOUT


@pytest.mark.parametrize("client", CLIENTS)
def test_nobody_there_is_a_connection_that_failed(client, local):
    failure = failed(client, local, base_url="http://127.0.0.1:9")
    assert failure.kind is Kind.CONNECTION


@pytest.mark.parametrize("client", CLIENTS)
def test_one_chat_works_under_event_loops_that_come_and_go(client, local):
    asked = chat(client, local)
    for _ in range(3):
        assert parse_bid(ask(asked).text).bid.score_bp == 7_100
    assert len(local.calls) == 3


@pytest.mark.parametrize("client", CLIENTS)
def test_a_whole_bid_survives_a_server_that_is_busy_once(client, local):
    local.planned[:] = ["429", "good"]
    asked = chat(client, local)
    answer = asyncio.run(agent(limited(asked, asked.profile)).bid(job(), shot()))
    assert answer.outcome.kind == "bid"
    assert answer.outcome.author.provider == client
    assert answer.effort.calls == 2

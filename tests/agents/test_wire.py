"""The last hook before the socket: one host, needed headers, one key."""

import httpx
import pytest

from agents.wire import Wire, body_json, keeping_body
from quorate.domain.errors import MisuseError


def test_a_request_to_another_host_is_refused_before_it_is_sent() -> None:
    wire = Wire("openai", "https://api.openai.com/v1", "secret-key")
    for url in ("https://evil.example/v1", "http://api.openai.com/v1", "https://api.openai.com:8443/v1"):
        with pytest.raises(MisuseError):
            wire.outgoing(httpx.Request("POST", url))
    request = httpx.Request("POST", "https://api.openai.com/v1/chat/completions", headers={"x-leak": "1"})
    wire.outgoing(request)
    assert request.headers["authorization"] == "Bearer secret-key"
    assert "x-leak" not in request.headers


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("openai", {"authorization"}),
        ("groq", {"authorization"}),
        ("ollama", {"authorization"}),
        ("sambanova", {"authorization", "x-api-key"}),
        ("anthropic", {"x-api-key"}),
    ],
)
def test_each_provider_finds_the_key_where_it_looks(provider: str, expected: set[str]) -> None:
    foreign = {"authorization": "Bearer foreign", "x-api-key": "foreign", "openai-organization": "foreign"}
    for secret in ("own", ""):
        request = httpx.Request("POST", "https://host/v1", headers=foreign)
        Wire(provider, "https://host/v1", secret).outgoing(request)
        assert "foreign" not in str(request.headers.raw)
        found = {name for name in request.headers if name in {"authorization", "x-api-key"}}
        assert found == (expected if secret else set())


def test_a_class_of_the_users_choice_keeps_its_headers_and_its_host() -> None:
    wire = Wire("custom", "https://host/v1", "")
    request = httpx.Request("POST", "https://host/v1", headers={"api-key": "theirs"})
    wire.outgoing(request)
    assert request.headers["api-key"] == "theirs"
    with pytest.raises(MisuseError):
        wire.outgoing(httpx.Request("POST", "https://other/v1"))


def test_a_body_is_kept_for_the_call_in_progress_only() -> None:
    wire = Wire("openai", "https://host/v1", "")
    with keeping_body(True) as kept:
        wire.incoming(httpx.Response(200, text='{"a": 1}'))
    wire.incoming(httpx.Response(200, text="later"))
    assert kept == ['{"a": 1}']
    assert body_json(kept) == {"a": 1}
    with keeping_body(False) as none:
        wire.incoming(httpx.Response(200, text="x"))
    assert none is None
    assert body_json(["not json"]) == body_json(["[1]"]) == body_json([]) == {}

"""One fake server for the session, empty for every test."""

import gc
from collections.abc import Iterator

import pytest

from tests.fake_llm import FakeLLM


@pytest.fixture(scope="session")
def _server() -> Iterator[FakeLLM]:
    with FakeLLM() as server:
        yield server


@pytest.fixture
def server(_server: FakeLLM) -> FakeLLM:
    from tests.fake_llm.brain import answer

    _server.forget()
    _server.delay_s, _server.answerer, _server.inflight_max = 0.0, answer, None
    return _server


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Collect what a module's tests left, so that a connection left open is told of there and not in a later test."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def no_foreign_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAMBANOVA_API_KEY", "OPENAI_API_KEY", "SAMBANOVA_API_BASE", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGSMITH_TRACING", "false")

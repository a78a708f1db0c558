"""LangChain's own integration suite for chat models, run by both clients against the fake server.

It shows that the server speaks the dialect as the clients expect it, so that the fault matrix is about faults.
Cases that the suite skips by itself are listed in tests/skips.toml with their reasons.
"""

import gc
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_sambanova import ChatSambaNova
from langchain_tests.integration_tests import ChatModelIntegrationTests

from tests.fake_llm import FakeLLM

pytestmark = [
    pytest.mark.asyncio(loop_scope="class"),
    # The clients' own deprecations and betas, and connections that the suite itself leaves to the collector.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def _standard_server() -> Iterator[None]:
    with FakeLLM() as server:
        _Against.url = server.url
        yield
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()  # what the suite left open is taken here, not in the middle of somebody else's test


class _Against(ChatModelIntegrationTests):
    url = ""

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "good", "api_key": "test", "base_url": self.url, "timeout": 10.0, "max_retries": 0}

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str | None:
        return "other"


class TestSambaNova(_Against):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatSambaNova

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return super().chat_model_params | {"stream_options": {"include_usage": True}}

    @property
    def supports_model_override(self) -> bool:
        """The client reports the model it was made with, not the one that answered; our adapter reads the wire."""
        return False


class TestOpenAI(_Against):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return super().chat_model_params | {"stream_usage": True}

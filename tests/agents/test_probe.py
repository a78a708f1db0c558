"""What a probe finds out from a server that can some things and not others, and what runs read of it."""

import asyncio
from pathlib import Path

from agents.building import Agents
from agents.models import RemoteChat
from agents.probe import Found, found_for, probe, read_cache, utc_now, write_cache
from agents.settings import PromptSettings, read_llm
from prompts import load
from quorate.domain.values import ClusterId
from tests.agents.helpers import profile
from tests.fake_llm import FakeLLM
from tests.fake_llm.brain import Said, answer
from tests.fake_llm.server import MODEL

WIDTHS = (1, 2, 4)


def found(server: FakeLLM, model: str = MODEL, **more: object) -> Found:
    given = profile("sambanova", server.url, model, timeout_s=5.0, **more)
    return asyncio.run(probe(given, {}, load("bid", 2), lambda: "2026-01-01T00:00:00Z", WIDTHS))


def test_a_good_model_is_listed_priced_and_takes_the_strictest_mode(server: FakeLLM) -> None:
    seen = found(server)
    assert (seen.listed, seen.mode, seen.at_once, seen.context_length) == (True, "json_schema", 4, 131072)
    assert (round(seen.prices.input_usd, 6), round(seen.prices.output_usd, 6)) == (0.6, 1.2)
    assert all(mode.tokens_in for mode in seen.modes)
    assert "mode taken: json_schema" in seen.lines()


def test_a_mode_that_holds_no_schema_is_not_taken(server: FakeLLM) -> None:
    def half(body: dict[str, object]) -> Said:
        asked_for_structure = "response_format" in body or "tools" in body
        return Said("{}") if asked_for_structure else answer(body)

    server.answerer = half
    seen = found(server)
    assert seen.mode == "text"
    assert [mode.holds for mode in seen.modes] == [False, False, False, True]


def test_the_number_of_calls_at_once_is_where_429_begins(server: FakeLLM) -> None:
    server.inflight_max, server.delay_s = 2, 0.1
    assert found(server).at_once == 2


def test_a_model_that_is_not_there_is_said(server: FakeLLM) -> None:
    seen = found(server, "fault-404")
    assert (seen.listed, seen.mode, seen.at_once) == (False, None, None)
    assert any("NOT in the provider's list" in line for line in seen.lines())
    assert any("gone" in line for line in seen.lines())


def test_runs_read_what_was_found(server: FakeLLM, tmp_path: Path) -> None:
    seen = found(server).model_copy(update={"at_once": 2})
    write_cache(tmp_path / "probe.json", seen.model_copy(update={"at_once": 9}))
    write_cache(tmp_path / "probe.json", seen)
    given = profile("sambanova", server.url, MODEL)
    assert read_cache(tmp_path / "probe.json") == (seen,)
    assert found_for(tmp_path / "probe.json", given, {}) == seen
    table = {"use": "p", "cache": "probe.json", "profiles": {"p": given.model_dump()}}
    agents = Agents(read_llm(table), PromptSettings(), [ClusterId("C")], environ={}, folder=tmp_path)
    limited = agents._chats["p"]
    assert limited._terms.max_inflight == 2
    assert limited._terms.prices == seen.prices
    assert isinstance(limited._chat, RemoteChat)


def test_a_cache_that_cannot_be_read_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "probe.json").write_text('[{"host": 1}]')
    assert read_cache(tmp_path / "probe.json") == ()
    assert read_cache(tmp_path / "none.json") == ()
    assert utc_now().endswith("Z")

"""Settings become agents: the whole path by one word, six at once, and every missing thing said first."""

import asyncio
from pathlib import Path

import pytest

from agents.bidder import ModelBidder, RuleBidder
from agents.building import Agents, prose_refuted
from agents.settings import PromptSettings, read_llm
from quorate.domain.bidding import Bid
from quorate.domain.errors import CredentialMissing, PromptError, SettingsInvalid
from quorate.domain.values import ClusterId
from tests.agents.helpers import Memory, bid_text, job, shot
from tests.fake_llm import FakeLLM
from tests.fake_llm.brain import Said

SIX = tuple(ClusterId(f"HPC_RESOURCE_0{n}") for n in range(6))


def agents(url: str = "", sink: Memory | None = None, record: Path | None = None, **table: object) -> Agents:
    profiles = {
        "far": {"provider": "sambanova", "model": "good", "base_url": url or "http://127.0.0.1:9/v1"},
        "script": {"provider": "scripted", "replies": "examples/replies/rehearsal.jsonl"},
        "keyed": {"provider": "sambanova", "model": "m"},
    }
    settings = read_llm({"use": "far", "profiles": profiles} | table)
    return Agents(settings, PromptSettings(), SIX, environ={}, sink=sink, record=record)


def bids(made: Agents) -> list[object]:
    async def all_six() -> list[object]:
        answers = await asyncio.gather(*(made.bidder(name).bid(job(), shot(name)) for name in SIX))
        await made.aclose()
        return [answer.outcome for answer in answers]

    return asyncio.run(all_six())


def test_six_agents_bid_over_the_wire_and_the_trace_tells_all_of_it(server: FakeLLM) -> None:
    sink = Memory()
    outcomes = bids(agents(server.url, sink))
    assert all(isinstance(outcome, Bid) and outcome.author.provider == "sambanova" for outcome in outcomes)
    assert {event.cluster for event in sink.of("prompted")} == set(SIX)
    assert {event.attributes["gen_ai.request.model"] for event in sink.of("prompted")} == {"good"}
    assert {event.attributes["hpc.model.fingerprint"] for event in sink.of("replied")} == {"fastcoe"}
    assert len(server.calls) == 6


def test_one_cluster_thinks_otherwise(server: FakeLLM) -> None:
    made = agents(server.url, per_cluster={SIX[3]: "rule"})
    outcomes = bids(made)
    assert [outcome.author.kind for outcome in outcomes] == ["model"] * 3 + ["rule"] + ["model"] * 2
    assert isinstance(made.bidder(SIX[3]), RuleBidder)
    assert isinstance(made.bidder(SIX[0]), ModelBidder)


def test_a_lie_in_prose_is_found_on_the_live_path(server: FakeLLM) -> None:
    server.answerer = lambda body: Said(bid_text(reasoning="Our storage-specialized cluster is ideal for this job."))
    assert {outcome.code for outcome in bids(agents(server.url))} == {"bid_breaks_facts"}
    assert prose_refuted("We are a storage cluster.", job(), shot())
    assert not prose_refuted("We are a GPU cluster.", job(), shot())


def test_a_spent_budget_ends_in_abstentions_that_say_so(server: FakeLLM) -> None:
    outcomes = bids(agents(server.url, budget={"tokens": 100}))
    assert {outcome.code for outcome in outcomes} == {"budget_spent"}
    assert "tokens are spent" in outcomes[0].detail
    assert not server.calls


def test_a_run_is_recorded_by_one_argument(server: FakeLLM, tmp_path: Path) -> None:
    first = bids(agents(server.url, record=tmp_path / "rec"))
    calls = len(server.calls)
    settings = read_llm(
        {"use": "again", "profiles": {"again": {"provider": "recorded", "directory": str(tmp_path / "rec")}}}
    )
    second = bids(Agents(settings, PromptSettings(), SIX, environ={}))
    assert second == first
    assert len(server.calls) == calls
    assert all(outcome.author.recording for outcome in second)


def test_second_opinions_are_off_unless_asked_for(server: FakeLLM) -> None:
    assert agents(server.url).voter(SIX[0]) is None
    assert agents(server.url, second_opinion=True).voter(SIX[0]) is not None
    assert agents(server.url, second_opinion=True, use="rule").voter(SIX[0]) is None


def test_what_is_missing_is_said_before_the_run() -> None:
    with pytest.raises(CredentialMissing, match="SAMBANOVA_API_KEY"):
        agents(use="keyed")
    with pytest.raises(SettingsInvalid, match="no prices"):
        agents(budget={"usd": 1.0})
    with pytest.raises(PromptError, match="the newest is v2"):
        Agents(read_llm({}), PromptSettings(bid=7), SIX, environ={})
    with pytest.raises(SettingsInvalid, match="there are no recordings"):
        agents(use="r", profiles={"r": {"provider": "recorded", "directory": "nowhere"}})


def test_nothing_is_needed_for_the_rule() -> None:
    assert {outcome.author.kind for outcome in bids(agents(use="rule"))} == {"rule"}


def test_an_unknown_scripted_key_is_an_abstention() -> None:
    made = agents(use="script")
    outcome = asyncio.run(made.bidder(SIX[0]).bid(job(id="job_999"), shot(SIX[0]))).outcome
    assert outcome.code == "no_answer"

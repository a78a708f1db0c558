"""Texts tried on calls: the live path without its ledger, and every question over the wire as it was edited."""

import asyncio
import json

import pytest

from agents.building import Agents
from agents.settings import PromptSettings, read_llm
from agents.trying import Round, Tape, Told, ask
from prompts import Prompt, load
from prompts.drafts import body, draft, whole
from quorate.domain.bidding import Bid
from tests.agents.helpers import job, shot
from tests.fake_llm import FakeLLM
from tests.fake_llm.brain import Said
from tests.fake_llm.dialect import GOOD_BID

BASE = load("bid", 2)
MARK = "Prefer the emptiest cluster, whatever its type."
THREE = tuple(shot(f"HPC_RESOURCE_0{n}") for n in range(3))


def edited() -> Prompt:
    return draft(whole(body(BASE).replace("Take care:", f"{MARK} Take care:"), BASE, "Prefers room."), "the copy")


def agents(url: str, **table: object) -> Agents:
    profiles = {"far": {"provider": "sambanova", "model": "good", "base_url": url, "retries": 0}}
    settings = read_llm({"use": "far", "profiles": profiles} | table)
    clusters = [snapshot.cluster.id for snapshot in THREE]
    return Agents(settings, PromptSettings(), clusters, environ={}, sink=Tape())


def asked(made: Agents, *rounds: Round) -> list[Told]:
    told: list[Told] = []
    asyncio.run(ask(made, rounds, told.append))
    return told


def test_an_edited_text_reaches_the_server_and_the_released_one_does_too(server: FakeLLM) -> None:
    rounds = Round("base", BASE, job(), THREE), Round("edited", edited(), job(), THREE)
    told = asked(agents(server.url), *rounds)
    sent = [json.dumps(call.body, ensure_ascii=False) for call in server.calls]
    assert [MARK in text for text in sent] == [False] * 3 + [True] * 3
    assert [one.text for one in told] == ["base"] * 3 + ["edited"] * 3
    for one in told:
        assert (MARK in one.prompt) == (one.text == "edited")
        assert one.replies == (GOOD_BID,)
        outcome = one.answer.outcome
        assert isinstance(outcome, Bid)
        assert outcome.author.prompt == (edited() if one.text == "edited" else BASE).ref


def test_only_who_can_run_the_job_is_asked(server: FakeLLM) -> None:
    told = asked(agents(server.url), Round("base", BASE, job(nodes=100_000), THREE))
    assert {one.answer.outcome.code for one in told} == {"too_few_nodes"}
    assert not server.calls
    assert {one.prompt for one in told} == {""}


def test_a_refuted_reply_and_its_repair_are_told_with_the_question(server: FakeLLM) -> None:
    said = iter([GOOD_BID.replace('"evidence": []', '"evidence": [{"fact": "type", "value": "ai"}]'), GOOD_BID])
    server.answerer = lambda body: Said(next(said))
    (told,) = asked(agents(server.url), Round("base", BASE, job(), THREE[:1]))
    assert told.answer.effort.repaired
    assert len(told.replies) == 2
    assert any(note.startswith("refuted: type is gpu, not ai") for note in told.notes)


def test_a_provider_that_is_down_is_abstentions_with_their_code(server: FakeLLM) -> None:
    server.plan(*["500"] * 3)
    told = asked(agents(server.url), Round("base", BASE, job(), THREE))
    assert {one.answer.outcome.code for one in told} == {"provider_unreachable"}
    assert all("provider_unreachable" in one.notes[0] for one in told)


def test_one_purse_serves_both_texts(server: FakeLLM) -> None:
    rounds = [Round(name, BASE, job(), THREE) for name in ("base", "edited")]
    told = asked(agents(server.url, budget={"tokens": 5_000}), *rounds)
    codes = {(one.text, getattr(one.answer.outcome, "code", "bid")) for one in told}
    assert ("base", "bid") in codes
    assert ("edited", "budget_spent") in codes


def test_cancelled_it_gives_up_what_is_in_flight(server: FakeLLM) -> None:
    server.plan(*["hang"] * 3)
    told: list[Told] = []

    async def cut_off() -> None:
        async with asyncio.timeout(0.3):
            await ask(agents(server.url), [Round("base", BASE, job(), THREE)], told.append)

    with pytest.raises(TimeoutError):
        asyncio.run(cut_off())
    assert told == []


def test_events_outside_a_question_are_nobodys() -> None:
    from quorate.domain.trace import RunEnded

    assert Tape().emit(RunEnded(status="done")) == 0

import asyncio
import dataclasses
import json
from pathlib import Path

from agents.settings import LlmSettings, PromptSettings, Scripted
from evals.bench import Bench, shows_numbers, with_example
from evals.datasets import dataset
from evals.oracle import feasible
from evals.scripting import replies
from prompts import load
from prompts.drafts import body, draft, whole
from quorate.domain.bidding import Bid
from tests.evals.made import FEDERATION
from tests.fake_llm.server import FakeLLM

SAMPLES = dataset("quick", FEDERATION)


def bench(tmp_path):
    path = tmp_path / "replies.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in replies(SAMPLES)))
    settings = LlmSettings(use="s", profiles={"s": Scripted(provider="scripted", replies=str(path))})
    return Bench(settings, PromptSettings(), SAMPLES, Path())


def test_the_live_bidder_answers_and_its_first_words_are_kept(tmp_path):
    made = bench(tmp_path)
    sample = next(sample for sample in SAMPLES if feasible(sample))
    asked = asyncio.run(made.ask(sample, 1))
    assert isinstance(asked.answered.answer.outcome, Bid)
    assert asked.answered.first.startswith("{")
    assert [event.kind for event in asked.events][:2] == ["prompted", "replied"]


def test_what_a_model_wants_of_a_job_that_cannot_run_is_asked_and_changes_nothing(tmp_path):
    made = bench(tmp_path)
    sample = next(sample for sample in SAMPLES if not feasible(sample))
    answered = asyncio.run(made.ask(sample, 1)).answered
    assert not isinstance(answered.answer.outcome, Bid)
    assert answered.first
    assert answered.answer.effort.calls == 1


def test_questions_asked_at_once_keep_their_own_events(tmp_path):
    made = bench(tmp_path)

    async def both():
        return await asyncio.gather(*(made.ask(sample, 1) for sample in SAMPLES[:12]))

    for sample, asked in zip(SAMPLES, asyncio.run(both()), strict=False):
        assert asked.answered.sample == sample.id
        assert all(event.job == sample.job.id for event in asked.events)


def test_a_prompt_without_example_scores_is_not_asked_with_another(tmp_path):
    made = bench(tmp_path)
    assert not any(sample.example_bp for sample in made.questions()) or shows_numbers(made.prompt)
    assert made.tokens(made.questions()) > 10_000


def test_every_example_score_is_replaced_and_nothing_else():
    prompt = load("bid", 2)
    shown = dataclasses.replace(prompt, user="for example 0.85 or .9, at most 1.0; not 3.14 nor v0.5")
    assert with_example(shown, 3_100).user == "for example 0.31 or 0.31, at most 0.31; not 3.14 nor v0.5"
    assert shows_numbers(shown)


def test_the_rule_needs_no_prompt():
    made = Bench(LlmSettings(), PromptSettings(), SAMPLES, Path())
    assert made.prompt is None
    assert made.tokens(SAMPLES) == 0


def test_a_text_that_is_not_released_is_what_the_server_reads():
    base = load("bid", 2)
    mine = draft(whole(body(base).replace("Take care:", "Prefer room. Take care:"), base, "Prefers room."), "mine.md")
    sample = next(sample for sample in SAMPLES if feasible(sample))
    with FakeLLM() as server:
        profile = {"provider": "sambanova", "model": "good", "base_url": server.url}
        settings = LlmSettings.model_validate({"use": "far", "profiles": {"far": profile}})
        made = Bench(settings, PromptSettings(), SAMPLES, Path(), draft=mine)

        async def asked():
            answered = await made.ask(sample, 1)
            await made.aclose()
            return answered

        outcome = asyncio.run(asked()).answered.answer.outcome
        assert all("Prefer room. Take care:" in json.dumps(call.body) for call in server.calls)
        assert server.calls
    assert made.prompt == mine
    assert outcome.author.prompt == mine.ref

"""Recordings: the same run again without a call, failures included, and no secret in them."""

import asyncio
import json
from pathlib import Path

import pytest

from agents.asking import Kind, ModelFailed, Question, Reply, Usage
from agents.models import RemoteChat
from agents.recording import RecordedChat, RecordingChat, question_key
from agents.scripted import ScriptedChat
from agents.telling import Teller
from quorate.domain.errors import RequestInvalid, SettingsInvalid
from tests.agents.helpers import Memory, Says, agent, bid_text, job, limited, profile, question, shot
from tests.fake_llm import FakeLLM


def came(chat: object, asked: Question) -> object:
    async def once() -> object:
        try:
            return await chat.ask(asked)
        except ModelFailed as failure:
            return vars(failure)

    return asyncio.run(once())


def test_what_was_recorded_is_repeated_to_the_byte(tmp_path: Path) -> None:
    full = Reply(
        text='{"ä": "\\u2028\x01"}\n', provider="sambanova", model="m", mode="json_schema", latency_s=0.1 + 0.2,
        usage=Usage(tokens_in=700, tokens_out=144), calls=3,
    )  # fmt: skip

    class Full(Says):
        async def ask(self, question: Question) -> Reply:
            return full

    recorded = came(RecordingChat(Full(), tmp_path), question())
    repeated = came(RecordedChat(tmp_path), question())
    assert repeated == recorded
    assert recorded.model_copy(update={"recording": None}) == full


@pytest.mark.parametrize("kind", sorted(Kind))
def test_failures_are_repeated_like_replies(tmp_path: Path, kind: Kind) -> None:
    failure = ModelFailed(kind, "why", text="half", usage=Usage(tokens_in=1, tokens_out=2), latency_s=0.5, calls=3)
    recorded = came(RecordingChat(Says(failure), tmp_path), question())
    repeated = came(RecordedChat(tmp_path), question())
    for name in ("kind", "detail", "text", "usage", "latency_s", "calls", "recording", "provider"):
        assert repeated[name] == recorded[name]


def test_equal_questions_get_their_answers_in_turn(tmp_path: Path) -> None:
    recording = RecordingChat(Says("first", "second", "third"), tmp_path)
    for _ in range(3):
        came(recording, question())
    recorded = RecordedChat(tmp_path)
    assert [came(recorded, question()).text for _ in range(3)] == ["first", "second", "third"]
    assert came(recorded, question())["kind"] is Kind.NO_RECORDING


def test_every_part_of_a_question_is_in_its_key() -> None:
    from dataclasses import replace

    base = question()
    others = [question("other"), question(attempt=2), replace(base, job="j2"), replace(base, cluster="c2")]
    assert len({question_key(each, 0) for each in (base, *others)} | {question_key(base, 1)}) == 6
    assert question_key(question(deadline_s=1.0), 0) == question_key(base, 0)


def test_an_unknown_question_is_an_abstention_and_no_call(tmp_path: Path) -> None:
    outcome = asyncio.run(agent(RecordedChat(tmp_path)).bid(job(), shot())).outcome
    assert outcome.code == "no_recording"


def test_a_second_answer_to_the_same_question_does_not_overwrite_the_first(tmp_path: Path) -> None:
    came(RecordingChat(Says("one"), tmp_path), question())
    came(RecordingChat(Says("one"), tmp_path), question())
    with pytest.raises(RequestInvalid, match="record elsewhere"):
        came(RecordingChat(Says("two"), tmp_path), question())


def test_a_missing_directory_and_a_broken_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="--record"):
        RecordedChat(tmp_path / "none")
    (tmp_path / f"{question_key(question(), 0)}.json").write_text("{")
    with pytest.raises(SettingsInvalid, match="is no recording"):
        came(RecordedChat(tmp_path), question())
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsInvalid, match="cannot be kept"):
        RecordingChat(Says("x"), tmp_path / "file")


def test_no_secret_enters_a_recording(tmp_path: Path, server: FakeLLM) -> None:
    secret = "sk-very-secret-0123456789"
    given = profile("sambanova", server.url, api_key_env="K")
    chat = RemoteChat(given, {"K": secret})
    from tests.fake_llm.brain import Said

    server.answerer = lambda body: Said(bid_text(reasoning=f"Your key is {secret}."))
    recording = RecordingChat(limited(chat, given), tmp_path, (secret,))
    came(recording, question())
    server.plan("401")
    came(recording, question("another"))
    assert server.calls[0].headers["authorization"] == f"Bearer {secret}"
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert secret not in written
    assert "[key]" in written


def test_a_run_recorded_from_a_real_client_is_the_same_when_repeated(tmp_path: Path, server: FakeLLM) -> None:
    faults = ["good", "empty", "good", "prose", "refusal", "401", "length", "good"]

    def run(chat: object) -> tuple[list[object], list[dict[str, object]]]:
        sink = Memory()
        bidder = agent(chat)
        bidder.teller = Teller(sink)

        async def bids() -> list[object]:
            return [await bidder.bid(job(id=f"job_{n}"), shot()) for n in range(5)]

        return asyncio.run(bids()), [event.model_dump() for event in sink.events]

    server.plan(*faults)
    given = profile("sambanova", server.url)
    first = run(RecordingChat(limited(RemoteChat(given, {}), given), tmp_path))
    calls = len(server.calls)
    second = run(RecordedChat(tmp_path))
    assert len(server.calls) == calls
    assert second[0] == first[0]
    replies = [[event for event in events if event["kind"] != "prompted"] for events in (first[1], second[1])]
    assert replies[0] == replies[1]


def test_the_scripted_provider_can_be_recorded_too(tmp_path: Path) -> None:
    line = {"job": "job_001", "cluster": "HPC_RESOURCE_01", "prompt": "bid", "reply": bid_text()}
    (tmp_path / "r.jsonl").write_text(json.dumps(line))
    recorded = came(RecordingChat(ScriptedChat(tmp_path / "r.jsonl"), tmp_path / "rec"), question())
    assert came(RecordedChat(tmp_path / "rec"), question()) == recorded

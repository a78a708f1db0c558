"""The scripted provider, and the rehearsal that it plays: truthful, false, broken and hostile replies."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.asking import Kind, ModelFailed
from agents.building import Agents
from agents.scripted import ScriptedChat, read_replies
from agents.settings import PromptSettings, read_llm
from backends.reading import read_federation, read_jobs
from quorate.domain.bidding import Bid, BidOutcome
from quorate.domain.clusters import snapshot
from quorate.domain.errors import SettingsInvalid
from tests.agents.helpers import bid_text, question

REHEARSAL = Path("examples/replies/rehearsal.jsonl")
LINE = {"job": "job_001", "cluster": "HPC_RESOURCE_01", "prompt": "bid", "attempt": 1, "reply": bid_text()}


def script(folder: Path, *lines: dict[str, object]) -> Path:
    path = folder / "replies.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def came(chat: ScriptedChat, **fields: object) -> object:
    async def once() -> object:
        try:
            return await chat.ask(question(**fields))
        except ModelFailed as failure:
            return failure

    return asyncio.run(once())


def test_a_reply_is_found_by_job_cluster_prompt_and_attempt(tmp_path: Path) -> None:
    chat = ScriptedChat(script(tmp_path, LINE, LINE | {"attempt": 2, "reply": "second"}))
    assert came(chat).text == bid_text()
    assert came(chat, attempt=2).text == "second"


def test_a_line_for_a_version_goes_before_one_for_any(tmp_path: Path) -> None:
    chat = ScriptedChat(script(tmp_path, LINE, LINE | {"prompt": "bid/v1", "reply": "for v1"}))
    assert came(chat).text == "for v1"


def test_what_the_file_does_not_answer_is_said_and_costs_no_call(tmp_path: Path) -> None:
    failure = came(ScriptedChat(script(tmp_path, LINE)), attempt=2)
    assert (failure.kind, failure.calls) == (Kind.NO_ANSWER, 0)
    assert "job_001 HPC_RESOURCE_01 bid attempt 2" in failure.detail


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"finish": "length"}, Kind.TRUNCATED),
        ({"reply": ""}, Kind.EMPTY),
        ({"finish": None}, Kind.BAD_RESPONSE),
        ({"finish": "content_filter"}, Kind.REFUSAL),
        ({"reply": "", "failure": "timeout"}, Kind.TIMEOUT),
    ],
)
def test_a_script_can_fail_as_a_wire_does(tmp_path: Path, fields: dict[str, object], kind: Kind) -> None:
    assert came(ScriptedChat(script(tmp_path, LINE | fields))).kind is kind


def test_tokens_that_the_line_does_not_name_are_unknown(tmp_path: Path) -> None:
    assert came(ScriptedChat(script(tmp_path, LINE))).usage is None
    assert came(ScriptedChat(script(tmp_path, LINE | {"tokens_in": 7, "tokens_out": 3}))).usage.tokens_out == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", ":1: "),
        (json.dumps(LINE) + "\n" + json.dumps(LINE), ":2: a second reply"),
        (json.dumps(LINE | {"atempt": 2}), ":1: atempt"),
        (json.dumps(LINE | {"attempt": 3}), ":1: attempt"),
        (json.dumps(LINE | {"failure": "timeout"}), "not both"),
        ("\xff", ":1: "),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(text)
    with pytest.raises(SettingsInvalid) as caught:
        read_replies(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused_in_one_sentence(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("replies") / "r.jsonl"
    path.write_bytes(raw)
    if raw.strip():
        with pytest.raises(SettingsInvalid, match=r"r\.jsonl"):
            read_replies(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="correct `replies`"):
        read_replies(tmp_path / "none.jsonl")


def test_the_rehearsal_has_every_kind_of_reply() -> None:
    lines = read_replies(REHEARSAL).values()
    words = Counter(line.note.split(":")[0].split(",")[0] for line in lines)
    assert {"truthful", "false", "malformed", "truncated", "hostile", "empty", "prose with a number in it"} <= set(
        words
    )
    assert len({line.job for line in lines}) == 8
    assert len({line.cluster for line in lines}) == 6


def rehearsed() -> dict[tuple[str, str], BidOutcome]:
    """Every answer of the rehearsal on the idle reference federation, by job and cluster."""
    federation = read_federation(Path("data/federations/reference.toml"))
    jobs = [each.job() for each in read_jobs(Path("data/workloads/reference.toml")).jobs]
    table = {"use": "r", "profiles": {"r": {"provider": "scripted", "replies": str(REHEARSAL)}}}
    agents = Agents(read_llm(table), PromptSettings(), [cluster.id for cluster in federation.clusters], environ={})

    async def all_of_them() -> dict[tuple[str, str], BidOutcome]:
        return {
            (job.id, cluster.id): (await agents.bidder(cluster.id).bid(job, snapshot(cluster, background=0))).outcome
            for job in jobs
            for cluster in federation.clusters
        }

    return asyncio.run(all_of_them())


def test_what_the_rehearsal_calls_truthful_is_taken_at_once_and_what_it_calls_false_is_not() -> None:
    answers = rehearsed()
    lines = [line for line in read_replies(REHEARSAL).values() if line.prompt == "bid" and line.attempt == 1]
    for line in lines:
        outcome = answers[line.job, line.cluster]
        taken_at_once = isinstance(outcome, Bid) and outcome.author.attempts == 1
        assert taken_at_once == line.note.startswith(("truthful", "hostile")), (line.note, outcome)


def test_the_rehearsal_answers_every_cluster_that_may_bid_and_its_abstentions_are_its_own() -> None:
    answers = rehearsed()
    asked = {key: outcome for key, outcome in answers.items() if outcome.kind == "bid" or outcome.author}
    codes = Counter(outcome.code for outcome in asked.values() if outcome.kind == "abstention")
    assert codes == {"bid_breaks_facts": 1, "provider_unreachable": 1, "reply_unreadable": 1}
    assert len(asked) == 31


def test_the_hostile_bid_counts_as_a_score_and_some_words() -> None:
    hostile = rehearsed()["job_005", "HPC_RESOURCE_01"]
    assert isinstance(hostile, Bid)
    assert hostile.wanted_bp == 10_000 > hostile.score_bp
    assert hostile.reasoning.isprintable()

"""Models through the terminal's door: opinions, recordings, silence, ceilings, probes, and where keys do not go."""

import json
import tomllib

import pytest

from agents.settings import LlmSettings
from backends.trace_file import read_trace
from quorate.domain.trace import (
    Answered,
    Decided,
    JobCalled,
    Opined,
    Prompted,
    Proposed,
    Replied,
    Voted,
)  # fmt: skip
from tests.doors import ROOT, one_sentence, opened
from tests.fake_llm import FakeLLM

REPLIES = ROOT / "examples/replies/rehearsal.jsonl"
KEY = "a-key-that-stays-here"


@pytest.fixture(scope="module")
def _server():
    with FakeLLM() as server:
        yield server


@pytest.fixture
def server(_server):
    _server.forget()
    return _server


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUORATE_PROFILE", raising=False)
    monkeypatch.setenv("MY_KEY", KEY)


def configured(tmp_path, *, url="http://127.0.0.1:9/v1", use="script", top="", more="", **fields):
    """Write a configuration with a scripted, a recorded and a remote profile; return its name."""
    told = "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())
    (tmp_path / "q.toml").write_text(
        f'[llm]\nuse = "{use}"\ncache = "{tmp_path}/probe.json"\n{top}\n{more}\n'
        f'[llm.profiles.script]\nprovider = "scripted"\nreplies = "{REPLIES}"\n'
        f'[llm.profiles.recorded]\nprovider = "recorded"\ndirectory = "{tmp_path}/kept"\n'
        f'[llm.profiles.live]\nprovider = "openai"\nmodel = "good"\nbase_url = "{url}"\n'
        f'api_key_env = "MY_KEY"\nretries = 0\n{told}'
    )
    return "q.toml"


def played(capsys, tmp_path, name, *argv):
    """Play the demo's eight jobs; return what was said, the report, the ledger's bytes and the trace."""
    folder = set((tmp_path / "runs").glob("*"))
    flags = ("--no-times", "--no-emoji", "--ledger", f"{name}.ledger", "--json", f"{name}.json")
    said = opened(capsys, "demo", "--config", "q.toml", *flags, *argv)
    (made,) = set((tmp_path / "runs").glob("*")) - folder
    report = json.loads((tmp_path / f"{name}.json").read_text())
    return said, report, (tmp_path / f"{name}.ledger").read_bytes(), read_trace(made / "trace.jsonl")


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def chain(event, events):
    """Walk from an event to the root of its causes."""
    found = [event]
    while found[-1].cause is not None:
        assert found[-1].cause < found[-1].seq
        found.append(events[found[-1].cause - 1])
    return found


# -- second opinions and causes ---------------------------------------------------------------------------------


def test_votes_and_ledger_are_the_same_bytes_with_and_without_second_opinions(capsys, tmp_path):
    configured(tmp_path)
    said, _, ledger, events = played(capsys, tmp_path, "without")
    assert not of(Opined, events)
    assert "opinions" not in said.out
    configured(tmp_path, top="second_opinion = true")
    said, _, same, more = played(capsys, tmp_path, "with", "--show-llm")
    assert same == ledger
    votes = [[e.model_dump(exclude={"seq", "cause"}) for e in of(Voted, each)] for each in (events, more)]
    assert votes[0] == votes[1]
    assert {(e.job, e.approves) for e in of(Opined, more)} >= {("job_001", True), ("job_001", False)}
    assert "4 of 5 models would approve, not R03; shown, never counted" in said.out
    for opined in of(Opined, more):
        kinds = [event.kind for event in chain(opined, more)]
        assert kinds[:5] == ["opined", "checked", "replied", "prompted", "proposed"]
    asked = [event for event in of(Prompted, more) if event.purpose == "vote"]
    assert len(asked) == 6 * 8, "every member of every placement, though the file answers few"
    shows_what_was_asked(said.out, more)


def shows_what_was_asked(out, events):
    """`--show-llm` prints prompts, replies and what became of them."""
    assert out.count("is asked: bid prompt") == sum(e.purpose == "bid" for e in of(Prompted, events))
    assert out.count("is asked: vote prompt") == sum(e.purpose == "vote" for e in of(Prompted, events))
    assert "You weigh for cluster HPC_RESOURCE_05." in out
    assert "R03 question 1: refused (refuted: " in out
    assert "did not answer (provider unreachable)" in out
    assert "on the proposal (shown, not counted)" in out


def test_every_decision_leads_back_to_its_vote_proposal_answer_reply_prompt_and_call(capsys, tmp_path):
    configured(tmp_path)
    _, _, _, events = played(capsys, tmp_path, "a")
    decided = {job: event for event in of(Decided, events) for job in event.jobs}
    assert len(decided) == 8
    for job, event in decided.items():
        links = chain(event, events)
        kinds = [link.kind for link in links]
        assert kinds[:7] == ["decided", "voted", "proposed", "answered", "checked", "replied", "prompted"]
        call = next(link for link in links if isinstance(link, JobCalled))
        assert call.job.id == job
        assert links[1].vote == "finalize"
        assert links[2].value == event.value == links[1].value
        answers = [events[seq - 1] for seq in links[2].follows]
        assert {answer.cluster for answer in answers} == {e.cluster for e in of(Answered, events)}
        assert all(isinstance(answer, Answered) and answer.job == job for answer in answers)
    assert {e.job for e in of(Answered, events) if chain(e, events)[1].kind == "job_called"}, "what code answered alone"
    assert all(events[e.cause - 1].height == e.height for e in of(Voted, events) if e.vote != "skip")
    roots = {event.kind for event in events if event.cause is None}
    assert roots == {"run_started", "fault_acts", "run_ended", "proposed"}
    assert [event.height for event in of(Proposed, events) if event.cause is None] == [1]


# -- what is shown, kept and repeated ---------------------------------------------------------------------------


def test_a_recorded_run_is_repeated_byte_for_byte_without_a_call(capsys, tmp_path):
    configured(tmp_path, top="second_opinion = true")
    first, report, ledger, events = played(capsys, tmp_path, "a", "--record", "kept")
    again, repeated, same, replayed = played(capsys, tmp_path, "b", "--profile", "recorded")
    assert same == ledger
    assert (first.status, again.status) == (0, 0)
    assert {k: v for k, v in report.items() if k not in {"profile", "provider"}} == {
        k: v for k, v in repeated.items() if k not in {"profile", "provider"}
    }
    said = [[(e.cluster, e.text, e.failure) for e in of(Replied, each)] for each in (events, replayed)]
    assert said[0] == said[1], "abstentions and repairs too"
    assert any(e.failure for e in of(Replied, events))
    assert any(e.attempt == 2 for e in of(Replied, events))


def test_a_recording_of_a_live_run_is_repeated_with_the_server_gone_and_holds_no_key(capsys, tmp_path, server):
    configured(tmp_path, url=server.url, use="live", top="second_opinion = true")
    server.plan("401", "length", "429", "good")
    _, report, ledger, _ = played(capsys, tmp_path, "a", "--record", "kept")
    calls = len(server.calls)
    assert calls > 20
    assert all(call.headers["authorization"] == f"Bearer {KEY}" for call in server.calls)
    again, repeated, same, _ = played(capsys, tmp_path, "b", "--profile", "recorded")
    assert len(server.calls) == calls
    assert same == ledger
    assert repeated["degraded"] == report["degraded"]
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    assert KEY not in again.out


def test_what_was_never_recorded_is_an_abstention_that_says_so(capsys, tmp_path):
    configured(tmp_path)
    (tmp_path / "kept").mkdir()
    said = opened(capsys, "run", "--nodes", "4", "--config", "q.toml", "--profile", "recorded", "--json", "-")
    (decision,) = json.loads(said.out)["decisions"]
    assert (said.status, decision["outcome"]) == (1, "unallocated")
    assert any("was not recorded" in reason for reason in decision["reasons"])


# -- silence and ceilings ---------------------------------------------------------------------------------------


def test_a_provider_that_cannot_be_reached_places_nothing_and_every_face_says_why(capsys, tmp_path):
    configured(tmp_path, use="live")
    said, report, _, _ = played(capsys, tmp_path, "a")
    assert said.status == 1
    assert [decision["outcome"] for decision in report["decisions"]] == ["unallocated"] * 8
    assert report["summary"]["fallback_share"] == 1.0
    assert "31 of 31 eligible calls ended without a model's bid" in report["degraded"]
    assert "degraded     31 of 31 eligible calls" in said.out
    reasons = [reason for decision in report["decisions"] for reason in decision["reasons"]]
    assert any("Connection error" in reason for reason in reasons)
    assert any("not asked: the last calls failed" in reason for reason in reasons), "the breaker"


def test_the_rule_in_place_of_silence_places_all_and_the_run_is_degraded_all_the_same(capsys, tmp_path):
    configured(tmp_path, use="live", top='on_silence = "rule"')
    said, report, _, _ = played(capsys, tmp_path, "a")
    assert said.status == 1
    assert report["summary"]["allocated"] == 8
    assert report["degraded"] in " ".join(said.out.split())
    assert report["summary"]["model_bids"] == 0


def test_a_degraded_share_that_is_allowed_exits_0(capsys, tmp_path):
    configured(tmp_path, use="live", top='on_silence = "rule"\nfallback_share_max = 1.0')
    said = opened(capsys, "run", "--nodes", "4", "--config", "q.toml", "--json", "-")
    assert (said.status, json.loads(said.out)["degraded"]) == (0, None)


def test_a_spent_budget_stops_asking_says_so_and_lets_every_round_end(capsys, tmp_path, server):
    configured(tmp_path, url=server.url, use="live", more="[llm.budget]\ntokens = 9_000")
    said, report, _, events = played(capsys, tmp_path, "a")
    assert said.status == 1
    assert len(report["decisions"]) == 8, "each round ended"
    assert report["decisions"][0]["outcome"] == "allocated"
    assert report["decisions"][-1]["outcome"] == "unallocated"
    assert {e.failure for e in of(Replied, events)} == {None, "budget_spent"}
    used = sum((e.tokens_in or 0) + (e.tokens_out or 0) for e in of(Replied, events))
    assert 0 < used <= 9_000
    assert any("tokens are spent" in reason for reason in report["decisions"][-1]["reasons"])
    assert len(server.calls) == sum(e.failure is None for e in of(Replied, events))


def test_a_refused_key_is_an_abstention_whatever_stands_for_silence(capsys, tmp_path, server):
    configured(tmp_path, url=server.url, use="live", top='on_silence = "rule"')
    server.plan(*["401"] * 60)
    said, report, _, _ = played(capsys, tmp_path, "a")
    assert said.status == 1
    assert "provider refused" in said.out
    assert report["summary"]["model_bids"] == 0
    assert report["summary"]["allocated"] == 0


# -- probe and config -------------------------------------------------------------------------------------------


def test_a_probe_prints_what_the_model_can_do_and_later_runs_read_it(capsys, tmp_path, server):
    configured(tmp_path, url=server.url, use="live")
    said = opened(capsys, "probe", "--config", "q.toml")
    assert said.status == 0
    for line in ("json_schema: yes", "function_calling: yes", "json_mode: yes", "mode taken: json_schema"):
        assert line in said.out
    assert "simultaneous calls without 429: " in said.out
    assert KEY not in (tmp_path / "probe.json").read_text()
    server.forget()
    server.plan("schema")
    assert "mode taken: function_calling" in opened(capsys, "probe", "--config", "q.toml", "--profile", "live").out
    server.forget()
    opened(capsys, "run", "--nodes", "4", "--config", "q.toml", "--quiet")
    assert all("tools" in call.body for call in server.calls), "the mode that the probe found"


def test_a_profile_without_a_provider_is_not_probed(capsys, tmp_path):
    configured(tmp_path)
    assert "asks no provider" in one_sentence(opened(capsys, "probe", "--config", "q.toml"))


def test_the_configuration_is_printed_with_keys_masked(capsys, tmp_path):
    configured(tmp_path, use="live")
    said = opened(capsys, "config", "--config", "q.toml")
    assert said.status == 0
    assert f"llm.profiles.live.key = MY_KEY ({len(KEY)} characters, not shown)" in said.out
    assert "llm.second_opinion = false" in said.out
    assert "trace.otlp_endpoint = none" in said.out
    assert KEY not in said.out + said.err


SHIPPED = LlmSettings.model_validate(tomllib.loads((ROOT / "quorate.toml").read_text())["llm"])


@pytest.mark.parametrize("name", SHIPPED.names)
def test_every_shipped_profile_can_be_printed_without_a_key(capsys, monkeypatch, name):
    for variable in ("SAMBANOVA_API_KEY", "SAMBASTUDIO_API_KEY", "SAMBASTUDIO_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    said = opened(capsys, "config", "--profile", name)
    assert said.status == 0
    assert f"llm.use = {name}" in said.out


def test_one_word_swaps_the_provider_and_a_missing_key_is_one_sentence(capsys, monkeypatch):
    monkeypatch.delenv("SAMBANOVA_API_KEY", raising=False)
    monkeypatch.setenv("QUORATE_PROFILE", "sambanova")
    sentence = one_sentence(opened(capsys, "run", "--nodes", "4", "--json", "-", "--quiet"))
    assert "set SAMBANOVA_API_KEY" in sentence
    assert opened(capsys, "run", "--nodes", "4", "--profile", "rule", "--quiet").status == 0, "a flag goes first"

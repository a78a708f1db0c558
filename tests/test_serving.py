import asyncio
import json

import pytest

from prompts.drafts import released
from quorate.domain.errors import OperatorError
from serving import AppEngine
from tests.fake_llm import FakeLLM
from ui.runs import load
from ui.service import FaultChoice, Order
from ui.trials import TrialOrder
from ui.viewmodel.lab import cases


@pytest.fixture
def engine(tmp_path):
    return AppEngine(folder=tmp_path)


def test_the_reference_is_eight_jobs_six_clusters_and_one_lie(engine):
    order = engine.reference()
    prepared = engine.prepare(order)
    assert (prepared.jobs, len(prepared.clusters), prepared.calls) == (8, 6, 0)
    assert [fault.driver for fault in order.faults] == ["false-occupancy"]


def test_a_prepared_order_runs_and_leaves_its_folder(engine):
    order = engine.reference().model_copy(update={"only": ("job_001",), "faults": ()})
    prepared = engine.prepare(order)
    heard, told = [], []
    report = asyncio.run(prepared.carry(heard.append, told.append))
    assert report.summary.allocated == 1
    assert heard[-1].kind == "run_ended"
    assert told
    assert (engine.folder / prepared.name / "ledger.jsonl").is_file()


@pytest.mark.parametrize(
    ("order", "says"),
    [
        (Order(jobs="[[jobs]]\nid = 3"), "jobs"),
        (Order(jobs="{", jobs_form="json"), "jobs is not JSON"),
        (Order(federation="name = 1"), "federation.toml"),
        (Order(only=("job_999",)), "no job 'job_999'"),
        (Order(prompt_version=99), "no bid prompt v99"),
        (Order(profile="nobody"), "no profile 'nobody'"),
        (Order(faults=(FaultChoice(driver="joke", cluster="HPC_RESOURCE_00"),)), "joke"),
        (Order(faults=(FaultChoice(driver="false-occupancy", cluster="X"),)), "'X'"),
        (Order(faults=(FaultChoice(driver="silence", cluster="HPC_RESOURCE_00"),) * 2), "twice"),
    ],
)
def test_a_wrong_order_is_refused_in_one_sentence(engine, order, says):
    with pytest.raises(OperatorError, match=says) as refused:
        engine.prepare(order)
    assert "\n" not in str(refused.value)
    assert "/tmp" not in str(refused.value)


def test_a_profile_tells_what_it_lacks(engine, monkeypatch):
    monkeypatch.delenv("SAMBANOVA_API_KEY", raising=False)
    problems = {profile.name: profile.problem for profile in engine.profiles()}
    assert problems["rule"] == ""
    assert "SAMBANOVA_API_KEY" in problems["sambanova"]


def test_texts_are_the_reference_where_an_order_names_none(engine):
    federation, jobs = engine.texts(Order(jobs="mine"))
    assert "HPC_RESOURCE_00" in federation
    assert jobs == "mine"


def test_a_released_version_is_asked_by_its_number(engine):
    order = Order(profile="rehearsal", only=("job_001",), prompt_version=1)
    assert engine.prompt_versions()[0] == engine.settings.prompts.bid
    heard = []
    report = asyncio.run(engine.prepare(order).carry(heard.append, lambda _: None))
    asked = [event.prompt_version for event in heard if event.kind == "prompted" and event.purpose == "bid"]
    assert set(asked) <= {1}
    assert report.profile == "rehearsal"


# -- the prompt lab --------------------------------------------------------------------------------------------

MARK = "Prefer the emptiest cluster, whatever its type."
EDITED = released(2).replace("Take care:", f"{MARK} Take care:")


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """The calls of a run with two jobs."""
    engine = AppEngine(folder=tmp_path_factory.mktemp("runs"))
    prepared = engine.prepare(engine.reference().model_copy(update={"only": ("job_001", "job_002"), "faults": ()}))
    asyncio.run(prepared.carry(lambda _: None, lambda _: None))
    return tuple(cases(load(engine.folder, prepared.name).heights).values())


@pytest.fixture(scope="module")
def server():
    with FakeLLM() as server:
        yield server


def on_wire(tmp_path, server, more="", prices=""):
    config = tmp_path / "quorate.toml"
    config.write_text(
        f'[llm]\nuse = "far"\n{more}\n[llm.profiles.far]\nprovider = "sambanova"\nmodel = "good"\n'
        f'base_url = "{server.url}"\n{prices}\n[llm.profiles.keyed]\nprovider = "sambanova"\nmodel = "m"\n'
        '[llm.profiles.file]\nprovider = "scripted"\nreplies = "examples/replies/rehearsal.jsonl"\n'
    )
    return AppEngine(config, tmp_path)


def order(chosen, body=EDITED, both=True, profile="far", base=2):
    return TrialOrder("demo", profile, base, body, both, tuple(chosen))


def test_a_trial_asks_the_copy_and_the_released_text_over_the_wire(tmp_path, server, decided):
    server.forget()
    engine = on_wire(tmp_path, server)
    prepared = engine.prepare_trial(order(decided[:1]))
    told = []
    asyncio.run(prepared.carry(told.append))
    sent = [json.dumps(call.body, ensure_ascii=False) for call in server.calls]
    assert (prepared.texts, len(told)) == (("base", "edited"), prepared.cost.calls + prepared.cost.by_facts)
    assert [MARK in text for text in sent].count(True) == len(sent) // 2 == prepared.cost.calls // 2
    assert list(engine.folder.glob("*/ledger.jsonl")) == []


def test_the_estimate_is_made_of_the_questions_that_are_sent(tmp_path, server, decided):
    server.forget()
    prepared = on_wire(tmp_path, server).prepare_trial(order(decided))
    asyncio.run(prepared.carry(lambda _: None))
    chars = sum(len(m["content"]) for call in server.calls for m in call.body["messages"])
    assert prepared.cost.calls == len(server.calls)
    assert prepared.cost.tokens == chars // 4 + 150 * len(server.calls)
    assert (prepared.cost.agents, prepared.cost.jobs, prepared.cost.texts) == (6, 2, 2)
    assert prepared.cost.usd is None


def test_prices_of_the_profile_make_a_cost(tmp_path, server, decided):
    prices = "prices = { input_usd = 1.0, output_usd = 2.0 }"
    cost = on_wire(tmp_path, server, prices=prices).prepare_trial(order(decided)).cost
    answers = 150 * cost.calls
    assert cost.usd == pytest.approx((cost.tokens - answers + 2 * answers) / 1_000_000)


def test_an_untouched_copy_is_the_released_version(tmp_path, server, decided):
    engine = on_wire(tmp_path, server)
    assert engine.prepare_trial(order(decided, released(1), base=1)).texts == ("base",)
    assert engine.prepare_trial(order(decided, both=False)).texts == ("edited",)


def test_a_file_answers_a_trial_without_a_wire(tmp_path, server, decided):
    prepared = on_wire(tmp_path, server).prepare_trial(order(decided[:1], profile="file"))
    told = []
    asyncio.run(prepared.carry(told.append))
    assert not prepared.cost.wire
    assert {one.answer.outcome.author.provider for one in told if one.answer.outcome.author} == {"scripted"}


@pytest.mark.parametrize(
    ("change", "more", "says"),
    [
        ({"profile": "rule"}, "", "the rule reads no prompt"),
        ({"profile": "keyed"}, "", "SAMBANOVA_API_KEY"),
        ({"profile": "nobody"}, "", "no profile 'nobody'"),
        ({"base": 99}, "", "no prompt 'bid' v99"),
        ({"body": EDITED + "$price"}, "", "\\$price is no placeholder"),
        ({"body": "\ud800"}, "", "hidden character"),
        ({"body": "x" * 20_000}, "", "at most 12,000"),
        ({}, "[llm.budget]\ntokens = 5_000", "needs about .* tokens and llm.budget.tokens allows 5,000"),
    ],
)
def test_a_trial_that_does_not_hold_is_refused_in_one_sentence(
    tmp_path, server, decided, monkeypatch, change, more, says
):
    monkeypatch.delenv("SAMBANOVA_API_KEY", raising=False)
    engine = on_wire(tmp_path, server, more)
    with pytest.raises(OperatorError, match=says) as refused:
        engine.prepare_trial(order(decided, **change))
    assert "\n" not in str(refused.value)


def test_a_trial_needs_a_job(tmp_path, server):
    with pytest.raises(OperatorError, match="no job is chosen"):
        on_wire(tmp_path, server).prepare_trial(order(()))


def test_a_ceiling_in_money_stops_a_trial_before_it_begins(tmp_path, server, decided):
    prices = "prices = { input_usd = 10.0, output_usd = 20.0 }"
    with pytest.raises(OperatorError, match=r"US dollars and llm\.budget\.usd allows 0\.0100"):
        on_wire(tmp_path, server, "[llm.budget]\nusd = 0.01", prices).prepare_trial(order(decided))

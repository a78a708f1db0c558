import asyncio

import pytest

from quorate.domain.errors import OperatorError
from serving import AppEngine
from ui.service import FaultChoice, Order


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
        (Order(prompt="something else"), "an edited prompt"),
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
    federation, jobs, prompt = engine.texts(Order(jobs="mine"))
    assert "HPC_RESOURCE_00" in federation
    assert jobs == "mine"
    assert prompt.startswith("+++")


def test_a_released_version_is_asked_by_its_number(engine):
    order = Order(profile="rehearsal", only=("job_001",), prompt_version=1)
    assert engine.prompt_versions()[0] == engine.settings.prompts.bid
    heard = []
    report = asyncio.run(engine.prepare(order).carry(heard.append, lambda _: None))
    asked = [event.prompt_version for event in heard if event.kind == "prompted" and event.purpose == "bid"]
    assert set(asked) <= {1}
    assert report.profile == "rehearsal"

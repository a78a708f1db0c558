"""Configuration becomes a request: what is chosen, what is drawn from the seed, what is refused before a run."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import carrying
import wiring
from backends.reading import jobs_from, read_federation
from faults.plan import FaultPlan
from quorate.domain.errors import RequestInvalid, SettingsInvalid
from quorate.ledger.acts import receipt_bytes, submission_bytes
from quorate.ports import JobEnd
from tests.doors import ROOT
from tests.quorate.ledger.build import job

REFERENCE = read_federation(wiring.REFERENCE_FEDERATION)
SETTINGS = wiring.read_settings(None)


def test_the_shipped_configuration_bids_by_the_rule():
    assert SETTINGS.llm.use == "rule"
    assert wiring.request(SETTINGS).profile == "rule"


def test_the_reference_is_taken_where_nothing_is_named():
    asked = wiring.request(SETTINGS)
    assert asked.federation == REFERENCE
    assert len(asked.workload.jobs) == 8
    assert asked.faults.faults == ()
    assert asked.seed == SETTINGS.run.seed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[run]\nseed = -1", "seed"),
        ("[run]\nsede = 1", "sede is not a known field"),
        ("[rnu]\nseed = 1", "[rnu] is not a section; sections: run, llm, prompts, trace"),
        ("seed = ", "is not TOML"),
        ("\xff", "is not TOML"),
        ("[llm]\nuse = 'oracle'", "oracle"),
        ("[prompts]\nbid = 0", "bid"),
    ],
    ids=["range", "field", "section", "syntax", "bytes", "profile", "prompt"],
)
def test_a_wrong_configuration_names_what_is_wrong(tmp_path, text, says):
    (tmp_path / "q.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsInvalid) as refused:
        wiring.request(wiring.read_settings(tmp_path / "q.toml"))
    assert says in str(refused.value)


@given(st.integers(0, wiring.SEED_MAX))
def test_background_load_is_one_number_of_the_seed_and_within_its_bound(seed):
    drawn = wiring.demo_background(seed, REFERENCE)
    assert drawn == wiring.demo_background(seed, REFERENCE)
    assert list(drawn) == [cluster.id for cluster in REFERENCE.clusters]
    assert all(0 <= drawn[c.id] <= c.nodes * wiring.BACKGROUND_PERCENT_MAX // 100 for c in REFERENCE.clusters)


def test_keys_differ_by_cluster_and_by_seed_and_follow_from_both():
    keys = {wiring.demo_signer(seed, c.id).public_key for seed in (1, 2) for c in REFERENCE.clusters}
    assert len(keys) == 12
    assert wiring.demo_signer(1, REFERENCE.clusters[0].id).public_key in keys


def test_another_seed_is_another_chain():
    assert wiring.demo_genesis(1, REFERENCE).digest != wiring.demo_genesis(2, REFERENCE).digest
    assert wiring.demo_genesis(1, REFERENCE).digest == wiring.demo_genesis(1, REFERENCE).digest


def test_a_submitter_signs_its_job_and_its_receipt():
    submitters = wiring.DemoSubmitters(1, "chain")
    arrival = submitters.arrival(job("j1"), 3, 600)
    assert (arrival.at_s, arrival.job.submitted_at_s) == (1_800, 1_800)
    signer = wiring.KeySigner(wiring.drawn(1, "submitter", "j1"))
    assert arrival.job.submitter_key == signer.public_key.hex()
    assert arrival.signature == signer.sign(submission_bytes("chain", arrival.job)).hex()
    end = JobEnd.model_validate({"cluster": "c0", "job": "j1", "at_s": 9, "run_s": 5, "succeeded": True})
    assert submitters.receipt(end).signature == signer.sign(receipt_bytes("chain", "j1", 5, True)).hex()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"driver": "charm", "cluster": "HPC_RESOURCE_00"}, "no fault driver 'charm'; drivers: "),
        ({"driver": "inflated-bid", "cluster": "X"}, "no cluster 'X'; clusters: HPC_RESOURCE_00, "),
        ({"driver": "inflated-bid", "cluster": "HPC_RESOURCE_00", "jobs": ("x",)}, "no job 'x'; jobs: job_001, "),
    ],
    ids=["driver", "cluster", "job"],
)
def test_a_fault_plan_is_held_against_what_there_is(fault, says):
    with pytest.raises(RequestInvalid, match=says):
        wiring.request(SETTINGS, faults=FaultPlan.model_validate({"faults": (fault,)}))


def test_of_very_many_names_a_sentence_shows_a_few():
    jobs = jobs_from({"jobs": [{"id": f"j{n:02d}", "nodes": 1, "walltime_min": 1} for n in range(20)]}, "here")
    fault = {"driver": "inflated-bid", "cluster": "HPC_RESOURCE_00", "jobs": ("x",)}
    with pytest.raises(RequestInvalid, match="j06, j07 and 12 more"):
        wiring.request(SETTINGS, jobs=jobs, faults=FaultPlan.model_validate({"faults": (fault,)}))


def test_a_taken_name_is_numbered(tmp_path):
    assert wiring.fresh_folder(tmp_path, "run") == tmp_path / "run"
    (tmp_path / "run").mkdir()
    (tmp_path / "run-2").mkdir()
    assert wiring.fresh_folder(tmp_path, "run") == tmp_path / "run-3"


def test_two_runs_begun_in_one_second_have_a_folder_each(tmp_path, monkeypatch):
    fresh = wiring.fresh_folder
    offered = iter([tmp_path / "run", tmp_path / "run"])  # both looked before either made it
    monkeypatch.setattr(wiring, "fresh_folder", lambda runs, name: next(offered, None) or fresh(runs, name))
    assert wiring.claimed_folder(tmp_path, "run") == tmp_path / "run"
    assert wiring.claimed_folder(tmp_path, "run") == tmp_path / "run-2"
    assert (tmp_path / "run-2").is_dir()


def test_a_folder_of_ones_own_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestInvalid, match="cannot make the folder"):
        wiring.claimed_folder(tmp_path / "file", "run")


def test_a_run_without_times_is_named_by_its_seed_alone():
    assert wiring.run_name(7, times=False) == "seed-7"
    assert wiring.run_name(7, times=True).endswith("-seed-7")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    place = tmp_path / "run.json"
    wiring.write_whole(place, "old")
    wiring.write_whole(place, "new")
    assert place.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    with pytest.raises(RequestInvalid, match="cannot write"):
        wiring.write_whole(tmp_path / "none" / "run.json", "x")


def test_a_place_is_tried_and_left_as_it_was(tmp_path):
    wiring.check_writable(tmp_path / "a", "--json")
    (tmp_path / "b").write_text("kept")
    wiring.check_writable(tmp_path / "b", "--json")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("b", "kept")]
    for wrong in (tmp_path, tmp_path / "none/x", tmp_path / "b/x", tmp_path / ("x" * 300)):
        with pytest.raises(RequestInvalid, match="--json"):
            wiring.check_writable(wrong, "--json")


async def test_only_one_process_carries_a_run_out(tmp_path):
    places = wiring.Places(tmp_path / "run")
    asked = wiring.request(SETTINGS, jobs=jobs_from({"id": "a", "nodes": 1, "walltime_min": 1}, "here"))
    places.folder.mkdir()
    with carrying._alone(places), pytest.raises(RequestInvalid, match="another process"):
        await carrying.carry_out(SETTINGS, asked, places, wiring.Options())
    report = await carrying.carry_out(SETTINGS, asked, places, wiring.Options())
    assert report.status == "done"


async def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    places = wiring.Places(tmp_path / "file/x")
    with pytest.raises(RequestInvalid, match="cannot make the folder"):
        await carrying.carry_out(SETTINGS, wiring.request(SETTINGS), places, wiring.Options())


def test_a_door_that_refuses_a_file_waits_for_no_graph_and_no_provider():
    heavy = "{'langgraph', 'langchain_core', 'openai', 'httpx', 'sqlite3', 'streamlit'}"
    program = f"import sys, cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

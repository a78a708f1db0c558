"""Hostile and broken input: one printable line with thing, value and remedy, status 2, and nothing begun."""

import json
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doors import ROOT, one_sentence, opened

CLUSTERS = tomllib.loads((ROOT / "data/federations/reference.toml").read_text("utf-8"))
JOB = {"id": "mine", "nodes": 4, "walltime_min": 30}
FUZZ = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUORATE_PROFILE", raising=False)


def never_begun(tmp_path) -> bool:
    return not (tmp_path / "runs").exists()


FLAGS = {
    "no command": [],
    "an unknown command": ["fly"],
    "an unknown flag": ["run", "--fast"],
    "a flag cut short": ["run", "--fed", "x"],
    "a seed that is a word": ["demo", "--seed", "x"],
    "a seed below zero": ["demo", "--seed", "-1"],
    "a seed too large": ["demo", "--seed", str(2**53)],
    "a seed of too many digits": ["demo", "--seed", "9" * 5_000],
    "a seed that is not a number": ["demo", "--seed", "nan"],
    "nodes of zero": ["run", "--nodes", "0"],
    "nodes below zero": ["run", "--nodes", "-5"],
    "nodes without end": ["run", "--nodes", "9" * 30],
    "half a node": ["run", "--nodes", "1.5"],
    "no nodes at all": ["run", "--name", "only a name"],
    "an unknown type": ["run", "--nodes", "4", "--type", "quantum"],
    "an id with a slash": ["run", "--nodes", "4", "--id", "../x"],
    "a name that clears the screen": ["run", "--nodes", "4", "--name", "a\x1b[2Jb"],
    "a name that turns around": ["run", "--nodes", "4", "--name", "a\u202eb"],
    "a walltime without end": ["run", "--nodes", "4", "--walltime-min", "999999999"],
    "an unknown profile": ["demo", "--profile", "oracle"],
    "an empty profile": ["demo", "--profile", ""],
    "jobs twice": ["run", "--jobs", "a.toml", "--nodes", "4"],
    "a job's name beside a file": ["run", "--jobs", "a.toml", "--name", "x"],
    "a file that is not there": ["run", "--jobs", "nothing.toml"],
    "an empty file name": ["run", "--federation", ""],
    "a folder for a file": ["run", "--federation", "/"],
    "a name with a null": ["run", "--federation", "a\0b"],
    "a name too long": ["run", "--federation", "x" * 5_000],
    "a name with an escape": ["run", "--jobs", "\x1b[31m.toml"],
    "json into a folder": ["demo", "--json", "/"],
    "json into nothing": ["demo", "--json", ""],
    "json where nothing is": ["demo", "--json", "none/such/run.json"],
    "json under a null": ["demo", "--json", "a\0b"],
    "a ledger into a folder": ["demo", "--ledger", "/tmp"],
    "a ledger where nothing is": ["demo", "--ledger", "none/such/ledger"],
    "a ledger below a file": ["demo", "--ledger", "/etc/hostname/ledger"],
    "a recording below a file": ["demo", "--record", "/etc/hostname/x"],
    "an unknown configuration": ["demo", "--config", "nothing.toml"],
    "a resume of nothing": ["demo", "--resume"],
    "a resume outside": ["demo", "--resume", "../../etc"],
    "a resume of a null": ["demo", "--resume", "a\0b"],
    "a ledger that is not there": ["verify", "nothing.jsonl"],
    "a ledger that is a folder": ["verify", "/"],
    "a ledger with a null": ["verify", "a\0b"],
    "a genesis that is not there": ["verify", "/etc/hostname", "--genesis", "nothing"],
    "a probe of the rule": ["probe"],
    "an unknown profile's configuration": ["config", "--profile", "oracle"],
}


@pytest.mark.parametrize("case", FLAGS)
def test_a_wrong_flag_is_one_sentence_and_nothing_is_begun(capsys, tmp_path, case):
    one_sentence(opened(capsys, *FLAGS[case]))
    assert never_begun(tmp_path)


PLANS = {
    "an unknown driver": ({"driver": "charm", "cluster": "HPC_RESOURCE_00"}, "drivers: "),
    "an unknown cluster": ({"driver": "inflated-bid", "cluster": "HPC_RESOURCE_99"}, "clusters: HPC_RESOURCE_00, "),
    "an unknown job": ({"driver": "inflated-bid", "cluster": "HPC_RESOURCE_00", "jobs": ["job_999"]}, "jobs: job_001"),
    "a driver with an escape": ({"driver": "\x1b[0m", "cluster": "HPC_RESOURCE_00"}, "driver"),
}


@pytest.mark.parametrize("case", PLANS)
def test_a_wrong_fault_plan_names_what_there_is(capsys, tmp_path, case):
    fault, remedy = PLANS[case]
    (tmp_path / "faults.json").write_text(json.dumps({"faults": [fault]}))
    assert remedy in one_sentence(opened(capsys, "demo", "--faults", "faults.json"))
    assert never_begun(tmp_path)


def changed(table: dict, path: tuple, value: object) -> dict:
    """A copy of a table with one place changed."""
    copy = json.loads(json.dumps(table))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


FEDERATIONS = {
    "three clusters": {**CLUSTERS, "clusters": CLUSTERS["clusters"][:3]},
    "no clusters": {**CLUSTERS, "clusters": []},
    "a cluster twice": {**CLUSTERS, "clusters": [*CLUSTERS["clusters"], CLUSTERS["clusters"][0]]},
    "an unknown key": {**CLUSTERS, "colour": "red"},
    "nodes in words": changed(CLUSTERS, ("clusters", 0, "groups", 0, "nodes"), "many"),
    "nodes below zero": changed(CLUSTERS, ("clusters", 0, "groups", 0, "nodes"), -1),
    "nodes without end": changed(CLUSTERS, ("clusters", 0, "groups", 0, "nodes"), 10**30),
    "half a node": changed(CLUSTERS, ("clusters", 0, "groups", 0, "nodes"), 0.5),
    "a name with a bell": changed(CLUSTERS, ("clusters", 0, "id"), "A\x07B"),
    "a network over two lines": changed(CLUSTERS, ("clusters", 0, "interconnect"), "Infini\nBand"),
    "a list": [1, 2, 3],
}


@pytest.mark.parametrize("case", FEDERATIONS)
def test_a_wrong_federation_is_one_sentence(capsys, tmp_path, case):
    (tmp_path / "f.json").write_text(json.dumps(FEDERATIONS[case]))
    one_sentence(opened(capsys, "run", "--nodes", "4", "--federation", "f.json"))
    assert never_begun(tmp_path)


BYTES = {
    "nothing": b"",
    "binary": bytes(range(256)) + b"\xff\x00\xfe",
    "NaN": b'{"id": "a", "nodes": NaN, "walltime_min": 5}',
    "infinity": b"id = 'a'\nnodes = inf\nwalltime_min = 5",
    "a date": b"id = 'a'\nnodes = 2020-01-01\nwalltime_min = 5",
    "a key twice": b'{"id": "a", "nodes": 1, "nodes": 2, "walltime_min": 5}',
    "an id twice": json.dumps({"jobs": [JOB, JOB]}).encode(),
    "deep nesting": b"[{" * 1 + b'"id":' + b"[" * 100_000,
    "a number of a million digits": b'{"id": "a", "nodes": ' + b"9" * 1_000_000 + b"}",
    "a lone surrogate": b'{"id": "a", "nodes": 1, "walltime_min": 5, "name": "\\ud800"}',
    "an escape": b'{"id": "a", "nodes": 1, "walltime_min": 5, "name": "\\u001b[2J"}',
    "half a file": b'{"id": "a", "nodes":',
    "another encoding": '{"id": "ä"}'.encode("utf-16"),
    "too many jobs": json.dumps([{"id": f"j{n}", "nodes": 1, "walltime_min": 1} for n in range(20_001)]).encode(),
}


@pytest.mark.parametrize("suffix", ["toml", "json", "jsonl"])
@pytest.mark.parametrize("case", BYTES)
def test_wrong_bytes_are_one_sentence(capsys, tmp_path, case, suffix):
    (tmp_path / f"jobs.{suffix}").write_bytes(BYTES[case])
    one_sentence(opened(capsys, "run", "--jobs", f"jobs.{suffix}"))
    assert never_begun(tmp_path)


@pytest.mark.parametrize("flag", ["--jobs", "--federation", "--faults", "--config"])
def test_a_file_of_100_megabytes_is_refused_unread(capsys, tmp_path, flag):
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(100 * 2**20)
    assert "large.toml" in one_sentence(opened(capsys, "run", flag, "large.toml"))


def test_a_ledger_of_100_empty_megabytes_is_refused(capsys, tmp_path):
    with (tmp_path / "large.jsonl").open("wb") as file:
        file.truncate(100 * 2**20)
    one_sentence(opened(capsys, "verify", "large.jsonl"))


@FUZZ
@given(st.binary(max_size=300), st.sampled_from(["toml", "json", "jsonl"]), st.sampled_from(["jobs", "federation"]))
def test_any_bytes_are_one_sentence(capsys, tmp_path, data, suffix, flag):
    (tmp_path / f"any.{suffix}").write_bytes(data)
    one_sentence(opened(capsys, "run", f"--{flag}", f"any.{suffix}"))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
places = st.sampled_from(["id", "name", "application", "type", "nodes", "gpus_per_node", "memory_gib_per_node",
                          "walltime_min", "description", "attributes", "other", "\x1b"])  # fmt: skip


@FUZZ
@given(places, anything, st.booleans())
def test_a_job_with_any_value_in_any_place_is_placed_or_one_sentence(capsys, tmp_path, name, value, many):
    job = {**JOB, name: value}
    (tmp_path / "any.json").write_text(json.dumps([job, {**JOB, "id": "z"}] if many else job))
    said = opened(capsys, "run", "--jobs", "any.json", "--no-times", "--quiet")
    assert said.status in (0, 1) or one_sentence(said)


@FUZZ
@given(st.sampled_from([("clusters", 0), ("clusters", 0, "groups", 0), ()]), places, anything)
def test_a_federation_with_any_value_in_any_place_is_taken_or_one_sentence(capsys, tmp_path, path, name, value):
    (tmp_path / "any.json").write_text(json.dumps(changed(CLUSTERS, (*path, name), value)))
    said = opened(capsys, "run", "--nodes", "1", "--federation", "any.json", "--no-times", "--quiet")
    assert said.status in (0, 1) or one_sentence(said)


@FUZZ
@given(st.lists(st.text(max_size=12) | st.sampled_from(["run", "demo", "--seed", "--json", "--jobs"]), max_size=5))
def test_any_words_on_the_command_line_are_one_sentence(capsys, tmp_path, words):
    said = opened(capsys, "verify", "--", *words) if words[:1] in (["run"], ["demo"]) else opened(capsys, *words)
    one_sentence(said)


@FUZZ
@given(st.binary(max_size=400), st.integers(0, 3_000))
def test_a_ledger_with_any_bytes_in_any_place_is_refused(capsys, tmp_path_factory, tmp_path, data, at):
    if not (tmp_path / "ledger").exists():
        assert opened(capsys, "run", "--nodes", "4", "--no-times", "--quiet", "--ledger", "ledger").status == 0
    whole = (tmp_path / "ledger").read_bytes()
    broken = whole[:at] + data + whole[at + len(data) :]
    (tmp_path / "broken").write_bytes(broken)
    said = opened(capsys, "verify", "broken")
    assert broken == whole or one_sentence(said)

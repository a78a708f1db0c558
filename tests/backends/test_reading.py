"""Whatever a person hands over is read, or refused in one printable sentence; never anything else."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.reading import (
    FILE_BYTES_MAX,
    JobRequest,
    Workload,
    decode_table,
    jobs_from,
    read_bytes,
    read_federation,
    read_jobs,
    read_jobs_text,
    read_value,
    shown,
    validate,
)
from faults.plan import FaultPlan
from quorate.domain.clusters import Federation
from quorate.domain.errors import RequestInvalid
from quorate.domain.jobs import Job

JOB = {"id": "j1", "nodes": 2, "walltime_min": 60}
CLUSTER = {
    "type": "hpc", "interconnect": "fabric", "link_gbps": 100, "storage_pb": 1,
    "groups": [{"nodes": 10, "cores": 8, "memory_gib": 64, "gpus": 0}],
}  # fmt: skip
FEDERATION = {"name": "four", "clusters": [{"id": f"c{i}", **CLUSTER} for i in range(4)]}
FORMS = ["toml", "json", "jsonl"]
SUFFIXES = [f".{form}" for form in FORMS]
WORDS = st.sampled_from([*JOB, "jobs", "name", "attributes", "description", "type", "interval_min", "gpus_per_node"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("\x1b[2J"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=6), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


def is_a_sentence(text):
    assert text.isprintable(), repr(text)
    assert text.isascii(), repr(text)
    assert len(text) < 700
    assert "\n" not in text
    assert "Error" not in text
    return text


def refused(read, *args):
    """The sentence of a refusal; anything else that is raised fails the test."""
    with pytest.raises(RequestInvalid) as caught:
        read(*args)
    return is_a_sentence(str(caught.value))


def tried(read, *args):
    """Read, or be refused in a sentence; return what was read."""
    try:
        return read(*args)
    except RequestInvalid as error:
        is_a_sentence(str(error))
    return None


def usable(workload):
    """Whatever is accepted can be made into jobs without another word."""
    return workload is None or all(isinstance(request.job(), Job) for request in workload.jobs)


# -- fuzzing ---------------------------------------------------------------------------------------------------


@settings(max_examples=400)
@given(st.binary(max_size=300), st.sampled_from(FORMS))
def test_any_bytes_are_read_or_refused_in_a_sentence(data, form):
    assert usable(tried(read_jobs_text, data, form, "standard input"))


@settings(max_examples=400)
@given(JUNK)
def test_any_json_is_read_or_refused_in_a_sentence(thing):
    assert usable(tried(read_jobs_text, json.dumps(thing).encode(), "json", "standard input"))
    tried(lambda: validate(Federation, thing, "f.json"))
    tried(lambda: validate(FaultPlan, thing, "plan.toml"))


@settings(max_examples=400)
@given(WORDS | st.text(max_size=8), JUNK)
def test_a_job_with_one_wrong_part_is_read_or_refused_in_a_sentence(field, value):
    assert usable(tried(jobs_from, {**JOB, field: value}, "jobs.toml"))


@settings(max_examples=300)
@given(st.text(max_size=70), JUNK | st.text(max_size=220))
def test_any_attribute_is_one_that_a_job_can_have_or_is_refused(name, value):
    assert usable(tried(jobs_from, {**JOB, "attributes": {name: value}}, "jobs.toml"))


@settings(max_examples=300)
@given(st.integers(0, 10**6), st.integers(0, 255), st.sampled_from([*FORMS]))
def test_a_job_list_with_one_byte_replaced_is_read_or_refused_in_a_sentence(place, byte, form):
    text = {
        "json": json.dumps({"jobs": [JOB, {**JOB, "id": "j2", "attributes": {"grid": "1 km"}}]}),
        "jsonl": json.dumps(JOB) + "\n" + json.dumps({**JOB, "id": "j2"}) + "\n",
        "toml": '[[jobs]]\nid = "j1"\nnodes = 2\nwalltime_min = 60\nattributes = { grid = "1 km" }\n',
    }
    data = bytearray(text[form].encode())
    data[place % len(data)] = byte
    assert usable(tried(read_jobs_text, bytes(data), form, "standard input"))


@given(st.text(min_size=1, max_size=40), st.sampled_from(["", *SUFFIXES]))
def test_any_name_of_a_file_is_answered_in_a_sentence(name, suffix):
    is_a_sentence(str(tried(read_jobs, Path("/nowhere") / (name.replace("/", "") + suffix)) or ""))
    refused(read_federation, Path("/nowhere/" + name.replace("/", "") + suffix))


@given(st.recursive(st.just(1), lambda inner: st.lists(inner, min_size=1, max_size=1), max_leaves=1), st.integers(0, 3))
def test_shown_is_short_and_printable(thing, times):
    is_a_sentence(shown(thing))
    is_a_sentence(shown("\x1b\u202e" * 10**times))


# -- sentences -------------------------------------------------------------------------------------------------

NINES = "9" * 30
CASES = {
    "wrong type": ({**JOB, "nodes": "2"}, "jobs.0.nodes is '2'; input should be a valid integer"),
    "float for a count": ({**JOB, "nodes": 2.0}, "jobs.0.nodes is 2.0; input should be a valid integer"),
    "yes for a count": ({**JOB, "nodes": True}, "jobs.0.nodes is True; input should be a valid integer"),
    "negative": ({**JOB, "nodes": -1}, "jobs.0.nodes is -1; input should be greater than or equal to 1"),
    "huge": ({**JOB, "nodes": int(NINES)}, f"jobs.0.nodes is {NINES}, which no field takes; correct it"),
    "too many": ({**JOB, "nodes": 10**7}, "jobs.0.nodes is 10000000; input should be less than or equal to 1000000"),
    "not a number": ({**JOB, "nodes": math.nan}, "jobs.0.nodes is nan, which no field takes; correct it"),
    "infinite": ({**JOB, "attributes": {"x": math.inf}}, "jobs.0.attributes.x is inf, which no field takes"),
    "unknown key": ({**JOB, "node": 2}, "jobs.0.node is not a known field; remove it or correct its spelling"),
    "control key": ({**JOB, "\x1b[2J": 2}, "jobs.0.\\x1b[2J is not a known field; remove it or correct its spelling"),
    "missing": ({"id": "j1", "nodes": 2}, "jobs.0.walltime_min is missing; give it a value"),
    "control character": ({**JOB, "name": "a\x07"}, "jobs.0.name: control character U+0007 is not allowed; remove it"),
    "line break in a name": ({**JOB, "name": "a\nb"}, "jobs.0.name: a line break or tab is not allowed here"),
    "list for a value": ({**JOB, "attributes": {"x": [1]}}, "jobs.0.attributes.x is a list; input should be"),
    "nameless attribute": (
        {**JOB, "attributes": {"": 1}},
        "jobs.0: attribute '' has a name that cannot be shown: string should have at least 1 character",
    ),
    "no jobs": ({"jobs": []}, "jobs has 0 entries; give it at least 1"),
    "no table": (5, "jobs.toml is 5; input should be an object"),
    "twins": ([JOB, JOB], "job id 'j1' occurs 2 times; give each job its own"),
    "bad id": ({**JOB, "id": "a b"}, "jobs.0.id is 'a b'; string should match pattern"),
    "bad type": ({**JOB, "type": "quantum"}, "jobs.0.type is 'quantum'; input should be 'hpc', 'gpu'"),
}  # fmt: skip


@pytest.mark.parametrize(("table", "says"), CASES.values(), ids=CASES.keys())
def test_a_refusal_names_the_thing_the_value_and_the_remedy(table, says):
    assert says in refused(jobs_from, table, "jobs.toml")


TEXTS = {
    "not UTF-8": (b"\xff\xfe\x00", "json", "is not UTF-8 text (byte 0); save it as JSON"),
    "binary junk": (bytes(range(256)), "toml", "is not UTF-8 text"),
    "zeros": (b"\x00" * 100, "json", "is not JSON"),
    "NaN": (b'{"id":"a","nodes":NaN,"walltime_min":1}', "json", "NaN is no number; correct it"),
    "long number": (b'{"nodes":' + b"9" * 5_000 + b"}", "json", "a number of more than 4,300 digits"),
    "twin keys": (b'{"id":"a","id":"b"}', "json", "the key 'id' occurs twice; correct it"),
    "twin keys in TOML": (b'id = "a"\nid = "b"', "toml", "is not TOML"),
    "deep": (b"[" * 100_000, "json", "nested too deeply"),
    "deep TOML": (b"a = " + b"[" * 10_000, "toml", "nested too deeply"),
    "deep and whole": (b'{"jobs":' + b"[" * 300 + b"]" * 300 + b"}", "json", "is a list, which no field takes"),
    "lone surrogate": (b'{"id":"a","name":"\\ud800","nodes":1,"walltime_min":1}', "json", "no field takes"),
    "date": (
        b'[[jobs]]\nid = "a"\nnodes = 1\nwalltime_min = 1\nname = 1979-05-27',
        "toml",
        "the date or time 1979-05-27",
    ),
    "time": (b'[[jobs]]\nid = "a"\nnodes = 1\nwalltime_min = 07:32:00', "toml", "the date or time 07:32:00"),
    "nan in TOML": (b'[[jobs]]\nid = "a"\nnodes = nan\nwalltime_min = 1', "toml", "nodes is nan, which no field takes"),
    "line 3": (b'{"id":"a","nodes":1,"walltime_min":1}\n\n{"id":', "jsonl", "is not JSON Lines: line 3: "),
    "empty": (b"", "json", "is not JSON"),
    "empty lines": (b"\n\n", "jsonl", "jobs has 0 entries"),
}


@pytest.mark.parametrize(("data", "form", "says"), TEXTS.values(), ids=TEXTS.keys())
def test_text_that_cannot_be_used_is_refused_with_its_reason(data, form, says):
    assert says in refused(read_jobs_text, data, form, "standard input")


CLUSTERS = FEDERATION["clusters"]
FEDERATIONS = {
    "three": (CLUSTERS[:3], "clusters has 3 entries; give it at least 4"),
    "129": ([{**CLUSTERS[0], "id": f"c{i}"} for i in range(129)], "clusters has too many entries; give it at most 128"),
    "twins": ([CLUSTERS[0]] * 4, "cluster id 'c0' occurs more than once; give each cluster its own"),
    "a total": ([{**CLUSTERS[0], "nodes": 5}, *CLUSTERS[1:]], "clusters.0.nodes is not a known field"),
    "no groups": (
        [{**CLUSTERS[0], "groups": []}, *CLUSTERS[1:]],
        "clusters.0.groups has 0 entries; give it at least 1",
    ),
    "a bell": (
        [{**CLUSTERS[0], "interconnect": "a\x07"}, *CLUSTERS[1:]],
        "clusters.0.interconnect: control character U+0007",
    ),
    "two lines": ([{**CLUSTERS[0], "interconnect": "a\nb"}, *CLUSTERS[1:]], "clusters.0.interconnect: a line break"),
}


@pytest.mark.parametrize(("clusters", "says"), FEDERATIONS.values(), ids=FEDERATIONS.keys())
def test_a_federation_that_cannot_be_is_refused(clusters, says, tmp_path):
    path = tmp_path / "f.json"
    path.write_text(json.dumps({"name": "f", "clusters": clusters}))
    assert says in refused(read_federation, path)


# -- files -----------------------------------------------------------------------------------------------------


def test_100_megabytes_are_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "huge.toml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it was opened"))
    assert f"has {100 * 2**20} bytes; at most {FILE_BYTES_MAX}: split it" in refused(read_jobs, path)


def test_a_source_without_an_end_is_refused():
    assert "has more than" in refused(read_bytes, Path("/dev/zero"))
    assert "more than" in refused(read_jobs_text, b" " * (FILE_BYTES_MAX + 1), "json", "standard input")


@pytest.mark.parametrize("name", ["nope.toml", ".", "a\x00b", "x" * 5_000, "\x1b[2J.toml"])
def test_what_cannot_be_opened_is_refused(name, tmp_path):
    assert "cannot read" in refused(read_jobs, tmp_path / name)


@pytest.mark.parametrize("suffix", [".json", ".JSON", ".jsonl", ".ndjson", ".toml", ".txt"])
def test_the_form_follows_the_name(suffix, tmp_path):
    path = tmp_path / f"jobs{suffix}"
    as_json = json.dumps(JOB)
    path.write_text(as_json if "json" in suffix.lower() else 'id = "j1"\nnodes = 2\nwalltime_min = 60\n')
    assert [request.id for request in read_jobs(path).jobs] == ["j1"]


def test_separators_inside_strings_do_not_end_a_line():
    table = decode_table('{"a":"x\u0085y\u2028z"}\n'.encode(), "jobs", ".jsonl")
    assert table == {"jobs": [{"a": "x\u0085y\u2028z"}]}


def test_one_job_a_list_or_a_table_are_all_job_lists():
    assert [jobs_from(table, "x").jobs[0].id for table in (JOB, [JOB], {"jobs": [JOB]})] == ["j1"] * 3
    assert isinstance(jobs_from(JOB, "x"), Workload)


def test_minutes_become_seconds_and_attributes_become_text():
    request = JobRequest(
        id="j1", nodes=1, walltime_min=90, attributes={"grid": "1 km", "steps": 5, "wet": True, "dt": 0.5}
    )
    made = request.job()
    assert made.walltime_s == 5_400
    assert [(each.name, each.value) for each in made.attributes] == [
        ("grid", "1 km"), ("steps", "5"), ("wet", "True"), ("dt", "0.5"),
    ]  # fmt: skip


def test_a_fault_plan_is_read_and_checked_like_everything_else(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text('[[faults]]\ndriver = "silence"\ncluster = "c0"\njobs = ["j1"]\n')
    assert read_value(FaultPlan, path).faults[0].acts_at("j1")
    path.write_text('[[faults]]\ndriver = "silence\\n"\ncluster = "c0"\n')
    assert "faults.0.driver is" in refused(read_value, FaultPlan, path)

"""Each line of a trace is one event of a closed list, and reads back as it was written."""

import typing

import pytest
from pydantic import ValidationError

from quorate.domain import trace
from quorate.domain.trace import TRACE_EVENTS, Decided, FaultActs, RunEnded, RunStarted, Undecided, Voted

KINDS = typing.get_args(typing.get_args(trace.TraceEvent)[0])
SAMPLES = [
    RunStarted(run="r", seed=1, profile="rule", provider="rule", jobs=8, deadline_s=45.0),
    FaultActs(driver="false-occupancy", cluster="c0", job="j1", says="signs more than it has"),
    Voted(height=1, round=0, cluster="c0", vote="approve", value="0" * 64, grounds="results follow", power=1_000),
    Decided(height=1, round=0, value="0" * 64, jobs=("j1",)),
    Undecided(job="j1", height=2, rounds=3),
    RunEnded(status="done"),
]


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.kind)
def test_an_event_reads_back_as_written(event):
    line = TRACE_EVENTS.dump_json(event, by_alias=True)
    assert b"\n" not in line
    assert TRACE_EVENTS.validate_json(line) == event


def test_every_kind_has_a_name_of_its_own():
    names = [kind.model_fields["kind"].default for kind in KINDS]
    assert len(set(names)) == len(names) == len(KINDS)


@pytest.mark.parametrize("line", [b"{}", b'{"kind":"sold"}', b'{"kind":"run_ended","status":"fine"}', b"[]", b"1"])
def test_anything_else_is_no_event(line):
    with pytest.raises(ValidationError):
        TRACE_EVENTS.validate_json(line)


def test_the_schema_is_named_on_the_first_line():
    assert b'"schema":"quorate.trace/1"' in TRACE_EVENTS.dump_json(SAMPLES[0], by_alias=True)

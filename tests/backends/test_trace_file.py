"""The trace on disk: numbered, stamped, taken up again, and never glued to a torn line."""

import itertools

import pytest

from backends import trace_file
from backends.trace_file import Trace, read_trace
from quorate.domain.bidding import Abstention, Answer
from quorate.domain.errors import RequestInvalid
from quorate.domain.jobs import Job
from quorate.domain.trace import Answered, JobCalled, RunEnded, RunStarted, Undecided

STARTED = RunStarted(run="r", seed=1, profile="rule", provider="rule", jobs=1, deadline_s=45.0)


def written(path, *events, **options):
    trace = Trace(path, **options)
    numbers = [trace.emit(event) for event in events]
    trace.close()
    return numbers


def test_events_are_numbered_stamped_kept_and_told(tmp_path):
    heard, clock = [], itertools.count(0.0, 0.25)
    trace = Trace(tmp_path / "deep" / "t", listen=heard.append, clock=lambda: next(clock))
    assert [trace.emit(STARTED), trace.emit(RunEnded(status="done"))] == [1, 2]
    trace.close()
    assert [event.at_ms for event in trace.events] == [250, 500]
    assert heard == trace.events == read_trace(tmp_path / "deep" / "t")


def test_without_times_two_runs_write_the_same_bytes(tmp_path):
    for name in "ab":
        written(tmp_path / name, STARTED, RunEnded(status="done"), times=False)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert b'"at_ms":null' in (tmp_path / "a").read_bytes()


def test_a_trace_is_taken_up_with_the_next_number_and_its_clock_goes_on(tmp_path):
    clock = iter([0.0, 2.0, 100.0, 101.0])
    written(tmp_path / "t", STARTED, clock=lambda: next(clock))
    assert written(tmp_path / "t", RunEnded(status="done"), clock=lambda: next(clock)) == [2]
    assert [event.at_ms for event in read_trace(tmp_path / "t")] == [2_000, 3_000]


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_torn_last_line_is_left_out_and_never_glued_to_the_next(tmp_path, cut):
    path = tmp_path / "t"
    written(path, STARTED, Undecided(job="j1", height=1, rounds=3))
    path.write_bytes(path.read_bytes()[:-cut])
    assert len(read_trace(path)) == 1
    assert written(path, RunEnded(status="done")) == [2]
    assert [event.kind for event in read_trace(path)] == ["run_started", "run_ended"]


@pytest.mark.parametrize("content", [b"notes\n", b"{}\n", b'{"kind":"\\u001b[2J"}\n', b"\xff\n"])
def test_what_is_no_trace_is_refused_in_a_sentence_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "t"
    path.write_bytes(content)
    with pytest.raises(RequestInvalid, match="line 1 is no trace event") as caught:
        Trace(path)
    assert str(caught.value).isprintable()
    assert path.read_bytes() == content


def test_a_file_without_a_line_that_is_no_trace_is_left_as_it_is(tmp_path):
    (tmp_path / "t").write_bytes(b"notes without an end")
    with pytest.raises(RequestInvalid, match="is no trace"):
        Trace(tmp_path / "t")
    assert (tmp_path / "t").read_bytes() == b"notes without an end"


def test_a_place_that_cannot_be_used_and_a_trace_that_is_too_long_are_refused(tmp_path, monkeypatch):
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(RequestInvalid, match="cannot read the trace"):
            read_trace(place)
    (tmp_path / "file").touch()
    with pytest.raises(RequestInvalid, match="cannot write the trace"):
        Trace(tmp_path / "file" / "t")
    monkeypatch.setattr(trace_file, "TRACE_BYTES_MAX", 10)
    (tmp_path / "long").write_bytes(b"x" * 11)
    with pytest.raises(RequestInvalid, match="at most 10"):
        read_trace(tmp_path / "long")


def test_a_trace_may_live_in_memory_alone():
    assert written(None, STARTED) == [1]


def test_a_trace_that_is_taken_up_again_links_what_follows_to_what_is_there(tmp_path):
    first = Trace(tmp_path / "t.jsonl")
    call = first.emit(JobCalled(job=Job(id="j", nodes=1, walltime_s=60), number=1, of=1, opened=1))
    first.close()
    again = Trace(tmp_path / "t.jsonl")
    outcome = Abstention(job="j", cluster="c", code="deadline", detail="late")
    again.emit(Answered(job="j", cluster="c", opened=1, answer=Answer(outcome=outcome)))
    again.close()
    assert read_trace(tmp_path / "t.jsonl")[-1].cause == call


def told(number):
    return JobCalled(job=Job(id=f"j{number}", nodes=1, walltime_s=60), number=number, of=9, opened=number)


def test_whoever_runs_for_months_keeps_its_last_events_and_the_file_has_all(tmp_path):
    trace = Trace(tmp_path / "t", keep=10)
    for number in range(1, 96):
        assert trace.emit(told(number)) == number
        assert len(trace.events) < 20
    trace.close()
    assert [event.number for event in trace.events][-10:] == list(range(86, 96))
    assert [event.seq for event in read_trace(tmp_path / "t")] == list(range(1, 96))
    again = Trace(tmp_path / "t", keep=10)
    assert [event.seq for event in again.events] == list(range(86, 96))
    assert again.emit(told(96)) == 96
    again.close()


def test_a_file_that_has_grown_enough_becomes_the_old_one_and_the_numbers_go_on(tmp_path):
    trace = Trace(tmp_path / "t", keep=10, file_bytes_max=2_000)
    for number in range(1, 60):
        trace.emit(told(number))
    trace.close()
    old, new = read_trace(tmp_path / "t.old"), read_trace(tmp_path / "t")
    numbers = [event.seq for event in (*old, *new)]
    assert numbers == list(range(numbers[0], 60))
    assert numbers[0] > 1
    assert (tmp_path / "t.old").stat().st_size < 3_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t", "t.old"]
    (tmp_path / "t").unlink()
    again = Trace(tmp_path / "t", keep=10)
    assert again.emit(told(60)) == old[-1].seq + 1
    again.close()


def test_a_bounded_trace_links_what_follows_to_what_it_still_knows(tmp_path):
    trace = Trace(tmp_path / "t", keep=2)
    call = [trace.emit(told(number)) for number in range(1, 8)][-1]
    outcome = Abstention(job="j7", cluster="c", code="deadline", detail="late")
    trace.emit(Answered(job="j7", cluster="c", opened=7, answer=Answer(outcome=outcome)))
    trace.close()
    assert trace.events[-1].cause == call

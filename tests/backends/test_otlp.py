"""The trace as OpenTelemetry spans: shape, names and what must not leave; and nothing at all unless it is asked for."""

import asyncio
import http.server
import socket
import subprocess
import sys
import threading
import tomllib

import pytest

import carrying
import cli
import wiring
from backends.otlp import Spans, exporter_to
from backends.trace_file import read_trace
from quorate.domain.errors import SettingsInvalid
from quorate.domain.trace import SEMANTICS, Checked, Prompted, Replied
from tests.doors import ROOT, one_sentence, opened

REPLIES = ROOT / "examples/replies/rehearsal.jsonl"
PROFILE = f'[llm.profiles.script]\nprovider = "scripted"\nreplies = "{REPLIES}"\n'
REHEARSAL = f'[llm]\nuse = "script"\nsecond_opinion = true\n{PROFILE}'


class Memory:
    """An exporter that keeps what it is given."""

    def __init__(self):
        self.spans, self.closed = [], False

    def export(self, spans):
        from opentelemetry.sdk.trace.export import SpanExportResult

        self.spans += spans
        return SpanExportResult.SUCCESS

    def shutdown(self):
        self.closed = True

    def force_flush(self, timeout_millis=0):
        return True


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The events of one rehearsal, and the spans that they become."""
    folder = tmp_path_factory.mktemp("otlp")
    (folder / "q.toml").write_text(REHEARSAL)
    settings = wiring.read_settings(folder / "q.toml")
    asked = wiring.request(settings, faults=wiring.REFERENCE_FAULTS, name="x")
    asyncio.run(carrying.carry_out(settings, asked, wiring.Places(folder / "x"), wiring.Options(times=False)))
    events, kept, ticks = read_trace(folder / "x/trace.jsonl"), Memory(), iter(range(10**6))
    spans = Spans(kept, lambda: next(ticks))
    for event in events:
        spans.on_event(event)
    spans.close()
    assert kept.closed
    return events, kept.spans


def test_one_span_for_the_run_one_for_each_call_and_one_for_each_question(run):
    events, spans = run
    by_id = {span.context.span_id: span for span in spans}
    (root,) = [span for span in spans if span.parent is None]
    assert root.name == "run x"
    jobs = [span for span in spans if span.name.startswith("job ")]
    calls = [span for span in spans if span.name.startswith("chat")]
    assert len(jobs) == 8
    assert len(calls) == sum(isinstance(event, Prompted) for event in events)
    assert len(spans) == 1 + len(jobs) + len(calls)
    assert all(by_id[job.parent.span_id] is root for job in jobs)
    for call in calls:
        assert by_id[call.parent.span_id].name == f"job {call.attributes['hpc.job.id']}"
        assert call.kind.name == "CLIENT"
    assert all(span.end_time > span.start_time for span in spans)


def test_the_names_are_of_the_pinned_version(run):
    events, spans = run
    assert events[0].schema_url == SEMANTICS
    for span in spans:
        assert span.resource.schema_url == SEMANTICS == span.instrumentation_scope.schema_url
        for name in span.attributes:
            assert name.startswith(("gen_ai.", "hpc.")) or name == "error.type"
    call = next(span for span in spans if span.name.startswith("chat"))
    assert call.attributes["gen_ai.operation.name"] == "chat"
    assert call.attributes["gen_ai.provider.name"] == "scripted"


def test_a_question_without_a_reply_is_an_error_with_its_code(run):
    events, spans = run
    failures = sorted(e.failure for e in events if isinstance(e, Replied) and e.failure)
    errors = [span for span in spans if span.status.status_code.name == "ERROR"]
    assert sorted(span.status.description for span in errors) == failures
    assert "provider_unreachable" in failures


def test_answers_proposals_votes_and_checks_are_moments_of_their_job(run):
    events, spans = run
    for job in (span for span in spans if span.name.startswith("job ")):
        kinds = [moment.name for moment in job.events]
        assert kinds.count("answered") == 6
        assert kinds[-1] == "decided"
        assert kinds.count("voted") >= 4
        assert "proposed" in kinds
    told = sum(moment.name == "checked" for span in spans for moment in span.events)
    assert told == sum(isinstance(event, Checked) for event in events)


def test_no_prompt_and_no_reply_leaves(run):
    events, spans = run
    sent = " ".join(
        str(value) for span in spans for each in (span, *span.events) for value in (each.attributes or {}).values()
    )
    for event in events:
        if isinstance(event, Replied) and event.text:
            assert event.text not in sent
    assert "Reply with exactly one JSON object" not in sent


def test_spans_reach_the_collector_that_is_named_and_nobody_else(tmp_path, monkeypatch, capsys):
    got = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    reached, connect = [], socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: (reached.append(to), connect(self, to))[1])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}/v1/traces"
        (tmp_path / "q.toml").write_text(f'{REHEARSAL}[trace]\notlp_endpoint = "{endpoint}"\n')
        said = opened(capsys, "run", "--nodes", "4", "--config", "q.toml", "--quiet")
        server.shutdown()
    assert said.status == 0
    assert {path for path, _ in got} == {"/v1/traces"}
    assert b"quorate" in got[0][1]
    assert {to[1] for to in reached if isinstance(to, tuple)} == {server.server_port}


def test_without_a_collector_nothing_connects_and_no_exporter_is_loaded(tmp_path):
    """Off by default, whatever another project's variables say."""
    script = (
        "import socket, sys\n"
        "def refuse(self, to):\n"
        "    raise AssertionError(f'connects to {to}')\n"
        "socket.socket.connect = refuse\n"
        "import cli\n"
        "status = cli.main(['demo', '--profile', 'rehearsal', '--quiet'])\n"
        "assert status == 0\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry.exporter.otlp')]\n"
    )
    environment = {
        "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "k", "LANGCHAIN_TRACING_V2": "true",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-800:]


@pytest.mark.parametrize(
    "missing", ["opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter"]
)
def test_a_missing_extra_is_one_sentence_with_the_remedy(tmp_path, monkeypatch, capsys, missing):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, missing, None)
    (tmp_path / "q.toml").write_text('[trace]\notlp_endpoint = "http://127.0.0.1:9/v1/traces"\n')
    sentence = one_sentence(opened(capsys, "run", "--nodes", "4", "--config", "q.toml", "--quiet", "--json", "-"))
    assert "pip install 'opentelemetry-sdk" in sentence
    with pytest.raises(SettingsInvalid):
        Spans(exporter_to("http://127.0.0.1:9"))


def test_a_collector_has_a_plain_address(tmp_path):
    (tmp_path / "q.toml").write_text('[trace]\notlp_endpoint = "collector"\n')
    with pytest.raises(SettingsInvalid, match="otlp_endpoint"):
        wiring.read_settings(tmp_path / "q.toml")


def test_the_shipped_configuration_names_no_collector():
    assert tomllib.loads((ROOT / "quorate.toml").read_text())["trace"]["otlp_endpoint"] == ""
    assert cli.wiring.read_settings(None).trace.otlp_endpoint == ""

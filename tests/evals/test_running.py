import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.settings import LlmSettings, PromptSettings
from backends.reading import read_federation
from evals.run_commands import settings_for
from evals.running import Asking, prepare
from evals.runs import Place, finished_run
from prompts import load
from prompts.drafts import body, read_draft, whole
from quorate.domain.errors import RequestInvalid
from tests.evals.stand_in import answering, configuration
from tests.fake_llm.server import FakeLLM

pytest.importorskip("inspect_ai", reason="runs need Inspect: make eval")

ROOT = Path(__file__).parents[2]
INFLIGHT = 6


def command(*arguments):
    return [sys.executable, "-m", "evals", *map(str, arguments)]


def evals(*arguments):
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def only_run(out):
    return next(path for path in out.iterdir() if (path / "run.json").is_file())


@pytest.mark.slow
def test_a_run_without_a_key_asks_the_rule_and_the_scripted_profile(tmp_path):
    done = evals("run", "--out", tmp_path, "--json", tmp_path / "figures.json")
    assert done.returncode == 0, done.stderr
    runs = json.loads((tmp_path / "figures.json").read_text())["runs"]
    assert [run["profile"] for run in runs] == ["rule", "scripted"]
    assert all(run["missing"] == 0 for run in runs)
    figures = {figure["metric"]: figure["estimate"] for figure in runs[1]["figures"]}
    assert figures["grounded"] < 0.98
    assert "Inspect" not in done.stdout
    assert len(list((tmp_path / "logs").glob("*.eval"))) == 2


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_and_repeats_at_most_the_calls_in_flight(tmp_path):
    with FakeLLM(delay_s=0.05, answerer=answering(lambda prompt: True)) as server:
        config = configuration(tmp_path / "quorate.toml", server.url)
        begun = subprocess.Popen(
            command("run", "--profile", "local", "--config", config, "--out", tmp_path / "runs"),
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        give_up = time.monotonic() + 60
        while len(server.calls) < 20 and begun.poll() is None and time.monotonic() < give_up:
            time.sleep(0.02)
        os.kill(begun.pid, signal.SIGKILL)
        begun.wait()
        before = len(server.calls)
        folder = only_run(tmp_path / "runs")
        kept = len(list(Place(folder).answered()))
        assert 0 < kept <= before
        with Place(folder).replies.open("ab") as half:
            half.write(b'{"sample": "half a li')
        done = evals("run", "--resume", folder, "--config", config)
        assert done.returncode == 0, done.stdout + done.stderr
        run = finished_run(folder)
        assert run.missing == 0
        assert run.manifest.status == "done"
        assert len(server.calls) <= run.manifest.expected + INFLIGHT
        assert run.models


@pytest.mark.slow
def test_a_run_beyond_its_budget_does_not_begin(tmp_path):
    with FakeLLM(answerer=answering(lambda prompt: True)) as server:
        config = configuration(tmp_path / "quorate.toml", server.url)
        for budget, words in (("1000", "tokens"), ("0.0001usd", "US dollars")):
            done = evals(
                "run", "--profile", "local", "--config", config, "--budget", budget, "--out", tmp_path / budget
            )
            assert done.returncode == 2
            assert words in done.stderr
            assert "--budget" in done.stderr
        assert not server.calls


@pytest.mark.slow
def test_a_provider_that_never_answers_is_a_degraded_run_and_the_gate_refuses_it(tmp_path):
    with FakeLLM() as server:
        config = configuration(tmp_path / "quorate.toml", server.url)
        text = config.read_text().replace('"stand-in"', '"fault-401"')
        config.write_text(text + "retries = 0\n")
        done = evals("run", "--profile", "local", "--config", config, "--out", tmp_path / "runs")
        assert done.returncode == 1, done.stdout + done.stderr
        assert "without a model's bid" in done.stderr
        assert evals("gate", only_run(tmp_path / "runs")).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--profile", "nobody"], "no profile 'nobody'"),
        (["run", "--prompt", "vote/2"], "write bid/2"),
        (["run", "--profile", "scripted", "--prompt", "bid/99"], "v99"),
        (["run", "--profile", "scripted", "--prompt", "/nowhere/mine.md"], "/nowhere/mine.md cannot be read"),
        (["run", "--budget", "much"], "neither tokens nor money"),
        (["run", "--resume", "/nowhere"], "name a run"),
    ],
)
def test_a_wrong_request_is_one_sentence(tmp_path, arguments, words):
    done = evals(*arguments, *(["--out", tmp_path] if "--resume" not in arguments else []))
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


WATCHED = """
import sys

def watch(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "unix"
        if host not in {"127.0.0.1", "::1", "unix"}:
            sys.stderr.write(f"CONNECTED {host}\\n")
    if event == "socket.getaddrinfo" and arguments[0] not in {"127.0.0.1", "::1", "localhost", None}:
        sys.stderr.write(f"LOOKED UP {arguments[0]}\\n")

sys.addaudithook(watch)
from evals.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_nothing_is_connected_to_or_looked_up_but_the_provider(tmp_path):
    arguments = ["run", "--profile", "scripted", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "CONNECTED" not in done.stderr
    assert "LOOKED UP" not in done.stderr


BUGGY = """
import sys
from evals.bench import Bench

honest = Bench.ask

async def ask(self, sample, epoch):
    if sample.family == "F2":
        raise RuntimeError("planted bug")
    return await honest(self, sample, epoch)

Bench.ask = ask
from evals.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_bug_in_one_sample_ends_no_run_and_is_no_success(tmp_path):
    arguments = [sys.executable, "-c", BUGGY, "run", "--profile", "rule", "--out", str(tmp_path)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "lacks 12 of 58 answers; the first error: RuntimeError('planted bug')" in done.stderr
    assert evals("gate", only_run(tmp_path)).returncode == 1


def test_a_file_that_is_not_released_is_asked_under_its_own_hash_and_taken_up_again(tmp_path):
    base = load("bid", 2)
    mine = tmp_path / "mine.md"
    mine.write_text(whole(body(base), base, "Nothing."))
    llm = settings_for(LlmSettings(), "scripted")
    for _ in range(2):
        asking = Asking(profile="scripted", prompt=None, set="quick", draft=mine)
        arm = prepare(llm, PromptSettings(), read_federation(asking.federation), asking, tmp_path / "run")
        arm.journal.close()
    assert arm.manifest.prompt == read_draft(mine).ref
    assert Place(tmp_path / "run").read().draft == str(mine)


def test_a_folder_of_another_run_is_not_gone_on_with(tmp_path):
    for name, refused in (("quick", False), ("compare", True)):
        asking = Asking(profile="rule", prompt=None, set=name)
        arguments = (LlmSettings(), PromptSettings(), read_federation(asking.federation), asking, tmp_path / "run")
        if refused:
            with pytest.raises(RequestInvalid, match="another set"):
                prepare(*arguments)
        else:
            prepare(*arguments).journal.close()

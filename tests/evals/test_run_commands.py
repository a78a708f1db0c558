import json
from pathlib import Path

import pytest

from agents.settings import LlmSettings
from evals.gate import Limits
from evals.planted import DEFECTS
from evals.run_commands import (
    askings,
    budget,
    prompt_asked,
    prompt_version,
    run_compare,
    run_gate,
    run_keep,
    run_show,
    settings_for,
    view_command,
)
from evals.running import Asking
from quorate.domain.errors import RequestInvalid
from tests.evals.made import made_run

LIAR = next(planted for planted in DEFECTS if planted.name == "lies about its type")


def test_comparing_with_a_worse_run_exits_one_and_writes_the_figures(tmp_path, capsys):
    good, bad = made_run(tmp_path / "good", set_name="compare"), made_run(tmp_path / "bad", LIAR, set_name="compare")
    assert run_compare(good, bad, str(tmp_path / "c.json")) == 1
    assert "verdict: worse" in capsys.readouterr().out
    figures = {one["metric"]: one for one in json.loads((tmp_path / "c.json").read_text())["figures"]}
    assert figures["grounded"]["verdict"] == "worse"
    assert run_compare(bad, good, None) == 0
    assert run_compare(good, good, None) == 0


def test_a_gate_says_its_reasons(tmp_path, capsys):
    run = made_run(tmp_path / "a", LIAR)
    assert run_gate(run, None, Limits()) == 0
    assert run_gate(run, None, Limits(goals=True)) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("yes: a may go in")
    assert all(line.startswith("no: ") for line in said[1:])


def test_runs_are_shown(tmp_path, capsys):
    assert run_show([made_run(tmp_path / "a")]) == 0
    assert "schema_first_pass" in capsys.readouterr().out


def test_the_rule_is_one_arm_whatever_the_prompts():
    common = Asking("", None, "quick")
    made = [(one.profile, one.prompt) for one in askings(["rule", "x"], [1, 2], common)]
    assert made == [("rule", 1), ("x", 1), ("x", 2)]


def test_a_scripted_profile_of_ones_own_is_left_alone():
    assert "scripted" in settings_for(LlmSettings(), "scripted").profiles
    assert settings_for(LlmSettings(), "rule").profiles == {}


@pytest.mark.parametrize(("text", "version"), [("bid/2", 2), ("bid/v3", 3), ("4", 4)])
def test_prompt_versions_are_read(text, version):
    assert prompt_version(text) == version


@pytest.mark.parametrize("text", ["vote/2", "bid", "bid/x", "bid/-1", ""])
def test_other_prompts_are_refused(text):
    with pytest.raises(RequestInvalid, match="write bid/2"):
        prompt_version(text)


def test_a_file_is_asked_by_its_name_and_never_by_the_rule():
    assert prompt_asked("runs/mine.md") == Path("runs/mine.md")
    assert prompt_asked("bid/2") == 2
    common = Asking("", None, "quick")
    made = [(one.profile, one.prompt, one.draft) for one in askings(["rule", "x"], [Path("mine.md"), 2], common)]
    assert made == [("rule", None, None), ("x", None, Path("mine.md")), ("x", 2, None)]


def test_a_run_of_a_text_that_is_not_released_is_not_kept(tmp_path):
    ref = {"id": "bid", "version": 99, "sha256": "0" * 64}
    run = made_run(tmp_path / "a", prompt=ref, draft="runs/mine.md")
    with pytest.raises(RequestInvalid, match=r"runs/mine\.md is not released; release it"):
        run_keep(run)


def test_budgets_are_tokens_or_money():
    assert budget(["200_000"]) == (200_000, None)
    assert budget(["20k", "3usd"]) == (20_000, 3.0)
    for text in ("-1", "3 eur", "", "1e9"):
        with pytest.raises(RequestInvalid, match="neither"):
            budget([text])


def test_the_viewer_serves_this_machine_alone(tmp_path):
    with pytest.raises(RequestInvalid, match="no logs"):
        view_command(tmp_path, 7575)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.eval").write_bytes(b"")
    command = view_command(tmp_path, 7575)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--log-dir") + 1] == str(tmp_path / "logs")

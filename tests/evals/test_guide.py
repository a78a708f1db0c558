"""docs/guide/evaluate-a-prompt.md, run as it stands in a copy of the checkout, against a stand-in for a model."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evals.stand_in import answering, configuration
from tests.fake_llm.server import FakeLLM

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide" / "evaluate-a-prompt.md"
PARTS = ("agents", "backends", "data", "evals", "faults", "graph", "prompts", "quorate", "wiring.py", "pyproject.toml")


def commands(text):
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def checkout(folder):
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "results", "gold"))
        else:
            shutil.copy(source, folder / name)
    return folder


def test_the_guide_has_five_steps_with_a_command_each():
    steps = re.split(r"^## \d\. ", GUIDE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert len(steps) == 5
    assert all(commands(step) for step in steps)


@pytest.mark.slow
def test_the_guide_leads_from_an_edit_to_a_verdict(tmp_path):
    pytest.importorskip("inspect_ai", reason="runs need Inspect: make eval")
    home = checkout(tmp_path)
    said = {}
    # The stand-in bids by the facts only where the prompt holds the new sentence: the edit makes it better.
    with FakeLLM(answerer=answering(lambda prompt: "two decimals or more" in prompt)) as server:
        configuration(home / "quorate.toml", server.url)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        for command in commands(GUIDE.read_text("utf-8")):
            done = subprocess.run(
                ["bash", "-c", command], cwd=home, env=os.environ | {"PATH": path}, capture_output=True, text=True,
                timeout=300, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
            said[command.split()[3] if command.startswith("python -m evals") else command] = done.stdout
    assert "verdict: better" in said["compare"]
    assert re.search(r"^tau\*.* better", said["compare"], re.MULTILINE)
    assert said["gate"].startswith("yes: ")
    assert "bid/3" in said["table"]
    assert (home / "evals" / "results" / "runs.jsonl").read_text().count("\n") == 1

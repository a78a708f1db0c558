"""docs/guide/providers.md, executed: its files are written, its commands given, what it quotes is what was said."""

import re
import shlex
import tomllib

import pytest

import wiring
from agents.models import LADDERS, PACKAGES
from agents.settings import MODES, LlmSettings, key_name
from tests.doors import ROOT, opened

GUIDE = (ROOT / "docs/guide/providers.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHIPPED = LlmSettings.model_validate(tomllib.loads((ROOT / "quorate.toml").read_text("utf-8"))["llm"])


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
def test_every_file_and_command_of_the_guide_does_what_it_says(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(wiring, "ROOT", tmp_path)
    (tmp_path / "examples/replies").mkdir(parents=True)
    replies = ROOT / "examples/replies/rehearsal.jsonl"
    (tmp_path / "examples/replies/rehearsal.jsonl").write_bytes(replies.read_bytes())
    (tmp_path / "quorate.toml").write_bytes((ROOT / "quorate.toml").read_bytes())
    for variable in ("QUORATE_PROFILE", "SAMBANOVA_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    given = 0
    for form, name, body in BLOCK.findall(GUIDE):
        if name:
            (tmp_path / name).write_text(body)
        for part in body.split("$ ")[1:] if form == "console" else ():
            command, *quoted = part.splitlines()
            with monkeypatch.context() as scope:
                words = shlex.split(command)
                while "=" in words[0]:
                    scope.setenv(*words.pop(0).split("=", 1))
                assert words[:2] == ["python", "cli.py"]
                said = opened(capsys, *words[2:])
            ended = [line for line in quoted if line.startswith("[exit status")]
            assert f"[exit status {said.status}]" == (ended or ["[exit status 0]"])[0], (command, said.err)
            for line in quoted:
                assert line in ended or one_line(line) in one_line(said.out + said.err), (command, line)
            given += 1
    assert given == 12
    assert (tmp_path / "first.jsonl").read_bytes() == (tmp_path / "second.jsonl").read_bytes()


def test_every_profile_stands_in_the_table_with_its_key_and_its_package():
    rows = {
        name: line for line in GUIDE.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)
    }
    for name, profile in SHIPPED.profiles.items():
        row = rows[name]
        variable = key_name(profile) if profile.provider in LADDERS else ""
        assert (f"`{variable}`" in row) if variable else ("none" in row), row
        if profile.provider in {"anthropic", "groq", "ollama"}:
            assert PACKAGES[profile.provider][2] in row


def test_the_ladder_is_the_one_that_is_climbed():
    assert ", ".join(f"`{mode}`" for mode in MODES) in one_line(GUIDE)


def test_every_toml_block_is_a_configuration_that_is_read(tmp_path):
    for form, _, body in BLOCK.findall(GUIDE):
        if form == "toml":
            (tmp_path / "q.toml").write_text((ROOT / "quorate.toml").read_text("utf-8"))
            shipped = tomllib.loads((ROOT / "quorate.toml").read_text("utf-8"))
            told = tomllib.loads(body)
            llm = {**shipped["llm"], **told.get("llm", {})}
            llm["profiles"] = {**shipped["llm"]["profiles"], **told.get("llm", {}).get("profiles", {})}
            LlmSettings.model_validate(llm)
            assert set(told) <= set(wiring.Settings.model_fields)

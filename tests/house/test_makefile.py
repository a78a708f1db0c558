"""A target that is listed has something behind it, and CI runs nothing that a person is not told of."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, text

MAKEFILE = text(Path("Makefile"))
INSTALLED = {"pytest", "streamlit"}


@pytest.mark.parametrize("module", sorted(set(re.findall(r"-m ([a-z_.]+)", MAKEFILE)) - INSTALLED))
def test_a_module_that_a_target_runs_exists(module: str) -> None:
    path = ROOT / module.replace(".", "/")
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), f"the Makefile runs -m {module}"


@pytest.mark.parametrize("script", sorted(set(re.findall(r"(?:scripts/)?[a-z]+\.(?:py|sh)\b", MAKEFILE))))
def test_a_script_that_a_target_runs_exists(script: str) -> None:
    assert (ROOT / script).is_file()


def test_every_target_that_is_not_a_file_is_listed_as_phony() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == targets


def test_ci_runs_commands_of_the_readme_and_no_others() -> None:
    commands = re.findall(r"^(make [a-z]+)", text(Path(".ci/run")), re.MULTILINE)
    assert commands == ["make demo", "make check"]
    assert re.search(r"^check:.*\btest\b", MAKEFILE, re.MULTILINE), "make check includes make test"
    assert "make check" in text(Path("README.md")) + text(Path("CONTRIBUTING.md"))

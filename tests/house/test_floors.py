"""The floors (ARCHITECTURE.md) are told of every room, and every exception to a rule says why."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT, packages, text

SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
FLOORS = SETTINGS["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in FLOORS["contracts"]}
# Who a contract leaves out, because the contract is about them.
LEFT_OUT = {"screen": {"ui"}, "provider": set(), "faults": {"faults"}, "doors": set()}


def test_the_floors_know_every_package() -> None:
    assert set(FLOORS["root_packages"]) == packages(), (
        "root_packages in pyproject.toml and the folders at the root differ"
    )
    layers = {name.strip(" ()") for layer in CONTRACTS["floors"]["layers"] for name in layer.split("|")}
    assert packages() <= layers


@pytest.mark.parametrize("contract", LEFT_OUT)
def test_a_contract_names_every_package_that_it_binds(contract: str) -> None:
    assert set(CONTRACTS[contract]["source_modules"]) == packages() - LEFT_OUT[contract]


def test_every_exception_to_a_lint_rule_gives_its_reason() -> None:
    lines = text(Path("pyproject.toml")).splitlines()
    start = lines.index("ignore = [")
    ignored = lines[start + 1 : lines.index("]", start)]
    assert ignored
    assert not [line for line in ignored if "#" not in line]

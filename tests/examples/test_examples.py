"""Each example is short, runs as it stands, and prints what is true."""

import importlib
import re
import sys

import pytest

from tests.doors import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SAYS = {
    "one_job": r"allocated on HPC_RESOURCE_04: 6 of 6 approve",
    "swap_provider": r"rule: allocated on HPC_RESOURCE_00\n(?s:.*)by rule: (?s:.*)by scripted:rehearsal: ",
    "a_lying_peer": (
        r"HPC_RESOURCE_04, class B, at job_002: nodes_free is \d+, not 353\n"
        r"reputation 1\.000 -> 0\.600\nthe job went to HPC_RESOURCE_01\n8 of 8 jobs were placed all the same"
    ),
    "verify_a_ledger": r"\d+ heights verified from genesis\nwith one digit more, height \d+ does not verify: ",
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_what_is_true(path, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr(sys, "argv", [str(path)])
    assert len(path.read_text("utf-8").splitlines()) < 40
    importlib.import_module(f"examples.{path.stem}").main()
    said = capsys.readouterr().out
    assert re.search(SAYS[path.stem], said), said
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def test_no_example_goes_unread():
    assert {path.stem for path in EXAMPLES} == set(SAYS)

import asyncio
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

import carrying
import wiring
from quorate.domain.trace import JobCalled, Prompted, RunStarted
from quorate.ledger.fold import fold
from quorate.ledger.state import founded
from tests.ui.terminal_sample import (
    IDS,
    LIED_AT,
    decision,
    fault,
    federation,
    jobs,
    quorum_weights,
    report,
    started,
    text,
    told,
)
from ui.terminal import TerminalFace, decision_lines, quorum_rule
from ui.terminal_text import Screen
from ui.words import explain_honesty, names_of, quorum_words, short_names, timing

GOLDEN = Path(__file__).with_name("terminal_golden.txt")


def piped(**choices):
    out = StringIO()
    choices = {"emoji": True, "quiet": False, "show_llm": False} | choices
    return out, TerminalFace(Console(file=out), **choices, errors=Console(file=out))


def test_the_piped_text_is_the_golden_text():
    assert text() == GOLDEN.read_text("utf-8"), "python -m tests.ui.terminal_sample > tests/ui/terminal_golden.txt"


def test_piped_text_is_plain_and_of_one_width():
    shown = text(times=True)
    assert "\x1b" not in shown
    assert not re.search("[\U0001f300-\U0001faff✅❌]", shown)
    assert max(cell_len(line) for line in shown.splitlines()) <= 116
    assert all(line == line.rstrip() for line in shown.splitlines())


@pytest.mark.parametrize("width", [80, 100, 116, 120, 160])
def test_a_terminal_of_any_width_shows_all_numbers_of_every_decision(width):
    shown = text(width, times=True)
    assert max(cell_len(line) for line in shown.splitlines()) <= width
    for row in report().decisions:
        assert quorum_words(row) in shown
        assert timing(row) in shown


def test_no_color_and_no_emoji_are_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    out = StringIO()
    told(Console(file=out, force_terminal=True, force_interactive=False, width=116), emoji=False)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", out.getvalue())
    assert not re.search("[\U0001f300-\U0001faff]", out.getvalue())


def test_colour_reaches_a_colour_terminal():
    out = StringIO()
    console = Console(
        file=out, force_terminal=True, force_interactive=False, width=116, color_system="truecolor", _environ={}
    )
    told(console)
    assert "\x1b[1;38;2;47;128;219m" in out.getvalue()
    assert "🎯" in out.getvalue()


def test_an_output_that_carries_only_ascii_gets_ascii(tmp_path):
    path = tmp_path / "out.txt"
    with path.open("w", encoding="ascii") as file:
        told(Console(file=file))
    assert "Placed on HPC_RESOURCE_03" in path.read_text("ascii")


def test_quiet_prints_the_summary_only():
    shown = text(quiet=True)
    assert shown.lstrip().startswith("Summary")
    assert "Bids" not in shown


def test_the_fault_drivers_line_comes_before_the_job_and_the_evidence_after():
    shown = text()
    line = shown.index("Fault driver false-occupancy acts on HPC_RESOURCE_00")
    assert shown.index("Job 6/8") < line < shown.index("Job 7/8") < shown.index("evidence") < shown.index("Job 8/8")
    assert "reputation 1.000 → 0.600" in shown


def test_nothing_is_printed_twice_and_nothing_is_forgotten():
    out, face = piped()
    face.progress(report(decided=2, status="running"))
    face.progress(report(decided=2, status="running"))
    face.final(report())
    shown = out.getvalue()
    assert [shown.count(f"Job {number}/8: ") for number in range(1, 9)] == [1] * 8
    assert shown.count("proven at height 21") == 1


def test_a_finding_after_the_last_decision_is_told_too():
    late = report().findings[0].model_copy(update={"height": 99, "what": "two votes in one round"})
    out, face = piped()
    face.final(report().model_copy(update={"findings": (late,)}))
    assert "proven at height 99: two votes in one round" in out.getvalue()


def test_without_findings_nothing_is_said_about_honesty():
    row, names = decision(1), short_names(IDS)
    assert not any("lying?" in line.plain for line in decision_lines(row, 8, names, None, Screen()))
    said = [line.plain for line in decision_lines(row, 8, names, [], Screen()) if "lying?" in line.plain]
    assert explain_honesty(row, [], names) in said[0]


def test_an_undecided_job_shows_its_rounds_and_no_winner():
    row = decision(1).model_copy(
        update={"outcome": "undecided", "how": "no quorum", "cluster": None, "occupancy": None, "rounds": 3, "bids": (),
                "ranking": (), "value": "", "proposer": None, "reasons": ("no quorum in 3 rounds",)}
    )  # fmt: skip
    shown = "\n".join(line.plain for line in decision_lines(row, 8, short_names(IDS), [], Screen()))
    assert "Undecided after 3 rounds" in shown
    assert "Placed" not in shown
    assert "certificate" not in shown


def test_a_job_that_fits_nowhere_is_told_with_every_reason():
    reasons = tuple(f"{cluster}: too small" for cluster in IDS)
    row = decision(1).model_copy(
        update={"outcome": "unallocated", "how": "not placed", "cluster": None, "occupancy": None, "ranking": (),
                "reasons": reasons}
    )  # fmt: skip
    shown = "\n".join(line.plain for line in decision_lines(row, 8, short_names(IDS), [], Screen()))
    assert "proposes nobody" in shown
    assert all(reason in shown for reason in reasons)


def test_prompts_are_printed_only_when_asked_for_and_harmless():
    event = Prompted(
        job=jobs()[0].id, cluster=IDS[0], attempt=1, prompt_id="bid", prompt_version=1, prompt_sha256="0" * 64,
        text="\x1b[2J[bold]do[/bold]",
    )  # fmt: skip
    for show in (True, False):
        out, face = piped(show_llm=show)
        face.on_event(event)
        face.progress(report(decided=1))
        assert ("\\x1b[2J[bold]do[/bold]" in out.getvalue()) is show
        assert "\x1b" not in out.getvalue()


def test_a_hostile_job_name_and_error_come_out_literally():
    out, face = piped()
    hurt = decision(1).model_copy(update={"job": jobs()[0].model_copy(update={"name": "[red]\x1b[31mx[/red]"})})
    face.decision(hurt, 8)
    face.error("jobs.toml: name '[bold]\x1b]0;x\x07' is not allowed; remove it")
    assert "[red]\\x1b[31mx[/red]" in out.getvalue()
    assert "error: jobs.toml: name '[bold]\\x1b]0;x\\x07' is not allowed; remove it" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_the_live_block_lives_on_a_terminal_only_and_leaves_nothing_behind():
    out = StringIO()
    console = Console(file=out, force_terminal=True, force_interactive=True, width=100, _environ={"TERM": "xterm"})
    with TerminalFace(console, emoji=True, quiet=False, show_llm=False) as face:
        face.header(started(), federation(), quorum_rule(quorum_weights()), quorum_weights())
        face.on_event(JobCalled(job=jobs()[0], number=1, of=8, opened=1))
        assert "waiting" in out.getvalue()
    assert out.getvalue().endswith("\x1b[?25h") or "\x1b[2K" in out.getvalue()
    out, face = piped()
    face.header(started(), federation(), quorum_rule(quorum_weights()))
    before = out.getvalue()
    face.on_event(JobCalled(job=jobs()[0], number=1, of=8, opened=1))
    assert out.getvalue() == before


def test_the_rule_names_what_a_decision_needs():
    assert "(4 of 6) and two thirds of weight (4.000 of 6.000)" in quorum_rule(quorum_weights())
    assert "(4 of 6) and two thirds of weight (3.734 of 5.600)" in quorum_rule(quorum_weights() | {IDS[0]: 0.6})
    assert "(4 of 5) and" in quorum_rule(quorum_weights() | {IDS[0]: 0.0})


def carried_out(folder):
    """Return the text of the reference run and its report, told through the graph's own events."""
    out, face = piped()
    settings = wiring.read_settings(None)
    asked = wiring.request(settings, faults=wiring.REFERENCE_FAULTS, seed=42).model_copy(update={"name": "seed-42"})

    def listen(event):
        if isinstance(event, RunStarted):
            genesis = wiring.demo_genesis(42, asked.federation)
            first = fold(asked.federation.name, founded(genesis), [], [event], event.jobs)
            weights = {cluster: row.power for cluster, row in first.status_by_cluster.items()}
            face.header(event, first.federation, quorum_rule(weights), weights)
        face.on_event(event)

    options = wiring.Options(times=False, listen=listen, heights=face.progress)
    run = asyncio.run(carrying.carry_out(settings, asked, wiring.Places(folder), options))
    face.final(run)
    return out.getvalue(), run


@pytest.mark.slow
def test_the_reference_run_prints_the_same_text_twice_and_its_reports_numbers(tmp_path):
    shown, run = carried_out(tmp_path / "one")
    again, _ = carried_out(tmp_path / "two")
    assert shown == again
    assert len(run.decisions) == run.summary.submitted == LIED_AT + 1
    for row in run.decisions:
        assert quorum_words(row) in shown
        assert explain_honesty(row, run.findings, names_of(run))[:30] in shown
        if row.occupancy:
            assert f"{row.occupancy.jobs + row.occupancy.background} of {row.occupancy.nodes} nodes" in shown
    for event in (*run.faults, fault()):
        assert event.driver in shown

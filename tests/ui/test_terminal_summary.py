import pytest

from tests.ui.terminal_sample import report
from ui.terminal_summary import Outputs, status_lines, summary_lines
from ui.terminal_tables import running_words
from ui.terminal_text import Screen
from ui.words import count, fmt_weight, total_s, verdict

WIDTHS = (80, 100, 116, 160)


def told(lines):
    return "\n".join(line.plain for line in lines)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_status_shows_every_cluster_as_the_ledger_has_it(width):
    run = report()
    lines = status_lines(run, Screen(width))
    assert max(line.cell_len for line in lines) <= width
    for cluster, standing in run.status_by_cluster.items():
        shown = next(line.plain for line in lines if cluster in line.plain).split()
        row = run.occupancy[cluster]
        assert shown[1:8] == [
            standing.status, fmt_weight(standing.reputation), fmt_weight(standing.power),
            count(row.jobs), count(row.background), count(row.free), count(row.nodes),
        ]  # fmt: skip
    sums = next(line.plain for line in lines if "all 6" in line.plain).split()
    assert sums[:7] == ["all", "6", "5.600", "338", "189", "1,466", "1,993"]
    below = " ".join(told(lines).split("1,993")[1].split())
    for row in run.occupancy.values():
        assert running_words(row) in below or not row.running


@pytest.mark.parametrize("width", WIDTHS)
def test_the_summary_lists_each_job_with_its_numbers(width):
    run = report()
    lines = summary_lines(run, Outputs(), Screen(width))
    assert max(line.cell_len for line in lines) <= width
    assert verdict(run) in lines[1].plain
    for row in run.decisions:
        line = next(line.plain for line in lines if row.job.title in line.plain)
        took = total_s(row)
        assert took is not None
        assert row.cluster in line
        assert f" {row.nodes} " in line
        assert f"{row.approvals} of {row.members}" in line
        assert line.split()[-1] == str(round(took * 1_000))


def test_times_that_were_left_out_are_not_shown():
    text = told(summary_lines(report(times=False), Outputs(), Screen()))
    assert "ms" not in text.split()
    assert "median" not in text
    assert "6.000 of 6.000" in text


def test_scenarios_and_reputation_and_what_came_after_are_told():
    text = told(summary_lines(report(), Outputs(), Screen()))
    assert "normal       6 of 6 jobs placed" in text
    assert "under fault  2 of 2 jobs placed" in text
    assert "R00 1.000 → 0.600 (1 finding)" in text
    assert "8 of 8 jobs ended by 12 h, jobs hold 0 nodes; reputation then R00 0.610" in text


def test_a_cancelled_run_says_so_and_claims_nothing_more():
    text = told(summary_lines(report(decided=3, status="cancelled"), Outputs(), Screen()))
    assert "Run cancelled after 3 of 8 jobs" in text
    assert "afterwards" not in text
    assert "under fault" not in text


def test_a_run_without_decisions_has_no_table():
    empty = report(decided=1).model_copy(update={"decisions": (), "status": "cancelled"})
    assert "title" not in told(summary_lines(empty, Outputs(), Screen()))


def test_model_figures_are_told_only_where_a_model_was_called():
    assert "fallback" not in told(summary_lines(report(), Outputs(), Screen()))
    run = report()
    called = run.summary.model_copy(
        update={"model_calls": 48, "repaired": 2, "tokens_in": 9_000, "tokens_out": 800, "cost_usd": 0.01,
                "fallback_share": 0.125}
    )  # fmt: skip
    text = told(summary_lines(run.model_copy(update={"summary": called}), Outputs(), Screen()))
    assert "48 calls, 2 repaired, tokens ↑ 9,000 ↓ 800, $0.0100; fallback share 12.5 %" in text


def test_files_and_commands_are_never_cut_and_absent_ones_not_named():
    path = "runs/" + "x" * 200 + "/ledger.jsonl"
    text = told(summary_lines(report(), Outputs(ledger=path, verify=f"python cli.py verify {path}"), Screen(80)))
    assert f"python cli.py verify {path}" in text
    assert "trace" not in text
    assert "open it" not in text

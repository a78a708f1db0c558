import pytest

from quorate.domain.values import ClusterId
from tests.ui.terminal_sample import IDS, LIE, decision, federation, quorum_weights
from ui.terminal_tables import (
    NODES_CELLS,
    bid_lines,
    job_words,
    network_lines,
    occupancy_lines,
    totals_words,
    vote_lines,
    vote_words,
    weight_bar,
)
from ui.terminal_text import Screen
from ui.words import count, fmt_score, fmt_weight, quorum_words, short_names

NAMES = short_names(IDS)
WIDTHS = (80, 99, 100, 115, 116, 160)


def told(lines):
    return "\n".join(line.plain for line in lines)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_network_shows_every_number_of_every_cluster(width):
    lines = network_lines(federation(), quorum_weights(), NAMES, Screen(width))
    assert max(line.cell_len for line in lines) <= width
    for row, line in zip(federation().clusters, lines[1:], strict=False):
        shown = line.plain.split()
        for value in (row.id, count(row.cores), count(row.memory_gib), count(row.gpus), count(row.background), "1.000"):
            assert value in shown
    assert lines[-1].plain.split()[:3] == ["all", "6", "1,993"]


def test_the_totals_name_both_units_of_memory():
    assert "1,082 TiB (1,190 TB)" in totals_words(federation())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("number", [1, 4, 7, 8])
def test_no_bid_loses_a_number_at_any_width(number, width):
    row = decision(number)
    lines = bid_lines(row, NAMES, Screen(width))
    assert max(line.cell_len for line in lines) <= width
    for bid in row.bids:
        line = next(line.plain for line in lines if bid.cluster in line.plain)
        assert fmt_weight(bid.reputation) in line
        assert f" {bid.nodes_free} " in line
        assert f" {bid.nodes_background} " in line
        if bid.score is not None:
            assert fmt_score(bid.score) in line
        if bid.weighted is not None:
            assert fmt_score(bid.weighted) in line


@pytest.mark.parametrize("width", WIDTHS)
def test_why_a_bid_is_void_or_missing_is_told_whole_at_any_width(width):
    void = " ".join(told(bid_lines(decision(7), NAMES, Screen(width))).split())
    assert "void" in void
    assert LIE in void if width < 116 else all(word in void for word in LIE.split())
    missing = " ".join(told(bid_lines(decision(4), NAMES, Screen(width))).split())
    assert missing.count("not asked") == 5


@pytest.mark.parametrize("width", WIDTHS)
def test_no_bids_reasoning_is_cut_at_any_width(width):
    row = decision(1)
    long = " ".join(f"word{number}" for number in range(40))
    bids = tuple(bid.model_copy(update={"reasoning": long}) if bid.abstained is None else bid for bid in row.bids)
    lines = told(bid_lines(row.model_copy(update={"bids": bids}), NAMES, Screen(width)))
    assert " ".join(lines.split()).count(long) == sum(bid.abstained is None for bid in bids)
    assert "…" not in lines


def test_the_winner_comes_first_and_the_void_bid_after_those_that_count():
    lines = bid_lines(decision(7), NAMES, Screen(116))
    assert "HPC_RESOURCE_03" in lines[1].plain
    assert "HPC_RESOURCE_00" in lines[6].plain


def test_every_member_votes_in_our_words_with_its_grounds():
    row = decision(8)
    votes = (
        row.votes[0].model_copy(
            update={"vote": "skip", "approves": False, "finalizes": False, "grounds": "invalid: no"}
        ),
        row.votes[1].model_copy(update={"vote": "none", "approves": None, "finalizes": False, "grounds": ""}),
        row.votes[2].model_copy(update={"vote": "equivocated", "approves": False, "finalizes": False}),
        *row.votes[3:],
    )
    assert [vote_words(vote) for vote in votes[:4]] == ["✕ skip", "– no vote", "≠ equivocated", "✓ approve, ✓ finalize"]
    lines = told(vote_lines(row.model_copy(update={"votes": votes}), NAMES, Screen(116)))
    assert "invalid: no" in lines
    assert "3 of 6 votes, weight 3.000 of 5.600, needs 3.734" in lines


@pytest.mark.parametrize("width", WIDTHS)
def test_the_quorum_is_shown_by_heads_and_by_weight(width):
    lines = vote_lines(decision(8), NAMES, Screen(width))
    assert max(line.cell_len for line in lines) <= width
    assert quorum_words(decision(8)) in told(lines)


def test_the_weight_bar_marks_two_thirds():
    row = decision(1)
    assert weight_bar(row.weight_approving, row).plain.index("┊") == 16


@pytest.mark.parametrize("width", WIDTHS)
def test_occupancy_has_three_parts_that_add_up(width):
    row = decision(7).occupancy
    assert row is not None
    lines = [line.plain for line in occupancy_lines(row, Screen(width))]
    jobs, background, total = (
        next(line for line in lines if line.split()[0] == name) for name in ("jobs", "background", "total")
    )
    assert f"{row.jobs} of {row.nodes} nodes" in jobs
    assert f"{row.background} of {row.nodes} nodes" in background
    assert f"{row.jobs + row.background} of {row.nodes} nodes" in total
    assert f"{row.free} free" in total
    assert "job_007 (36)" in " ".join(" ".join(lines).split())


def test_the_parts_of_the_occupancy_bar_add_up_to_its_total():
    for number in range(1, 9):
        row = decision(number).occupancy
        assert row is not None
        jobs, background, total = (line.plain for line in occupancy_lines(row, Screen(116))[:3])
        assert jobs.count("█") + background.count("▒") == total.count("█") + total.count("▒") <= NODES_CELLS


def test_a_full_cluster_fills_its_bar():
    row = decision(1).occupancy
    assert row is not None
    full = row.model_copy(update={"jobs": 199, "background": 1, "free": 0})
    total = occupancy_lines(full, Screen(116))[2].plain
    assert total.count("█") + total.count("▒") == NODES_CELLS


def test_a_hostile_job_name_and_reasoning_come_out_literally():
    evil = "\x1b[2J[bold red]x[/] \u202e"
    row = decision(1)
    bids = tuple(bid.model_copy(update={"reasoning": evil}) for bid in row.bids)
    votes = tuple(vote.model_copy(update={"grounds": evil}) for vote in row.votes)
    hurt = row.model_copy(update={"bids": bids, "votes": votes})
    lines = told([*bid_lines(hurt, NAMES, Screen(116)), *vote_lines(hurt, NAMES, Screen(116))])
    assert "\x1b" not in lines
    assert "\u202e" not in lines
    assert lines.count("\\x1b[2J[bold red]x[/]") == 12


def test_a_job_says_what_it_asks_for():
    title, asks = job_words(decision(2).job)
    assert title == "LLM Training (Megatron-LM)"
    assert asks == ["ai", "60 nodes × 720 min", "4 GPUs and 256 GiB a node"]


def test_a_narrow_screen_uses_short_names():
    assert "R00" in told(network_lines(federation(), {}, {ClusterId("HPC_RESOURCE_00"): "R00"}, Screen(60)))


def test_a_bid_that_opinions_moved_says_so_before_its_reasoning():
    row = decision(1)
    bids = tuple(
        bid.model_copy(update={"assessed": bid.score - 0.02 if bid.cluster == row.cluster else bid.score})
        for bid in row.bids
    )
    moved = next(bid for bid in bids if bid.cluster == row.cluster)
    said = told(bid_lines(row.model_copy(update={"bids": bids}), NAMES, Screen(116)))
    assert f"opinions moved it to {moved.assessed:.2f}" in said
    assert said.count("opinions moved it") == 1

import pytest

from tests.ui import factory
from ui import runs
from ui.viewmodel.theatre import matrix, mermaid, message_rows, theatre

REPORT = factory.report()
EVENTS = factory.events(REPORT)
ROWS = dict(zip(factory.KINDS, REPORT.decisions, strict=True))


@pytest.mark.parametrize("kind", [k for k in factory.KINDS if k != "no quorum"])
def test_the_curve_ends_at_the_weight_that_the_ledger_counted(kind):
    shown = theatre(ROWS[kind], REPORT, EVENTS)
    assert shown.finalizing[-1].weight == ROWS[kind].weight_approving
    assert shown.crossing is not None
    assert shown.marks[shown.crossing].kind == "finalize"


def test_the_crossing_is_the_first_vote_that_reaches_heads_and_weight():
    shown = theatre(ROWS["equivocation"], REPORT, EVENTS)
    at = next(point for point in shown.finalizing if point.mark == shown.crossing)
    assert (at.heads, at.weight) == (4, 4.0)
    assert at.weight >= shown.needed == 3.734


def test_without_a_quorum_nothing_crosses():
    shown = theatre(ROWS["no quorum"], REPORT, EVENTS)
    assert shown.crossing is None
    assert [band.label for band in shown.bands] == ["Round 1 · no quorum", "Round 2 · no quorum", "Round 3 · no quorum"]


def test_two_votes_of_one_member_in_one_round_are_in_conflict():
    conflicting = [mark for mark in theatre(ROWS["equivocation"], REPORT, EVENTS).marks if mark.conflict]
    assert {(mark.lane, mark.kind) for mark in conflicting} == {(0, "approve"), (4, "propose")}


def test_conflicts_of_one_decision_do_not_colour_another():
    assert not any(mark.conflict for mark in theatre(ROWS["void"], REPORT, EVENTS).marks)


def test_marks_lie_within_their_rounds():
    for row in REPORT.decisions:
        shown = theatre(row, REPORT, EVENTS)
        for mark in shown.marks:
            band = shown.bands[mark.band]
            assert band.start <= mark.at <= band.end


def test_a_real_run_shows_every_vote_of_the_deciding_height(real):
    found = runs.load(real, "demo")
    for row in found.report.decisions:
        shown = theatre(row, found.report, found.events)
        assert shown.finalizing[-1].weight == row.weight_approving
        assert len(shown.capsules) == len(row.bids)


def test_what_opened_the_call_stands_before_the_bids(real):
    found = runs.load(real, "demo")
    for row in found.report.decisions:
        shown = theatre(row, found.report, found.events)
        opening = [band for band in shown.bands if band.opening]
        assert [band.label for band in opening] == ["call opened"]
        assert opening[0].height == min(band.height for band in shown.bands)
        assert opening[0].end <= shown.called == 0 <= min(capsule.start for capsule in shown.capsules)
        assert sum(shown.bands[mark.band].opening for mark in shown.marks) == 2 * len(row.votes) + 1


def test_an_order_without_times_begins_with_what_opened_the_call(real):
    found = runs.load(real, "demo")
    untimed = [event.model_copy(update={"at_ms": None}) for event in found.events]
    shown = theatre(found.report.decisions[1], found.report, untimed)
    assert not shown.timed
    assert min(mark.at for mark in shown.marks) == 0 < shown.called <= min(c.end for c in shown.capsules)


def test_times_left_out_leave_the_order():
    untimed = [event.model_copy(update={"at_ms": None}) for event in EVENTS]
    shown = theatre(ROWS["contested"], REPORT, untimed)
    assert not shown.timed
    assert [mark.at for mark in shown.marks] == sorted(mark.at for mark in shown.marks)
    assert message_rows(shown)[0][0].startswith("#")


def test_without_a_trace_there_is_nothing_to_draw_but_the_matrix_stands():
    assert theatre(ROWS["contested"], REPORT, ()).marks == ()
    assert [row.cells[0].state for row in matrix(ROWS["contested"], REPORT, ()).rows] == (
        ["skip", "approve", "approve", "approve", "approve", "no vote"]
    )


def test_the_matrix_tells_five_states_apart():
    cells = {
        cell.state for kind in factory.KINDS for row in matrix(ROWS[kind], REPORT, EVENTS).rows for cell in row.cells
    }
    assert cells == {"approve", "finalize", "skip", "no vote", "equivocated"}


def test_a_column_is_counted_by_heads_and_weight():
    shown = matrix(ROWS["equivocation"], REPORT, EVENTS)
    last = shown.columns[-1]
    assert (last.kind, last.heads, last.weight, last.quorum) == ("finalize", 5, 5.0, True)
    assert shown.caption == "Votes at height 12: 5 of 6 votes, weight 5.000 of 5.600, needs 3.734"


def test_a_reason_stands_behind_its_cell():
    shown = matrix(ROWS["contested"], REPORT, EVENTS)
    assert shown.rows[0].cells[0].text == "R00, round 1: skips: insists on another block"


def test_the_table_holds_every_message():
    shown = theatre(ROWS["re-voted"], REPORT, EVENTS)
    assert len(message_rows(shown)) == len(shown.marks) + len(shown.capsules)


def test_the_diagram_names_every_member_once():
    text = mermaid(theatre(ROWS["unanimous"], REPORT, EVENTS))
    assert text.startswith("sequenceDiagram\n  participant R00\n")
    assert text.count("participant") == 6

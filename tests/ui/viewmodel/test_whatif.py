from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.ui import factory
from ui.viewmodel import whatif

REPORT = factory.report()


def test_counted_again_by_the_same_rule_every_placed_decision_stands():
    again = whatif.recount(REPORT)
    assert [row.now for row in again[:8]] == ["R03"] * 8
    assert whatif.recount_title(again[:8]) == "Counted again: all 8 decisions stand"


def test_without_the_winner_the_second_wins():
    again = whatif.recount(REPORT, without=[factory.CLUSTERS[3]])
    assert again[0].now == "R01"
    assert again[0].changed


def test_a_larger_quorum_loses_a_thin_decision():
    again = whatif.recount(factory.report(("contested",)), share=Fraction(3, 4))
    assert again[0].now == "no quorum"


@given(st.sets(st.sampled_from(factory.CLUSTERS)))
def test_nobody_who_is_gone_wins(without):
    for row in whatif.recount(REPORT, without=without):
        assert row.now not in {f"R{cluster[-2:]}" for cluster in without}


def test_two_equal_runs_differ_in_nothing():
    both = whatif.pairs(REPORT, REPORT)
    assert whatif.whatif_title(both) == "All 10 jobs go the same way"
    assert not any(pair.moved or pair.flipped for pair in both)


def test_moves_and_flips_are_counted():
    rows = list(REPORT.decisions)
    rows[0] = rows[0].model_copy(update={"cluster": factory.CLUSTERS[1]})
    rows[1] = rows[1].model_copy(update={"cluster": None, "how": "no quorum"})
    both = whatif.pairs(REPORT, REPORT.model_copy(update={"decisions": tuple(rows)}))
    assert whatif.whatif_title(both) == "1 of 10 jobs moves; 1 decision flips"
    assert (both[0].a, both[0].b) == ("R03", "R01")


def test_a_job_of_one_run_only_is_said_to_be_so():
    both = whatif.pairs(REPORT, factory.report(("unanimous",)))
    assert both[1].b == "not in this run"

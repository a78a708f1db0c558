"""P-70: on a chain that wants them, rivals' opinions of shown bids are heard in time, and delay nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.ledger import acts as a
from quorate.ledger.auction import judge
from quorate.market.rank import weighted_bp
from tests.quorate.ledger.build import Plainly, bid, commit, genesis, job, reveal

SCORES = {0: 9_000, 1: 8_800, 2: 7_500, 3: 7_500}


def shown(assessments=True, early=()):
    """A call with four bids, closed; some answers are shown a height before the others."""
    life = Plainly(genesis(4, assessments=assessments))
    life.open(job("j1"))
    given_ = {seat: bid(life.state, seat, "j1", score) for seat, score in SCORES.items()}
    life.height({seat: [commit(life.state, seat, answer)] for seat, answer in given_.items()})
    if early:
        life.height({seat: [reveal(life.state, given_[seat])] for seat in early})
    return life, given_


def thinks(life, score_bp, whose="c0", opened=None):
    return a.Assess(job="j1", opened=opened or life.state.calls["j1"].opened, cluster=whose, score_bp=score_bp)


def decide(life, given_, opinions, early=()):
    acts = {seat: [reveal(life.state, given_[seat])] for seat in given_ if seat not in early}
    for seat, said in opinions.items():
        acts.setdefault(seat, []).extend(said)
    record = life.height(acts)
    (decision,) = record.decisions
    return record, decision


def of(decision, cluster):
    return next(answer for answer in decision.answers if answer.cluster == cluster)


def test_a_majority_of_the_power_may_move_a_bid_by_a_tenth_and_with_it_the_job():
    life, given_ = shown()
    _, decision = decide(life, given_, {seat: [thinks(life, 2_000)] for seat in (1, 2, 3)})
    assert (of(decision, "c0").assessed_bp, of(decision, "c0").weighted_bp) == (8_100, 8_100)
    assert of(decision, "c1").assessed_bp is None
    assert (decision.winner, decision.ranking[0]) == ("c1", "c1")


def test_who_is_silent_agrees_with_the_bid():
    life, given_ = shown()
    _, decision = decide(life, given_, {1: [thinks(life, 2_000)]})
    assert (of(decision, "c0").assessed_bp, decision.winner) == (9_000, "c0")


def test_an_opinion_is_heard_with_the_showing_of_answers_or_before_and_never_waited_for():
    """The decision falls in the block in which the answers are complete, opinions or not."""
    life, given_ = shown(early=(0,))
    height = life.state.height
    life.height({1: [thinks(life, 2_000)]})
    assert life.state.calls["j1"].assessed == {(1, 0): 2_000}
    record, decision = decide(life, given_, {2: [thinks(life, 2_000)], 3: [thinks(life, 2_000)]}, early=(0,))
    assert decision.height == height + 1
    assert of(decision, "c0").assessed_bp == 8_100
    late = life.height({1: [thinks(life, 2_000, opened=decision.opened)]})
    assert late.ignored == ("c1 assess: no bid of c0 for j1 is shown",)
    assert record.ignored == ()


def test_a_chain_that_wants_no_opinions_hears_none():
    life, given_ = shown(assessments=False)
    record, decision = decide(life, given_, {seat: [thinks(life, 2_000)] for seat in (1, 2, 3)})
    assert len(record.ignored) == 3
    assert all("hears no opinions" in said for said in record.ignored)
    assert (of(decision, "c0").assessed_bp, decision.winner) == (None, "c0")


@pytest.mark.parametrize(
    ("seat", "act", "why"),
    [
        (0, {}, "not its bid to assess"),
        (1, {"cluster": "c9"}, "no bid of c9 for j1 is shown"),
        (1, {"opened": 7}, "no bid of c0 for j1 is shown"),
        (1, {"job": "j2"}, "no bid of c0 for j2 is shown"),
    ],
    ids=["own", "stranger", "other call", "other job"],
)
def test_an_opinion_that_is_about_nothing_shown_or_about_ones_own_bid_is_not_heard(seat, act, why):
    life, given_ = shown()
    record, decision = decide(life, given_, {seat: [thinks(life, 2_000).model_copy(update=act)]})
    assert [why in said for said in record.ignored] == [True]
    assert of(decision, "c0").assessed_bp is None


def test_only_the_first_opinion_of_a_member_on_a_bid_is_heard():
    life, given_ = shown()
    record, decision = decide(life, given_, {seat: [thinks(life, 8_500), thinks(life, 0)] for seat in (1, 2, 3)})
    assert of(decision, "c0").assessed_bp == 8_500
    assert sum("was assessed before" in said for said in record.ignored) == 3


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.integers(0, 10_000), max_size=12))
def test_whatever_rivals_say_no_valid_bid_moves_further_than_a_tenth_and_none_becomes_void(said):
    life, given_ = shown()
    opinions = {}
    for (who, whose), score in said.items():
        opinions.setdefault(who, []).append(thinks(life, score, f"c{whose}"))
    _, decision = decide(life, given_, opinions)
    for seat, answer in enumerate(decision.answers):
        assert answer.void == ()
        moved = SCORES[seat] if answer.assessed_bp is None else answer.assessed_bp
        assert abs(moved - SCORES[seat]) <= SCORES[seat] // 10
        assert answer.weighted_bp == weighted_bp(moved, answer.reputation)
    best = [of(decision, cluster).weighted_bp for cluster in decision.ranking]
    assert best == sorted(best, reverse=True)


def test_the_root_tells_what_was_said():
    life, _ = shown(early=(0,))
    before = life.state
    life.height({1: [thinks(life, 2_000)]})
    heard = life.state.calls["j1"]
    assert before.calls["j1"].assessed == {}
    assert heard.assessed
    assert judge(heard, (1_000,) * 4, 2_500).answers[0].assessed_bp == 9_000

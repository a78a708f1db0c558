import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.quorum import is_quorum
from tests.ui import factory
from ui import runs, words
from ui.viewmodel import decision

NAMES = words.short_names(factory.CLUSTERS)
TYPES = {cluster.id: cluster.type for cluster in factory.FEDERATION.clusters}
ROWS = dict(zip(factory.KINDS, factory.report().decisions, strict=True))


def test_the_steps_of_a_waterfall_sum_to_the_difference(real):
    found = runs.load(real, "demo")
    checked = 0
    for row in found.report.decisions:
        scores = {bid.cluster: bid.weighted for bid in row.bids}
        for rival in row.ranking[1:]:
            steps = decision.waterfall(row, rival, found.record(row.job.id))
            total = round(scores[row.cluster] * 10_000) - round(scores[rival] * 10_000)
            assert sum(step.difference_bp for step in steps) == total
            checked += 1
    assert checked > 10


def test_without_a_record_the_rule_is_one_step():
    steps = decision.waterfall(ROWS["unanimous"], factory.CLUSTERS[1], None)
    assert [step.name for step in steps] == ["rule's score", "own judgement", "reputation"]
    assert sum(step.difference_bp for step in steps) == 900


def test_what_opinions_took_is_a_step_of_its_own():
    row = ROWS["unanimous"]
    rival = row.ranking[1]
    heard = tuple(
        bid.model_copy(update={"assessed": bid.score - 0.05, "weighted": bid.weighted - 0.05})
        if bid.cluster == rival
        else bid
        for bid in row.bids
    )
    steps = decision.waterfall(row.model_copy(update={"bids": heard}), rival, None)
    assert [step.name for step in steps][-2:] == ["opinions", "reputation"]
    assert steps[-2].difference_bp == 500
    before = sum(step.difference_bp for step in decision.waterfall(row, rival, None))
    assert sum(step.difference_bp for step in steps) == before + 500


def test_a_void_bid_has_no_waterfall():
    assert decision.waterfall(ROWS["void"], factory.CLUSTERS[0], None) == []


def test_bars_are_best_first_and_name_what_does_not_count():
    bars = decision.bid_bars(ROWS["void"], NAMES, TYPES)
    assert [bar.role for bar in bars] == ["winner", "other", "other", "other", "void", "none"]
    assert [bar.shown for bar in bars[-2:]] == ["void", "too few nodes"]


@given(st.lists(st.integers(500, 1_000), min_size=4, max_size=9), st.integers(0, 9))
def test_spare_votes_are_as_many_as_the_heaviest_that_may_be_missing(powers, against):
    votes = [factory.vote(0, "skip" if i < against else "approve", power=p / 1_000) for i, p in enumerate(powers)]
    spare = decision.spare_votes(votes, len(powers), sum(powers) / 1_000)
    kept = sorted((p for i, p in enumerate(powers) if i >= against), reverse=True)
    if spare is None:
        assert not is_quorum(len(kept), len(powers), sum(kept), sum(powers))
        return
    assert is_quorum(len(kept) - spare, len(powers), sum(kept[spare:]), sum(powers))
    assert not is_quorum(len(kept) - spare - 1, len(powers), sum(kept[spare + 1 :]), sum(powers))


def test_six_of_six_could_lose_two_and_three_would_have_blocked():
    assert decision.margin_words(ROWS["unanimous"]) == "3 more silent members would have blocked it."
    assert decision.margin_words(ROWS["no quorum"]) == "There was no quorum."


@pytest.mark.parametrize("kind", factory.KINDS)
def test_badges_say_the_quorum_by_heads_and_weight(kind):
    assert any(words.quorum_words(ROWS[kind]) in text for _, text in decision.badges(ROWS[kind]))


def test_an_answer_says_who_wrote_it_and_what_it_cost():
    said = decision.author_words(ROWS["unanimous"].bids[0])
    assert said == ["openai:Meta-Llama-3.3-70B-Instruct", "700 ms", "419 → 54 tokens", "$0.000310"]


def test_a_bid_of_a_member_without_weight_shows_that_and_no_number():
    row = ROWS["unanimous"]
    jailed = row.bids[1].model_copy(update={"reputation": 0.0, "weighted": 0.0})
    bars = decision.bid_bars(row.model_copy(update={"bids": (row.bids[0], jailed)}), NAMES, TYPES)
    shown = {bar.cluster: bar.shown for bar in bars}
    assert shown == {jailed.cluster: "no weight", row.bids[0].cluster: words.fmt_score(row.bids[0].weighted)}

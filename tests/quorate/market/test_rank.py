"""Score times reputation, ties by a draw that nobody chooses and everybody repeats. docs/protocol.md P-48."""

from collections import Counter
from hashlib import blake2b

from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.domain.clusters import snapshot
from quorate.market.rank import rank, tie_draw, weighted_bp
from quorate.market.rule import rule_bid
from tests.quorate.ledger.build import cluster, group, job

SCORES = st.integers(0, 10_000)
REPUTATIONS = st.integers(0, 1_000)
CHI_SQUARE_5_AT_1_IN_1000 = 20.515


def bids_of(scores, wanted="j1"):
    base = rule_bid(job(wanted, 1), snapshot(cluster(groups=[group(10)]), 0))
    return [base.model_copy(update={"cluster": f"c{i}", "score_bp": score}) for i, score in enumerate(scores)]


@given(SCORES, REPUTATIONS)
def test_reputation_never_raises_a_score_and_full_trust_keeps_it(score, reputation):
    assert 0 <= weighted_bp(score, reputation) <= score
    assert weighted_bp(score, 1_000) == score


@settings(max_examples=300)
@given(st.lists(st.tuples(SCORES, REPUTATIONS), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_arrival_cannot_matter(pairs, rng):
    bids = bids_of([score for score, _ in pairs])
    trust = {f"c{i}": reputation for i, (_, reputation) in enumerate(pairs)}
    shuffled = rng.sample(bids, len(bids))
    best = rank(bids, trust, "a" * 64)
    assert rank(shuffled, trust, "a" * 64) == best
    weights = [weighted_bp(bid.score_bp, trust[bid.cluster]) for bid in best]
    assert weights == sorted(weights, reverse=True)


@given(st.lists(SCORES, min_size=2, max_size=6, unique=True))
def test_equals_in_trust_rank_by_score(scores):
    best = rank(bids_of(scores), {f"c{i}": 1_000 for i in range(len(scores))}, "0" * 64)
    assert [bid.score_bp for bid in best] == sorted(scores, reverse=True)


def test_of_two_with_one_weight_the_higher_score_wins():
    bids = bids_of([5_000, 10_000])
    assert [bid.cluster for bid in rank(bids, {"c0": 1_000, "c1": 500}, "0" * 64)] == ["c1", "c0"]


def test_six_equals_win_one_sixth_each():
    wins, bids = Counter(), bids_of([9_000] * 6)
    trust = {bid.cluster: 1_000 for bid in bids}
    for number in range(6_000):
        previous = blake2b(str(number).encode(), digest_size=32).hexdigest()
        wins[rank(bids, trust, previous)[0].cluster] += 1
    chi_square = sum((count - 1_000) ** 2 / 1_000 for count in wins.values())
    assert len(wins) == 6
    assert chi_square < CHI_SQUARE_5_AT_1_IN_1000


def test_one_block_gives_each_of_its_jobs_a_draw_of_its_own():
    first = {min(range(6), key=lambda i: tie_draw("0" * 64, f"j{n}", f"c{i}")) for n in range(100)}
    assert first == set(range(6))


def test_the_draw_is_what_the_protocol_says():
    assert tie_draw("ab", "j1", "c0") == blake2b(b"ab|j1|c0", digest_size=32).digest()

"""P-7, P-13, P-15: what a leader makes, every voter with the same state finds valid; without an owed item, nobody."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.certificate import build_certificate
from quorate.consensus.effects import Head, ReplicaSettings
from quorate.consensus.inclusion import ITEMS_PER_SENDER_MAX, payload_bytes_max
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import Judge, Lacking, candidates, first_lacking, make_block, refusal, same
from quorate.consensus.signing import sign_item, sign_vote
from quorate.domain.deciding import Kind, pack_ext
from quorate.domain.errors import MisuseError
from tests.quorate.consensus.toy import CHAIN, Toy, payload, signer, toy

N = 4


def items(seat, first, count, text=None):
    return [sign_item(CHAIN, seat, first + k, text or payload(k), signer(seat)) for k in range(count)]


def second_height(held):
    """Return the state after an empty first block, and a head whose signers report `held`."""
    application = toy((1000,) * N)
    block = make_block(application, [], None, 0)
    votes = [
        sign_vote(CHAIN, signer(i), Kind.FINALIZE, 1, 0, i, value=block.digest, ext=pack_ext(held[i])) for i in range(N)
    ]
    return application.apply(block, []), Head(build_certificate(votes), application.committee)


def pool_of(*groups):
    pool = Pool((0,) * N, ReplicaSettings())
    for group in groups:
        for item in group:
            pool.add(item)
    return pool


@given(st.lists(st.tuples(st.integers(0, N - 1), st.integers(1, 8), st.booleans()), max_size=24))
def test_what_a_leader_makes_is_valid_for_every_voter_who_holds_the_items(drawn):
    """P-7, P-13."""
    pool = Pool((0,) * N, ReplicaSettings())
    for seat, seq, bad in drawn:
        pool.add(sign_item(CHAIN, seat, seq, b'{"bad":true}' if bad else payload(seq), signer(seat)))
    application, head = second_height([pool.held()] * N)
    judge = Judge(application)
    chosen = candidates(application, pool, judge)
    block = make_block(application, chosen, head, 3)
    assert refusal(application, block, chosen, head, pool, Judge(application)) is None
    assert all(judge(item) is None for item in chosen)


def test_an_item_that_a_third_reports_cannot_be_left_out():
    """P-15: nor can the items before it."""
    application, head = second_height([(0, 2, 0, 0)] * N)
    pool = pool_of(items(1, 1, 2))
    judge = Judge(application)
    for kept in (0, 1):
        some = candidates(application, pool, judge)[:kept]
        block = make_block(application, some, head, 0)
        found = refusal(application, block, some, head, pool, judge)
        assert found == f"it leaves out item {kept + 1} of seat 1, which more than a third of the power holds"


def test_whether_an_unknown_item_may_be_left_out_is_asked_before_it_is_answered():
    """P-15, P-17: the voter must fetch it to know whether the application refuses it."""
    application, head = second_height([(0, 1, 0, 0)] * N)
    block = make_block(application, [], head, 0)
    assert refusal(application, block, [], head, pool_of(), Judge(application)) == Lacking(1, 1)
    refused = pool_of([sign_item(CHAIN, 1, 1, b'{"bad":true}', signer(1))])
    assert refusal(application, block, [], head, refused, Judge(application)) is None


def test_a_leader_that_lacks_an_owed_item_knows_what_to_ask_for():
    """P-15."""
    application, head = second_height([(0, 0, 3, 0)] * N)
    pool = pool_of(items(2, 1, 1))
    judge = Judge(application)
    chosen = candidates(application, pool, judge)
    assert first_lacking(application, chosen, head.certificate, head, pool, judge) == Lacking(2, 2)


def test_a_block_stops_at_the_caps_of_a_sender_and_owes_no_more():
    """P-8, P-13, P-15."""
    many = items(0, 1, ITEMS_PER_SENDER_MAX + 5)
    application, head = second_height([(ITEMS_PER_SENDER_MAX + 5, 4, 0, 0)] * N)
    size = payload_bytes_max(N) - 10
    large = items(1, 1, 4, b'{"note":"' + b"x" * (size - 11) + b'"}')
    pool = pool_of(many, large)
    judge = Judge(application)
    chosen = candidates(application, pool, judge)
    assert [i.seq for i in chosen if i.sender == 0] == list(range(1, ITEMS_PER_SENDER_MAX + 1))
    assert [i.seq for i in chosen if i.sender == 1] == [1, 2]
    block = make_block(application, chosen, head, 0)
    assert refusal(application, block, chosen, head, pool, judge) is None


def test_a_good_variant_is_chosen_where_another_is_refused():
    """P-13."""
    bad, good = (sign_item(CHAIN, 0, 1, data, signer(0)) for data in (b'{"bad":true}', payload(1)))
    application, _ = second_height([(0,) * N] * N)
    assert candidates(application, pool_of([bad, good]), Judge(application)) == [good]


@pytest.mark.parametrize("change", ["previous", "value", "height", "at_s"])
def test_a_block_that_does_not_follow_is_refused(change):
    """P-7."""
    application, head = second_height([(0,) * N] * N)
    block = make_block(application, [], head, 9)
    assert refusal(application, block, [], head, pool_of(), Judge(application)) is None
    changed = {
        "previous": replace(block, previous=None),
        "value": replace(block, previous=replace(head.certificate, value="00" * 32)),
        "height": replace(block, height=3),
        "at_s": replace(block, at_s=-1),
    }[change]
    assert isinstance(refusal(application, changed, [], head, pool_of(), Judge(application)), str)


def test_block_time_never_runs_back():
    """P-7."""
    application = replace(toy((1000,) * N), head_at_s=50)
    assert make_block(application, [], None, 20).at_s == 50
    assert make_block(application, [], None, 60).at_s == 60


class Verbose(Toy):
    def results(self, at_s, items, previous):
        return "x" * 70_000


def test_results_that_do_not_fit_are_our_own_mistake():
    """P-8."""
    base = toy((1000,) * N)
    with pytest.raises(MisuseError, match="at most 65536"):
        make_block(Verbose(base.committee, base.sequences), [], None, 0)


def test_results_are_compared_as_bytes():
    assert same({"a": [1, 2], "b": None}, {"b": None, "a": (1, 2)})
    assert not same({"a": 1}, {"a": True})

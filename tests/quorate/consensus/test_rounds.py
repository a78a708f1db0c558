"""P-11: the tally of one round counts each seat once per kind, and knows a quorum."""

from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.quorum import is_quorum
from quorate.consensus.rounds import Round
from quorate.domain.deciding import Kind, Vote
from tests.quorate.consensus.toy import committee

POWERS = (1000, 500, 700, 600, 900)


def vote(seat, value="aa" * 32, kind=Kind.NOTARIZE):
    return Vote(kind, 1, 0, seat, None if kind is Kind.NULLIFY else value, -1, 0, b"", bytes(64))


@given(st.permutations(range(5)), st.lists(st.sampled_from(["aa" * 32, "bb" * 32]), min_size=5, max_size=5))
def test_a_value_has_a_quorum_exactly_when_its_voters_are_one(order, values):
    round_, table = Round(0), committee(POWERS)
    said = {}
    for seat in order:
        value = values[seat]
        said.setdefault(value, []).append(seat)
        members = said[value]
        expected = is_quorum(len(members), 5, sum(POWERS[s] for s in members), sum(POWERS))
        assert round_.count(vote(seat, value), table) == expected
        assert [v.seat for v in round_.saying(vote(seat, value))] == sorted(members)


def test_kinds_are_counted_apart_and_the_first_vote_is_remembered():
    round_, table = Round(3), committee(POWERS)
    round_.count(vote(0), table)
    assert round_.seen(vote(0, "bb" * 32)) == vote(0)
    assert round_.seen(vote(0, kind=Kind.NULLIFY)) is None
    assert round_.saying(vote(0, kind=Kind.NULLIFY)) == []


def test_a_round_is_closed_by_finalize_or_nullify_only():
    round_ = Round(0)
    round_.mine[Kind.NOTARIZE] = vote(0)
    assert not round_.closed()
    round_.mine[Kind.NULLIFY] = vote(0, kind=Kind.NULLIFY)
    assert round_.closed()
    assert not round_.certified()
    assert round_.certificate(Kind.NOTARIZE) is None

"""P-13, P-19: what the pool keeps, and that nobody can make it keep more."""

from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.effects import ReplicaSettings
from quorate.consensus.pool import NAMED_BYTES_MAX, Added, Pool
from quorate.domain.deciding import Item

SMALL = ReplicaSettings(pool_items_max=8, pool_bytes_max=100)


def item(seat, seq, payload=b"1", mark=0):
    return Item(seat, seq, payload, bytes([mark]) * 64)


@given(st.permutations(range(1, 7)), st.integers(0, 6))
def test_held_is_the_highest_number_without_a_gap_whatever_the_order(order, count):
    """P-14."""
    pool = Pool((0, 0), SMALL)
    for seq in order[:count]:
        pool.add(item(0, seq))
    got = set(order[:count])
    expected = next(k for k in range(7) if k + 1 not in got)
    assert pool.held() == (expected, 0)


arrivals = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 20), st.binary(min_size=1, max_size=60), st.integers(0, 3)), max_size=60
)


@given(arrivals)
def test_no_arrivals_exceed_the_bounds_of_a_sender(drawn):
    """P-19."""
    pool = Pool((2, 0, 5), SMALL)
    for seat, seq, payload, mark in drawn:
        pool.add(item(seat, seq, payload, mark))
    for seat, base in enumerate((2, 0, 5)):
        mine = [i for i in pool.items() if i.sender == seat]
        assert all(base < i.seq <= base + 8 for i in mine)
        assert sum(len(i.payload) for i in mine) <= 100
        for seq in range(base, base + 9):
            variants = pool.variants(seat, seq)
            assert len(variants) <= 2
            assert len({i.payload for i in variants}) == len(variants)
        assert pool.held()[seat] >= base
        assert all(pool.variants(seat, seq) for seq in range(base + 1, pool.held()[seat] + 1))
    assert len(pool) == len(pool.items())


def test_a_lower_number_displaces_a_higher_one_when_the_room_ends():
    """P-13: a sender that floods far numbers stands in nobody's way but its own."""
    pool = Pool((0,), SMALL)
    assert pool.add(item(0, 8, b"x" * 60)) is Added.NEW
    assert pool.add(item(0, 1, b"y" * 60)) is Added.NEW
    assert [i.seq for i in pool.items()] == [1]
    assert pool.add(item(0, 8, b"x" * 60)) is Added.REFUSED


def test_a_body_that_a_proposal_names_is_kept_beyond_the_bounds_until_it_is_not_wanted():
    """P-17."""
    pool = Pool((0,), SMALL)
    for mark in range(2):
        pool.add(item(0, 1, b"%d" % mark))
    third = item(0, 1, b"3")
    assert pool.add(third) is Added.REFUSED
    pool.want([third.digest])
    assert pool.add(third) is Added.NEW
    assert pool.get(third.digest) == third
    assert third not in pool.variants(0, 1)
    pool.unwant()
    assert pool.get(third.digest) is None
    assert len(pool) == 2


def test_named_bodies_have_a_bound_of_their_own():
    """P-19."""
    pool = Pool((0,), ReplicaSettings(pool_bytes_max=0))
    wanted = [item(0, seq + 1, b"x" * 60_000) for seq in range(30)]
    pool.want([i.digest for i in wanted])
    for body in wanted:
        pool.add(body)
    assert sum(len(i.payload) for i in wanted if pool.get(i.digest)) <= NAMED_BYTES_MAX


def test_what_a_block_included_is_forgotten_and_the_rest_stays():
    """P-13."""
    pool = Pool((0, 0), SMALL)
    for seq in (1, 2, 4):
        pool.add(item(0, seq))
    pool.advance((3, 0, 0))
    assert pool.held() == (4, 0, 0)
    assert [i.seq for i in pool.items()] == [4]
    assert list(pool.run(0, 1, 10)) == [item(0, 4)]
    assert pool.add(item(0, 2)) is Added.REFUSED
    assert pool.add(item(2, 1)) is Added.NEW


def test_a_seat_whose_key_changed_starts_over():
    pool = Pool((0, 0), SMALL)
    pool.add(item(0, 1))
    pool.add(item(1, 1))
    pool.forget(0)
    assert pool.held() == (0, 1)
    assert pool.items() == [item(1, 1)]

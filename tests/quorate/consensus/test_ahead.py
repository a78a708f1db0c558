"""P-19: messages before their height."""

from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.ahead import Ahead
from quorate.consensus.effects import ReplicaSettings

SETTINGS = ReplicaSettings(buffered_per_seat_max=3, buffered_bytes_max=20)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=30), st.integers(2, 3), st.integers(0, 2)), max_size=60))
def test_so_many_and_so_much_per_sender_and_height_are_kept_the_newest(drawn):
    ahead = Ahead(SETTINGS)
    for data, height, sender in drawn:
        ahead.keep(data, height, sender)
    assert len(ahead) <= 2 * 3 * 3
    taken = list(ahead.take(2))
    for sender in range(3):
        mine = [data for frm, data in taken if frm == sender]
        assert len(mine) <= 3
        assert len(mine) <= 1 or sum(map(len, mine)) <= 20
    assert [frm for frm, _ in taken] == sorted(frm for frm, _ in taken)


def test_taking_a_height_forgets_it_and_what_lies_below():
    ahead = Ahead(SETTINGS)
    for height in (2, 3, 4):
        ahead.keep(b"%d" % height, height, 1)
    ahead.keep(b"3", 3, 1)
    assert list(ahead.take(3)) == [(1, b"3")]
    assert list(ahead.take(2)) == []
    assert list(ahead.take(4)) == [(1, b"4")]
    assert len(ahead) == 0

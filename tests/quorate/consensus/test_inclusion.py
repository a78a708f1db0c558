"""P-14, P-15: what more than a third of the power holds is owed; nothing else is."""

from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.certificate import build_certificate
from quorate.consensus.inclusion import (
    BLOCK_ITEM_BYTES,
    ITEM_COST,
    ITEMS_PER_SENDER_MAX,
    cost,
    disorder,
    fits,
    omitted,
    owed,
    payload_bytes_max,
    share_bytes,
)
from quorate.domain.deciding import PAYLOAD_BYTES_MAX, SEATS_MAX, Item, Kind, Vote, pack_ext
from tests.quorate.consensus.toy import committee


def certificate(exts):
    """Return an unsigned certificate of these exts, one per seat."""
    votes = [
        Vote(Kind.FINALIZE, 1, 0, seat, "00" * 32, -1, 0, pack_ext(ext), bytes(64)) for seat, ext in enumerate(exts)
    ]
    return build_certificate(votes)


@st.composite
def reports(draw):
    n = draw(st.integers(1, 7))
    powers = draw(st.lists(st.integers(500, 1000), min_size=n, max_size=n))
    exts = draw(st.lists(st.lists(st.integers(0, 9), min_size=n, max_size=n), min_size=1, max_size=n))
    return powers, exts, draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))


@given(reports())
def test_a_number_is_owed_exactly_if_more_than_a_third_of_the_power_reports_it(drawn):
    """P-15, against brute force."""
    powers, exts, sequences = drawn
    found = owed(certificate(exts), committee(powers), sequences)
    for seat, base in enumerate(sequences):
        reported = [
            s
            for s in range(10)
            if 3 * sum(p for p, ext in zip(powers, exts, strict=False) if ext[seat] >= s) > sum(powers)
        ]
        assert found[seat] == max([base, *reported])


def test_liars_with_exactly_a_third_of_the_power_cannot_owe_what_nobody_has():
    """P-15: n = 5, one of 1000 and four of 500."""
    exts = [[10**6, 0, 0, 0, 0], *[[0] * 5] * 4]
    assert owed(certificate(exts), committee([1000, 500, 500, 500, 500]), [0] * 5) == (0,) * 5


def test_nothing_is_owed_at_the_first_height_nor_to_a_seat_that_joined_since():
    """P-15."""
    assert owed(None, None, (0, 0)) == (0, 0)
    assert owed(certificate([[3, 3]] * 2), committee([1000, 1000]), (1, 1, 0)) == (3, 3, 0)


def item(seat, seq, size=2):
    return Item(seat, seq, b'"' + b"x" * (size - 2) + b'"', bytes(64))


@given(st.integers(1, 5), st.data())
def test_items_in_order_without_gaps_are_orderly_and_any_swap_drop_or_repetition_is_not(n, data):
    """P-13."""
    sequences = data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    counts = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    items = [item(seat, sequences[seat] + k + 1) for seat in range(n) for k in range(counts[seat])]
    assert disorder(items, sequences) is None
    if len(items) >= 2:
        at = data.draw(st.integers(0, len(items) - 2))
        swapped = [*items[:at], items[at + 1], items[at], *items[at + 2 :]]
        assert disorder(swapped, sequences) is not None
        assert disorder([*items[: at + 1], items[at], *items[at + 1 :]], sequences) is not None
        if items[at].sender == items[at + 1].sender:
            assert disorder([*items[:at], *items[at + 1 :]], sequences) is not None


def test_a_sender_has_at_most_its_items_and_its_share():
    """P-8, P-13."""
    many = [item(0, seq + 1) for seq in range(ITEMS_PER_SENDER_MAX)]
    assert disorder(many, (0,)) is None
    assert disorder([*many, item(0, ITEMS_PER_SENDER_MAX + 1)], (0,)) is not None
    big = item(0, 1, payload_bytes_max(6))
    assert disorder([big], (0,) * 6) is None
    assert disorder([big, item(0, 2, payload_bytes_max(6))], (0,) * 6) is not None
    assert disorder([item(0, 1, payload_bytes_max(64) + 1)], (0,) * 64) is not None
    assert disorder([item(3, 1)], (0, 0)) is not None


def test_the_shares_of_all_senders_fit_in_the_block_for_every_committee():
    """P-8."""
    for seats in range(1, SEATS_MAX + 1):
        assert seats * share_bytes(seats) <= BLOCK_ITEM_BYTES
        assert 0 < payload_bytes_max(seats) <= PAYLOAD_BYTES_MAX
        assert payload_bytes_max(seats) + ITEM_COST <= share_bytes(seats)
    assert payload_bytes_max(9) == PAYLOAD_BYTES_MAX or payload_bytes_max(8) == PAYLOAD_BYTES_MAX


def test_an_owed_item_left_out_is_named_unless_it_is_excused():
    """P-15."""
    nothing = lambda seat, seq, spent: False  # noqa: E731
    assert omitted([item(0, 1)], (0, 0), (1, 0), nothing) is None
    assert omitted([item(0, 1)], (0, 0), (2, 0), nothing) == (0, 2)
    assert omitted([], (0, 4), (0, 5), nothing) == (1, 5)
    assert omitted([], (0, 4), (0, 5), lambda seat, seq, spent: (seat, seq) == (1, 5)) is None
    full = [item(0, seq + 1) for seq in range(ITEMS_PER_SENDER_MAX)]
    assert omitted(full, (0, 0), (99, 0), nothing) is None


def test_an_item_fits_while_count_and_share_allow():
    """P-13."""
    one = item(0, 1, 1_000)
    assert fits(0, 0, one, 6)
    assert not fits(ITEMS_PER_SENDER_MAX, 0, one, 6)
    assert fits(1, share_bytes(6) - cost(one), one, 6)
    assert not fits(1, share_bytes(6) - cost(one) + 1, one, 6)

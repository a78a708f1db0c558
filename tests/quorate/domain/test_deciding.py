"""P-1, P-7, P-10, P-13: committees are sound, digests cover everything, certificates are written once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quorate.domain.canonical import canonical, canonical_value, digest
from quorate.domain.deciding import SEATS_MAX, Block, Committee, Item, Kind, pack_ext, unpack_ext
from quorate.domain.errors import MisuseError
from tests.quorate.consensus.strategies import blocks, certificates, items
from tests.quorate.consensus.toy import committee


def test_a_committee_knows_its_sums():
    """P-10."""
    table = committee((1000, 0, 500))
    assert (table.powers, table.total, table.active) == ((1000, 0, 500), 1500, 2)
    assert [key.hex() for key in table.keys] == [seat.public_key for seat in table.seats]
    assert Committee.model_validate_json(table.model_dump_json(), strict=True) == table


@given(st.lists(st.sampled_from([0, 500, 1000]), min_size=1, max_size=8), st.integers(1, 2**53 - 1), st.data())
def test_a_committee_at_another_height_is_the_one_made_anew(powers, height, data):
    """P-10, P-64."""
    table = committee(powers)
    before = table.powers, table.total, table.active, table.keys, table.digest
    priorities = tuple(data.draw(st.integers(-(10**6), 10**6)) for _ in powers)
    anew = Committee(height=height, seats=table.seats, priorities=priorities)
    moved = table.at(height, priorities)
    assert moved == anew
    assert moved.digest == anew.digest == digest(canonical_value(anew))
    assert (moved.powers, moved.total, moved.active, moved.keys) == (anew.powers, anew.total, anew.active, anew.keys)
    assert before == (table.powers, table.total, table.active, table.keys, table.digest)
    with pytest.raises(MisuseError):
        table.at(height, (*priorities, 0))


@pytest.mark.parametrize("power", [-1, 1, 499, 1001])
def test_a_power_outside_its_range_is_refused(power):
    """P-10."""
    with pytest.raises(ValidationError, match="has power"):
        committee((power, 1000))


def test_two_seats_with_one_key_no_seats_or_too_many_are_refused():
    """P-8, P-10."""
    table = committee((1000, 1000))
    for seats in ((table.seats[0], table.seats[0]), (), table.seats * SEATS_MAX):
        with pytest.raises(ValidationError):
            Committee(height=1, seats=seats, priorities=(0,) * len(seats))
    with pytest.raises(ValidationError, match="1 priorities for 2 seats"):
        Committee(height=1, seats=table.seats, priorities=(0,))


@given(items, items)
def test_an_items_digest_covers_sender_number_payload_and_signature(a, b):
    """P-13."""
    same = (a.sender, a.seq, a.payload, a.signature) == (b.sender, b.seq, b.payload, b.signature)
    assert (a.digest == b.digest) == same
    assert a.payload_digest == digest(a.payload)
    assert Item(a.sender, a.seq, a.payload, a.signature) == a


@given(blocks())
def test_a_blocks_digest_is_that_of_its_canonical_bytes_and_knows_no_round(block):
    """P-7."""
    assert block.bytes == canonical(block.plain())
    assert block.digest == digest(block.bytes)
    assert "round" not in block.plain()
    assert (
        Block(block.chain, block.height, block.parent, block.at_s, block.items, block.previous, block.results) == block
    )


@given(certificates())
def test_equal_exts_are_written_once(certificate):
    """P-6."""
    plain = certificate.plain()
    exts = plain["exts"]
    assert len(set(exts)) == len(exts)
    assert [vote.ext.hex() for vote in certificate.votes] == [exts[place] for _, place, _, _ in plain["votes"]]
    assert [vote.seat for vote in certificate.statements()] == [vote.seat for vote in certificate.votes]
    assert all(vote.kind is certificate.kind for vote in certificate.statements())


@given(st.lists(st.integers(0, 2**32 - 1), max_size=20))
def test_held_numbers_come_back_from_an_ext(held):
    """P-14."""
    assert unpack_ext(pack_ext(held)) == tuple(held)
    assert len(pack_ext(held)) == 4 * len(held)


def test_kinds_keep_their_numbers():
    """P-2: they stand on the wire and under signatures."""
    assert [kind.value for kind in Kind] == list(range(1, 11))

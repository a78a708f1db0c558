"""A damaged ledger is always found out, at or near the byte that is wrong. docs/protocol.md P-63."""

from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.domain.errors import LedgerBroken
from quorate.ledger import acts as a
from quorate.ledger.places import KeyName, offset_of
from quorate.ledger.verify import verify_lines
from tests.quorate.ledger.build import Chain, genesis, owned


def a_life():
    """Two jobs decided, one of them run to its receipt, and certificates with different reports."""
    chain = Chain(genesis(6))
    chain.place(owned("a", 3), owned("b", 4))
    chain.run(chain.state.running["a"].job)
    chain.decide({1: [a.Declare(background=2)]}, voters=[0, 1, 2, 3, 5])
    chain.decide({2: [a.Declare(background=2)]}, held=[4, 3, 4, 2, 2, 2])
    chain.decide()
    return chain


CHAIN = a_life()
LINES = CHAIN.lines()
WHOLE = b"".join(LINES)
STARTS = [sum(len(line) for line in LINES[:i]) for i in range(len(LINES))]


def split(data):
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]


def found(data, beginning=None):
    """The offset at which a ledger is said to break."""
    with pytest.raises(LedgerBroken) as caught:
        list(verify_lines(split(data), beginning))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
    assert caught.value.offset is not None
    return caught.value.offset


def flipped(place, bit):
    data = bytearray(WHOLE)
    data[place] ^= 1 << bit
    return bytes(data)


def changed(place):
    """The file with one digit replaced by another."""
    data = bytearray(WHOLE)
    data[place] = ord("3") if data[place] == ord("2") else ord("2")
    return bytes(data)


def line_of(place):
    return max(i for i, start in enumerate(STARTS) if start <= place)


@settings(max_examples=200)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))
def test_any_flipped_bit_is_found_inside_its_line(place, bit):
    line = line_of(place)
    assert STARTS[line] <= found(flipped(place, bit)) <= STARTS[line] + len(LINES[line])


def test_most_flipped_bits_are_found_within_a_few_bytes():
    rng = Random(7)
    places = [(rng.randrange(len(WHOLE)), rng.randrange(8)) for _ in range(150)]
    away = sorted(abs(found(flipped(place, bit)) - place) for place, bit in places)
    assert away[len(away) // 2] <= 16
    assert away[len(away) * 85 // 100] <= 160


@settings(max_examples=60)
@given(st.integers(0, len(LINES[0]) - 2), st.integers(0, 7))
def test_with_the_genesis_at_hand_a_flip_in_line_1_is_found_to_the_byte(place, bit):
    assert found(flipped(place, bit), CHAIN.genesis) == place


def at(line, *path):
    """The offset of one part of a line."""
    return STARTS[line] + offset_of(orjson.loads(LINES[line]), path)


@pytest.mark.parametrize(
    ("path", "away"),
    [
        (("block", "chain"), 5), (("block", "height"), 0), (("block", "parent"), 40), (("block", "items", 0), 9),
        (("block", "results", "root"), 30), (("certificate", "value"), 20), (("certificate", "round"), 0),
        (("certificate", "height"), 0), (("block", "previous", "value"), 11), (("block", "previous", "height"), 0),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else str(value),
)  # fmt: skip
def test_what_can_only_have_one_value_is_found_to_the_byte(path, away):
    place = at(2, *path) + away
    assert found(changed(place)) == place


@pytest.mark.parametrize(
    "path",
    [
        ("block", "at_s"), ("certificate", "votes", 2, 3), ("block", "previous", "votes", 3, 3), ("items", 1, 2),
        ("block", "previous", "round"), ("items", 2, 1), ("certificate", "exts", 0), ("block", "previous", "exts", 0),
    ],
    ids=lambda path: ".".join(map(str, path)),
)  # fmt: skip
def test_what_is_signed_is_found_at_its_field(path):
    place = at(2, *path)
    inside = 1 if isinstance(_part(path), str) else 0
    # Flip a bit that leaves a hex digit a hex digit: any other byte is found where it stands.
    bit = next(bit for bit in range(4) if chr(WHOLE[place + inside] ^ 1 << bit) in "0123456789abcdef")
    assert found(flipped(place + inside, bit)) == place


def _part(path):
    thing = orjson.loads(LINES[2])
    for step in path:
        thing = thing[step]
    return thing


def test_a_key_that_changed_is_found_at_the_key():
    thing = orjson.loads(LINES[1])
    place = STARTS[1] + offset_of(thing, ("block", KeyName("results")))
    assert abs(found(flipped(place + 3, 1)) - place) == 0


def test_a_members_key_that_changed_is_found_in_line_1_by_height_1():
    place = offset_of(orjson.loads(LINES[0]), ("members", 3, "public_key"))
    assert found(changed(place + 7)) == place


def test_a_genesis_that_was_not_the_one_signed_is_found_in_line_1():
    place = WHOLE.index(b'"bid_window_s":60') + len('"bid_window_s":')
    assert found(flipped(place, 0)) == 0


@settings(max_examples=60)
@given(st.integers(1, len(WHOLE) - 1))
def test_a_file_cut_anywhere_but_at_the_end_of_a_line_is_torn_there(length):
    if length in STARTS:
        assert len(list(verify_lines(split(WHOLE[:length])))) == STARTS.index(length) - 1
    else:
        assert found(WHOLE[:length]) == length


@pytest.mark.parametrize("gone", range(1, len(LINES) - 1))
def test_a_line_that_is_gone_is_missed_at_the_next_ones_height(gone):
    data = b"".join(line for i, line in enumerate(LINES) if i != gone)
    assert found(data) == STARTS[gone] + offset_of(orjson.loads(LINES[gone + 1]), ("block", "height"))


def test_a_ledger_without_its_first_line_has_no_genesis():
    assert found(b"".join(LINES[1:])) < len(LINES[1])


@pytest.mark.parametrize("swapped", range(1, len(LINES) - 1))
def test_two_lines_that_changed_places_are_found_at_the_first(swapped):
    lines = list(LINES)
    lines[swapped], lines[swapped + 1] = lines[swapped + 1], lines[swapped]
    assert STARTS[swapped] <= found(b"".join(lines)) < STARTS[swapped] + len(LINES[swapped + 1])


def test_a_line_twice_is_found_at_its_second():
    assert found(b"".join([*LINES[:3], LINES[2], *LINES[3:]])) >= STARTS[3]


@settings(max_examples=25)
@given(st.binary(max_size=60))
def test_junk_after_the_end_is_found_there(junk):
    if junk.strip(b"\n"):
        assert found(WHOLE + junk) >= len(WHOLE)


def test_an_item_of_a_seat_that_does_not_exist_is_not_executed_when_its_block_is_not_the_certified_one():
    """Two things are wrong with the line; found by `make fuzz`."""
    place = next(i for i, line in enumerate(LINES) if i and orjson.loads(line)["items"])
    entry = orjson.loads(LINES[place])
    entry["items"][0][0] = 99
    entry["block"]["at_s"] += 1
    line = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS) + b"\n"
    assert STARTS[place] <= found(b"".join([*LINES[:place], line])) < STARTS[place] + len(line)

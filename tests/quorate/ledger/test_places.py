"""Where the parts of a line stand, and where bytes stop being canonical JSON. docs/protocol.md P-63."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.canonical import canonical
from quorate.ledger.places import KeyName, differs, misshapen, not_hex, offset_of, unread

LEAVES = st.integers(-9, 9) | st.text("ab", max_size=3)
KEYS = st.text("abc", max_size=2)


def nested(inner):
    return st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)


@given(st.recursive(LEAVES, nested, max_leaves=8))
def test_an_offset_is_where_the_part_stands_in_the_canonical_bytes(thing):
    data = canonical(thing)

    def walk(part, path):
        assert data[offset_of(thing, path) :].startswith(canonical(part))
        steps = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for step, inner in steps:
            walk(inner, (*path, step))

    walk(thing, ())


@pytest.mark.parametrize(
    ("body", "place"),
    [(b'{"a":1.5}', 5), (b'{"a":[1,99999999999999999999]}', 8), (b'{"a": 1}', 5), (b'{"b":1,"a":2}', 2), (b"\xff", 0),
     (b'{"a":}', 5), (b"[" * 40 + b"]" * 40, 32)],
)  # fmt: skip
def test_what_is_no_canonical_json_is_found_where_it_stops_being_that(body, place):
    damage = unread(body)
    assert damage is not None
    assert damage.offset == place


def test_canonical_json_is_read():
    assert unread(b'{"a":[1,null,"x"]}') is None
    assert differs(b"same", b"same") == 4


@pytest.mark.parametrize(
    ("thing", "path"),
    [
        ([], ()),
        ({"block": {}, "certificate": {}, "itemz": []}, ("itemz",)),
        ({"block": {"at_s": -1}, "certificate": {}, "items": []}, ("block",)),
        ({"block": {}, "certificate": {}}, ()),
    ],
    ids=str,
)
def test_the_first_part_of_the_wrong_shape_is_named(thing, path):
    assert misshapen(thing) == path


def test_the_first_character_that_is_no_hex_digit_is_counted_from_the_quote():
    assert not_hex({"a": "0" * 20 + "x"}, ("a",)) == 21
    assert not_hex({"a": "0" * 20}, ("a",)) == 0
    assert not_hex({"a": 5}, (KeyName("a"),)) == 0

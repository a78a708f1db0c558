"""Canonical bytes are RFC 8785's, and whatever has no exact form is refused. docs/protocol.md P-60."""

import math

import orjson
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.domain.canonical import (
    INTEGER_MAX,
    canonical,
    canonical_integers,
    canonical_part,
    canonical_value,
    digest,
    is_canonical,
    outside_strings,
)
from quorate.domain.clusters import NodeGroup
from quorate.domain.errors import MisuseError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(min_codepoint=0, max_codepoint=0x7F), max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@settings(max_examples=400)
@given(PLAIN)
def test_the_bytes_are_those_of_rfc_8785(thing):
    assert canonical(thing) == canonical_integers(thing) == rfc8785.dumps(thing)


@given(PLAIN)
def test_a_part_of_what_was_read_has_the_bytes_that_it_has_alone(thing):
    read = orjson.loads(canonical({"part": thing}))
    assert canonical_part(read["part"]) == canonical(thing)


@given(st.dictionaries(KEYS, st.integers(-9, 9), max_size=6))
def test_the_order_of_keys_cannot_matter(table):
    assert canonical(table) == canonical(dict(reversed(table.items())))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | TEXT | st.floats(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)


def holds_float(thing):
    if isinstance(thing, dict):
        return any(map(holds_float, thing.values()))
    return any(map(holds_float, thing)) if isinstance(thing, list) else isinstance(thing, float)


@settings(max_examples=1_000)
@given(ANY)
def test_a_float_anywhere_is_found_and_nothing_else_is_taken_for_one(thing):
    if holds_float(thing):
        with pytest.raises(MisuseError):
            canonical(thing)
    else:
        assert canonical(thing) == orjson.dumps(thing, option=orjson.OPT_SORT_KEYS)


@settings(max_examples=1_000)
@given(ANY)
def test_what_was_read_is_canonical_only_if_writing_it_gives_the_same_bytes(thing):
    data = orjson.dumps(thing, option=orjson.OPT_SORT_KEYS)
    read = orjson.loads(data)
    assert is_canonical(read, data, outside_strings(data)) is not holds_float(read)
    assert not is_canonical(read, data + b" ", outside_strings(data))


@given(st.floats(), st.sampled_from(["bare", "list", "table", "deep"]))
def test_no_float_ever_gets_in(number, where):
    things = {"bare": number, "list": [number], "table": {"a": number}, "deep": {"a": [1, ({"b": number},)]}}
    with pytest.raises(MisuseError):
        canonical(things[where])


@pytest.mark.parametrize(
    "thing", [INTEGER_MAX + 1, -INTEGER_MAX - 1, 2**64, "\ud800", {1: 2}, {"a"}, object(), b"x"], ids=str
)
def test_what_has_no_exact_form_is_refused(thing):
    for written in (canonical, canonical_integers):
        with pytest.raises(MisuseError):
            written(thing)


@given(st.binary())
def test_a_digest_is_64_lowercase_hex_digits(data):
    assert len(digest(data)) == 64
    assert set(digest(data)) <= set("0123456789abcdef")


def test_the_digest_is_blake2b_of_32_bytes():
    assert digest(b"") == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"


def test_a_value_keeps_its_empty_fields():
    assert (
        canonical_value(NodeGroup(nodes=1, cores=2, memory_gib=3, gpus=0))
        == b'{"cores":2,"gpus":0,"memory_gib":3,"nodes":1}'
    )


def test_infinity_is_no_integer():
    with pytest.raises(MisuseError):
        canonical([math.inf])

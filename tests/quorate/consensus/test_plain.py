"""P-1, P-6, P-7, P-9: JSON forms come back byte for byte, and nothing that is almost right is read."""

from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.certificate import build_certificate
from quorate.consensus.plain import (
    DEPTH_MAX,
    block_from,
    certificate_from,
    entry_height,
    entry_line,
    read_block,
    read_entry,
    read_json,
    read_saved_block,
    saved_block,
)
from quorate.consensus.signing import sign_vote
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Kind
from quorate.domain.errors import MessageMalformed
from tests.quorate.consensus.strategies import blocks, certificates, entries, plains
from tests.quorate.consensus.toy import CHAIN, signer


@given(certificates())
def test_a_certificate_comes_back_and_its_bytes_are_canonical(certificate):
    """P-6."""
    data = canonical(certificate.plain())
    assert certificate_from(read_json(data)) == certificate


@given(blocks())
def test_a_block_comes_back_with_its_digest(block):
    """P-7."""
    back = read_block(block.bytes)
    assert (back, back.digest, back.bytes) == (block, block.digest, block.bytes)


@given(entries())
def test_an_entry_comes_back_from_its_line(entry):
    """P-9."""
    back = read_entry(entry_line(entry))
    assert (back, back.block.digest, back.block.bytes) == (entry, entry.block.digest, entry.block.bytes)
    assert read_saved_block(saved_block(entry.block, entry.items)) == (entry.block, entry.items)


@pytest.mark.parametrize(
    "text", ["AB" * 32, "ab" * 31 + "a ", " " * 64, "ab" * 31 + "g0", "ab" * 31 + "\u0661\u0661", "é" * 64]
)
def test_a_digest_is_lowercase_hex_without_spaces(text):
    """P-6."""
    certificate = build_certificate([sign_vote(CHAIN, signer(0), Kind.NOTARIZE, 1, 0, 0, value="ab" * 32)])
    with pytest.raises(MessageMalformed):
        certificate_from({**certificate.plain(), "value": text})


@given(entries(), st.data())
def test_a_line_with_a_changed_byte_is_another_entry_or_none(entry, data):
    """P-9: no two lines are one entry."""
    line = bytearray(entry_line(entry))
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(MessageMalformed):
        assert read_entry(bytes(line)) != entry


@given(blocks(), st.data())
def test_a_block_with_a_field_missing_added_or_of_another_type_is_refused(block, data):
    """P-7."""
    plain = orjson.loads(block.bytes)
    name = data.draw(st.sampled_from(sorted(plain)))
    change = data.draw(st.sampled_from(["drop", "add", "retype"]))
    if change == "drop":
        del plain[name]
    elif change == "add":
        plain[name + "_"] = 1
    elif name == "results":
        return
    else:
        plain[name] = True
    with pytest.raises(MessageMalformed):
        block_from(plain)


@given(plains)
def test_json_with_a_space_in_it_is_not_canonical(thing):
    """P-1."""
    with pytest.raises(MessageMalformed):
        read_json(canonical(thing) + b" ")


@given(st.recursive(st.integers(0, 9) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_brackets_outside_of_strings_tell_how_deep_json_is(thing):
    """P-1: both ways of measuring agree."""

    def depth(part):
        parts = part.values() if isinstance(part, dict) else part if isinstance(part, list) else None
        return 0 if parts is None else 1 + max(map(depth, parts), default=0)

    for more in (0, DEPTH_MAX - depth(thing), DEPTH_MAX - depth(thing) + 1):
        nested = thing
        for _ in range(more):
            nested = [nested]
        data = canonical(nested)
        if depth(nested) <= DEPTH_MAX:
            assert read_json(data) == nested
        else:
            with pytest.raises(MessageMalformed):
                read_json(data)


@given(entries())
def test_an_entrys_line_is_canonical_as_a_whole(entry):
    """P-9."""
    line = entry_line(entry)
    assert canonical(orjson.loads(line)) == line
    assert entry_height(line) == entry.block.height


@pytest.mark.parametrize("line", [b"", b"{}", b'{"block":{"height":1,', b'{"block":{"at_s":1,"chain":"a","height":x,'])
def test_a_line_that_does_not_begin_like_an_entry_has_no_height(line):
    """P-9."""
    with pytest.raises(MessageMalformed):
        entry_height(line)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "propose"),
        ("height", 0),
        ("round", -1),
        ("value", None),
        ("value", "AB" * 32),
        ("parent", 0),
        ("exts", ["00000001", "00000000"]),
        ("votes", [[1, 0, 0, "00" * 64], [0, 0, 0, "00" * 64]]),
        ("votes", [[0, 0, 1, "00" * 64]]),
        ("votes", [[0, 1, 0, "00" * 64]]),
        ("votes", [[0, 0, 0, "00" * 63]]),
        ("votes", [[True, 0, 0, "00" * 64]]),
    ],
    ids=str,
)
def test_a_certificate_that_is_almost_right_is_refused(field, value):
    """P-6."""
    plain = {
        "kind": "finalize", "height": 1, "round": 0, "value": "00" * 32, "parent": -1,
        "exts": ["00000001"], "votes": [[0, 0, 0, "00" * 64]],
    }  # fmt: skip
    certificate_from(plain)
    with pytest.raises(MessageMalformed):
        certificate_from({**plain, field: value})


def test_a_nullification_names_no_value():
    """P-6."""
    plain = {
        "kind": "nullify", "height": 1, "round": 0, "value": "00" * 32, "parent": -1,
        "exts": [""], "votes": [[0, 0, 0, "00" * 64]],
    }  # fmt: skip
    with pytest.raises(MessageMalformed):
        certificate_from(plain)

"""P-2, P-4, P-5: what travels comes back as it was, and anything else is refused in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.messages import (
    PARTS_MAX,
    WANTED_MAX,
    GetBlock,
    GetItems,
    Status,
    decode,
    encode_decided_lines,
    encode_get,
    encode_item,
    encode_status,
    encode_vote,
    fitting,
    join,
    split,
)
from quorate.domain.deciding import Item, Kind, Vote
from quorate.domain.errors import CommitteeMismatch, MessageMalformed, ProtocolViolation
from tests.quorate.consensus.strategies import broken, encode, messages
from tests.quorate.consensus.toy import CHAIN


@given(messages)
def test_every_message_comes_back_as_it_was_sent(message):
    """P-4, P-5."""
    back = decode(CHAIN, encode(message))
    assert back == message
    assert encode(back) == encode(message)


@given(broken() | st.binary(max_size=300))
def test_whatever_decodes_encodes_to_the_same_bytes_and_all_else_is_a_violation(data):
    """P-2: one message has one form."""
    try:
        message = decode(CHAIN, data)
        again = encode(message)  # entries are read only now
    except ProtocolViolation:
        return
    assert again == data


@given(messages)
def test_a_message_of_another_chain_is_refused_before_its_body_is_read(message):
    """P-2."""
    with pytest.raises(CommitteeMismatch):
        decode("another", encode(message))


def test_a_message_longer_than_the_bound_is_refused_unread():
    """P-19."""
    with pytest.raises(MessageMalformed, match="at most 10"):
        decode(CHAIN, b"x" * 11, 10)


def test_a_payload_that_is_not_canonical_is_no_item():
    """P-13."""
    for payload in (
        b'{"b":1, "a":2}',
        b'{"a":1.5}',
        b"[" * 40 + b"]" * 40,
        b"[" * 5000,
        b"\xff",
        b"",
        b'{"a":1,"a":2}',
    ):
        with pytest.raises(MessageMalformed):
            decode(CHAIN, encode_item(CHAIN, Item(0, 1, payload, bytes(64))))


def test_nesting_of_thirty_two_is_read_and_deeper_is_not():
    """P-1."""
    fine = b"[" * 32 + b"]" * 32
    assert decode(CHAIN, encode_item(CHAIN, Item(0, 1, fine, bytes(64)))) == Item(0, 1, fine, bytes(64))
    with pytest.raises(MessageMalformed):
        decode(CHAIN, encode_item(CHAIN, Item(0, 1, b"[" + fine + b"]", bytes(64))))


def test_a_parent_round_not_below_its_round_is_malformed():
    vote = Vote(Kind.NOTARIZE, 1, 3, 0, "00" * 32, 3, 0, b"", bytes(64))
    with pytest.raises(MessageMalformed, match="parent round 3"):
        decode(CHAIN, encode_vote(CHAIN, vote))


def test_more_items_than_a_get_may_ask_for_are_left_out():
    """P-19."""
    wanted = tuple(f"{i:064x}" for i in range(WANTED_MAX + 10))
    assert decode(CHAIN, encode_get(CHAIN, GetItems(1, wanted))) == GetItems(1, wanted[:WANTED_MAX])


def test_a_status_lists_at_most_sixty_four_missing_rounds():
    """P-19."""
    status = decode(CHAIN, encode_status(CHAIN, Status(1, 200, tuple(range(100)), (0,))))
    assert isinstance(status, Status)
    assert status.missing == tuple(range(64))


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_joined_parts_come_apart_again(parts):
    assert split(join(parts), 5) == parts


def test_fitting_takes_as_many_lines_as_the_message_holds_and_at_least_one():
    """P-18."""
    lines = [b"x" * 400] * 10
    chosen = fitting(lines, 1_000)
    assert len(chosen) == 2
    assert len(encode_decided_lines(CHAIN, chosen)) <= 1_000
    assert len(fitting([b"x" * 2_000], 1_000)) == 1
    assert fitting([], 1_000) == []
    assert len(fitting([b""] * 3_000, 1_000_000)) == PARTS_MAX


@pytest.mark.parametrize("wanted", [GetItems(1, ("a" * 64,)), GetBlock(1, "b" * 64)])
@pytest.mark.parametrize("at", [9, 10, 11, 18])
def test_a_get_whose_unused_numbers_are_set_is_refused(wanted, at):
    """P-2, P-5: seat and first are 0 where nothing is asked by number."""
    data = bytearray(encode_get(CHAIN, wanted))
    data[21 + at] = 7
    with pytest.raises(MessageMalformed, match=r"wrong layout|too much|out of range"):
        decode(CHAIN, bytes(data))


@pytest.mark.parametrize("letter", ["a", "\N{GREEK SMALL LETTER OMEGA}", "\N{OX}"])
def test_grounds_are_at_most_two_hundred_characters_whatever_their_bytes(letter):
    """P-4; longer ones of one's own are cut when they are sent."""
    vote = Vote(Kind.NULLIFY, 1, 0, 0, None, -1, 1, b"", bytes(64), letter * 300)
    data = encode_vote(CHAIN, vote)
    assert decode(CHAIN, data).grounds == letter * 200
    with pytest.raises(MessageMalformed, match="grounds too long"):
        decode(CHAIN, data + letter.encode())

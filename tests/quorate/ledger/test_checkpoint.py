"""A ledger that contradicts what its reader knows is refused, however well it is signed."""

import pytest

from quorate.domain.errors import LedgerBroken, RequestInvalid
from quorate.ledger import acts as a
from quorate.ledger.checkpoint import Checkpoint, holding, read_checkpoint
from quorate.ledger.verify import verify_lines
from tests.quorate.ledger.build import Chain, genesis


def grown(background):
    """Four heights under the same genesis and keys; what was declared tells two pasts apart."""
    chain = Chain(genesis(4))
    for number in range(4):
        chain.decide({0: [a.Declare(background=background if number == 1 else 0)]})
    return chain


TRUE, FORGED = grown(1), grown(2)


def point(chain, height):
    return Checkpoint(height=height, digest=chain.entries[height - 1].block.digest)


@pytest.mark.parametrize("height", [1, 2, 4])
def test_a_ledger_that_agrees_is_read_to_its_end(height):
    read = list(holding(verify_lines(TRUE.lines()), point(TRUE, height)))
    assert len(read) == 4


@pytest.mark.parametrize("height", [2, 3, 4])
def test_another_past_signed_with_the_same_keys_verifies_and_is_refused(height):
    lines = FORGED.lines()
    assert len(list(verify_lines(lines))) == 4, "signatures alone cannot tell"
    with pytest.raises(LedgerBroken, match="contradicts the checkpoint") as caught:
        list(holding(verify_lines(lines), point(TRUE, height)))
    assert caught.value.height == height
    assert caught.value.offset == sum(map(len, lines[:height]))


def test_pasts_that_have_not_parted_yet_are_not_told_apart():
    assert len(list(holding(verify_lines(FORGED.lines()), point(TRUE, 1)))) == 4


def test_a_ledger_that_ends_before_the_checkpoint_is_refused():
    with pytest.raises(LedgerBroken, match="ends before the checkpoint at height 4"):
        list(holding(verify_lines(TRUE.lines()[:3]), point(TRUE, 4)))


def test_a_checkpoint_reads_as_it_is_written():
    checkpoint = point(TRUE, 3)
    assert read_checkpoint(f"3:{checkpoint.digest}") == checkpoint


@pytest.mark.parametrize("text", ["", "3", "3:", ":ab", "0:" + "ab" * 32, "3:" + "AB" * 32, "3:" + "ab" * 31, "\x1b:1"])
def test_what_is_no_checkpoint_is_refused_in_printable_words(text):
    with pytest.raises(RequestInvalid, match="write HEIGHT:DIGEST") as caught:
        read_checkpoint(text)
    assert str(caught.value).isprintable()

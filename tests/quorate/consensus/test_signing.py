"""P-3: one signature stands for one statement of one chain, and for nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.signing import Ed25519Verifier, KeySigner, item_bytes, sign_item, sign_vote, vote_bytes
from quorate.domain.deciding import Kind
from quorate.domain.errors import MisuseError
from tests.quorate.consensus.strategies import digests, votes
from tests.quorate.consensus.toy import CHAIN, signer

ALL = (Kind.PROPOSE, Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE)


@given(votes(ALL), votes(ALL))
def test_two_statements_have_the_same_sign_bytes_only_if_they_say_the_same(a, b):
    """P-3."""
    said = [(v.kind, v.height, v.round, v.value, v.parent, v.reason, v.ext) for v in (a, b)]
    assert (vote_bytes(CHAIN, a) == vote_bytes(CHAIN, b)) == (said[0] == said[1])


@given(votes(ALL), st.data())
def test_a_signature_fails_on_every_changed_field_and_on_another_chain(vote, data):
    """P-3."""
    signed = sign_vote(
        CHAIN, signer(0), vote.kind, vote.height, vote.round, 0,
        value=vote.value, parent=vote.parent, reason=vote.reason, ext=vote.ext,
    )  # fmt: skip
    key, verifier = signer(0).public_key, Ed25519Verifier()
    assert verifier.valid(key, vote_bytes(CHAIN, signed), signed.signature)
    assert not verifier.valid(key, vote_bytes("other", signed), signed.signature)
    assert not verifier.valid(signer(1).public_key, vote_bytes(CHAIN, signed), signed.signature)
    changes = {"height": vote.height + 1, "round": vote.round + 1, "parent": vote.parent + 1}
    name = data.draw(st.sampled_from(sorted(changes)))
    assert not verifier.valid(key, vote_bytes(CHAIN, replace(signed, **{name: changes[name]})), signed.signature)


@given(digests, digests, st.integers(0, 100), st.integers(1, 100))
def test_an_item_signs_its_sender_number_and_payload(one, other, sender, seq):
    """P-13."""
    base = item_bytes(CHAIN, sender, seq, one)
    assert item_bytes(CHAIN, sender + 1, seq, one) != base
    assert item_bytes(CHAIN, sender, seq + 1, one) != base
    assert (item_bytes(CHAIN, sender, seq, other) == base) == (one == other)


def test_a_signed_item_verifies_under_its_senders_key():
    item = sign_item(CHAIN, 3, 1, b"{}", signer(3))
    assert Ed25519Verifier().valid(signer(3).public_key, item_bytes(CHAIN, 3, 1, item.payload_digest), item.signature)


def test_keys_and_signatures_of_a_wrong_length_are_never_valid():
    verifier, key = Ed25519Verifier(), signer(0)
    signature = key.sign(b"x")
    assert verifier.valid(key.public_key, b"x", signature)
    assert not verifier.valid(key.public_key[:31], b"x", signature)
    assert not verifier.valid(key.public_key, b"x", signature[:63])
    with pytest.raises(MisuseError, match="31 bytes"):
        KeySigner(bytes(31))

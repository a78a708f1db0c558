"""P-6: a certificate is a quorum of valid votes of its committee, or it is nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.certificate import build_certificate, verify_certificate
from quorate.consensus.quorum import is_quorum
from quorate.consensus.signing import Ed25519Verifier, sign_vote
from quorate.domain.deciding import Kind, pack_ext
from quorate.domain.errors import CertificateInvalid, MisuseError
from tests.quorate.consensus.toy import CHAIN, committee, signer

POWERS = (1000, 500, 500, 700, 0, 1000)
VALUE = "ab" * 32


def votes(seats, kind=Kind.FINALIZE, value=VALUE):
    final, null = kind is Kind.FINALIZE, kind is Kind.NULLIFY
    return [
        sign_vote(
            CHAIN, signer(seat), kind, 1, 0, seat,
            value=None if null else value, ext=pack_ext((seat,) * 6) if final else b"", reason=seat % 2 if null else 0,
        )
        for seat in seats
    ]  # fmt: skip


def check(certificate, known=lambda _: False):
    verify_certificate(certificate, committee(POWERS), CHAIN, Ed25519Verifier(), known)


@given(
    st.sets(st.sampled_from([0, 1, 2, 3, 5]), min_size=1), st.sampled_from([Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE])
)
def test_a_certificate_holds_exactly_when_its_signers_are_a_quorum(seats, kind):
    """P-6, P-10."""
    certificate = build_certificate(votes(seats, kind))
    if is_quorum(len(seats), 5, sum(POWERS[s] for s in seats), sum(POWERS)):
        check(certificate)
    else:
        with pytest.raises(CertificateInvalid, match="no quorum"):
            check(certificate)


def test_votes_stand_in_the_order_of_seats_whatever_order_they_came_in():
    """P-6."""
    assert build_certificate(votes([5, 0, 3])) == build_certificate(votes([3, 5, 0]))


@pytest.mark.parametrize("field", ["seat", "ext", "reason", "signature"])
def test_one_changed_field_of_one_vote_spoils_the_certificate(field):
    """P-6."""
    certificate = build_certificate(votes([0, 1, 3, 5], Kind.FINALIZE))
    check(certificate)
    first = certificate.votes[0]
    changed = {"seat": 2, "ext": pack_ext((9,) * 6), "reason": 1, "signature": bytes(64)}[field]
    with pytest.raises(CertificateInvalid):
        check(replace(certificate, votes=(first._replace(**{field: changed}), *certificate.votes[1:])))


def test_seats_without_power_or_beyond_the_committee_spoil_it():
    """P-6."""
    certificate = build_certificate(votes([0, 1, 2, 3, 5]))
    for seat in (4, 6, 127):
        (extra,) = build_certificate(votes([seat])).votes
        with pytest.raises(CertificateInvalid, match=f"seat {seat} has no vote"):
            check(replace(certificate, votes=(*certificate.votes, extra)))


def test_an_ext_of_another_width_and_another_height_spoil_it():
    """P-6, P-14."""
    short = [sign_vote(CHAIN, signer(s), Kind.FINALIZE, 1, 0, s, value=VALUE, ext=b"\0" * 20) for s in (0, 1, 3, 5)]
    with pytest.raises(CertificateInvalid, match="20 bytes"):
        check(build_certificate(short))
    with pytest.raises(CertificateInvalid, match="judged by the committee of 1"):
        check(replace(build_certificate(votes([0, 1, 3, 5])), height=2))


def test_votes_that_were_verified_before_are_not_verified_again():
    """P-6: the result is the same."""
    made = votes([0, 1, 3, 5])
    forged = [replace(vote, signature=bytes(64)) for vote in made]
    check(build_certificate(made), set(made).__contains__)
    check(build_certificate(forged), set(forged).__contains__)
    with pytest.raises(CertificateInvalid, match="did not sign"):
        check(build_certificate(forged), set(made).__contains__)


def test_votes_that_say_different_things_make_no_certificate():
    with pytest.raises(MisuseError):
        build_certificate([*votes([0]), *votes([1], value="cd" * 32)])
    with pytest.raises(MisuseError):
        build_certificate([])

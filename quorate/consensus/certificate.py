"""Builds certificates from votes, and checks them as a stranger would: quorum, seats, signatures.

docs/protocol.md P-6.
"""

from collections.abc import Callable, Container, Iterable

from quorate.consensus.quorum import is_quorum
from quorate.consensus.signing import part_bytes
from quorate.domain.deciding import Certificate, CertificateVote, Committee, Kind, Vote
from quorate.domain.errors import CertificateInvalid, MisuseError
from quorate.ports import Verifier


def build_certificate(votes: Iterable[Vote]) -> Certificate:
    """Return the certificate of votes that say the same thing; whether they are a quorum is the caller's to know.

    Raises:
        MisuseError: there is no vote, or two say different things.
    """
    ordered = sorted(votes, key=lambda vote: vote.seat)
    if not ordered:
        raise MisuseError("a certificate needs votes")
    first = ordered[0]
    said = (first.kind, first.height, first.round, first.value, first.parent)
    if any((v.kind, v.height, v.round, v.value, v.parent) != said for v in ordered):
        raise MisuseError("a certificate's votes must say the same thing")
    parts = tuple(CertificateVote(v.seat, v.ext, v.reason, v.signature) for v in ordered)
    return Certificate(first.kind, first.height, first.round, first.value, first.parent, parts)


def verify_certificate(
    certificate: Certificate,
    committee: Committee,
    chain: str,
    verifier: Verifier,
    known: Callable[[Vote], bool] | None = None,
    checked: Container[CertificateVote] = (),
) -> None:
    """Check that `certificate` holds a quorum of `committee`.

    Args:
        certificate: what is to be checked.
        committee: the committee of the certificate's height.
        chain: the chain's name.
        verifier: checks single signatures.
        known: says that exactly this vote was verified before, so that no signature is checked twice.
        checked: parts of a certificate that says the same and was verified under the same committee.

    Raises:
        CertificateInvalid: wrong height, a seat that does not exist or has no power, a wrong `ext`, no quorum, or a
            signature that does not verify. Drop it; whoever sent it is at fault.
    """
    _quorate(certificate, committee)
    said, message = None, b""
    for part in certificate.votes:
        if part in checked or (known is not None and known(certificate.statement(part))):
            continue
        if (part.reason, part.ext) != said:  # most say the same
            said, message = (part.reason, part.ext), part_bytes(chain, certificate, part)
        if not verifier.valid(committee.keys[part.seat], message, part.signature):
            kind = certificate.kind.name
            raise CertificateInvalid(f"seat {part.seat} did not sign this {kind} of height {certificate.height}")


def _quorate(certificate: Certificate, committee: Committee) -> None:
    if certificate.height != committee.height:
        raise CertificateInvalid(f"height {certificate.height} judged by the committee of {committee.height}")
    powers, width = committee.powers, 4 * len(committee.seats) if certificate.kind is Kind.FINALIZE else 0
    seats, power = len(powers), 0
    for seat, ext, _, _ in certificate.votes:
        if seat >= seats or powers[seat] == 0:
            raise CertificateInvalid(f"seat {seat} has no vote at height {certificate.height}")
        if len(ext) != width:
            raise CertificateInvalid(f"seat {seat} sent an ext of {len(ext)} bytes")
        power += powers[seat]
    if not is_quorum(len(certificate.votes), committee.active, power, committee.total):
        raise CertificateInvalid(
            f"{len(certificate.votes)} of {committee.active} seats with {power} of {committee.total} are no quorum"
        )

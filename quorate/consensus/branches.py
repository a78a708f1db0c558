"""When two branches meet: every member shows what it holds of the height at which they part.

Two decisions of one height always leave pairs (docs/protocol.md P-24), but the halves of a pair may lie with different
members: one holds who finalized a round, the other who gave it up.
"""

from quorate.consensus.certificate import verify_certificate
from quorate.consensus.effects import Broadcast
from quorate.consensus.evidence import incompatible
from quorate.consensus.messages import encode_certificates
from quorate.consensus.table import ANSWER_CERTIFICATES_MAX, Table
from quorate.domain.deciding import Certificate, Kind, Vote


def nullifications(table: Table) -> list[Certificate]:
    """Return what shows that rounds of a height were given up, the newest first, as many as one answer holds."""
    held = [table.nullified(number) for number in sorted(table.rounds, reverse=True)]
    return [certificate for certificate in held if certificate is not None][: ANSWER_CERTIFICATES_MAX - 1]


def meet(table: Table, previous: Certificate) -> None:
    """Take the verified certificate that another block names as its parent's; if it is another parent, show ours."""
    before, head = table.before, table.head
    if before is None or head is None:
        return
    before.witness(previous)
    if previous.value != head.certificate.value and not table.met:
        table.met = True
        shown = [head.certificate, *nullifications(before)]
        table.desk.out.append(Broadcast(encode_certificates(table.desk.chain, shown)))


def compare(table: Table, certificate: Certificate) -> None:
    """Hold a certificate of a height decided here against what was said, if it contradicts any of it.

    Raises:
        CertificateInvalid: it contradicts, and is none.
    """
    if certificate.kind is not Kind.NOTARIZE and any(_contradicts(table, vote) for vote in certificate.statements()):
        verify_certificate(certificate, table.committee, table.desk.chain, table.desk.verifier, table.known)
        table.witness(certificate)


def _contradicts(table: Table, vote: Vote) -> bool:
    round_ = table.rounds.get(vote.round)
    if round_ is None or table.desk.convicted(vote.seat, table.height):
        return False
    said = (round_.votes.get((kind, vote.seat)) for kind in (Kind.FINALIZE, Kind.NULLIFY))
    return any(other is not None and incompatible(other, vote) for other in said)

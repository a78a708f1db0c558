"""When two branches meet: every member shows what it holds of the height at which they part.

Two decisions of one height always leave pairs (docs/protocol.md P-24), but the halves of a pair may lie with different
members: one holds who finalized a round, the other who gave it up.
"""

from collections import deque
from collections.abc import Sequence

from quorate.consensus.certificate import verify_certificate
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Broadcast
from quorate.consensus.evidence import Evidence, incompatible
from quorate.consensus.messages import encode_certificates
from quorate.consensus.table import ANSWER_CERTIFICATES_MAX, Table
from quorate.domain.deciding import Certificate, Committee, Kind, Vote


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


class Settled:
    """The certificates of the last decided heights: a branch that is met later still convicts whoever made it."""

    def __init__(self, desk: Desk) -> None:
        """Keep nothing yet."""
        self._desk = desk
        self._kept: deque[tuple[Committee, Sequence[Certificate]]] = deque(maxlen=desk.settings.recent_entries_max)
        self._found: set[tuple[int, int]] = set()
        """Heights and seats convicted already: what convicts only them is not checked again."""

    def keep(self, committee: Committee, certificates: Sequence[Certificate]) -> None:
        """Keep what decided a height, and what gave up rounds of it."""
        self._kept.append((committee, certificates))
        first = self._kept[0][0].height
        self._found = {place for place in self._found if place[0] >= first}

    def compare(self, certificate: Certificate) -> None:
        """Hold a certificate of a decided height against those kept of it.

        Raises:
            CertificateInvalid: it contradicts one of them, and is none.
        """
        for committee, kept in self._kept:
            if committee.height == certificate.height:
                self._convict(committee, kept, certificate)

    def _convict(self, committee: Committee, kept: Sequence[Certificate], certificate: Certificate) -> None:
        said = {vote.seat: vote for vote in certificate.statements()}
        ours = [vote for one in kept for vote in one.statements() if vote.seat in said]
        pairs = [Evidence(vote.seat, vote, said[vote.seat]) for vote in ours if incompatible(vote, said[vote.seat])]
        new = {
            (committee.height, pair.seat): pair for pair in pairs if (committee.height, pair.seat) not in self._found
        }
        if new:
            desk = self._desk
            verify_certificate(certificate, committee, desk.chain, desk.verifier)
        self._found.update(new)
        for pair in new.values():
            self._desk.convict(pair, committee.height)


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

"""From the records of a write-ahead log back to a replica that never contradicts itself. docs/protocol.md P-20."""

from collections.abc import Sequence
from struct import Struct, error

from quorate.consensus.desk import Desk
from quorate.consensus.height import HeightMachine
from quorate.consensus.messages import Certificates, Proposal, decode, encode_item, join, split
from quorate.consensus.plain import read_saved_block
from quorate.consensus.wal import RecordKind, decode_record
from quorate.domain.deciding import Certificate, Item, Vote
from quorate.domain.errors import CommitteeMismatch, LedgerBroken, ProtocolViolation
from quorate.domain.values import Digest

_MARK = Struct(">QQ")
_ITEMS_MAX = 16_384


def mark(desk: Desk, height: int, seq: int, waiting: Sequence[Item]) -> None:
    """Begin the log of a new height: with my highest item number and the durable items that still wait, in one record.

    One record, for a crash between two would leave a number used and its item lost, or a reported item nowhere.
    """
    parts = [encode_item(desk.chain, item) for item in waiting]
    desk.persist(RecordKind.HEIGHT, _MARK.pack(height, seq) + join(parts), fresh=True)


class Memory:
    """What the records said, apart from what the height's machine took."""

    def __init__(self, desk: Desk, machine: HeightMachine) -> None:
        """Fill `machine` from the records to come."""
        self._desk = desk
        self._machine = machine
        self.seq = 0
        """My highest item number, 0 if none is recorded."""
        self.items: dict[Digest, Item] = {}
        """Items that still waited, mine and those reported as held."""

    def take(self, data: bytes) -> None:
        """Take one record.

        Raises:
            LedgerBroken: the record is damaged, or was not written by this program.
        """
        record = decode_record(data)
        try:
            self._take(record.kind, record.body)
        except (ProtocolViolation, error) as wrong:
            raise LedgerBroken(f"a write-ahead record does not read: {wrong}; rejoin as an observer") from wrong

    def _take(self, kind: RecordKind, body: bytes) -> None:
        table = self._machine.table
        if kind is RecordKind.HEIGHT:
            self.seq = max(self.seq, _MARK.unpack_from(body)[1])
            for part in split(body[_MARK.size :], _ITEMS_MAX):
                self._message(part)
        elif kind is RecordKind.BLOCK:
            block, items = read_saved_block(body)
            if block.height == table.height:
                table.bodies.restore(block, items)
        elif kind is RecordKind.ITEMS:
            for part in split(body, _ITEMS_MAX):
                self._message(part)
        else:
            self._message(body)

    def _message(self, body: bytes) -> None:
        message, machine = decode(self._desk.chain, body, len(body)), self._machine
        height = machine.table.height
        if isinstance(message, Item):
            self.items[message.digest] = message
            if message.sender == self._desk.me:
                self.seq = max(self.seq, message.seq)
        elif isinstance(message, Vote) and message.height == height:
            machine.restore_vote(self._mine(message))
        elif isinstance(message, Proposal) and message.vote.height == height:
            self._mine(message.vote)
            machine.restore_proposal(message, body)
        elif isinstance(message, Certificates):
            for certificate in message.certificates:
                if certificate.height == height:
                    self._seated(certificate)
                    machine.restore_certificate(certificate)

    def _mine(self, vote: Vote) -> Vote:
        if vote.seat != self._desk.me:
            raise CommitteeMismatch(f"a vote of seat {vote.seat}, and this is seat {self._desk.me}")
        return vote

    def _seated(self, certificate: Certificate) -> None:
        seats = len(self._machine.table.committee.seats)
        if any(vote.seat >= seats for vote in certificate.votes):
            raise CommitteeMismatch(f"a certificate of more than {seats} seats")

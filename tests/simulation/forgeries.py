"""Tricks with items and forged words: what a liar sends beside its votes and proposals."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from quorate.consensus.messages import (
    GetBlock,
    GetItems,
    GetRange,
    Status,
    encode_certificates,
    encode_decided,
    encode_get,
    encode_item,
    encode_status,
    encode_vote,
)
from quorate.consensus.signing import item_bytes, sign_item
from quorate.domain.deciding import Certificate, CertificateVote, Entry, Item, Kind, Vote
from tests.simulation.liar import Liar, Trick
from tests.simulation.register import CHAIN
from tests.simulation.wire import Ballot


class Items(Trick):
    """Sends items of its own; subclasses say which."""

    period_ms: ClassVar[int] = 700

    def __init__(self, liar: Liar) -> None:
        """Begin numbering at one."""
        super().__init__(liar)
        self._seq = 0
        self._left = 6

    def tick(self) -> None:
        """Send the next, a few times over."""
        if self._left:
            self._left -= 1
            self._seq += 1
            self.act()

    def act(self) -> None:
        """Send."""
        raise NotImplementedError

    def spread(self, payload: bytes, targets: Iterable[int], sender: int | None = None) -> None:
        """Sign and send one."""
        item = sign_item(CHAIN, self.liar.seat, self._seq, payload, self.liar.signer)
        if sender is not None:
            item = Item(sender, item.seq, item.payload, item.signature)
        for target in targets:
            self.liar.plainly(encode_item(CHAIN, item), target)


class TwoItems(Items):
    """Two payloads under one number, or one payload under two signatures."""

    def act(self) -> None:
        """Split the seats between two payloads."""
        others = [seat for seat in self.liar.others() if seat not in self.half]
        if self.rng.random() < 0.3:
            self._two_signatures(others)
            return
        first = self.rng.choice((b'{"left":1}', b'{"bad":1}', b'{"from":4}'))
        self.spread(first, self.half - {self.liar.seat})
        self.spread(b'{"right":%d}' % self._seq, others)

    def _two_signatures(self, others: list[int]) -> None:
        liar, payload = self.liar, b'{"same":1}'
        self.spread(payload, self.half - {liar.seat})
        item = sign_item(CHAIN, liar.seat, self._seq, payload, liar.signer)
        signed = item_bytes(CHAIN, liar.seat, self._seq, item.payload_digest)
        again = Item(liar.seat, self._seq, payload, liar.signer.sign_again(signed, self.rng.randbytes(32)))
        for target in others:
            liar.plainly(encode_item(CHAIN, again), target)


class BadItems(Items):
    """Items that the application refuses, for ever or for now, or that are no items."""

    def act(self) -> None:
        """Send one of many kinds, to all or to some."""
        payload = self.rng.choice(
            (
                b'{"bad":1}',
                b'{"from":2}',
                b'{"from":5}',
                b'{"b":1,"a":2}',
                b"no json",
                b'{"x":"' + b"y" * 70_000 + b'"}',
            )
        )
        sender = self.rng.choice((None, None, None, self.rng.randrange(self.liar.network.plan.n)))
        self.spread(payload, self.liar.some(), sender)


class Replay(Trick):
    """Sends old messages of anybody again."""

    period_ms: ClassVar[int] = 120

    def tick(self) -> None:
        """Send a handful."""
        log = self.liar.lore.log
        for _ in range(min(len(log), 5)):
            self.liar.plainly(self.rng.choice(log), self.rng.choice(self.liar.others()))


class Garbage(Trick):
    """Bytes that are no messages, or almost."""

    period_ms: ClassVar[int] = 120

    def tick(self) -> None:
        """Send noise, and real messages with a flaw."""
        liar, log = self.liar, self.liar.lore.log
        for _ in range(3):
            data = self.rng.randbytes(self.rng.randrange(300))
            if log and self.rng.random() < 0.8:
                data = self._flawed(self.rng.choice(log))
            liar.plainly(data, self.rng.choice(liar.others()))

    def _flawed(self, data: bytes) -> bytes:
        place = self.rng.randrange(len(data)) if data else 0
        act = self.rng.randrange(4)
        if act == 0:
            return data[:place]
        if act == 1:
            return data + self.rng.randbytes(5)
        if act == 2:
            return data[:5] + b"X" * 16 + data[21:]
        return data[:place] + bytes((self.rng.randrange(256),)) + data[place + 1 :]


class Forge(Trick):
    """Votes and items in others' names, signed with its own key or with nothing."""

    period_ms: ClassVar[int] = 150

    def tick(self) -> None:
        """Forge a few for the present round."""
        liar = self.liar
        height, round_no = liar.application.height, liar.round
        blocks = liar.lore.blocks(height)
        value = self.rng.choice(blocks).digest if blocks else "6" * 64
        for _ in range(4):
            kind = self.rng.choice((Kind.NOTARIZE, Kind.FINALIZE, Kind.NULLIFY))
            more = {"ext": liar.zeros()} if kind is Kind.FINALIZE else {}
            vote = liar.vote(kind, height, round_no, None if kind is Kind.NULLIFY else value, **more)
            signature = self.rng.choice((vote.signature, bytes(64)))
            victim = self.rng.randrange(liar.network.plan.n)
            data = encode_vote(CHAIN, replace(vote, seat=victim, signature=signature))
            for target in liar.some():
                liar.plainly(data, target)
        victim = self.rng.randrange(liar.network.plan.n)
        payload = b'{"forged":%d}' % self.rng.randrange(9)
        item = sign_item(CHAIN, victim, liar.application.sequences[victim] + 1, payload, liar.signer)
        for target in liar.some():
            liar.plainly(encode_item(CHAIN, item), target)


class Slander(Trick):
    """Makes honest votes say something else while they keep their signature."""

    def saw(self, ballot: Ballot, source: int) -> None:
        """Change one field of what an honest seat just said."""
        if self.rng.random() > 0.3 or ballot.kind == "propose":
            return
        kind = Kind[ballot.kind.upper()]
        ext = ballot.extra if ballot.kind == "finalize" else b""
        parent = ballot.extra if ballot.kind == "notarize" else -1
        vote = Vote(kind, ballot.height, ballot.round, ballot.seat, ballot.value, parent, 0, ext, ballot.signature)
        twisted = self.rng.choice(
            (
                replace(vote, round=vote.round + 1),
                replace(vote, height=vote.height + 1),
                replace(vote, value=None if vote.value is None else "7" * 64),
                replace(vote, kind=Kind.NULLIFY, value=None, parent=-1, ext=b""),
                replace(vote, kind=Kind.FINALIZE, value=vote.value or "8" * 64, parent=-1, ext=self.liar.zeros()),
                replace(vote, ext=bytes(len(ext))),
            )
        )
        data = encode_vote(CHAIN, twisted)
        for target in self.liar.some():
            self.liar.plainly(data, target)


def hollow(liar: Liar, kind: Kind, height: int, round_no: int, value: str | None) -> Certificate:
    """Return a certificate that is none: too few votes, or votes that nobody signed, or one seat many times."""
    own = liar.vote(kind, height, round_no, value, **({"ext": liar.zeros()} if kind is Kind.FINALIZE else {}))
    mine = CertificateVote(liar.seat, own.ext, own.reason, own.signature)
    shape = liar.rng.randrange(3)
    if shape == 0:
        votes = [mine]
    elif shape == 1:
        votes = [CertificateVote(seat, own.ext, 0, own.signature) for seat in range(liar.network.plan.n)]
    else:
        seen = [
            CertificateVote(ballot.seat, ballot.extra if kind is Kind.FINALIZE else b"", 0, ballot.signature)
            for ballot in liar.lore.ballots[height, round_no]
            if ballot.kind == kind.name.lower() and ballot.value == value and ballot.seat != liar.seat
        ]
        votes = [mine, *seen[: liar.rng.randint(0, 2)]]
    unique = {vote.seat: vote for vote in votes}
    return Certificate(kind, height, round_no, value, -1, tuple(unique[seat] for seat in sorted(unique)))


class FalseCertificate(Trick):
    """Certificates that prove nothing, and decided heights that nobody decided."""

    period_ms: ClassVar[int] = 250

    def tick(self) -> None:
        """Send one of either."""
        liar = self.liar
        height = liar.application.height
        blocks = liar.lore.blocks(height)
        value = self.rng.choice(blocks).digest if blocks else "9" * 64
        kind = self.rng.choice((Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE))
        round_no = liar.round + self.rng.choice((0, 0, 1, 3))
        false = hollow(liar, kind, height, round_no, None if kind is Kind.NULLIFY else value)
        data = encode_certificates(CHAIN, [false])
        if self.rng.random() < 0.4:
            block = liar.new_block(1)
            items = liar.lore.bodies(block) or ()
            entry = Entry(block, items, hollow(liar, Kind.FINALIZE, height, round_no, block.digest))
            data = encode_decided(CHAIN, [entry])
        for target in liar.some():
            liar.plainly(data, target)


class FalseStatus(Trick):
    """Claims to stand anywhere, to lack everything, and asks for what nobody has."""

    period_ms: ClassVar[int] = 100

    def tick(self) -> None:
        """Ask and claim."""
        liar = self.liar
        n, height = liar.network.plan.n, liar.application.height
        held = tuple(self.rng.choice((0, 1, 2**32 - 1)) for _ in range(n))
        where = max(1, height + self.rng.choice((-3, -1, 0, 1, 50)))
        status = Status(where, self.rng.choice((0, 1, 2**31 - 1)), tuple(range(64)), held)
        wanted = self.rng.choice(
            (
                GetBlock(height, "a" * 64),
                GetItems(height, tuple("b" * 64 for _ in range(200))),
                GetRange(height, self.rng.randrange(n), 1, 200),
                GetRange(height, 120, 1, 200),
            )
        )
        for data in (encode_status(CHAIN, status), encode_get(CHAIN, wanted)):
            for target in liar.some():
                liar.plainly(data, target)

"""The liars of staged schedules: they reach everybody while the honest are parted, and use just that."""

from typing import ClassVar

from quorate.consensus.messages import encode_certificates
from quorate.domain.deciding import Certificate, CertificateVote, Kind, Vote
from tests.simulation.liar import Liar, Trick, Words
from tests.simulation.register import CHAIN
from tests.simulation.schedule import quorum


class Courier(Trick):
    """Collects everybody's NULLIFY, and hands each round's certificate to all but one, each time another one.

    Whoever is left out jumps over the round with the next certificate. After as many rounds as there are honest seats
    each lacks one, nobody can lead, and what everybody needs is known to all others. From then on it says nothing.
    """

    period_ms: ClassVar[int] = 40

    def __init__(self, liar: Liar) -> None:
        """Begin with round 0."""
        super().__init__(liar)
        self._next = 0

    def speak(self, target: int, data: bytes, delay: int) -> Words:
        """Swallow everything: only certificates of others' words are carried."""
        return []

    def tick(self) -> None:
        """Carry the next certificate once its votes are there, while the partition lasts."""
        liar = self.liar
        honest = liar.network.plan.honest()
        if liar.network.now >= liar.network.plan.heal_ms or self._next > len(honest):
            return
        certificate = self._certificate(self._next)
        if certificate is None:
            return
        data = encode_certificates(CHAIN, [certificate])
        left_out = honest[self._next] if self._next < len(honest) else None
        for target in honest:
            if target != left_out:
                liar.plainly(data, target)
        self._next += 1

    def _certificate(self, number: int) -> Certificate | None:
        """Return the nullification of a round of height 1, None while votes are missing."""
        votes: dict[int, Vote] = {self.liar.seat: self.liar.vote(Kind.NULLIFY, 1, number, None, reason=0)}
        for data in self.liar.lore.raw[1, number]:
            vote = self.liar.lore.read(data)
            if isinstance(vote, Vote) and vote.kind is Kind.NULLIFY:
                votes.setdefault(vote.seat, vote)
        powers = self.liar.application.powers()
        if not quorum(len(votes), len(powers), sum(powers[seat] for seat in votes), sum(powers)):
            return None
        parts = (CertificateVote(seat, b"", votes[seat].reason, votes[seat].signature) for seat in sorted(votes))
        return Certificate(Kind.NULLIFY, 1, number, None, -1, tuple(parts))


class Schism(Trick):
    """Two copies, one for each half of the honest, for as long as they are parted."""

    two_copies: ClassVar[bool] = True

    def __init__(self, liar: Liar) -> None:
        """Take sides as the partition does; fellow liars hear the first copy."""
        super().__init__(liar)
        liar.sides = list(liar.network.plan.splits[0].sides)

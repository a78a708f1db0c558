"""One round of one height: the votes seen, their tallies, its certificates, and what I signed in it.

A seat's first vote of a kind is the one that counts here; a second, different one is evidence. docs/protocol.md P-11.
"""

from quorate.consensus.messages import Proposal
from quorate.consensus.quorum import is_quorum
from quorate.domain.deciding import Certificate, Committee, Kind, Vote
from quorate.domain.values import Digest

Said = tuple[Kind, Digest | None, int]
"""What a vote says, apart from who says it: kind, value, parent."""


class Round:
    """What one replica knows of one round."""

    __slots__ = (
        "late",
        "mine",
        "notarized",
        "nullified",
        "number",
        "proposals",
        "refused",
        "sent",
        "tallies",
        "votes",
    )

    def __init__(self, number: int) -> None:
        """Know nothing yet."""
        self.number = number
        self.proposals: list[Proposal] = []
        """At most two, by the round's leader; the second convicts."""
        self.refused: dict[Digest, str] = {}
        """Blocks judged invalid in this round, and why."""
        self.votes: dict[tuple[Kind, int], Vote] = {}
        """The first verified vote of each kind and seat."""
        self.late: dict[tuple[Kind, int], Vote] = {}
        """Votes that came after their quorum, each by its own seat, held unverified until somebody needs them."""
        self.tallies: dict[Said, tuple[int, int]] = {}
        """Seats and power behind each thing said."""
        self.notarized: Certificate | None = None
        self.nullified: Certificate | None = None
        self.mine: dict[Kind, Vote] = {}
        """My own votes; at most one of each kind, and never both FINALIZE and NULLIFY."""
        self.sent: bytes | None = None
        """My own PROPOSE, as sent."""

    def seen(self, vote: Vote) -> Vote | None:
        """Return the first vote of this kind by this seat, None if there was none."""
        return self.votes.get((vote.kind, vote.seat))

    def count(self, vote: Vote, committee: Committee) -> bool:
        """Count a verified first vote; say whether what it says has a quorum now."""
        self.votes[vote.kind, vote.seat] = vote
        said = (vote.kind, vote.value, vote.parent)
        members, power = self.tallies.get(said, (0, 0))
        members, power = members + 1, power + committee.powers[vote.seat]
        self.tallies[said] = members, power
        return is_quorum(members, committee.active, power, committee.total)

    def saying(self, vote: Vote) -> list[Vote]:
        """Return the first votes that say what `vote` says, by seat."""
        said = (vote.kind, vote.value, vote.parent)
        found = [v for v in self.votes.values() if (v.kind, v.value, v.parent) == said]
        return sorted(found, key=lambda v: v.seat)

    def certificate(self, kind: Kind) -> Certificate | None:
        """Return the certificate of this kind held for this round, None if there is none."""
        return self.notarized if kind is Kind.NOTARIZE else self.nullified if kind is Kind.NULLIFY else None

    def certified(self) -> bool:
        """Say whether any certificate of this round is held."""
        return self.notarized is not None or self.nullified is not None

    def closed(self) -> bool:
        """Say whether I gave my one of FINALIZE and NULLIFY."""
        return Kind.FINALIZE in self.mine or Kind.NULLIFY in self.mine

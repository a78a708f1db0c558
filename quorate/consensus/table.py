"""What one replica knows while one height is being decided: rounds, votes, certificates, blocks. It decides nothing.

`judging` and `leading` read it to answer one question each; `height` moves it. docs/protocol.md P-11.
"""

from quorate.consensus.bodies import Bodies
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Head, Observed
from quorate.consensus.evidence import Evidence, incompatible
from quorate.consensus.leader import Rotation
from quorate.consensus.messages import MISSING_MAX, Proposal, Status
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import Judge
from quorate.consensus.rounds import Round
from quorate.consensus.signing import sign_vote
from quorate.domain.deciding import Block, Certificate, Item, Kind, Vote
from quorate.domain.errors import CommitteeMismatch
from quorate.domain.values import Digest
from quorate.ports import Application

EARLY_BYTES_MAX = 2_000_000
"""Block bytes kept of one leader's proposals for rounds not reached yet."""
ANSWER_CERTIFICATES_MAX = 32
"""Certificates in one answer to a STATUS."""


RIVALS = {
    Kind.PROPOSE: (Kind.PROPOSE,),
    Kind.NOTARIZE: (Kind.NOTARIZE,),
    Kind.NULLIFY: (Kind.FINALIZE,),
    Kind.FINALIZE: (Kind.FINALIZE, Kind.NULLIFY),
}
"""Kinds of votes that a vote of a kind may contradict (P-16)."""


class Table:
    """The state of one height at one replica."""

    def __init__(
        self, desk: Desk, application: Application, pool: Pool, head: Head | None, before: "Table | None"
    ) -> None:
        """Begin at round 0, with nothing seen; `before` is the table of the last height, if it was decided here."""
        self.desk = desk
        self.application = application
        self.pool = pool
        self.head = head
        self.before = before
        self.height = application.height
        self.committee = application.committee
        self.now_ms = 0
        self.round = 0
        self.rounds: dict[int, Round] = {}
        self.active = False
        """A round timer runs: something is due, or a third of the members is at work."""
        self.due = False
        self.graced = -1
        """The round whose predecessor's FINALIZE votes had their time."""
        self.final: Certificate | None = None
        self.needed: dict[int, None] = {}
        """Rounds whose certificates something waits for."""
        self.approved: dict[Digest, None] = {}
        """Fresh blocks found valid here."""
        self.parents: dict[Digest, str | None] = {}
        """Per block, what is wrong with its parent's certificate, so that no signature in it is checked twice."""
        self.made: dict[Digest, None] = {}
        """Blocks that I made myself."""
        self.met = False
        """Whether another branch was met at this height, and ours shown."""
        self.refuted: dict[Digest, tuple[Block, tuple[Item, ...]]] = {}
        """Blocks found false here, each with the items that show it (P-23)."""
        self.judge = Judge(application)
        self.rotation = Rotation(self.committee)
        self.bodies = Bodies(desk, pool, self.height, len(self.committee.seats))
        self.power = self._my_power()

    def _my_power(self) -> int:
        """Return the power I may use: none without a seat, with another key, or before my memory is whole again."""
        desk, seats = self.desk, self.committee.seats
        if not 0 <= desk.me < len(seats) or self.height <= desk.settings.silent_through:
            return 0
        return seats[desk.me].power if self.committee.keys[desk.me] == desk.signer.public_key else 0

    def at(self, number: int) -> Round:
        """Return the round of this number, new if nothing was known of it."""
        found = self.rounds.get(number)
        if found is None:
            found = self.rounds[number] = Round(number)
        return found

    def notarized(self, number: int) -> Certificate | None:
        """Return the notarization of a round, None if it is not held."""
        round_ = self.rounds.get(number)
        return None if round_ is None else round_.notarized

    def nullified(self, number: int) -> Certificate | None:
        """Return the nullification of a round, None if it is not held."""
        round_ = self.rounds.get(number)
        return None if round_ is None else round_.nullified

    # ── Votes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def admit(self, vote: Vote) -> None:
        """Check that a vote's seat, round and size can belong here.

        Raises:
            CommitteeMismatch: they cannot; drop the vote.
        """
        powers = self.committee.powers
        if vote.height != self.height or vote.seat >= len(powers) or powers[vote.seat] == 0:
            raise CommitteeMismatch(f"seat {vote.seat} has no vote at height {self.height}")
        if vote.round > self.round + self.desk.settings.rounds_ahead_max:
            raise CommitteeMismatch(f"round {vote.round} is too far ahead of {self.round}")
        if vote.kind is Kind.FINALIZE and len(vote.ext) != 4 * len(powers):
            raise CommitteeMismatch(f"an ext of {len(vote.ext)} bytes in a committee of {len(powers)}")

    def news(self, vote: Vote, *, direct: bool = False) -> bool:
        """Say whether an admitted vote is worth checking: new here, or against what its seat said before.

        `direct`: its own seat brought it. Such a vote may be put aside unchecked if it came too late to matter.
        """
        round_ = self.at(vote.round)
        before = round_.votes.get((vote.kind, vote.seat))
        if before is not None:
            return incompatible(before, vote) and not self.desk.convicted(vote.seat, self.height)
        if self.desk.settings.verify_late or not direct or not self._came_late(round_, vote):
            return True
        return self._against(round_, vote) is not None or round_.late.setdefault((vote.kind, vote.seat), vote) != vote

    def _against(self, round_: Round, vote: Vote) -> Vote | None:
        """Return a verified vote of the same seat and round that a vote contradicts."""
        for kind in RIVALS[vote.kind]:
            other = round_.votes.get((kind, vote.seat))
            if other is not None and incompatible(other, vote):
                return other
        return None

    def _came_late(self, round_: Round, vote: Vote) -> bool:
        """Say whether the vote adds nothing to what is certified and contradicts nothing seen."""
        if vote.kind is Kind.NULLIFY:
            return round_.nullified is not None and (Kind.FINALIZE, vote.seat) not in round_.votes
        certified = round_.notarized if vote.kind is Kind.NOTARIZE else self.final
        return certified is not None and certified.round == vote.round and certified.value == vote.value

    def known(self, vote: Vote) -> bool:
        """Say whether exactly this vote was verified here."""
        round_ = self.rounds.get(vote.round)
        return round_ is not None and round_.votes.get((vote.kind, vote.seat)) == vote

    def accuse(self, vote: Vote) -> None:
        """Hold a verified vote against what its signer said before in this round."""
        round_ = self.at(vote.round)
        other = self._against(round_, vote)
        if other is None and round_.late:
            other = self._put_aside_against(round_, vote)
        if other is not None:
            self.desk.convict(Evidence(vote.seat, other, vote), self.height)

    def _put_aside_against(self, round_: Round, vote: Vote) -> Vote | None:
        """Return a late vote that contradicts a verified one, if it was signed after all."""
        for kind in RIVALS[vote.kind]:
            other = round_.late.get((kind, vote.seat))
            if other is not None and incompatible(other, vote):
                del round_.late[kind, vote.seat]
                if self.desk.signed_vote(other, self.committee):
                    return other
        return None

    def witness(self, certificate: Certificate) -> None:
        """Hold the votes of a verified certificate against what their signers said, and remember them."""
        round_ = self.at(certificate.round)
        for vote in certificate.statements():
            self.accuse(vote)
            if round_.seen(vote) is None:
                self.desk.out.append(Observed(vote))
                round_.count(vote, self.committee)

    def sign(
        self,
        kind: Kind,
        number: int,
        value: Digest | None,
        *,
        parent: int = -1,
        reason: int = 0,
        ext: bytes = b"",
        grounds: str = "",
    ) -> Vote:
        """Return my signed statement about round `number`."""
        desk = self.desk
        return sign_vote(
            desk.chain,
            desk.signer,
            kind,
            self.height,
            number,
            desk.me,
            value=value,
            parent=parent,
            reason=reason,
            ext=ext,
            grounds=grounds,
        )

    # ── Proposals ─────────────────────────────────────────────────────────────────────────────────────────────────

    def has_room(self, proposal: Proposal) -> bool:
        """Say whether a proposal fits what is kept of its leader's early ones."""
        if proposal.vote.round == self.round:
            return True
        early = sum(
            len(kept.block.bytes)
            for round_ in self.rounds.values()
            if round_.number > self.round
            for kept in round_.proposals
            if kept.vote.seat == proposal.vote.seat
        )
        return early + len(proposal.block.bytes) <= EARLY_BYTES_MAX

    def forget_past(self) -> None:
        """Keep the blocks of rounds to come, of notarized ones and of the decided one."""
        kept: list[Digest] = []
        for round_ in self.rounds.values():
            if round_.number < self.round:
                round_.proposals.clear()
            kept.extend(p.block.digest for p in round_.proposals)
            kept.extend(_names(round_.notarized))
        self.bodies.drop([*kept, *_names(self.final)])

    # ── What others need ──────────────────────────────────────────────────────────────────────────────────────────

    def entered_by(self) -> list[Certificate]:
        """Return the certificates that let me enter the current round."""
        last = self.rounds.get(self.round - 1)
        return [] if last is None else [c for c in (last.notarized, last.nullified) if c is not None]

    def missing(self) -> tuple[int, ...]:
        """Return the rounds whose certificates I need: where I hold none, and those something waits for."""
        lacking = [
            number
            for number in range(max(0, self.round - MISSING_MAX), self.round)
            if self.notarized(number) is None and self.nullified(number) is None
        ]
        return tuple(sorted({*lacking, *self.needed}, reverse=True)[:MISSING_MAX])

    def status(self) -> Status:
        """Return where I stand and what I lack."""
        return Status(self.height, self.round, self.missing(), self.pool.held())

    def certificates_for(self, status: Status) -> list[Certificate]:
        """Return the certificates that a peer at this height lacks and I hold."""
        found: list[Certificate] = []
        for number in status.missing:
            found.extend(c for c in (self.notarized(number), self.nullified(number)) if c is not None)
        if status.round < self.round:
            found.extend(c for c in self.entered_by() if c not in found)
        return found[:ANSWER_CERTIFICATES_MAX]


def _names(certificate: Certificate | None) -> list[Digest]:
    return [] if certificate is None or certificate.value is None else [certificate.value]

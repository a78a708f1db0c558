"""Simplex for one height: propose, notarize, finalize, and nullify as the only way to change the proposer.

An honest seat signs per round at most one PROPOSE, at most one NOTARIZE, and at most one of FINALIZE and NULLIFY. That
is the whole safety rule (docs/protocol.md P-11; Chan and Pass, TCC 2023, ePrint 2023/463). Everything else here is
about getting on.
"""

from collections.abc import Callable

from quorate.consensus.bodies import Bodies
from quorate.consensus.certificate import build_certificate, verify_certificate
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Broadcast, Head, Judged, Observed, Send, SetTimer
from quorate.consensus.evidence import Evidence, incompatible
from quorate.consensus.inclusion import owed
from quorate.consensus.leader import Rotation
from quorate.consensus.messages import (
    MISSING_MAX,
    Proposal,
    Status,
    encode_certificates,
    encode_proposal,
    encode_status,
    encode_vote,
)
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import Judge, Lacking, candidates, first_lacking, make_block, misfit, refusal, same
from quorate.consensus.quorum import is_third
from quorate.consensus.rounds import Round
from quorate.consensus.signing import sign_vote
from quorate.consensus.wal import RecordKind
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Block, Certificate, Entry, Item, Kind, Reason, Vote, pack_ext, unpack_ext
from quorate.domain.errors import (
    CertificateInvalid,
    CommitteeMismatch,
    LedgerBroken,
    MisuseError,
    SignatureInvalid,
)
from quorate.domain.values import Digest
from quorate.ports import Application

PROPOSALS_MAX = 2
"""Proposals kept per round: the second convicts the leader, a third adds nothing."""
EARLY_BYTES_MAX = 2_000_000
"""Block bytes kept of one leader's proposals for rounds not reached yet."""
JUSTIFICATION_BYTES_MAX = 256_000
"""Certificates that ride with a proposal, the newest first; older ones are asked for by STATUS."""
ANSWER_CERTIFICATES_MAX = 32
"""Certificates in one answer to a STATUS."""
BACKOFF_ROUNDS_MAX = 32
"""From here on the cap has long been reached."""

_PARKED = "parked"
_FRESH = -1


class HeightMachine:
    """One replica's part in deciding one height."""

    def __init__(
        self, desk: Desk, application: Application, pool: Pool, head: Head | None, known_before: Callable[[Vote], bool]
    ) -> None:
        """Begin at round 0, with nothing seen. `known_before` knows the votes of the last height verified already."""
        self.height = application.height
        self.committee = application.committee
        self.head = head
        self.round = 0
        self.rounds: dict[int, Round] = {}
        self.decided: Entry | None = None
        self.active = False
        """A round timer runs: something is due, or a third of the members is at work."""
        self._desk = desk
        self._application = application
        self._pool = pool
        self._known_before = known_before
        self._judge = Judge(application)
        self._rotation = Rotation(self.committee)
        self.bodies = Bodies(desk, pool, self.height, len(self.committee.seats))
        self._power = self.committee.powers[desk.me] if 0 <= desk.me < len(self.committee.seats) else 0
        if self.height <= desk.settings.silent_through:
            self._power = 0
        self._final: Certificate | None = None
        self._due = False
        self._wake: int | None = None
        self._graced = -1
        self._needed: dict[int, None] = {}
        self._voices: dict[int, None] = {}
        self._approved: dict[Digest, None] = {}
        self._restored: list[Vote] = []
        self._now_ms = 0

    # ── Events ────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, now_ms: int) -> None:
        """Enter the current round; after a restore, say again what was said before."""
        self._now_ms = now_ms
        if self._restored or self.round > 0:
            self._activate()
            self._arm_grace()
            for vote in self._restored:
                if self.decided is None:
                    self._take(self._round(vote.round), vote)
            self.rebroadcast()
        self.check_due(now_ms)
        self._retry()

    def on_vote(self, vote: Vote, now_ms: int) -> None:
        """Take a vote that anybody may have sent or relayed.

        Raises:
            ProtocolViolation: it cannot be counted; drop it.
        """
        self._now_ms = now_ms
        self._admit(vote)
        round_ = self._round(vote.round)
        before = round_.seen(vote)
        if before is not None and not incompatible(before, vote):
            return
        if before is None and not self._desk.settings.verify_late and self._came_late(round_, vote):
            return
        if not self._desk.signed_vote(vote, self.committee):
            raise SignatureInvalid(f"seat {vote.seat} did not sign this {vote.kind.name}")
        self._take(round_, vote)

    def on_certificate(self, certificate: Certificate, now_ms: int) -> None:
        """Take a certificate of this height.

        Raises:
            CertificateInvalid: it is none.
        """
        self._now_ms = now_ms
        held = self.rounds.get(certificate.round)
        mine = held.certificate(certificate.kind) if held is not None else None
        if self.decided is not None or (mine is not None and mine.value == certificate.value):
            return
        verify_certificate(certificate, self.committee, self._desk.chain, self._desk.verifier, self._known)
        self._hold(certificate)

    def on_proposal(self, proposal: Proposal, now_ms: int) -> None:
        """Take a proposal; the certificates in it count as if they had come alone (and may move us on).

        Raises:
            ProtocolViolation: it is not by the round's leader, or a signature in it is wrong; drop it.
        """
        self._now_ms = now_ms
        vote = proposal.vote
        self._admit(vote)
        if self._rotation.leader(vote.round) != vote.seat:
            raise CommitteeMismatch(f"seat {vote.seat} does not lead round {vote.round}")
        round_ = self._round(vote.round)
        known = any(p.vote.value == vote.value and p.vote.parent == vote.parent for p in round_.proposals)
        if not known and not self._desk.signed_vote(vote, self.committee):
            raise SignatureInvalid(f"seat {vote.seat} did not sign this PROPOSE")
        for certificate in proposal.justification:
            self.on_certificate(certificate, now_ms)
        if self.decided is None and not known:
            self._keep(round_, proposal)

    def on_block(self, block: Block, now_ms: int) -> None:
        """Take a block that was asked for."""
        self._now_ms = now_ms
        if self.bodies.asked_block(block.digest):
            self.bodies.learn(block)
            self._retry()

    def on_items(self, now_ms: int) -> None:
        """Look again: the pool holds new items."""
        self._now_ms = now_ms
        if self.bodies.waiting:
            self.bodies.settle()
            self._retry()
        if self.decided is None:
            self.check_due(now_ms)

    def on_entry(self, entry: Entry, now_ms: int) -> None:
        """Take this height's decision from a peer that has it.

        Raises:
            CertificateInvalid: it is not this height's decision.
        """
        self._now_ms = now_ms
        certificate = entry.certificate
        if certificate.kind is not Kind.FINALIZE or certificate.value != entry.block.digest:
            raise CertificateInvalid(f"the entry of height {entry.block.height} is not certified")
        verify_certificate(certificate, self.committee, self._desk.chain, self._desk.verifier, self._known)
        self.bodies.restore(entry.block, entry.items)
        self._hold(certificate)

    def on_timeout(self, now_ms: int) -> None:
        """Give up the current round."""
        self._now_ms = now_ms
        if self.active and self.decided is None:
            self._nullify(self._round(self.round), Reason.TIMEOUT, "")

    def on_grace(self, now_ms: int) -> None:
        """The last round's FINALIZE votes had their time: help the others on, and propose."""
        self._now_ms = now_ms
        last = self.rounds.get(self.round - 1)
        if self.decided is not None or last is None or last.notarized is None:
            return
        self._graced = self.round
        self._desk.out.append(Broadcast(encode_certificates(self._desk.chain, [last.notarized])))
        self._lead()

    def check_due(self, now_ms: int) -> None:
        """Ask the application whether a block is worth proposing, and when to ask again."""
        self._now_ms = now_ms
        if self._due or self.decided is not None:
            return
        items = candidates(self._application, self._pool, self._judge)
        self._due = self._application.due(items, now_ms // 1_000)
        if self._due:
            self._activate()
            self._lead()
            return
        wake = self._application.wake_at_s(items)
        if wake is not None and wake != self._wake and wake * 1_000 > now_ms:
            self._desk.out.append(SetTimer("wake", wake * 1_000 - now_ms))
        self._wake = wake

    # ── What others need from us ──────────────────────────────────────────────────────────────────────────────────

    def status(self) -> Status:
        """Return where I stand and what I lack."""
        return Status(self.height, self.round, self._missing(), self._pool.held())

    def rebroadcast(self) -> None:
        """Say again where I stand; while at work also my votes, my proposal and what let me enter this round."""
        out, chain = self._desk.out, self._desk.chain
        out.append(Broadcast(encode_status(chain, self.status())))
        if not self.active or self.decided is not None:
            return
        entered = self._entered_by()
        if entered:
            out.append(Broadcast(encode_certificates(chain, entered)))
        for number in (self.round - 1, self.round):
            round_ = self.rounds.get(number)
            for kind in (Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE):
                if round_ is not None and kind in round_.mine:
                    out.append(Broadcast(encode_vote(chain, round_.mine[kind])))
        self._propose_again()
        self.bodies.ask_again()

    def certificates_for(self, status: Status) -> list[Certificate]:
        """Return the certificates that a peer at this height lacks and I hold."""
        found: list[Certificate] = []
        for number in status.missing:
            round_ = self.rounds.get(number)
            if round_ is not None:
                found.extend(c for c in (round_.notarized, round_.nullified) if c is not None)
        if status.round < self.round:
            found.extend(c for c in self._entered_by() if c not in found)
        return found[:ANSWER_CERTIFICATES_MAX]

    def known_vote(self, vote: Vote) -> bool:
        """Say whether exactly this vote was verified here."""
        return self._known(vote)

    def late_vote(self, vote: Vote) -> Vote | None:
        """Take a vote of this height after it was decided; return it if it strengthens the decision.

        Raises:
            ProtocolViolation: it cannot be counted; drop it.
        """
        self._admit(vote)
        round_ = self._round(vote.round)
        before = round_.seen(vote)
        if before is not None and not incompatible(before, vote):
            return None
        if before is None and not self._desk.settings.verify_late:
            return None
        if not self._desk.signed_vote(vote, self.committee):
            raise SignatureInvalid(f"seat {vote.seat} did not sign this {vote.kind.name}")
        self._accuse(round_, vote)
        if before is not None:
            return None
        round_.count(vote, self.committee)
        final = self._final
        decides = final is not None and (vote.kind, vote.round, vote.value) == (Kind.FINALIZE, final.round, final.value)
        return vote if decides else None

    # ── Restoring ─────────────────────────────────────────────────────────────────────────────────────────────────

    def restore_vote(self, vote: Vote) -> None:
        """Remember a vote of mine from the write-ahead log."""
        self._round(vote.round).mine[vote.kind] = vote
        self._restored.append(vote)

    def restore_proposal(self, proposal: Proposal, sent: bytes) -> None:
        """Remember a proposal of mine from the write-ahead log."""
        round_ = self._round(proposal.vote.round)
        round_.sent = sent
        round_.proposals.append(proposal)
        round_.votes[Kind.PROPOSE, proposal.vote.seat] = proposal.vote
        self.bodies.learn(proposal.block)
        self._restored.append(proposal.vote)

    def restore_certificate(self, certificate: Certificate) -> None:
        """Remember a certificate from the write-ahead log, and the round that it let me enter."""
        round_ = self._round(certificate.round)
        self._count_all(round_, certificate)
        if certificate.kind is Kind.NOTARIZE:
            round_.notarized = certificate
        else:
            round_.nullified = certificate
        self.round = max(self.round, certificate.round + 1)

    # ── Votes and certificates ────────────────────────────────────────────────────────────────────────────────────

    def _round(self, number: int) -> Round:
        found = self.rounds.get(number)
        if found is None:
            found = self.rounds[number] = Round(number)
        return found

    def _admit(self, vote: Vote) -> None:
        powers = self.committee.powers
        if vote.height != self.height or vote.seat >= len(powers) or powers[vote.seat] == 0:
            raise CommitteeMismatch(f"seat {vote.seat} has no vote at height {self.height}")
        if vote.round > self.round + self._desk.settings.rounds_ahead_max:
            raise CommitteeMismatch(f"round {vote.round} is too far ahead of {self.round}")
        if vote.kind is Kind.FINALIZE and len(vote.ext) != 4 * len(powers):
            raise CommitteeMismatch(f"an ext of {len(vote.ext)} bytes in a committee of {len(powers)}")

    def _came_late(self, round_: Round, vote: Vote) -> bool:
        """Say whether the vote adds nothing to a certificate held and contradicts nothing seen."""
        if vote.kind is Kind.NULLIFY:
            return round_.nullified is not None and (Kind.FINALIZE, vote.seat) not in round_.votes
        return vote.kind is Kind.NOTARIZE and round_.notarized is not None and round_.notarized.value == vote.value

    def _known(self, vote: Vote) -> bool:
        round_ = self.rounds.get(vote.round)
        return round_ is not None and round_.votes.get((vote.kind, vote.seat)) == vote

    def _accuse(self, round_: Round, vote: Vote) -> None:
        """Hold a verified vote against what its signer said before in this round."""
        for kind in (vote.kind, Kind.NULLIFY, Kind.FINALIZE):
            other = round_.votes.get((kind, vote.seat))
            if other is not None and incompatible(other, vote):
                self._desk.convict(Evidence(vote.seat, other, vote), self.height)
                return

    def _take(self, round_: Round, vote: Vote) -> None:
        """Count a verified vote, and do what a quorum makes possible."""
        self._accuse(round_, vote)
        self._desk.out.append(Observed(vote))
        if round_.seen(vote) is not None and vote.kind is not Kind.PROPOSE:
            return
        quorum = round_.count(vote, self.committee)
        if vote.kind is not Kind.PROPOSE:
            self._hear(vote.seat)
        if quorum and self.decided is None:
            self._on_quorum(round_, vote)

    def _on_quorum(self, round_: Round, vote: Vote) -> None:
        if vote.kind is Kind.NOTARIZE and round_.notarized is None:
            self._on_notarized(round_, build_certificate(round_.saying(vote)))
        elif vote.kind is Kind.NULLIFY and round_.nullified is None:
            self._on_nullified(round_, build_certificate(round_.saying(vote)))
        elif vote.kind is Kind.FINALIZE and self._final is None:
            self._on_finalized(build_certificate(round_.saying(vote)))

    def _hear(self, seat: int) -> None:
        """When a third of the members votes, one of them is honest and has a reason: work along."""
        if self.active or seat in self._voices:
            return
        self._voices[seat] = None
        power = sum(self.committee.powers[voice] for voice in self._voices)
        if is_third(len(self._voices), self.committee.active, power, self.committee.total):
            self._activate()

    def _count_all(self, round_: Round, certificate: Certificate) -> None:
        for vote in certificate.statements():
            self._accuse(round_, vote)
            if round_.seen(vote) is None:
                self._desk.out.append(Observed(vote))
                round_.count(vote, self.committee)

    def _hold(self, certificate: Certificate) -> None:
        """Act on a verified certificate."""
        round_ = self._round(certificate.round)
        self._count_all(round_, certificate)
        if certificate.kind is Kind.FINALIZE:
            self._on_finalized(certificate)
        elif certificate.kind is Kind.NOTARIZE and round_.notarized is None:
            self._on_notarized(round_, certificate)
        elif certificate.kind is Kind.NULLIFY and round_.nullified is None:
            self._on_nullified(round_, certificate)

    def _on_notarized(self, round_: Round, certificate: Certificate) -> None:
        round_.notarized = certificate
        moves = round_.number >= self.round
        if moves:
            self._persist(certificate)
        self._finalize(round_)
        if self.decided is None:
            self._enter(round_.number + 1) if moves and round_.number >= self.round else self._retry()

    def _on_nullified(self, round_: Round, certificate: Certificate) -> None:
        round_.nullified = certificate
        if round_.number < self.round:
            self._retry()
            return
        self._persist(certificate)
        self._desk.out.append(Broadcast(encode_certificates(self._desk.chain, [certificate])))
        self._enter(round_.number + 1)

    def _on_finalized(self, certificate: Certificate) -> None:
        if self._final is None:
            self._final = certificate
        self._decide()

    def _persist(self, certificate: Certificate) -> None:
        self._desk.persist(RecordKind.CERTIFICATES, encode_certificates(self._desk.chain, [certificate]))

    # ── Rounds ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _enter(self, number: int) -> None:
        self.round = number
        self.active = True
        self._needed = {}
        self.bodies.forget_requests()
        self._forget_proposals()
        self._set_round_timer()
        self._arm_grace()
        self._retry()

    def _forget_proposals(self) -> None:
        """Keep the blocks of rounds to come and of notarized ones."""
        kept: list[Digest] = []
        for round_ in self.rounds.values():
            if round_.number < self.round:
                round_.proposals.clear()
            kept.extend(p.block.digest for p in round_.proposals)
            if round_.notarized is not None and round_.notarized.value is not None:
                kept.append(round_.notarized.value)
        self.bodies.drop(kept)

    def _activate(self) -> None:
        if not self.active and self.decided is None:
            self.active = True
            self._set_round_timer()

    def _set_round_timer(self) -> None:
        settings = self._desk.settings
        exponent = min(self.round, BACKOFF_ROUNDS_MAX)
        wait = min(settings.timeout_cap_ms, settings.round_timeout_ms * 3**exponent // 2**exponent)
        self._desk.out.append(SetTimer("round", wait))

    def _arm_grace(self) -> None:
        last = self.rounds.get(self.round - 1)
        if last is not None and last.notarized is not None:
            self._desk.out.append(SetTimer("grace", self._desk.settings.grace_ms))

    def _entered_by(self) -> list[Certificate]:
        last = self.rounds.get(self.round - 1)
        return [] if last is None else [c for c in (last.notarized, last.nullified) if c is not None]

    def _missing(self) -> tuple[int, ...]:
        """Return the rounds whose certificates I need: where I hold none, and what parked proposals rest on."""
        numbers = dict.fromkeys(range(max(0, self.round - MISSING_MAX), self.round))
        lacking = [n for n in numbers if self.rounds.get(n) is None or not self.rounds[n].certified()]
        return tuple(sorted({**dict.fromkeys(lacking), **self._needed}, reverse=True)[:MISSING_MAX])

    def _retry(self) -> None:
        """Do whatever has become possible: decide, finalize, vote, lead."""
        if self._final is not None:
            self._decide()
        for round_ in list(self.rounds.values()):
            if self.decided is None and round_.notarized is not None:
                self._finalize(round_)
        self._evaluate()
        self._lead()

    # ── Voting ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _keep(self, round_: Round, proposal: Proposal) -> None:
        value = proposal.block.digest
        self._take(round_, proposal.vote)
        if round_.number < self.round:
            if round_.notarized is not None and round_.notarized.value == value:
                self.bodies.learn(proposal.block)
                self._retry()
            return
        if len(round_.proposals) >= PROPOSALS_MAX or not self._has_room(proposal):
            return
        round_.proposals.append(proposal)
        self.bodies.learn(proposal.block)
        if round_.number == self.round:
            self._activate()
        self._retry()

    def _has_room(self, proposal: Proposal) -> bool:
        early = [
            len(p.block.bytes)
            for round_ in self.rounds.values()
            if round_.number > self.round
            for p in round_.proposals
            if p.vote.seat == proposal.vote.seat
        ]
        return proposal.vote.round == self.round or sum(early) + len(proposal.block.bytes) <= EARLY_BYTES_MAX

    def _evaluate(self) -> None:
        """Judge the proposals of the current round that are not judged yet."""
        round_ = self.rounds.get(self.round)
        if round_ is None or self._power == 0:
            return
        for proposal in list(round_.proposals):
            if self.decided is not None or round_.number != self.round or Kind.NOTARIZE in round_.mine:
                return
            if proposal.block.digest not in round_.refused:
                self._judge_proposal(round_, proposal)

    def _judge_proposal(self, round_: Round, proposal: Proposal) -> None:
        verdict = self._verdict(proposal)
        if verdict is _PARKED:
            return
        self._desk.out.append(Judged(self.height, round_.number, verdict is None, verdict or ""))
        if verdict is None:
            self._notarize(round_, proposal)
            return
        if proposal.vote.seat == self._desk.me:
            raise MisuseError(f"my own block at height {self.height} is refused: {verdict}; the application is not pure")
        round_.refused[proposal.block.digest] = verdict
        self._nullify(round_, Reason.INVALID, verdict)

    def _verdict(self, proposal: Proposal) -> str | None:
        """Return None to approve, `_PARKED` while something is missing, else why the proposal is refused."""
        value, parent = proposal.block.digest, proposal.vote.parent
        if not self._justified(proposal.vote):
            return _PARKED
        items = self.bodies.items(value)
        if items is None:
            self.bodies.fetch(value, proposal.vote.seat)
            return _PARKED
        if parent == _FRESH:
            return self._refusal(proposal, items)
        notarized = self.rounds[parent].notarized
        return None if notarized is not None and notarized.value == value else f"round {parent} notarized another block"

    def _justified(self, vote: Vote) -> bool:
        """Say whether the certificates that a proposal rests on are held; remember those that are not."""
        lacking = [n for n in range(vote.parent + 1, vote.round) if not (n in self.rounds and self.rounds[n].nullified)]
        if vote.parent >= 0 and not (vote.parent in self.rounds and self.rounds[vote.parent].notarized):
            lacking.append(vote.parent)
        self._needed.update(dict.fromkeys(lacking[-MISSING_MAX:]))
        return not lacking

    def _refusal(self, proposal: Proposal, items: tuple[Item, ...]) -> str | None:
        block = proposal.block
        if block.digest in self._approved:
            return None
        latest = max(self._application.head_at_s, self._now_ms // 1_000 + self._desk.settings.drift_max_s)
        if block.at_s > latest and proposal.vote.seat != self._desk.me:
            return f"its time {block.at_s} lies after {latest}, the latest that this clock allows"
        wrong = self._wrong_previous(block)
        if wrong is not None:
            return wrong
        found = refusal(self._application, block, items, self.head, self._pool, self._judge)
        if isinstance(found, Lacking):
            self.bodies.fetch_run(found.seat, found.first, 1, proposal.vote.seat)
            return _PARKED
        if found is None:
            self._approved[block.digest] = None
        return found

    def _wrong_previous(self, block: Block) -> str | None:
        if self.head is None or block.previous is None:
            return None
        if block.previous == self.head.certificate:
            return None
        try:
            verify_certificate(
                block.previous, self.head.committee, self._desk.chain, self._desk.verifier, self._known_before
            )
        except CertificateInvalid as wrong:
            return f"the certificate of its parent is invalid: {wrong}"
        return None

    def _sign(
        self, kind: Kind, number: int, value: Digest | None, *, parent: int = -1, reason: int = 0, ext: bytes = b"",
        grounds: str = "",
    ) -> Vote:  # fmt: skip
        desk = self._desk
        return sign_vote(
            desk.chain, desk.signer, kind, self.height, number, desk.me,
            value=value, parent=parent, reason=reason, ext=ext, grounds=grounds,
        )  # fmt: skip

    def _cast(self, round_: Round, vote: Vote) -> None:
        """Make my vote durable, then send it, then count it."""
        round_.mine[vote.kind] = vote
        data = encode_vote(self._desk.chain, vote)
        self._desk.persist(RecordKind.VOTE, data)
        self._desk.out.append(Broadcast(data))
        self._take(round_, vote)

    def _notarize(self, round_: Round, proposal: Proposal) -> None:
        value = proposal.block.digest
        self.bodies.persist(value)
        self._cast(round_, self._sign(Kind.NOTARIZE, round_.number, value, parent=proposal.vote.parent))

    def _nullify(self, round_: Round, reason: Reason, grounds: str) -> None:
        if self._power > 0 and not round_.closed():
            self._cast(round_, self._sign(Kind.NULLIFY, round_.number, None, reason=reason, grounds=grounds))

    def _finalize(self, round_: Round) -> None:
        certificate = round_.notarized
        if certificate is None or certificate.value is None or self._power == 0 or round_.closed():
            return
        if self.bodies.items(certificate.value) is None:
            self.bodies.fetch(certificate.value, certificate.votes[self._desk.me % len(certificate.votes)].seat)
            return
        self.bodies.persist(certificate.value)
        self._cast(round_, self._sign(Kind.FINALIZE, round_.number, certificate.value, ext=pack_ext(self._pool.held())))

    def _decide(self) -> None:
        final = self._final
        if self.decided is not None or final is None or final.value is None:
            return
        items = self.bodies.items(final.value)
        block = self.bodies.block(final.value)
        if items is None or block is None:
            self.bodies.fetch(final.value, final.votes[self._desk.me % len(final.votes)].seat)
            return
        if final.value not in self._approved:
            self._check_history(block, items)
        self.decided = Entry(block, items, final)

    def _check_history(self, block: Block, items: tuple[Item, ...]) -> None:
        """Refuse to go on from a decision that this state cannot reproduce.

        Raises:
            LedgerBroken: a quorum certified what does not follow here; the node must stop.
        """
        wrong = misfit(self._application, block, self.head)
        if wrong is None and not same(self._application.results(block.at_s, items), block.results):
            wrong = "its results do not follow"
        if wrong is not None:
            raise LedgerBroken(f"height {self.height} is certified, but {wrong}", height=self.height)

    # ── Leading ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _lead(self) -> None:
        """Propose, if this round is mine and I know what to propose."""
        if self.decided is not None or self._power == 0 or self._rotation.leader(self.round) != self._desk.me:
            return
        round_ = self._round(self.round)
        if round_.sent is not None:
            return
        parent = self._parent()
        if parent is None:
            return
        if parent == _FRESH:
            self._propose_fresh(round_)
            return
        notarized = self.rounds[parent].notarized
        if notarized is None or notarized.value is None or (parent == self.round - 1 and self._graced != self.round):
            return
        block = self.bodies.block(notarized.value)
        if block is not None:
            self._propose(round_, block, parent)

    def _parent(self) -> int | None:
        """Return the latest notarized round whose block is at hand, -1 for a fresh block, None to wait."""
        for number in range(self.round - 1, -1, -1):
            round_ = self.rounds.get(number)
            if round_ is None or not round_.certified():
                self._needed[number] = None
                return None
            if round_.notarized is not None and round_.notarized.value is not None:
                if self.bodies.items(round_.notarized.value) is not None:
                    return number
                if round_.nullified is None:
                    self._needed[number] = None
                    self.bodies.fetch(round_.notarized.value, round_.notarized.votes[0].seat)
                    return None
        return _FRESH

    def _propose_fresh(self, round_: Round) -> None:
        if not self._due:
            return
        items = candidates(self._application, self._pool, self._judge)
        certificate = None if self.head is None else self.head.certificate
        lacking = first_lacking(self._application, items, certificate, self.head, self._pool, self._judge)
        if isinstance(lacking, Lacking):
            self._fetch_owed(lacking)
            return
        if lacking is not None:
            raise MisuseError(f"my own block at height {self.height} would be refused: {lacking}")
        block = make_block(self._application, items, self.head, self._now_ms // 1_000)
        self.bodies.learn(block)
        self._propose(round_, block, _FRESH)

    def _fetch_owed(self, lacking: Lacking) -> None:
        """Ask one of those who reported an item that I owe."""
        if self.head is None:
            return
        limit = owed(self.head.certificate, self.head.committee, self._application.sequences)[lacking.seat]
        holders = [
            vote.seat for vote in self.head.certificate.votes if unpack_ext(vote.ext)[lacking.seat] >= lacking.first
        ]
        if holders:
            holder = holders[(self.round + self._desk.me) % len(holders)]
            self.bodies.fetch_run(lacking.seat, lacking.first, limit - lacking.first + 1, holder)

    def _propose(self, round_: Round, block: Block, parent: int) -> None:
        value = block.digest
        if self.bodies.items(value) is None:
            raise MisuseError(f"a block proposed at height {self.height} lacks items")
        vote = self._sign(Kind.PROPOSE, round_.number, value, parent=parent)
        proposal = Proposal(vote, block, tuple(self._justification(parent)))
        round_.sent = encode_proposal(self._desk.chain, proposal)
        self.bodies.persist(value)
        self._desk.persist(RecordKind.PROPOSE, round_.sent)
        self._desk.out.append(Broadcast(round_.sent))
        self._take(round_, vote)
        round_.proposals.append(proposal)
        self._activate()
        self._evaluate()

    def _justification(self, parent: int) -> list[Certificate]:
        """Return the notarization of `parent` and the nullifications since, the newest first, as far as they fit."""
        wanted = [self.rounds[parent].notarized] if parent >= 0 else []
        wanted += [self.rounds[n].nullified for n in range(self.round - 1, parent, -1)]
        chosen: list[Certificate] = []
        room = JUSTIFICATION_BYTES_MAX
        for certificate in wanted:
            room -= 0 if certificate is None else len(canonical(certificate.plain()))
            if certificate is not None and room >= 0:
                chosen.append(certificate)
        return chosen

    def _propose_again(self) -> None:
        """Send my proposal to those who have not approved anything in this round."""
        round_ = self.rounds.get(self.round)
        if round_ is None or round_.sent is None:
            return
        for seat in range(len(self.committee.seats)):
            if seat != self._desk.me and (Kind.NOTARIZE, seat) not in round_.votes:
                self._desk.out.append(Send(seat, round_.sent))


"""Simplex for one height: propose, notarize, finalize, and nullify as the only way to change the proposer.

An honest seat signs per round at most one PROPOSE, at most one NOTARIZE, and at most one of FINALIZE and NULLIFY. That
is the whole safety rule (docs/protocol.md P-11; Chan and Pass, TCC 2023, ePrint 2023/463). Everything else here is
about getting on.
"""

from quorate.consensus.certificate import build_certificate, verify_certificate
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Broadcast, Head, Judged, Observed, SetTimer
from quorate.consensus.inclusion import reportable
from quorate.consensus.judging import FRESH, Parked, Refused, check_history, meet_branch, verdict
from quorate.consensus.leading import block_to_propose, find_parent, justification
from quorate.consensus.messages import (
    Proposal,
    encode_certificates,
    encode_item,
    encode_proposal,
    encode_vote,
    join,
)
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import candidates
from quorate.consensus.quorum import is_third
from quorate.consensus.refuting import note
from quorate.consensus.repeating import repetition
from quorate.consensus.rounds import Round
from quorate.consensus.table import Table
from quorate.consensus.wal import RecordKind
from quorate.domain.deciding import Block, Certificate, Entry, Item, Kind, Reason, Vote, pack_ext
from quorate.domain.errors import CertificateInvalid, CommitteeMismatch, MisuseError, SignatureInvalid
from quorate.ports import Application

PROPOSALS_MAX = 2
"""Proposals kept per round: the second convicts the leader, a third adds nothing."""
BACKOFF_ROUNDS_MAX = 32
"""From here on the cap has long been reached."""


class HeightMachine:
    """One replica's part in deciding one height."""

    def __init__(
        self, desk: Desk, application: Application, pool: Pool, head: Head | None, before: Table | None = None
    ) -> None:
        """Begin at round 0; `before` is the table of the last height, if it was decided here."""
        self.table = Table(desk, application, pool, head, before)
        self.decided: Entry | None = None
        self._desk = desk
        self._wake: int | None = None
        self._voices: dict[int, None] = {}
        self._round_ends_ms = 0
        self._restored: list[Vote] = []

    # ── Events ────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, now_ms: int) -> None:
        """Enter the current round; after a restore, say again what was said before."""
        table = self.table
        table.now_ms = now_ms
        if self._restored or table.round > 0:
            self._activate()
            self._arm_grace()
            for vote in self._restored:
                self._take(table.at(vote.round), vote)
            self.rebroadcast()
        self.check_due(now_ms)
        self._retry()

    def on_vote(self, vote: Vote, now_ms: int, *, direct: bool = False) -> None:
        """Take a vote that anybody may have sent or relayed; `direct` if its own seat did.

        Raises:
            ProtocolViolation: it cannot be counted; drop it.
        """
        table = self.table
        table.now_ms = now_ms
        table.admit(vote)
        if table.news(vote, direct=direct):
            self._check(vote)
            self._take(table.rounds[vote.round], vote)

    def _check(self, vote: Vote) -> None:
        if not self._desk.signed_vote(vote, self.table.committee):
            raise SignatureInvalid(f"seat {vote.seat} did not sign this {vote.kind.name}")

    def on_certificate(self, certificate: Certificate, now_ms: int) -> None:
        """Take a certificate of this height.

        Raises:
            CertificateInvalid: it is none.
        """
        table = self.table
        table.now_ms = now_ms
        held = table.rounds.get(certificate.round)
        mine = held.certificate(certificate.kind) if held is not None else None
        if self.decided is not None or (mine is not None and mine.value == certificate.value):
            return
        verify_certificate(certificate, table.committee, self._desk.chain, self._desk.verifier, table.known)
        self._hold(certificate)

    def on_proposal(self, proposal: Proposal, now_ms: int) -> None:
        """Take a proposal; the certificates in it count as if they had come alone, and may move us on.

        Raises:
            ProtocolViolation: it is not by the round's leader, or a signature in it is wrong; drop it.
        """
        table, vote = self.table, proposal.vote
        table.now_ms = now_ms
        table.admit(vote)
        if table.rotation.leader(vote.round) != vote.seat:
            raise CommitteeMismatch(f"seat {vote.seat} does not lead round {vote.round}")
        round_ = table.at(vote.round)
        before = round_.seen(vote)
        if before is None or (before != vote and not self._desk.convicted(vote.seat, table.height)):
            self._check(vote)
        elif before != vote:
            return
        for certificate in proposal.justification:
            self.on_certificate(certificate, now_ms)
        if self.decided is None:
            self._keep(round_, proposal)

    def on_block(self, block: Block, now_ms: int) -> None:
        """Take a block that was asked for."""
        self.table.now_ms = now_ms
        if self.table.bodies.asked_block(block.digest):
            self.table.bodies.learn(block)
            self._retry()

    def on_items(self, now_ms: int) -> None:
        """Look again: the pool holds new items."""
        self.table.now_ms = now_ms
        if self.table.bodies.waiting:
            self.table.bodies.settle()
            self._retry()
        self.check_due(now_ms)

    def on_entry(self, entry: Entry, now_ms: int) -> None:
        """Take this height's decision from a peer that has it.

        Raises:
            CertificateInvalid: it is not this height's decision.
        """
        table, certificate = self.table, entry.certificate
        table.now_ms = now_ms
        if certificate.kind is not Kind.FINALIZE or certificate.value != entry.block.digest:
            raise CertificateInvalid(f"the entry of height {entry.block.height} is not certified")
        verify_certificate(certificate, table.committee, self._desk.chain, self._desk.verifier, table.known)
        meet_branch(table, entry.block)
        table.bodies.restore(entry.block, entry.items)
        self._hold(certificate)

    def on_timeout(self, now_ms: int) -> None:
        """Give up the current round."""
        self.table.now_ms = now_ms
        if self.table.active and self.decided is None:
            self._nullify(self.table.at(self.table.round), Reason.TIMEOUT, "")

    def on_grace(self, now_ms: int) -> None:
        """The last round's FINALIZE votes had their time: help the others on, and propose."""
        table = self.table
        table.now_ms = now_ms
        notarized = table.notarized(table.round - 1)
        if self.decided is not None or notarized is None:
            return
        table.graced = table.round
        self._desk.out.append(Broadcast(encode_certificates(self._desk.chain, [notarized])))
        self._lead()

    def on_wake(self, now_ms: int) -> None:
        """Ask again, whatever was said before: a timer may have run out early, or a clock been set."""
        self._wake = None
        self.check_due(now_ms)

    def check_due(self, now_ms: int) -> None:
        """Ask the application whether a block is worth proposing, and when to ask again."""
        table = self.table
        table.now_ms = now_ms
        if table.due or self.decided is not None:
            return
        items = candidates(table.application, table.pool, table.judge)
        table.due = table.application.due(items, now_ms // 1_000)
        if table.due:
            self._activate()
            self._lead()
            return
        wake = table.application.wake_at_s(items)
        if wake is not None and wake != self._wake and wake * 1_000 > now_ms:
            self._desk.out.append(SetTimer("wake", wake * 1_000 - now_ms))
        self._wake = wake

    def rebroadcast(self) -> None:
        """Say again where I stand, and while at work what I said and ask for what did not come."""
        self._desk.out.extend(repetition(self.table))
        if self.table.active and self.decided is None:
            self.table.bodies.ask_again()

    def on_late_vote(self, vote: Vote, *, direct: bool = False) -> Vote | None:
        """Take a vote of this height after it was decided; return it if it adds to the decision's certificate.

        Raises:
            ProtocolViolation: it cannot be counted; drop it.
        """
        table, final = self.table, self.table.final
        table.admit(vote)
        if not table.news(vote, direct=direct):
            return None
        self._check(vote)
        table.accuse(vote)
        self._desk.out.append(Observed(vote))
        round_ = table.at(vote.round)
        if round_.seen(vote) is not None:
            return None
        round_.count(vote, table.committee)
        decides = final is not None and (vote.kind, vote.round, vote.value) == (Kind.FINALIZE, final.round, final.value)
        return vote if decides else None

    # ── Restoring ─────────────────────────────────────────────────────────────────────────────────────────────────

    def restore_vote(self, vote: Vote) -> None:
        """Remember a vote of mine from the write-ahead log."""
        self.table.at(vote.round).mine[vote.kind] = vote
        self._restored.append(vote)

    def restore_proposal(self, proposal: Proposal, sent: bytes) -> None:
        """Remember a proposal of mine from the write-ahead log."""
        round_ = self.table.at(proposal.vote.round)
        round_.sent = sent
        round_.proposals.append(proposal)
        self.table.bodies.learn(proposal.block)
        self.table.made[proposal.block.digest] = None
        self._restored.append(proposal.vote)

    def restore_certificate(self, certificate: Certificate) -> None:
        """Remember a certificate from the write-ahead log, and the round that it let me enter."""
        table = self.table
        table.witness(certificate)
        round_ = table.at(certificate.round)
        if certificate.kind is Kind.NOTARIZE:
            round_.notarized = certificate
        else:
            round_.nullified = certificate
        table.round = max(table.round, certificate.round + 1)

    # ── Votes and certificates ────────────────────────────────────────────────────────────────────────────────────

    def _take(self, round_: Round, vote: Vote) -> None:
        """Count a verified vote, and do what a quorum makes possible."""
        before = round_.seen(vote)
        if before == vote:
            return
        self.table.accuse(vote)
        self._desk.out.append(Observed(vote))
        if before is not None:
            return
        quorum = round_.count(vote, self.table.committee)
        if vote.kind is Kind.PROPOSE:
            return
        if not self.table.active:
            self._hear(vote.seat)
        if quorum and self.decided is None:
            self._on_quorum(round_, vote)

    def _on_quorum(self, round_: Round, vote: Vote) -> None:
        if vote.kind is Kind.NOTARIZE and round_.notarized is None:
            self._on_notarized(round_, build_certificate(round_.saying(vote)))
        elif vote.kind is Kind.NULLIFY and round_.nullified is None:
            self._on_nullified(round_, build_certificate(round_.saying(vote)))
        elif vote.kind is Kind.FINALIZE and self.table.final is None:
            self._on_finalized(build_certificate(round_.saying(vote)))

    def _hear(self, seat: int) -> None:
        """When a third of the members votes, one of them is honest and has a reason: work along."""
        committee = self.table.committee
        self._voices[seat] = None
        power = sum(committee.powers[voice] for voice in self._voices)
        if is_third(len(self._voices), committee.active, power, committee.total):
            self._activate()

    def _hold(self, certificate: Certificate) -> None:
        """Act on a verified certificate."""
        round_ = self.table.at(certificate.round)
        self.table.witness(certificate)
        if certificate.kind is Kind.FINALIZE:
            self._on_finalized(certificate)
        elif certificate.kind is Kind.NOTARIZE and round_.notarized is None:
            self._on_notarized(round_, certificate)
        elif certificate.kind is Kind.NULLIFY and round_.nullified is None:
            self._on_nullified(round_, certificate)

    def _on_notarized(self, round_: Round, certificate: Certificate) -> None:
        round_.notarized = certificate
        if round_.number >= self.table.round:
            self._persist(certificate)
        self._finalize(round_)
        if self.decided is None and round_.number >= self.table.round:
            self._enter(round_.number + 1)
        else:
            self._retry()

    def _on_nullified(self, round_: Round, certificate: Certificate) -> None:
        round_.nullified = certificate
        if round_.number < self.table.round:
            self._retry()
            return
        self._persist(certificate)
        self._desk.out.append(Broadcast(encode_certificates(self._desk.chain, [certificate])))
        self._enter(round_.number + 1)

    def _on_finalized(self, certificate: Certificate) -> None:
        if self.table.final is None:
            self.table.final = certificate
        self._decide()

    def _persist(self, certificate: Certificate) -> None:
        self._desk.persist(RecordKind.CERTIFICATES, encode_certificates(self._desk.chain, [certificate]))

    # ── Rounds ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _enter(self, number: int) -> None:
        table = self.table
        table.round = number
        table.active = True
        table.needed = {}
        table.bodies.forget_requests()
        table.forget_past()
        self._set_round_timer()
        self._arm_grace()
        self._retry()

    def _activate(self) -> None:
        if not self.table.active and self.decided is None:
            self.table.active = True
            self._set_round_timer()

    def _set_round_timer(self) -> None:
        """Wait for the leader to propose, and only then for the whole round: who is dead costs no more than that."""
        whole_ms = self._backed_off(self._desk.round_timeout_ms)
        silent_ms = min(whole_ms, self._backed_off(self._desk.leader_timeout_ms))
        proposed = self.table.at(self.table.round).proposals
        self._round_ends_ms = self.table.now_ms + whole_ms
        self._desk.out.append(SetTimer("round", whole_ms if proposed else silent_ms))

    def _backed_off(self, timeout_ms: int) -> int:
        rounds = min(self.table.round, BACKOFF_ROUNDS_MAX)
        stretched: int = timeout_ms * 3**rounds // 2**rounds
        return min(self._desk.settings.timeout_cap_ms, stretched)

    def _led(self) -> None:
        """The current round has a proposal: work, and give it what is left of the round."""
        if self.table.active:
            self._desk.out.append(SetTimer("round", max(1, self._round_ends_ms - self.table.now_ms)))
        self._activate()

    def _arm_grace(self) -> None:
        if self.table.notarized(self.table.round - 1) is not None:
            self._desk.out.append(SetTimer("grace", self._desk.settings.grace_ms))

    def _retry(self) -> None:
        """Do whatever has become possible: decide, finalize, vote, lead."""
        self._decide()
        for round_ in list(self.table.rounds.values()):
            self._finalize(round_)
        self._evaluate()
        self._lead()

    # ── Voting ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _keep(self, round_: Round, proposal: Proposal) -> None:
        table = self.table
        if any(kept.vote == proposal.vote for kept in round_.proposals):
            return
        self._take(round_, proposal.vote)
        if round_.number < table.round:
            if round_.notarized is not None and round_.notarized.value == proposal.block.digest:
                table.bodies.learn(proposal.block)
                self._retry()
            return
        if len(round_.proposals) >= PROPOSALS_MAX or not table.has_room(proposal):
            return
        round_.proposals.append(proposal)
        table.bodies.learn(proposal.block)
        if round_.number == table.round:
            self._led()
        self._retry()

    def _evaluate(self) -> None:
        """Judge the proposals of the current round that are not judged yet."""
        round_ = self.table.rounds.get(self.table.round)
        if round_ is None or self.table.power == 0:
            return
        for proposal in list(round_.proposals):
            if self.decided is not None or round_.number != self.table.round or Kind.NOTARIZE in round_.mine:
                return
            if proposal.block.digest not in round_.refused:
                self._vote_on(round_, proposal)

    def _vote_on(self, round_: Round, proposal: Proposal) -> None:
        found = verdict(self.table, proposal)
        if isinstance(found, Parked):
            return
        value, height = proposal.block.digest, self.table.height
        if isinstance(found, Refused):
            if value in self.table.made and proposal.vote.parent == FRESH:
                raise MisuseError(f"my own block at height {height} is refused: {found.grounds}; is `results` pure?")
            round_.refused[value] = found.grounds
            if found.provable:
                note(self.table, proposal.block)
            self._desk.out.append(Judged(height, round_.number, False, found.grounds))
            self._nullify(round_, Reason.INVALID, found.grounds)
            return
        self._desk.out.append(Judged(height, round_.number, True, ""))
        self.table.bodies.persist(value)
        self._cast(round_, self.table.sign(Kind.NOTARIZE, round_.number, value, parent=proposal.vote.parent))

    def _cast(self, round_: Round, vote: Vote) -> None:
        """Make my vote durable, then send it, then count it."""
        round_.mine[vote.kind] = vote
        data = encode_vote(self._desk.chain, vote)
        self._desk.persist(RecordKind.VOTE, data)
        self._desk.out.append(Broadcast(data))
        self._take(round_, vote)

    def _nullify(self, round_: Round, reason: Reason, grounds: str) -> None:
        if self.table.power > 0 and not round_.closed():
            self._cast(round_, self.table.sign(Kind.NULLIFY, round_.number, None, reason=reason, grounds=grounds))

    def _finalize(self, round_: Round) -> None:
        table, certificate = self.table, round_.notarized
        if certificate is None or certificate.value is None or self.decided is not None:
            return
        if table.power == 0 or round_.closed():
            return
        items = table.bodies.items(certificate.value)
        if items is None:
            table.bodies.fetch(certificate.value, _holder(certificate, self._desk.me))
            return
        table.bodies.persist(certificate.value)
        ext = pack_ext(self._report(items))
        self._cast(round_, table.sign(Kind.FINALIZE, round_.number, certificate.value, ext=ext))

    def _report(self, items: tuple[Item, ...]) -> tuple[int, ...]:
        """Return what I hold behind a block of these items, once it is durable: others will owe it."""
        table, ends = self.table, list(self.table.application.sequences)
        for item in items:
            ends[item.sender] = item.seq
        reported, kept = reportable(table.pool, ends)
        fresh = table.pool.newly_durable(kept)
        if fresh:
            self._desk.persist(RecordKind.ITEMS, join([encode_item(self._desk.chain, item) for item in fresh]))
        return reported

    def _decide(self) -> None:
        table, final = self.table, self.table.final
        if self.decided is not None or final is None or final.value is None:
            return
        items, block = table.bodies.items(final.value), table.bodies.block(final.value)
        if items is None or block is None:
            table.bodies.fetch(final.value, _holder(final, self._desk.me))
            return
        self._settle(block, items, final)

    def _settle(self, block: Block, items: tuple[Item, ...], final: Certificate) -> None:
        if block.digest not in self.table.approved:
            check_history(self.table, block, items)
        self.decided = Entry(block, items, final)

    # ── Leading ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _lead(self) -> None:
        """Propose, if this round is mine and I know what to propose."""
        table = self.table
        if self.decided is not None or table.power == 0 or table.rotation.leader(table.round) != self._desk.me:
            return
        round_ = table.at(table.round)
        parent = None if round_.sent is not None else find_parent(table)
        if parent is None:
            return
        block = block_to_propose(table, parent)
        if block is not None:
            self._propose(round_, block, parent)

    def _propose(self, round_: Round, block: Block, parent: int) -> None:
        table, chain = self.table, self._desk.chain
        if table.bodies.items(block.digest) is None:
            raise MisuseError(f"a block proposed at height {table.height} lacks items")
        vote = table.sign(Kind.PROPOSE, round_.number, block.digest, parent=parent)
        proposal = Proposal(vote, block, justification(table, parent))
        round_.sent = encode_proposal(chain, proposal)
        round_.proposals.append(proposal)
        table.bodies.persist(block.digest)
        self._desk.persist(RecordKind.PROPOSE, round_.sent)
        self._desk.out.append(Broadcast(round_.sent))
        self._take(round_, vote)
        self._led()
        self._evaluate()


def _holder(certificate: Certificate, me: int) -> int:
    """Return one of the signers, a different one for different askers."""
    return certificate.votes[me % len(certificate.votes)].seat

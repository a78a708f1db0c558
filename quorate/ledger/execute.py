"""What follows from a block's items at its time: the one function that every peer re-executes.

Acts run in a fixed order of kinds, then seat, then sequence, so that the order in which messages travelled
cannot matter. An act that does not fit the state has no effect and says so; it never stops a height.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from quorate.consensus.evidence import Evidence, FalseBlock, ItemClaim, report_from, verify_evidence
from quorate.consensus.leader import next_priorities
from quorate.consensus.plain import read_json
from quorate.consensus.signing import Ed25519Verifier, vote_bytes
from quorate.domain.bidding import Bid
from quorate.domain.canonical import Plain, canonical, digest
from quorate.domain.deciding import Item, Kind, Vote
from quorate.domain.errors import ProtocolViolation
from quorate.domain.replacing import replace
from quorate.domain.values import Digest, JobId
from quorate.ledger import acts as a
from quorate.ledger import motions
from quorate.ledger.height import CALLS_MAX, FALSE_REPORT, PAST_HEIGHTS, Working
from quorate.ledger.records import Finding, HeightRecord
from quorate.ledger.state import Allocation, Call, Dispute, Ended, LedgerState, Past, Reported, Verdict
from quorate.ledger.trial import contradicted, tried
from quorate.market.rule import rule_forecast
from quorate.reputation import calibration, disputes, standing

BROKEN_SEAL = "showed an answer that its seal does not open"

REPORTS_MAX = 4
"""Reports of blocks that one seat may have waiting: each may cost every member an execution."""

ITEM_AHEAD_MAX = 4_096
"""Evidence about items counts up to so many numbers above the last included one; no member keeps any further."""

ORDER: tuple[type[a.Act], ...] = (
    a.Declare, a.Endorse, a.Report, a.Attest, a.Start, a.Refuse, a.End, a.Receipt, a.Submit, a.Commit, a.Reveal,
    a.Assess,
)  # fmt: skip
"""Ends come before submissions, so that nodes freed in a height can be used from that height on."""

_PLACES = {kind: place for place, kind in enumerate(ORDER)}

_VERIFIER = Ed25519Verifier()


@dataclass(frozen=True, slots=True)
class Executed:
    """The state after a height, what the block must claim, and the story for people."""

    state: LedgerState
    results: Plain
    record: HeightRecord


class _Acting(Working):
    """A height in progress that performs acts."""

    # -- acts --------------------------------------------------------------------------------------------

    def act(self, seat: int, seq: int, act: a.Act) -> None:
        """Perform one act of one seat; what does not fit the state is ignored with its reason."""
        reason = getattr(self, f"_{act.act}")(seat, seq, act)
        if reason:
            self.ignored.append(f"{self.state.members[seat].cluster.id} {act.act}: {reason}")

    def _submit(self, _seat: int, _seq: int, act: a.Submit) -> str | None:
        job = act.job
        if job.id in self.state.known or job.id in self.submitted:
            return f"{job.id} was submitted before"
        if len(self.state.calls) >= CALLS_MAX:
            return f"{CALLS_MAX} calls are open"
        if job.submitter_key and not _VERIFIER.valid(
            bytes.fromhex(job.submitter_key),
            a.submission_bytes(self.state.chain, job),
            bytes.fromhex(act.signature),
        ):
            return f"{job.id} is not signed by its submitter"
        self.submitted.add(job.id)
        self.open(job)
        return None

    def _commit(self, seat: int, seq: int, act: a.Commit) -> str | None:
        call = self.state.calls.get(act.job)
        if call is None or call.opened != act.opened:
            return f"no call for {act.job} opened at {act.opened}"
        if seat in call.seals or seat >= len(call.snapshots):
            return f"{act.job} has its sealed answer already"
        # After the close only what a third of the weight held before any answer was shown may come in.
        late = call.closed is not None and call.closed + 1 == self.state.height and seq <= self.required[seat]
        if call.opened == self.state.height or (call.closed is not None and not late):
            return f"the call for {act.job} is not open"
        self.set_call(act.job, replace(call, seals={**call.seals, seat: act.seal}))
        return None

    def _reveal(self, seat: int, _seq: int, act: a.Reveal) -> str | None:
        call = self.state.calls.get(act.job)
        cluster = self.state.members[seat].cluster.id
        if call is None or call.opened != act.opened or seat in call.answers or seat in call.broken:
            return f"no answer is awaited for {act.job}"
        if act.answer.job != act.job or act.answer.cluster != cluster:
            return "the answer names another job or cluster"
        if self.state.parameters.sealed:
            if call.closed is None or call.closed >= self.state.height:
                return f"the call for {act.job} has not closed"
            if call.seals.get(seat) != a.sealed(act.job, cluster, act.written, act.salt):
                return self._broken_seal(seat, call)
        elif call.closed is not None or call.opened == self.state.height:
            return f"the call for {act.job} is not open"
        seals = call.seals if self.state.parameters.sealed else {**call.seals, seat: digest(act.salt.encode())}
        self.set_call(act.job, replace(call, seals=seals, answers={**call.answers, seat: act.answer}))
        return None

    def _broken_seal(self, seat: int, call: Call) -> str:
        if seat in call.seals:
            self.move(seat, standing.contradicted, BROKEN_SEAL, call.job.id, "B")
            self.set_call(call.job.id, replace(call, broken=call.broken | {seat}))
        return "the answer does not open the seal"

    def _held(self, seat: int, job: JobId) -> Allocation | None:
        allocation = self.state.running.get(job)
        return allocation if allocation is not None and allocation.seat == seat else None

    def _start(self, seat: int, _seq: int, act: a.Start) -> str | None:
        allocation = self._held(seat, act.job)
        if allocation is None or allocation.started_at_s is not None:
            return f"{act.job} is not its to start"
        started = replace(allocation, started_at_s=self.at_s)
        self.state = replace(self.state, running={**self.state.running, act.job: started})
        self.started.append(act.job)
        return None

    def _refuse(self, seat: int, _seq: int, act: a.Refuse) -> str | None:
        allocation = self._held(seat, act.job)
        if allocation is None or allocation.started_at_s is not None:
            return f"{act.job} is not its to refuse"
        self.free(act.job)
        self._wait_without(allocation)
        return None

    def _end(self, seat: int, _seq: int, act: a.End) -> str | None:
        allocation = self._held(seat, act.job)
        if allocation is None or allocation.started_at_s is None:
            return f"{act.job} is not its to end"
        self.end(act.job, act.run_s, act.succeeded)
        return None

    def _receipt(self, _seat: int, _seq: int, act: a.Receipt) -> str | None:
        ended = self.state.ended.get(act.job)
        if ended is None or not ended.allocation.job.submitter_key:
            return f"no receipt is awaited for {act.job}"
        message = a.receipt_bytes(self.state.chain, act.job, act.run_s, act.succeeded)
        key = bytes.fromhex(ended.allocation.job.submitter_key)
        if not _VERIFIER.valid(key, message, bytes.fromhex(act.signature)):
            return f"the receipt for {act.job} is not its submitter's"
        self.state = replace(self.state, ended={k: v for k, v in self.state.ended.items() if k != act.job})
        self._score(ended, act)
        return None

    def _score(self, ended: Ended, receipt: a.Receipt) -> None:
        """Credit a contested, completed job; a receipt that says otherwise is a dispute (class S)."""
        allocation = ended.allocation
        if allocation.job.submitter == self.state.members[allocation.seat].cluster.id:
            return
        apart = (ended.run_s, ended.succeeded, receipt.run_s, receipt.succeeded, allocation.job.walltime_s)
        distance = disputes.distance(*apart)
        if distance:
            self._disputed(ended, receipt, distance)
        elif allocation.contested and ended.succeeded:
            points = _calibration(ended)
            what = f"contested job completed, forecast {points:+d}"
            self.move(allocation.seat, lambda s: standing.completed(s, points), what, allocation.job.id)

    def _disputed(self, ended: Ended, receipt: a.Receipt, distance: int) -> None:
        """Hear a submitter's word once, unless it is a member: nobody's trust falls by a rival's word."""
        held = ended.allocation
        job, seat = held.job, held.seat
        before = self.state.disputes.get(seat, ())
        if self.state.seat_of(job.submitter) is not None or any(d.submitter_key == job.submitter_key for d in before):
            return
        theirs, mine = (
            f"{'done' if done else 'failed'} after {run_s} s"
            for run_s, done in ((receipt.run_s, receipt.succeeded), (ended.run_s, ended.succeeded))
        )
        dispute = Dispute(job.id, job.submitter_key, sum(held.nodes), distance)
        self.dispute(seat, dispute, job.submitter, f"{theirs}, not {mine}")

    def _assess(self, seat: int, _seq: int, act: a.Assess) -> str | None:
        call, whose = self.state.calls.get(act.job), self.state.seat_of(act.cluster)
        if not self.state.parameters.assessments:
            return "this chain hears no opinions"
        if call is None or call.opened != act.opened or whose is None or not isinstance(call.answers.get(whose), Bid):
            return f"no bid of {act.cluster} for {act.job} is shown"
        if whose == seat or seat >= len(call.snapshots) or not self.before.power(self.before.members[seat]):
            return f"not its bid to assess: {act.cluster}'s for {act.job}"
        if (seat, whose) in call.assessed:
            return f"{act.cluster}'s bid for {act.job} was assessed before"
        self.set_call(act.job, replace(call, assessed={**call.assessed, (seat, whose): act.score_bp}))
        return None

    def _report(self, seat: int, _seq: int, act: a.Report) -> str | None:
        try:
            evidence = report_from(read_json(act.evidence.encode()))
        except ProtocolViolation as error:
            return str(error)
        if isinstance(evidence, FalseBlock):
            return self._charge(seat, evidence, digest(act.evidence.encode()))
        try:
            verify_evidence(evidence, self.before.committee(), self.state.chain, _VERIFIER)
        except ProtocolViolation as error:
            return self._false_report(seat, evidence, str(error))
        if self.state.members[evidence.seat].standing.jailed:
            return "convicted before"
        refusal = self._untimely(evidence)
        if refusal is not None:
            return refusal
        self._remember(evidence)
        what = f"signed two incompatible messages: {describe(evidence)}"
        self.move(evidence.seat, standing.jailed, what, None, "A")
        return None

    def _charge(self, seat: int, charge: FalseBlock, name: Digest) -> str | None:
        """Keep a report of a block for the next height, which tries it: nothing here may rest on the past."""
        waiting = self.state.reported
        if any(report.name == name for report in waiting):
            return "reported before"
        if sum(report.reporter == seat for report in waiting) >= REPORTS_MAX:
            return f"{REPORTS_MAX} reports of blocks wait"
        self.state = replace(self.state, reported=(*waiting, Reported(seat, charge, name, self.state.height)))
        return None

    def _attest(self, seat: int, _seq: int, act: a.Attest) -> str | None:
        """Hear that a block is false which nobody can show: a joint quorum of those who executed it is believed."""
        whose = self.before.seat_of(act.cluster)
        if whose is None:
            return f"{act.cluster} is no member"
        if not self.state.height - PAST_HEIGHTS <= act.height < self.state.height:
            return f"height {act.height} is not among the last {PAST_HEIGHTS} decided"
        if not self.before.power(self.before.members[seat]):
            return "a seat without power cannot attest"
        vote = Vote(Kind.PROPOSE, act.height, act.round, whose, act.value, -1, 0, b"", bytes.fromhex(act.signature))
        accused = self.before.members[whose]
        key = bytes.fromhex(accused.public_key)
        if accused.keyed >= act.height or not _VERIFIER.valid(key, vote_bytes(self.state.chain, vote), vote.signature):
            return f"{act.cluster} did not sign this proposal with its key"
        if self._paid(vote):
            return "judged before"
        name = digest(canonical(["attest", act.cluster, act.height, act.round, act.value]))
        self.state, passed = motions.stand(self.state, self.before, seat, name)
        if passed:
            self.convict(vote, "a quorum executed it, and other results follow or it breaks the rules")
        return None

    def _false_report(self, seat: int, evidence: Evidence, why: str) -> str:
        """Count a false accusation against who files it: an honest member reports only what it has verified.

        Not if the accused may have signed under an older key: then the report was true when it was filed.
        """
        accused = self.before.members[evidence.seat] if evidence.seat < len(self.before.members) else None
        first = evidence.first
        rekeyed = accused.keyed if accused is not None else 0
        if rekeyed and not (isinstance(first, Vote) and first.height > rekeyed):
            return why
        name = accused.cluster.id if accused is not None else f"seat {evidence.seat}"
        self.move(seat, standing.contradicted, f"{FALSE_REPORT}: accused {name}, but {why}"[:400], None, "B")
        return why

    def _untimely(self, evidence: Evidence) -> str | None:
        """Say why evidence does not count now: a release wipes out what lay before it, the future proves nothing."""
        first, (height, seq) = evidence.first, self.state.members[evidence.seat].judged
        if isinstance(first, Vote):
            if first.height > self.state.height:
                return f"height {first.height} is not reached"
            return "judged before its release" if first.height <= height else None
        if first.seq > self.before.sequences[evidence.seat] + ITEM_AHEAD_MAX:
            return f"item {first.seq} lies too far ahead"
        return "judged before its release" if first.seq <= seq else None

    def _remember(self, evidence: Evidence) -> None:
        """Keep the number of a convicting item, so that a release covers it though no block may ever include it."""
        first, seat = evidence.first, evidence.seat
        if isinstance(first, ItemClaim):
            members = list(self.state.members)
            height, seq = members[seat].judged
            members[seat] = replace(members[seat], judged=(height, max(seq, first.seq)))
            self.state = replace(self.state, members=tuple(members))

    def _declare(self, seat: int, _seq: int, act: a.Declare) -> str | None:
        member = self.state.members[seat]
        if act.background > member.cluster.nodes:
            return f"declares {act.background} busy of {member.cluster.nodes} nodes"
        members = list(self.state.members)
        members[seat] = replace(member, background=act.background)
        self.state = replace(self.state, members=tuple(members))
        return None

    def _endorse(self, seat: int, _seq: int, act: a.Endorse) -> str | None:
        self.state, done = motions.endorse(self.state, self.before, seat, act.motion)
        return done


def describe(evidence: Evidence) -> str:
    """Say in words which two statements convict."""
    first, second = evidence.first, evidence.second
    if isinstance(first, Vote) and isinstance(second, Vote):
        kinds = " and ".join(sorted({first.kind.name, second.kind.name}))
        return (
            f"two {kinds} of height {first.height} round {first.round}"
            if first.kind is second.kind
            else (f"{kinds} of height {first.height} round {first.round}")
        )
    assert isinstance(first, ItemClaim)
    return f"two items numbered {first.seq}"


def _calibration(ended: Ended) -> int:
    allocation = ended.allocation
    start_s = (allocation.started_at_s or allocation.awarded_at_s) - allocation.awarded_at_s
    job = allocation.job
    args = (start_s, ended.run_s, ended.succeeded, job.walltime_s)
    return calibration.points(calibration.loss(allocation.forecast, *args), calibration.loss(rule_forecast(job), *args))


def _ordered(items: Sequence[Item]) -> list[tuple[int, int, a.Act]]:
    all_acts = [(item.sender, item.seq, act) for item in items for act in a.decode_acts(item.payload)]
    return sorted(all_acts, key=lambda entry: (_PLACES[type(entry[2])], entry[0], entry[1]))


def _found(findings: Sequence[Finding], state: LedgerState) -> list[Plain]:
    """Return per seat and class how many findings there were, and the reputation after the last of them."""
    seats = {member.cluster.id: seat for seat, member in enumerate(state.members)}
    after = {seats[finding.cluster]: finding.after for finding in findings}
    counts = Counter((seats[finding.cluster], finding.class_) for finding in findings)
    return [[seat, class_, count, after[seat]] for (seat, class_), count in sorted(counts.items())]


def _results(record: HeightRecord, state: LedgerState) -> Plain:
    """Return what a block claims: short enough for one message with 256 calls and 128 seats (P-47)."""
    committee = state.committee()
    awards: list[Plain] = [
        [each.job.id, each.outcome, state.seat_of(each.winner) if each.winner else None] for each in record.decisions
    ]
    return {
        "opened": list(record.opened),
        "closed": list(record.closed),
        "awards": awards,
        "findings": _found(record.findings, state) if record.findings else [],
        "powers": list(committee.powers),
        "committee": committee.digest,
        "root": state.root(),
    }


def execute(
    state: LedgerState, at_s: int, items: Sequence[Item], signers: Sequence[int], required: Sequence[int]
) -> Executed:
    """Return what follows from `items` at ledger time `at_s`, in seconds.

    `signers`: seats in the parent's FINALIZE certificate; `required`: per seat, the item number up to which a
    third of the weight reported holding its items (docs/protocol.md, Inclusion).
    """
    verdicts = tried(state, _results_of) if state.reported else ()
    return _execute(state, at_s, items, signers, required, verdicts)


def _execute(
    state: LedgerState,
    at_s: int,
    items: Sequence[Item],
    signers: Sequence[int],
    required: Sequence[int],
    verdicts: tuple[Verdict, ...],
) -> Executed:
    height = _Acting(state, at_s, signers, required)
    height.credit_presence()
    height.sentence(verdicts)
    for seat, seq, act in _ordered(items):
        height.act(seat, seq, act)
    height.overdue()
    height.close_due()
    height.decide_due()
    height.reopen_waiting()
    past = Past(replace(state, past=()), tuple(items), verdicts)
    after = _advance(state, height.done(), at_s, past)
    record = height.record()
    return Executed(after, _results(record, after), record)


def refuted(state: LedgerState, charge: FalseBlock) -> bool:
    """Say whether a block contradicts the state that it was made on, for whoever holds all of it."""
    return contradicted(state, charge, _results_of)


def _results_of(past: Past, at_s: int, items: Sequence[Item], signers: Sequence[int], required: Sequence[int]) -> Plain:
    """Return what would have followed from these items at a past height, whose reports were tried then."""
    return _execute(past.state, at_s, items, signers, required, past.verdicts).results


def _advance(before: LedgerState, state: LedgerState, at_s: int, past: Past) -> LedgerState:
    """Return the state before the next height; `past`: what is kept of this one."""
    sequences = list(state.sequences) + [0] * (len(state.members) - len(state.sequences))
    for item in past.items:
        sequences[item.sender] = max(sequences[item.sender], item.seq)
    after = replace(state, height=state.height + 1, head_at_s=at_s, sequences=tuple(sequences))
    priorities = next_priorities(before.priorities, before.powers(), after.powers())
    return replace(after, priorities=priorities, past=(*before.past[1 - PAST_HEIGHTS :], past))

"""What follows from a block's items at its time: the one function that every peer re-executes.

Acts run in a fixed order of kinds, then seat, then sequence, so that the order in which messages travelled
cannot matter. An act that does not fit the state has no effect and says so; it never stops a height.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from quorate.consensus.evidence import Evidence, ItemClaim, evidence_from, verify_evidence
from quorate.consensus.leader import next_priorities
from quorate.consensus.plain import read_json
from quorate.consensus.signing import Ed25519Verifier
from quorate.domain.bidding import Bid
from quorate.domain.canonical import Plain, canonical_value, digest
from quorate.domain.clusters import NodesByGroup
from quorate.domain.deciding import Item, Vote
from quorate.domain.errors import ProtocolViolation
from quorate.domain.jobs import Job
from quorate.domain.values import JobId
from quorate.ledger import acts as a
from quorate.ledger import motions
from quorate.ledger.auction import Judged, judge, outcome_without_winner, reasons
from quorate.ledger.records import Credit, DecisionRecord, EndRecord, Finding, HeightRecord, Outcome
from quorate.ledger.state import Allocation, Call, Ended, LedgerState, with_standing
from quorate.market.facts import place
from quorate.market.rule import rule_forecast
from quorate.reputation import calibration, standing
from quorate.reputation.standing import Standing

CALLS_MAX = 256
"""Calls open at once: one height decides at most this many."""

OVERDUE_END_S = 3_600
"""A job not reported ended this long after its walltime is taken as ended without success."""

ORDER: tuple[type[a.Act], ...] = (
    a.Declare, a.Endorse, a.Report, a.Start, a.Refuse, a.End, a.Receipt, a.Submit, a.Commit, a.Reveal,
)  # fmt: skip
"""Ends come before submissions, so that nodes freed in a height can be used from that height on."""

_VERIFIER = Ed25519Verifier()


@dataclass(frozen=True, slots=True)
class Executed:
    """The state after a height, what the block must claim, and the story for people."""

    state: LedgerState
    results: Plain
    record: HeightRecord


class _Height:
    """One height in progress: a working copy of the state with the records it leaves."""

    def __init__(self, state: LedgerState, at_s: int, signers: Sequence[int], required: Sequence[int]) -> None:
        self.before = state
        self.at_s = at_s
        self.signers = frozenset(signers)
        self.required = tuple(required)
        self.state = replace(state, answered=())
        self.opened: list[JobId] = []
        self.closed: list[JobId] = []
        self.decisions: list[DecisionRecord] = []
        self.started: list[JobId] = []
        self.ends: list[EndRecord] = []
        self.findings: list[Finding] = []
        self.credits: list[Credit] = []
        self.ignored: list[str] = []

    # -- standings ---------------------------------------------------------------------------------------

    def move(
        self, seat: int, change: Callable[[Standing], Standing], what: str, job: JobId | None, class_: str = ""
    ) -> None:
        """Change one standing and leave a record with the cause."""
        old = self.state.members[seat].standing
        new = change(old)
        self.state = with_standing(self.state, seat, new)
        cluster = self.state.members[seat].cluster.id
        if class_:
            kind: Literal["A", "B", "absence"] = "A" if class_ == "A" else "B" if class_ == "B" else "absence"
            self.findings.append(
                Finding(cluster=cluster, class_=kind, job=job, what=what, before=old.reputation, after=new.reputation)
            )
        elif new != old:
            self.credits.append(
                Credit(cluster=cluster, job=job, what=what, before=old.reputation, after=new.reputation)
            )

    def credit_presence(self) -> None:
        """Credit seats whose answer and vote of the last height were there and unrefuted."""
        for seat in self.before.answered:
            if seat in self.signers:
                self.move(seat, standing.present, "answer and vote present, nothing refuted", None)

    # -- calls -------------------------------------------------------------------------------------------

    def open(self, job: Job, excluded: frozenset[int] = frozenset()) -> None:
        """Open a call: everybody's facts of this moment are what bids are judged against."""
        call = Call(
            job=job,
            opened=self.state.height,
            opened_at_s=self.at_s,
            closes_at_s=self.at_s + self.state.parameters.bid_window_s,
            draw=self.before.parent,
            snapshots=tuple(self.state.snapshot(seat, self.at_s) for seat in range(len(self.state.members))),
            excluded=excluded,
        )
        self.state = replace(
            self.state,
            calls={**self.state.calls, job.id: call},
            waiting={k: v for k, v in self.state.waiting.items() if k != job.id},
        )
        self.opened.append(job.id)

    def _set_call(self, job: JobId, call: Call | None) -> None:
        calls = {k: v for k, v in self.state.calls.items() if k != job}
        if call is not None:
            calls[job] = call
        self.state = replace(self.state, calls=calls)

    def reopen_waiting(self) -> None:
        """Call waiting jobs again once some cluster could take them now."""
        for job, excluded in list(self.state.waiting.values()):
            seats = (s for s in range(len(self.state.members)) if s not in excluded)
            fits = any(place(job, self.state.snapshot(seat, self.at_s)) for seat in seats)
            if fits and len(self.state.calls) < CALLS_MAX:
                self.open(job, excluded)

    def close_due(self) -> None:
        """Close calls whose time is up or that every active member has answered."""
        active = set(self.before.active())
        for job, call in list(self.state.calls.items()):
            full = active <= set(call.seals)
            if call.closed is None and call.opened < self.state.height and (full or self.at_s >= call.closes_at_s):
                self._set_call(job, replace(call, closed=self.state.height, closed_at_s=self.at_s))
                self.closed.append(job)

    def _decidable(self, call: Call) -> bool:
        if call.closed is None or call.closed >= self.state.height:
            return False
        if set(call.seals) <= set(call.answers):
            return True
        late_over = self.state.height > call.closed + 1
        return late_over and self.at_s >= call.closed_at_s + self.state.parameters.reveal_window_s

    def decide_due(self) -> None:
        """Decide every call whose answers are complete or overdue, oldest first, then by job id."""
        for job, call in sorted(self.state.calls.items(), key=lambda pair: (pair[1].opened, pair[0])):
            if self._decidable(call):
                self._decide(call)
                self._set_call(job, None)

    def _decide(self, call: Call) -> None:
        active = set(self.before.active())
        ranks_with = tuple(m.standing.reputation if seat in active else 0 for seat, m in enumerate(self.before.members))
        # A seat admitted after the opening has no snapshot in the call and takes no part in it.
        judged = judge(call, ranks_with[: len(call.snapshots)], self.state.parameters.interval_bp)
        winner = self._winner(call, judged)
        outcome: Outcome = "allocated" if winner else outcome_without_winner(call, judged)
        if winner:
            self._award(call, judged, *winner)
        elif outcome == "waiting":
            self.state = replace(self.state, waiting={**self.state.waiting, call.job.id: (call.job, call.excluded)})
        self._punish(call, judged)
        self.decisions.append(
            DecisionRecord(
                job=call.job,
                opened=call.opened,
                height=self.state.height,
                at_s=self.at_s,
                outcome=outcome,
                winner=winner[0].cluster if winner else None,
                nodes=winner[2] if winner else (),
                answers=judged.answers,
                ranking=tuple(bid.cluster for bid in judged.ranking),
                reasons=() if winner else reasons(call, judged),
            )
        )

    def _winner(self, call: Call, judged: Judged) -> tuple[Bid, int, NodesByGroup] | None:
        """Return the best valid bid that still fits now: jobs of one height may want the same nodes."""
        for bid in judged.ranking:
            seat = self.state.seat_of(bid.cluster)
            if seat is None or self.state.members[seat].left:
                continue
            nodes = place(call.job, self.state.snapshot(seat, self.at_s))
            if nodes is not None:
                return bid, seat, nodes
        return None

    def _award(self, call: Call, judged: Judged, bid: Bid, seat: int, nodes: NodesByGroup) -> None:
        allocation = Allocation(
            job=call.job,
            seat=seat,
            nodes=nodes,
            height=self.state.height,
            awarded_at_s=self.at_s,
            forecast=bid.forecast,
            contested=len(judged.ranking) >= 2,
            excluded=call.excluded,
        )
        self.state = replace(self.state, running={**self.state.running, call.job.id: allocation})

    def _punish(self, call: Call, judged: Judged) -> None:
        active = self.before.active()
        job = call.job.id
        for seat in range(len(call.snapshots)):
            if seat in judged.contradicted:
                what = "; ".join(judged.answers[seat].void)
                self.move(seat, standing.contradicted, what, job, "B")
            elif seat in call.seals and seat not in call.answers:
                self.move(seat, standing.contradicted, "sealed an answer and never showed it", job, "B")
            elif seat not in call.seals and seat in active:
                self.move(seat, standing.absent, "no sealed answer before the call closed", job, "absence")
            elif seat in call.answers:
                self.state = replace(self.state, answered=tuple(sorted({*self.state.answered, seat})))
        found = {f.cluster for f in self.findings}
        kept = tuple(s for s in self.state.answered if self.state.members[s].cluster.id not in found)
        self.state = replace(self.state, answered=kept)

    # -- jobs --------------------------------------------------------------------------------------------

    def free(self, job: JobId) -> Allocation:
        """Give a job's nodes back."""
        allocation = self.state.running[job]
        self.state = replace(self.state, running={k: v for k, v in self.state.running.items() if k != job})
        return allocation

    def end(self, job: JobId, run_s: int, succeeded: bool) -> None:
        """End a running job; its submitter's receipt may follow."""
        allocation = self.free(job)
        ended = Ended(allocation, run_s, succeeded, self.at_s)
        self.state = replace(self.state, ended={**self.state.ended, job: ended})
        self.ends.append(
            EndRecord(
                job=job,
                cluster=self.state.members[allocation.seat].cluster.id,
                nodes=sum(allocation.nodes),
                run_s=run_s,
                succeeded=succeeded,
                at_s=self.at_s,
            )
        )

    def overdue(self) -> None:
        """Treat awards never started and jobs never ended, and forget receipts that came too late to count."""
        window = self.state.parameters
        for job, allocation in list(self.state.running.items()):
            if allocation.started_at_s is None:
                if self.at_s >= allocation.awarded_at_s + window.start_window_s:
                    self.move(allocation.seat, standing.contradicted, "took the job and never started it", job, "B")
                    self.free(job)
                    self._wait_without(allocation)
            elif self.at_s >= allocation.started_at_s + allocation.job.walltime_s + OVERDUE_END_S:
                self.move(allocation.seat, standing.absent, "never reported the job's end", job, "absence")
                self.end(job, allocation.job.walltime_s, succeeded=False)
        kept = {k: e for k, e in self.state.ended.items() if self.at_s < e.ended_at_s + window.receipt_window_s}
        self.state = replace(self.state, ended=kept)

    def _wait_without(self, allocation: Allocation) -> None:
        excluded = allocation.excluded | {allocation.seat}
        waiting = {**self.state.waiting, allocation.job.id: (allocation.job, excluded)}
        self.state = replace(self.state, waiting=waiting)

    # -- acts --------------------------------------------------------------------------------------------

    def act(self, seat: int, seq: int, act: a.Act) -> None:
        """Perform one act of one seat; what does not fit the state is ignored with its reason."""
        reason = getattr(self, f"_{act.act}")(seat, seq, act)
        if reason:
            self.ignored.append(f"{self.state.members[seat].cluster.id} {act.act}: {reason}")

    def _submit(self, _seat: int, _seq: int, act: a.Submit) -> str | None:
        job = act.job
        if job.id in self.state.known:
            return f"{job.id} was submitted before"
        if len(self.state.calls) >= CALLS_MAX:
            return f"{CALLS_MAX} calls are open"
        if job.submitter_key and not _VERIFIER.valid(
            bytes.fromhex(job.submitter_key),
            a.submission_bytes(self.state.chain, job),
            bytes.fromhex(act.signature),
        ):
            return f"{job.id} is not signed by its submitter"
        self.state = replace(self.state, known=self.state.known | {job.id})
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
        self._set_call(act.job, replace(call, seals={**call.seals, seat: act.seal}))
        return None

    def _reveal(self, seat: int, _seq: int, act: a.Reveal) -> str | None:
        call = self.state.calls.get(act.job)
        cluster = self.state.members[seat].cluster.id
        if call is None or call.opened != act.opened or seat in call.answers:
            return f"no answer is awaited for {act.job}"
        if act.answer.job != act.job or act.answer.cluster != cluster:
            return "the answer names another job or cluster"
        if self.state.parameters.sealed:
            if call.closed is None or call.closed >= self.state.height:
                return f"the call for {act.job} has not closed"
            if call.seals.get(seat) != a.seal(act.job, cluster, act.answer, act.salt):
                return self._broken_seal(seat, call)
        elif call.closed is not None or call.opened == self.state.height:
            return f"the call for {act.job} is not open"
        seals = call.seals if self.state.parameters.sealed else {**call.seals, seat: digest(act.salt.encode())}
        self._set_call(act.job, replace(call, seals=seals, answers={**call.answers, seat: act.answer}))
        return None

    def _broken_seal(self, seat: int, call: Call) -> str:
        if seat in call.seals:
            self.move(seat, standing.contradicted, "showed an answer that its seal does not open", call.job.id, "B")
            seals = {k: v for k, v in call.seals.items() if k != seat}
            self._set_call(call.job.id, replace(call, seals=seals))
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
        """Credit a contested, completed job; a disagreement with the receipt changes nothing (class S)."""
        allocation = ended.allocation
        cluster = self.state.members[allocation.seat].cluster.id
        agrees = receipt.succeeded == ended.succeeded and receipt.run_s == ended.run_s
        if not (agrees and allocation.contested and allocation.job.submitter != cluster):
            return
        points = _calibration(ended)
        if ended.succeeded:
            what = f"contested job completed, forecast {points:+d}"
            self.move(allocation.seat, lambda s: standing.completed(s, points), what, allocation.job.id)

    def _report(self, _seat: int, _seq: int, act: a.Report) -> str | None:
        try:
            evidence = evidence_from(read_json(act.evidence.encode()))
            verify_evidence(evidence, self.before.committee(), self.state.chain, _VERIFIER)
        except ProtocolViolation as error:
            return str(error)
        if self.state.members[evidence.seat].standing.jailed:
            return "convicted before"
        what = f"signed two incompatible messages: {describe(evidence)}"
        self.move(evidence.seat, standing.jailed, what, None, "A")
        return None

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

    # -- the end -----------------------------------------------------------------------------------------

    def record(self) -> HeightRecord:
        """Return the story of this height."""
        return HeightRecord(
            height=self.before.height,
            at_s=self.at_s,
            opened=tuple(self.opened),
            closed=tuple(self.closed),
            decisions=tuple(self.decisions),
            started=tuple(self.started),
            ended=tuple(self.ends),
            findings=tuple(self.findings),
            credits=tuple(self.credits),
            ignored=tuple(self.ignored),
        )


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
    return sorted(all_acts, key=lambda entry: (ORDER.index(type(entry[2])), entry[0], entry[1]))


def _results(record: HeightRecord, state: LedgerState) -> Plain:
    awards: list[Plain] = [
        {"job": d.job.id, "outcome": d.outcome, "cluster": d.winner, "nodes": list(d.nodes)} for d in record.decisions
    ]
    findings: list[Plain] = [
        {"cluster": f.cluster, "class": f.class_, "job": f.job, "after": f.after} for f in record.findings
    ]
    return {
        "opened": list(record.opened),
        "closed": list(record.closed),
        "awards": awards,
        "findings": findings,
        "powers": [state.power(member) for member in state.members],
        "committee": digest(canonical_value(state.committee())),
        "root": state.root(),
    }


def execute(
    state: LedgerState, at_s: int, items: Sequence[Item], signers: Sequence[int], required: Sequence[int]
) -> Executed:
    """Return what follows from `items` at ledger time `at_s`, in seconds.

    `signers`: seats in the parent's FINALIZE certificate; `required`: per seat, the item number up to which a
    third of the weight reported holding its items (docs/protocol.md, Inclusion).
    """
    height = _Height(state, at_s, signers, required)
    height.credit_presence()
    for seat, seq, act in _ordered(items):
        height.act(seat, seq, act)
    height.overdue()
    height.close_due()
    height.decide_due()
    height.reopen_waiting()
    after = _advance(state, height.state, at_s, items)
    record = height.record()
    return Executed(after, _results(record, after), record)


def _advance(before: LedgerState, state: LedgerState, at_s: int, items: Sequence[Item]) -> LedgerState:
    sequences = list(state.sequences) + [0] * (len(state.members) - len(state.sequences))
    for item in items:
        sequences[item.sender] = max(sequences[item.sender], item.seq)
    after = replace(state, height=state.height + 1, head_at_s=at_s, sequences=tuple(sequences))
    powers = [before.power(member) for member in before.members]
    next_powers = [after.power(member) for member in after.members]
    return replace(after, priorities=next_priorities(before.priorities, powers, next_powers))

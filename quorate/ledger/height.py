"""One height in progress: what time and evidence do to calls, jobs and standings.

A working copy of the state with the records that it leaves. Acts come on top of it (`quorate.ledger.execute`).
docs/protocol.md, sections Market and Reputation.
"""

from collections.abc import Callable, Sequence

from quorate.consensus.evidence import FalseBlock
from quorate.domain.bidding import Bid
from quorate.domain.clusters import ClusterSnapshot, NodesByGroup
from quorate.domain.deciding import Kind, Vote
from quorate.domain.jobs import Job
from quorate.domain.replacing import replace
from quorate.domain.values import JobId, unchecked
from quorate.ledger.auction import Judged, judge, outcome_without_winner, reasons
from quorate.ledger.records import (
    Credit,
    DecisionRecord,
    DisputeRecord,
    EndRecord,
    Finding,
    FindingClass,
    HeightRecord,
    Outcome,
)
from quorate.ledger.state import Allocation, Call, Dispute, Ended, LedgerState, MemberState, Verdict, with_standing
from quorate.market.facts import place, suitable
from quorate.reputation import disputes, standing
from quorate.reputation.standing import DISPUTERS_MIN, Standing

CALLS_MAX = 256
"""Calls open at once: one height decides at most this many."""

OVERDUE_END_S = 3_600
"""A job not reported ended this long after its walltime is taken as ended without success."""


PAST_HEIGHTS = 8
"""Decided heights kept at hand, to try reports of their blocks."""

FALSE_REPORT = "filed a report that does not hold"


def _did(vote: Vote) -> str:
    """Say what a vote for a false block was."""
    what = "proposed" if vote.kind is Kind.PROPOSE else "approved"
    return f"{what} a false block of height {vote.height} round {vote.round}"


class Working:
    """A working copy of the state while one height is executed, with the records it leaves."""

    def __init__(self, state: LedgerState, at_s: int, signers: Sequence[int], required: Sequence[int]) -> None:
        self.before = state
        self.at_s = at_s
        self.signers = frozenset(signers)
        self.required = tuple(required)
        self._calls = dict(state.calls)
        """The state's calls, its own copy: changed in place, for a batch changes each a dozen times."""
        self.state = replace(state, answered=(), calls=self._calls)
        self.submitted: set[JobId] = set()
        self._answered: set[int] = set()
        self._taken: dict[int, NodesByGroup] = {}
        self._facts: dict[int, tuple[MemberState, ClusterSnapshot]] = {}
        self.opened: list[JobId] = []
        self.closed: list[JobId] = []
        self.decisions: list[DecisionRecord] = []
        self.started: list[JobId] = []
        self.ends: list[EndRecord] = []
        self.findings: list[Finding] = []
        self.credits: list[Credit] = []
        self.disputes: list[DisputeRecord] = []
        self.ignored: list[str] = []

    # -- standings ---------------------------------------------------------------------------------------

    def move(
        self,
        seat: int,
        change: Callable[[Standing], Standing],
        what: str,
        job: JobId | None,
        class_: FindingClass | None = None,
    ) -> None:
        """Change one standing and leave a record with the cause."""
        old = self.state.members[seat].standing
        new = change(old)
        if new is old and class_ is None:
            return
        self.state = with_standing(self.state, seat, new)
        cluster = self.state.members[seat].cluster.id
        if class_ is not None:
            self.findings.append(
                Finding(cluster=cluster, class_=class_, job=job, what=what, before=old.reputation, after=new.reputation)
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

    # -- reports of blocks -------------------------------------------------------------------------------

    def sentence(self, verdicts: Sequence[Verdict]) -> None:
        """Do what the verdicts on reported blocks demand; those that must wait are tried again."""
        if not verdicts and not self.state.tried:
            return
        lately = frozenset(pair for pair in self.state.tried if pair[1] + PAST_HEIGHTS >= self.state.height)
        later = tuple(verdict.report for verdict in verdicts if verdict.outcome == "later")
        self.state = replace(self.state, reported=later, tried=lately)
        for verdict in verdicts:
            reporter, charge = verdict.report.reporter, verdict.report.charge
            if verdict.outcome == "upheld":
                self._convict_voters(charge, verdict.why)
            elif verdict.outcome == "false":
                what = f"{FALSE_REPORT}: a block of height {charge.block.height}, but {verdict.why}"[:400]
                self.move(reporter, standing.contradicted, what, None, "B")
            elif verdict.outcome == "void":
                self.ignored.append(f"{self.state.members[reporter].cluster.id} report: {verdict.why}")

    def _convict_voters(self, charge: FalseBlock, why: str) -> None:
        for vote in charge.votes:
            if not self._paid(vote):
                self.convict(vote, why)

    def _paid(self, vote: Vote) -> bool:
        """Say whether a vote for a false block costs no more: once a height, and not for what lies before a release."""
        member = self.state.members[vote.seat]
        judged = (vote.seat, vote.height) in self.state.tried or vote.height <= member.judged[0]
        return member.standing.jailed or judged

    def convict(self, vote: Vote, why: str) -> None:
        """Let the seat of a vote for a false block pay."""
        self.state = replace(self.state, tried=self.state.tried | {(vote.seat, vote.height)})
        self.move(vote.seat, standing.contradicted, f"{_did(vote)}: {why}"[:400], None, "A'")

    # -- calls -------------------------------------------------------------------------------------------

    def open(self, job: Job, excluded: frozenset[int] = frozenset()) -> None:
        """Open a call: everybody's facts of this moment are what bids are judged against."""
        call = Call(
            job=job,
            opened=self.state.height,
            opened_at_s=self.at_s,
            closes_at_s=self.at_s + self.state.parameters.bid_window_s,
            draw=self.before.parent,
            snapshots=tuple(map(self.facts, range(len(self.state.members)))),
            excluded=excluded,
        )
        self._calls[job.id] = call
        if job.id in self.state.waiting:
            waiting = {k: v for k, v in self.state.waiting.items() if k != job.id}
            self.state = replace(self.state, waiting=waiting)
        self.opened.append(job.id)

    def set_call(self, job: JobId, call: Call | None) -> None:
        """Replace a job's call; None removes it."""
        self._calls.pop(job, None)  # what is changed moves to the end: the order of calls is part of results
        if call is not None:
            self._calls[job] = call

    def reopen_waiting(self) -> None:
        """Call waiting jobs again once some cluster could take them now, or none ever will: that ends the wait."""
        if not self.state.waiting:
            return
        able = [seat for seat, member in enumerate(self.state.members) if self._may_win(member)]
        facts = {seat: self.facts(seat) for seat in able}
        for job, excluded in list(self.state.waiting.values()):
            mine = [facts[seat] for seat in able if seat not in excluded]
            fits = any(place(job, snapshot) for snapshot in mine)
            hopeless = not any(suitable(job, snapshot) >= job.nodes for snapshot in mine)
            if (fits or hopeless) and len(self.state.calls) < CALLS_MAX:
                self.open(job, excluded)

    def _may_win(self, member: MemberState) -> bool:
        """Say whether a member's bid would count at the next height; waiting for any other would never end."""
        active = not member.left and member.standing.power(self.state.height + 1) > 0
        return active and member.standing.reputation > 0

    def close_due(self) -> None:
        """Close calls whose time is up or that every active member has answered."""
        if not self._calls:
            return
        active = set(self.before.active())
        for job, call in list(self.state.calls.items()):
            full = active <= set(call.seals)
            if call.closed is None and call.opened < self.state.height and (full or self.at_s >= call.closes_at_s):
                self.set_call(job, replace(call, closed=self.state.height, closed_at_s=self.at_s))
                self.closed.append(job)

    def _decidable(self, call: Call) -> bool:
        if call.closed is None or call.closed >= self.state.height:
            return False
        if set(call.seals) <= set(call.answers) | call.broken:
            return True
        late_over = self.state.height > call.closed + 1
        return late_over and self.at_s >= call.closed_at_s + self.state.parameters.reveal_window_s

    def decide_due(self) -> None:
        """Decide every call whose answers are complete or overdue, oldest first, then by job id."""
        for job, call in sorted(self.state.calls.items(), key=lambda pair: (pair[1].opened, pair[0])):
            if self._decidable(call):
                self._decide(call)
                self.set_call(job, None)

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
            nodes = place(call.job, self.facts(seat))
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
        self._take(seat, nodes, 1)

    def _punish(self, call: Call, judged: Judged) -> None:
        active = self.before.active()
        job = call.job.id
        for seat in range(len(call.snapshots)):
            if seat in call.broken:
                continue
            if seat in judged.contradicted:
                what = "; ".join(judged.answers[seat].void)
                self.move(seat, standing.contradicted, what, job, "B")
            elif seat in call.seals and seat not in call.answers:
                self.move(seat, standing.contradicted, "sealed an answer and never showed it", job, "B")
            elif seat not in call.seals and seat in active:
                self.move(seat, standing.absent, "no sealed answer before the call closed", job, "absence")
            elif seat in call.answers:
                self._answered.add(seat)
        if self.findings:
            found = {f.cluster for f in self.findings}
            self._answered = {s for s in self._answered if self.state.members[s].cluster.id not in found}

    # -- nodes -------------------------------------------------------------------------------------------

    def facts(self, seat: int) -> ClusterSnapshot:
        """Return what is taken of a seat's cluster at this point of the height."""
        member, known = self.state.members[seat], self._facts.get(seat)
        if known is None or known[0] is not member:
            taken = self._taken.get(seat)
            if taken is None:
                taken = self._taken[seat] = self.state.allocated(seat)
            known = self._facts[seat] = member, self.state.snapshot(seat, self.at_s, taken)
        return known[1]

    def _take(self, seat: int, nodes: NodesByGroup, sign: int) -> None:
        """Count nodes given to a job, or given back."""
        taken = self._taken.get(seat)
        if taken is not None:
            self._taken[seat] = tuple(held + sign * moved for held, moved in zip(taken, nodes, strict=True))
        self._facts.pop(seat, None)

    # -- jobs --------------------------------------------------------------------------------------------

    def free(self, job: JobId) -> Allocation:
        """Give a job's nodes back."""
        allocation = self.state.running[job]
        self.state = replace(self.state, running={k: v for k, v in self.state.running.items() if k != job})
        self._take(allocation.seat, allocation.nodes, -1)
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

    def dispute(self, seat: int, dispute: Dispute, submitter: str, says: str) -> None:
        """Keep a submitter's word against a cluster's; of enough submitters the median costs a little."""
        waiting = (*self.state.disputes.get(seat, ()), dispute)
        cluster = self.state.members[seat].cluster.id
        record = DisputeRecord(cluster=cluster, job=dispute.job, submitter=submitter, says=says, waiting=len(waiting))
        self.disputes.append(record)
        if len(waiting) < DISPUTERS_MIN:
            self.state = replace(self.state, disputes={**self.state.disputes, seat: waiting})
            return
        milli = disputes.cost([(one.milli, one.weight) for one in waiting])
        self.state = replace(self.state, disputes={k: v for k, v in self.state.disputes.items() if k != seat})
        what = f"{len(waiting)} submitters dispute what it said of {', '.join(one.job for one in waiting)}"[:400]
        self.move(seat, lambda held: standing.disputed(held, milli), what, dispute.job, "dispute")

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
        if len(kept) < len(self.state.ended):
            self.state = replace(self.state, ended=kept)

    def _wait_without(self, allocation: Allocation) -> None:
        excluded = allocation.excluded | {allocation.seat}
        waiting = {**self.state.waiting, allocation.job.id: (allocation.job, excluded)}
        self.state = replace(self.state, waiting=waiting)

    # -- the end -----------------------------------------------------------------------------------------

    def done(self) -> LedgerState:
        """Return the state after everything that this height did."""
        known = self.state.known | self.submitted if self.submitted else self.state.known
        return replace(self.state, known=known, answered=tuple(sorted(self._answered)))

    def record(self) -> HeightRecord:
        """Return the story of this height."""
        parts: dict[str, object] = {
            "height": self.before.height,
            "at_s": self.at_s,
            "opened": tuple(self.opened),
            "closed": tuple(self.closed),
            "decisions": tuple(self.decisions),
            "started": tuple(self.started),
            "ended": tuple(self.ends),
            "findings": tuple(self.findings),
            "credits": tuple(self.credits),
            "disputes": tuple(self.disputes),
            "ignored": tuple(self.ignored),
        }
        return unchecked(HeightRecord, parts)

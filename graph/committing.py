"""What follows from decided heights: the ledger first, then announcements, awards and starts."""

from collections.abc import Mapping, Sequence

from graph.assembly import Assembly
from quorate.domain.deciding import Entry
from quorate.domain.errors import BackendRefused
from quorate.domain.trace import Decided, JobCalled, TraceEvent
from quorate.domain.values import JobId
from quorate.ledger import participant as p
from quorate.ledger.application import LedgerApplication
from quorate.ledger.state import Call
from quorate.ledger.verify import Verified
from quorate.ports import Backend, LedgerStore, TraceSink


class Committer:
    """Makes decided heights durable, tells the trace, and hands won jobs to the winner's scheduler."""

    def __init__(
        self,
        assembly: Assembly,
        ledger: LedgerStore,
        backend: Backend,
        sink: TraceSink,
        numbers: Mapping[JobId, int],
    ) -> None:
        """`numbers`: each job's place in the run, from 1."""
        self.assembly = assembly
        self.ledger = ledger
        self.backend = backend
        self.sink = sink
        self.numbers = numbers
        self.heights: list[Verified] = []
        self.called: dict[tuple[JobId, int], int] = {}
        """The trace number of each call, by job and opening height."""
        self.refused = 0
        """How many awards schedulers did not take."""
        assembly.history = lambda height: (each.entry for each in self.heights[height - 1 :])

    def take_up(self, heights: Sequence[Verified], events: Sequence[TraceEvent]) -> None:
        """Go on after an interrupted run: what its ledger holds and its trace does not say is told now."""
        self.called |= {(event.job.id, event.opened): event.seq for event in events if isinstance(event, JobCalled)}
        told = {event.height for event in events if isinstance(event, Decided)}
        for height in heights:
            self.heights.append(height)
            self.assembly.committed(height.entry.block.height)
            if height.entry.block.height not in told:
                self._tell(height.entry, height.application)

    def commit(self) -> None:
        """Empty the assembly's outbox: everything in it becomes durable, then takes effect."""
        while self.assembly.outbox.entries or self.assembly.outbox.won:
            entries, self.assembly.outbox.entries = self.assembly.outbox.entries, []
            self.assembly.outbox.records.clear()
            for entry, application in entries:
                self.ledger.append(entry)
                self.assembly.committed(entry.block.height)
                self.heights.append(Verified(entry, application, 0))
                self._tell(entry, application)
            self.assembly.forget()
            won, self.assembly.outbox.won = self.assembly.outbox.won, []
            for seat, award in won:
                self._start(seat, award)

    def _tell(self, entry: Entry, application: LedgerApplication) -> None:
        record = application.record
        assert record is not None
        self.sink.emit(
            Decided(
                at_s=record.at_s,
                height=entry.block.height,
                round=entry.certificate.round,
                value=entry.block.digest,
                jobs=tuple(decision.job.id for decision in record.decisions),
            )
        )
        for job in record.opened:
            self._announce(application.state.calls[job], record.at_s)

    def _announce(self, call: Call, at_s: int) -> None:
        key = (call.job.id, call.opened)
        if key not in self.called:
            number = self.numbers.get(call.job.id, 0)
            event = JobCalled(at_s=at_s, job=call.job, number=number, of=len(self.numbers), opened=call.opened)
            self.called[key] = self.sink.emit(event)

    def _start(self, seat: int, award: p.Won) -> None:
        member, now_ms = self.assembly.members[seat], self.assembly.now_ms
        try:
            self.backend.submit(self.assembly.name(seat), award.job, self.assembly.now_s)
        except BackendRefused as error:
            self.refused += 1
            effects = member.refused(award.job.id, str(error), now_ms)
        else:
            effects = member.started((award.job.id,), now_ms)
        self.assembly.absorb(seat, effects)

"""What follows from decided heights: the ledger first, then announcements, awards and starts."""

from collections.abc import Mapping

from graph.assembly import Assembly
from quorate.domain.errors import BackendRefused
from quorate.domain.trace import Decided, JobCalled
from quorate.domain.values import JobId
from quorate.ledger import participant as p
from quorate.ledger.application import LedgerApplication
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

    def commit(self) -> None:
        """Empty the assembly's outbox: everything in it becomes durable, then takes effect."""
        while self.assembly.outbox.entries or self.assembly.outbox.won:
            entries, self.assembly.outbox.entries = self.assembly.outbox.entries, []
            for entry, application in entries:
                self.ledger.append(entry)
                self.assembly.committed(entry.block.height)
                self.heights.append(Verified(entry, application, 0))
                self._tell(entry.block.height, entry.certificate.round, entry.block.digest, application)
            won, self.assembly.outbox.won = self.assembly.outbox.won, []
            for seat, award in won:
                self._start(seat, award)

    def _tell(self, height: int, round_: int, value: str, application: LedgerApplication) -> None:
        record = application.record
        assert record is not None
        jobs = tuple(decision.job.id for decision in record.decisions)
        self.sink.emit(
            Decided.model_validate(
                {"at_s": record.at_s, "height": height, "round": round_, "value": value, "jobs": jobs}
            )
        )
        for job in record.opened:
            call = application.state.calls[job]
            event = JobCalled(
                at_s=record.at_s,
                job=call.job,
                number=self.numbers.get(job, 0),
                of=len(self.numbers),
                opened=call.opened,
            )
            self.called[job, call.opened] = self.sink.emit(event)

    def _start(self, seat: int, award: p.Won) -> None:
        member, now_ms = self.assembly.members[seat], self.assembly.now_ms
        try:
            self.backend.submit(self.assembly.name(seat), award.job, self.assembly.now_s)
        except BackendRefused as error:
            effects = member.refused(award.job.id, str(error), now_ms)
        else:
            effects = member.started(award.job.id, now_ms)
        self.assembly.absorb(seat, effects)

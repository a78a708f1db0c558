"""The ledger's state as the consensus sees it: what is due, what follows, what may enter a block."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from quorate.consensus.inclusion import owed
from quorate.domain.canonical import Plain
from quorate.domain.deciding import Block, Certificate, Committee, Item
from quorate.domain.errors import MessageMalformed
from quorate.domain.replacing import replace
from quorate.domain.values import Digest, Height, JobId
from quorate.ledger import acts as a
from quorate.ledger.execute import Executed, execute
from quorate.ledger.gathered import Gathered
from quorate.ledger.genesis import Genesis
from quorate.ledger.height import OVERDUE_END_S
from quorate.ledger.records import HeightRecord
from quorate.ledger.state import Call, LedgerState, founded

_NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Execution:
    """One execution: what it was asked, and what came out."""

    asked: tuple[int, tuple[Item, ...], Certificate | None]
    done: Executed


@dataclass(frozen=True)
class LedgerApplication:
    """One state before one height; `apply` returns the next. Pure and deterministic but for nothing."""

    state: LedgerState
    previous_committee: Committee | None = None
    """Who decided the parent; None at height 1."""
    record: HeightRecord | None = None
    """What the last applied block did."""
    executed: list["_Execution"] = field(default_factory=list, compare=False, repr=False)
    """The last execution, at most one: a block is judged first and applied later, with the same result."""
    gathered: Gathered = field(default_factory=Gathered, compare=False, repr=False)
    """What the pool says that was looked at last."""

    @classmethod
    def of(cls, genesis: Genesis) -> Self:
        """Return the application before height 1."""
        return cls(founded(genesis))

    @property
    def chain(self) -> str:
        """The chain's name: the digest of its genesis."""
        return self.state.chain

    @property
    def height(self) -> Height:
        """The height to be decided next."""
        return Height(self.state.height)

    @property
    def parent(self) -> Digest:
        """Digest of the block decided last."""
        return self.state.parent

    @property
    def committee(self) -> Committee:
        """Who decides `height`."""
        return self.state.committee()

    @property
    def _active(self) -> tuple[int, ...]:
        return self.state.active()

    @property
    def sequences(self) -> tuple[int, ...]:
        """Per seat, the last item number on the ledger."""
        return self.state.sequences

    @property
    def head_at_s(self) -> int:
        """Time of the parent block, s."""
        return self.state.head_at_s

    @property
    def halted(self) -> str | None:
        """Why nothing can be decided any more, None while it can."""
        active = len(self._active)
        if active >= 4:
            return None
        ends = "this chain has ended, found another"
        return f"only {active} members are active; four are the fewest that tolerate a fault: {ends}"

    def judge(self, item: Item) -> str | None:
        """Return why an item may not enter a block, None if it may: its payload must be acts."""
        try:
            a.decode_acts(item.payload)
        except MessageMalformed as error:
            return str(error)
        return None

    def due(self, pool: Sequence[Item], now_s: int) -> bool:
        """Say whether a block is worth proposing now."""
        if self.halted:
            return False
        said = self._gathered(pool)
        return (
            bool(self.state.reported)
            or said.urgent
            or any(self._call_due(call, said, now_s) for call in self.state.calls.values())
            or any(at_s <= now_s for at_s in self._deadlines(said))
        )

    def wake_at_s(self, pool: Sequence[Item]) -> int | None:
        """Return when `due` may become true by time alone, s; None if never."""
        if self.halted:
            return None
        calls = [self._call_wakes(call) for call in self.state.calls.values()]
        return min([*calls, *self._deadlines(self._gathered(pool))], default=None)

    def _gathered(self, pool: Sequence[Item]) -> Gathered:
        self.gathered.take([item for item in pool if self.judge(item) is None])
        return self.gathered

    def _call_due(self, call: Call, said: Gathered, now_s: int) -> bool:
        job = call.job.id
        if call.closed is None:
            answering = said.commits if self.state.parameters.sealed else said.reveals
            sealed = answering.get(job, _NOBODY)
            return all(s in sealed or s in call.seals for s in self._active) or now_s >= call.closes_at_s
        shown = said.reveals.get(job, _NOBODY)
        if all(seat in shown or seat in call.answers or seat in call.broken for seat in call.seals):
            return True
        return now_s >= call.closed_at_s + self.state.parameters.reveal_window_s

    def _call_wakes(self, call: Call) -> int:
        return call.closes_at_s if call.closed is None else call.closed_at_s + self.state.parameters.reveal_window_s

    @cached_property
    def _running(self) -> tuple[int | None, dict[JobId, int]]:
        """When the first running job is overdue, s, and when each award that was not started was made."""
        unstarted: dict[JobId, int] = {}
        ends: list[int] = []
        for job, held in self.state.running.items():
            if held.started_at_s is None:
                unstarted[job] = held.awarded_at_s
            else:
                ends.append(held.started_at_s + held.job.walltime_s + OVERDUE_END_S)
        return min(ends, default=None), unstarted

    def _deadlines(self, said: Gathered) -> list[int]:
        """Return when awards and running jobs must be acted upon; a start in the pool waits half its window."""
        window = self.state.parameters.start_window_s
        overdue, unstarted = self._running
        deadlines = [at_s + (window // 2 if job in said.starts else window) for job, at_s in unstarted.items()]
        return deadlines if overdue is None else [overdue, *deadlines]

    def _execute(self, at_s: int, items: Sequence[Item], previous: Certificate | None) -> Executed:
        asked = (at_s, tuple(items), previous)
        if not self.executed or self.executed[0].asked != asked:
            signers = () if previous is None else tuple(vote.seat for vote in previous.votes)
            required = owed(previous, self.previous_committee, self.state.sequences)
            self.executed[:] = [_Execution(asked, execute(self.state, at_s, items, signers, required))]
        return self.executed[0].done

    def results(self, at_s: int, items: Sequence[Item], previous: Certificate | None) -> Plain:
        """Return what a block with these items at this time must claim."""
        return self._execute(at_s, items, previous).results

    def apply(self, block: Block, items: Sequence[Item]) -> Self:
        """Return the application after a decided block."""
        done = self._execute(block.at_s, items, block.previous)
        state = replace(done.state, parent=block.digest)
        return type(self)(state, self.committee, done.record)

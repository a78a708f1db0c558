"""Six members in one process: their messages carried in order, their timers kept on a virtual clock.

The graph's nodes call into this; it decides nothing. Messages are delivered first in, first out, so that equal
runs give equal bytes. What a member persists is handed to the graph's state, which is what survives a crash.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush

from quorate.consensus import effects as e
from quorate.consensus.messages import Proposal, decode, encode_decided_lines, fitting
from quorate.consensus.plain import entry_line
from quorate.domain.deciding import Entry, Kind, Vote
from quorate.domain.errors import MisuseError, ProtocolViolation
from quorate.domain.trace import Proposed, Voted
from quorate.domain.values import ClusterId, Digest
from quorate.ledger import participant as p
from quorate.ledger.application import LedgerApplication
from quorate.ledger.participant import Conduct
from quorate.ledger.records import DecisionRecord, HeightRecord
from quorate.ports import TraceSink

KIND_AT = 4
"""Every message names its kind in its fifth byte (docs/protocol.md P-2)."""

TIMES = e.ReplicaSettings()
"""The times and bounds that members in one process run with."""

VoteKey = tuple[int, int, int, Kind, str | None]
"""Height, round, seat, kind and value: what one vote says."""

STEPS_MAX = 100_000
"""More steps than any height needs; beyond it something spins."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message under way."""

    to: int
    sender: int
    data: bytes
    again: bool = False
    """A proposal that was sent to this seat before: there is nothing new to judge in it."""

    @property
    def kind(self) -> int:
        """Its kind byte; 0 for what is repeated."""
        return self.data[KIND_AT] if len(self.data) > KIND_AT and not self.again else 0


@dataclass(slots=True)
class Outbox:
    """What came out of the members since it was last emptied."""

    entries: list[tuple[Entry, LedgerApplication]] = field(default_factory=list)
    won: list[tuple[int, p.Won]] = field(default_factory=list)
    records: list[HeightRecord] = field(default_factory=list)
    said: dict[int, list[bytes]] = field(default_factory=dict)
    """What each member persisted, from the first height that is not durable yet."""
    kept: dict[int, p.Keep] = field(default_factory=dict)
    """Each member's last sealed answer."""


class Assembly:
    """The members, the letters between them, and one clock."""

    def __init__(self, members: Sequence[Conduct], sink: TraceSink, now_ms: int = 0) -> None:
        """Take the members in seat order."""
        self.members = tuple(members)
        self.now_ms = now_ms
        self.outbox = Outbox()
        self.history: Callable[[int], Iterable[Entry]] = lambda _: ()
        """Gives the decided heights from one on: for members that fell behind further than replicas remember."""
        self._sink = sink
        self._letters: deque[Letter] = deque()
        self._timers: list[tuple[int, int, int, str]] = []
        self._armed: dict[tuple[int, str], int] = {}
        self._order = 0
        self._voted: set[VoteKey] = set()
        self._proposed: dict[tuple[int, int], int] = {}
        self._put_to_vote: set[tuple[int, bytes]] = set()
        """Proposals of this height, and to whom they were sent."""
        self._begun = (0, 0)
        self._settled: dict[int, int] = {}
        """Per seat, how many of its records a height that is decided, but perhaps not durable, made needless."""

    # -- reading -----------------------------------------------------------------------------------------

    @property
    def application(self) -> LedgerApplication:
        """The state of the member that is furthest."""
        return max((member.application for member in self.members), key=lambda a: a.state.height)

    @property
    def now_s(self) -> int:
        """Ledger time, s."""
        return self.now_ms // 1_000

    def name(self, seat: int) -> ClusterId:
        """Return a seat's cluster."""
        return self.application.state.members[seat].cluster.id

    def through(self, first: int, put: Callable[[Conduct], list[p.Effect]]) -> None:
        """Hand something in from outside, through `first` or the next member that takes it: a dead one says nothing."""
        count = len(self.members)
        for seat in ((first + step) % count for step in range(count)):
            effects = put(self.members[seat])
            if effects:
                self.absorb(seat, effects)
                return

    def said(self) -> dict[ClusterId, list[bytes]]:
        """Return what each member persisted for the height being decided."""
        return {self.name(seat): list(self.outbox.said.get(seat, ())) for seat in range(len(self.members))}

    def proposals_waiting(self) -> bool:
        """Say whether a proposal lies undelivered."""
        return any(letter.kind == Kind.PROPOSE for letter in self._letters)

    def proposed(self) -> tuple[Digest, tuple[DecisionRecord, ...]] | None:
        """Return the waiting proposal's digest and what it would decide, as its proposer executed it.

        None if none waits, or its proposer claims something else than follows: members refuse that without advice.
        """
        letter = next((letter for letter in self._letters if letter.kind == Kind.PROPOSE), None)
        if letter is None:
            return None
        application = self.members[letter.sender].application
        try:
            proposal = decode(application.chain, letter.data)
        except ProtocolViolation:
            return None  # bytes that are no proposal: members drop them
        if not isinstance(proposal, Proposal):
            return None
        for executed in application.executed:
            if executed.done.results == proposal.block.results:
                return proposal.block.digest, executed.done.record.decisions
        return None

    # -- driving -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let every member begin."""
        for seat, member in enumerate(self.members):
            self.absorb(seat, member.start(self.now_ms))

    def absorb(self, seat: int, effects: Sequence[p.Effect]) -> None:
        """Carry out what a member asks for; a vote of its own that it did not send is nobody's to count."""
        for effect in effects:
            if (
                not isinstance(effect, e.Observed)
                or effect.vote.seat != seat
                or self._sends(seat, effect.vote, effects)
            ):
                self._one(seat, effect)

    def _sends(self, seat: int, vote: Vote, effects: Sequence[p.Effect]) -> bool:
        """Say whether a vote, or the proposal that it heads, is among what a member sends."""
        chain = self.members[seat].application.chain
        for data in (effect.data for effect in effects if isinstance(effect, e.Send | e.Broadcast)):
            if Letter(seat, seat, data).kind != vote.kind:
                continue
            with suppress(ProtocolViolation):  # bytes that a driver spoiled
                message = decode(chain, data)
                said = message.vote if isinstance(message, Proposal) else message
                if isinstance(said, Vote) and _key(said) == _key(vote):
                    return True
        return False

    def _one(self, seat: int, effect: p.Effect) -> None:
        match effect:
            case e.Send(to=to, data=data):
                self._post(to, seat, data)
            case e.Broadcast(data=data):
                self._post_all(seat, data)
            case e.SetTimer(name=name, after_ms=after_ms):
                self._arm(seat, name, self.now_ms + after_ms)
            case e.CancelTimer(name=name):
                self._armed.pop((seat, name), None)
            case e.Persist(record=record, fresh=fresh):
                self._persist(seat, record, fresh)
            case e.Decided(entry=entry, application=application):
                self._decided(entry, application)
            case e.Observed(vote=vote):
                self._observed(vote)
            case _:
                self._own(seat, effect)

    def _persist(self, seat: int, record: bytes, fresh: bool) -> None:
        kept = self.outbox.said.setdefault(seat, [])
        if fresh:
            self._settled[seat] = len(kept)
        kept.append(record)

    def _post_all(self, seat: int, data: bytes) -> None:
        for to in range(len(self.members)):
            if to != seat:
                self._post(to, seat, data)

    def _post(self, to: int, seat: int, data: bytes) -> None:
        """Send a letter; a leader that repeats its proposal to who stays silent does not begin another vote."""
        again = (to, data) in self._put_to_vote
        letter = Letter(to, seat, data, again)
        if letter.kind == Kind.PROPOSE:
            self._put_to_vote.add((to, data))
        self._letters.append(letter)

    def _serve(self, seat: int, to: int, height: int) -> None:
        """Send a member that fell behind what was decided from `height` on, as far as one message holds it."""
        lines = fitting((entry_line(entry) for entry in self.history(height)), TIMES.message_bytes_max)
        if lines:
            chain = self.members[seat].application.chain
            self._letters.append(Letter(to, seat, encode_decided_lines(chain, lines)))

    def _own(self, seat: int, effect: p.Effect) -> None:
        """Keep what a participant says beside its replica; what is only for traces of peers is left."""
        if isinstance(effect, e.Serve):
            self._serve(seat, effect.to, effect.height)
        elif isinstance(effect, p.Keep):
            self.outbox.kept[seat] = effect
        elif isinstance(effect, p.Won):
            self.outbox.won.append((seat, effect))

    def _decided(self, entry: Entry, application: object) -> None:
        """Keep each height once, as the first member to decide it saw it."""
        last = self.outbox.entries[-1][0].block.height if self.outbox.entries else self._committed
        if entry.block.height == last + 1 and isinstance(application, LedgerApplication):
            self.outbox.entries.append((entry, application))
            self._put_to_vote.clear()
            if application.record is not None:
                self.outbox.records.append(application.record)

    _committed = 0

    def committed(self, height: int) -> None:
        """Say that everything up to `height` is durable."""
        self._committed = height

    def forget(self) -> None:
        """Let go of what members said for heights that are durable by now: all that were decided."""
        for seat, before in self._settled.items():
            del self.outbox.said[seat][:before]
        self._settled.clear()

    def _arm(self, seat: int, name: str, at_ms: int) -> None:
        self._order += 1
        self._armed[seat, name] = self._order
        heappush(self._timers, (at_ms, self._order, seat, name))

    def deliver(self, *, proposals: bool = False, to: int | None = None) -> None:
        """Deliver letters until none is left: all but proposals, or (with `proposals`) those to one seat."""
        for _ in range(STEPS_MAX):
            letter = self._take(proposals, to)
            if letter is None:
                return
            effects = self.members[letter.to].receive(letter.data, letter.sender, self.now_ms)
            self.absorb(letter.to, effects)
        raise MisuseError(f"{STEPS_MAX} letters without an end; members answer each other for ever")

    def _take(self, proposals: bool, to: int | None) -> Letter | None:
        for place, letter in enumerate(self._letters):
            wanted = (letter.kind == Kind.PROPOSE) is proposals and (to is None or letter.to == to)
            if wanted:
                del self._letters[place]
                return letter
        return None

    def step(self, until_ms: int | None = None, *, idle: bool = False) -> bool:
        """Let the next timer end (not after `until_ms`); False if there is none.

        `idle`: nothing is being decided, and nothing is ever lost in here: members need not repeat themselves.
        """
        while self._timers and (until_ms is None or self._timers[0][0] <= until_ms):
            at_ms, order, seat, name = heappop(self._timers)
            if self._armed.get((seat, name)) != order:
                continue
            if idle and name == "rebroadcast":
                self._arm(seat, name, max(at_ms, until_ms or at_ms) + 1)
                continue
            del self._armed[seat, name]
            self.now_ms = max(self.now_ms, at_ms)
            self.absorb(seat, self.members[seat].timer(name, self.now_ms))
            return True
        return False

    # -- one height in pieces, for the graph --------------------------------------------------------------

    def propose(self, rounds_max: int) -> bool:
        """Run until a leader's proposal waits to be judged; False if none comes within `rounds_max` rounds."""
        return self._until(lambda: self.proposals_waiting() or bool(self.outbox.entries), rounds_max)

    def tally(self, rounds_max: int) -> bool:
        """Carry votes until a height is decided or the next proposal waits; False if neither comes."""
        return self._until(lambda: bool(self.outbox.entries) or self.proposals_waiting(), rounds_max)

    def _until(self, done: Callable[[], bool], rounds_max: int) -> bool:
        give_up_ms = self.now_ms + self._patience_ms(rounds_max)
        for _ in range(STEPS_MAX):
            self.deliver()
            if self._spent() >= rounds_max:  # a proposal of one round more is not put to the vote
                return bool(self.outbox.entries)
            if done():
                return True
            if not self.step(give_up_ms):
                return False
        raise MisuseError(f"{STEPS_MAX} timers without progress at height {self.application.state.height}")

    def round(self) -> int:
        """Return the highest round of the height being decided."""
        height = self.application.state.height
        return max((r for (h, r) in self._proposed if h == height), default=0)

    def rounds(self, rounds_max: int) -> int:
        """Return the rounds of the height being decided, those of a job's turn before this one among them."""
        return self.round() - self._spent() + min(self._spent() + 1, rounds_max)

    def begin(self) -> None:
        """Say that a job's turn begins: rounds are counted from here."""
        self._begun = (self.application.state.height, self.round())

    def _spent(self) -> int:
        height, before = self._begun
        return self.round() - (before if height == self.application.state.height else 0)

    def _patience_ms(self, rounds_max: int) -> int:
        """Return how long members may take: answers' windows, and twice as long as so many rounds last.

        Where no quorum is left no round ends either; without this bound time would pass for ever.
        """
        rules = self.application.state.parameters
        rounds_ms = sum(min(round(TIMES.round_timeout_ms * 1.5**r), TIMES.timeout_cap_ms) for r in range(rounds_max))
        return 1_000 * max(rules.bid_window_s, rules.reveal_window_s) + 2 * rounds_ms

    # -- heights without an auction -----------------------------------------------------------------------

    def settle(self, until_ms: int) -> bool:
        """Let time pass to `until_ms`, deciding whatever falls due on the way; False if a call opened before.

        An open call wants answers, and time that passes without them would close it.
        """
        for _ in range(STEPS_MAX):
            self.deliver()
            if any(record.opened for record in self.outbox.records):
                return False
            if self.proposals_waiting():
                self.deliver(proposals=True)
            elif not self.step(until_ms, idle=True):
                break
        self.now_ms = max(self.now_ms, until_ms)
        return True

    # -- trace -------------------------------------------------------------------------------------------

    def _observed(self, vote: Vote) -> None:
        if _key(vote) in self._voted:
            return
        self._voted.add(_key(vote))
        if vote.kind is Kind.PROPOSE:
            self._proposed[vote.height, vote.round] = self._sink.emit(
                Proposed(
                    at_s=self.now_s,
                    height=vote.height,
                    round=vote.round,
                    cluster=self.name(vote.seat),
                    value=vote.value or Digest(""),
                    jobs=tuple(self.application.state.calls),
                )
            )
            return
        words = {Kind.NOTARIZE: "approve", Kind.FINALIZE: "finalize", Kind.NULLIFY: "skip"}
        self._sink.emit(
            Voted.model_validate(
                {
                    "cause": self._proposed.get((vote.height, vote.round)),
                    "at_s": self.now_s,
                    "height": vote.height,
                    "round": vote.round,
                    "cluster": self.name(vote.seat),
                    "vote": words[vote.kind],
                    "value": vote.value,
                    "grounds": vote.grounds or _grounds(vote),
                    "power": self.application.state.power(self.application.state.members[vote.seat]),
                }
            )
        )


def _key(vote: Vote) -> VoteKey:
    return vote.height, vote.round, vote.seat, vote.kind, vote.value


def _grounds(vote: Vote) -> str:
    """Say what a vote without a sentence of its own rests on."""
    if vote.kind is Kind.NOTARIZE:
        return "re-executed the block and got the same winner and facts"
    if vote.kind is Kind.FINALIZE:
        return "saw a quorum of approvals"
    return "invalid" if vote.reason else "timeout"

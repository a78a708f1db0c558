"""One member of the committee, as a machine without hands: bytes and timers in, effects out.

Height after height it runs one `HeightMachine`, keeps the pool of items, remembers what it said across a crash, and
helps peers that fell behind. It never raises on a peer's bytes. docs/protocol.md; the driver's duties are clause P-20.

Raises, from any method:
    MisuseError: the application contradicts itself, or the driver calls out of order; a defect, never caught.
    LedgerBroken: a quorum certified what does not follow here; the node must stop.
"""

from collections import deque
from collections.abc import Iterable

from quorate.consensus.ahead import HEIGHTS_AHEAD, Ahead
from quorate.consensus.branches import Settled, compare, nullifications
from quorate.consensus.catchup import Allowance, Archive
from quorate.consensus.desk import Desk
from quorate.consensus.effects import (
    Broadcast,
    CancelTimer,
    Decided,
    Effect,
    Head,
    Refuted,
    ReplicaSettings,
    Send,
    SetTimer,
)
from quorate.consensus.evidence import item_evidence
from quorate.consensus.height import HeightMachine
from quorate.consensus.inclusion import payload_bytes_max
from quorate.consensus.leading import strengthened
from quorate.consensus.messages import (
    WANTED_MAX,
    BlockBody,
    Certificates,
    DecidedEntries,
    GetBlock,
    GetItems,
    GetRange,
    Message,
    Proposal,
    Status,
    decode,
    encode_block,
    encode_certificates,
    encode_get,
    encode_item,
    encode_status,
)
from quorate.consensus.plain import read_entry, read_json
from quorate.consensus.pool import Added, Pool
from quorate.consensus.refuting import charges
from quorate.consensus.remembering import Memory, mark
from quorate.consensus.signing import sign_item
from quorate.consensus.wal import RecordKind
from quorate.domain.deciding import Committee, Entry, Item, Kind, Vote
from quorate.domain.errors import MessageMalformed, MisuseError, ProtocolViolation, SignatureInvalid
from quorate.domain.values import Digest, Height
from quorate.ports import Application, Signer, Verifier

IDLE_FACTOR = 8
"""While nothing is due, a STATUS is sent this many times less often."""
INCLUDED_MAX = 1_024
"""Items of the last blocks remembered, so that a second payload under a number still convicts."""
ANSWER_BYTES_MAX = 500_000
"""Items sent in answer to one question."""


class Replica:
    """One member's replica of the chain."""

    def __init__(
        self,
        me: int,
        application: Application,
        signer: Signer,
        verifier: Verifier,
        settings: ReplicaSettings,
        head: Head | None = None,
    ) -> None:
        """Stand before `application.height`.

        Args:
            me: my seat's index.
            application: the state before the height to be decided.
            signer: holds my key.
            verifier: checks signatures.
            settings: times and bounds.
            head: the last decided height's certificate and committee; None before height 1 only.

        Raises:
            MisuseError: the application's parts do not fit together, `head` is missing or not its parent, or the signer
                holds another key than my seat.
        """
        self.application = application
        self.head = head
        self.dropped = 0
        """Messages dropped because they break the rules."""
        self._desk = Desk(me, application.chain, signer, verifier, settings)
        self._settings = settings
        self.pool = Pool(application.sequences, settings)
        self._past: HeightMachine | None = None
        keys = application.committee.keys
        if 0 <= me < len(keys) and keys[me] != signer.public_key:
            raise MisuseError(f"the signer does not hold the key of seat {me}")
        self._machine = self._new_machine()
        self._archive = Archive(self._desk)
        self._settled_heights = Settled(self._desk)
        self._answers = Allowance(settings.answers_max, settings.rebroadcast_ms)
        self._asking = Allowance(1, settings.rebroadcast_ms)
        self._pulls = Allowance(2, settings.rebroadcast_ms)
        self._ahead = Ahead(settings)
        self._included: deque[Item] = deque(maxlen=INCLUDED_MAX)
        self._included_at: dict[tuple[int, int], Item] = {}
        self._next_seq = application.sequences[me] + 1 if 0 <= me < len(application.sequences) else 1
        self._last_stand: tuple[int, int] | None = None
        self._idle_ticks = 0
        self._restored_items: list[Item] = []

    # ── Read-only views ───────────────────────────────────────────────────────────────────────────────────────────

    @property
    def me(self) -> int:
        """My seat's index."""
        return self._desk.me

    @property
    def height(self) -> Height:
        """The height being decided."""
        return self.application.height

    @property
    def round(self) -> int:
        """The round being tried."""
        return self._machine.table.round

    @property
    def active(self) -> bool:
        """Whether a round timer runs: something is due, or others are at work."""
        return self._machine.table.active

    # ── Events ────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, now_ms: int) -> list[Effect]:
        """Begin, or go on after `restore`."""
        self._desk.out.append(SetTimer("rebroadcast", self._settings.rebroadcast_ms))
        for item in self._restored_items:
            self._desk.out.append(Broadcast(encode_item(self._desk.chain, item)))
        self._restored_items = []
        self._machine.start(now_ms)
        if self._machine.decided is None and not self.active:
            self._desk.out.append(Broadcast(self._status()))
        return self._settled(now_ms)

    def receive(self, data: bytes, sender: int, now_ms: int) -> list[Effect]:
        """Take bytes that the carrier says came from seat `sender`; relays are welcome."""
        try:
            self._dispatch(decode(self._desk.chain, data, self._settings.message_bytes_max), data, sender, now_ms)
        except ProtocolViolation:
            self.dropped += 1
        return self._settled(now_ms)

    def timer(self, name: str, now_ms: int) -> list[Effect]:
        """Take the end of a timer set before."""
        if name == "round":
            self._machine.on_timeout(now_ms)
        elif name == "grace":
            self._machine.on_grace(now_ms)
        elif name == "wake":
            self._machine.on_wake(now_ms)
        elif name == "rebroadcast":
            self._rebroadcast(now_ms)
        else:
            raise MisuseError(f"no timer is called {name!r}")
        return self._settled(now_ms)

    def submit(self, payload: bytes, now_ms: int) -> list[Effect]:
        """Sign `payload` as my next item, make it durable, and send it to everybody.

        Raises:
            MisuseError: I have no seat, the payload is not canonical JSON or too large, or too many of my items wait.
        """
        item = self._sign_next(payload)
        data = encode_item(self._desk.chain, item)
        self._desk.persist(RecordKind.ITEM, data)
        self._desk.out.append(Broadcast(data))
        self._machine.on_items(now_ms)
        return self._settled(now_ms)

    def pace(self, round_timeout_ms: int, leader_timeout_ms: int) -> None:
        """Let round 0 take so long from the next round timer on, and its leader so long to propose.

        That is three and two one-way delays, as the driver measures them, and the work.

        Raises:
            MisuseError: one is less than a millisecond.
        """
        if min(round_timeout_ms, leader_timeout_ms) < 1:
            raise MisuseError(f"a round of {round_timeout_ms} ms whose leader has {leader_timeout_ms} ms")
        self._desk.round_timeout_ms, self._desk.leader_timeout_ms = round_timeout_ms, leader_timeout_ms

    def takes(self, payload: bytes) -> bool:
        """Say whether `submit` would sign this payload now: it may not while I observe or too much of mine waits."""
        return self._may_sign() and self.pool.has_room(self._desk.me, len(payload))

    def _may_sign(self) -> bool:
        desk, seats = self._desk, len(self.application.sequences)
        holds_key = 0 <= desk.me < seats and self.application.committee.keys[desk.me] == desk.signer.public_key
        return holds_key and self.height > self._settings.silent_through

    def _sign_next(self, payload: bytes) -> Item:
        desk, seats = self._desk, len(self.application.sequences)
        if not self._may_sign():
            raise MisuseError(f"seat {desk.me} may not sign items at height {self.height}")
        try:
            read_json(payload)
        except MessageMalformed as error:
            raise MisuseError(f"an item's payload must be canonical JSON: {error}") from error
        if len(payload) > payload_bytes_max(seats):
            raise MisuseError(f"a payload of {len(payload)} bytes; at most {payload_bytes_max(seats)}: split it")
        self._next_seq = max(self._next_seq, self.pool.held()[desk.me] + 1)
        item = sign_item(desk.chain, desk.me, self._next_seq, payload, desk.signer)
        if self.pool.add(item) is not Added.NEW:
            raise MisuseError(f"item {item.seq} does not fit the pool; {self.pending} of mine wait for a block")
        self.pool.newly_durable([item])
        self._next_seq += 1
        return item

    @property
    def pending(self) -> int:
        """How many of my items no block has included yet."""
        return self.pool.held()[self.me] - self.application.sequences[self.me]

    def drain(self) -> list[Effect]:
        """Return the effects, evidence above all, gathered before `LedgerBroken` left a call; perform them and stop."""
        return self._desk.flush()

    # ── Restoring ─────────────────────────────────────────────────────────────────────────────────────────────────

    def restore(self, records: Iterable[bytes]) -> None:
        """Take back what the write-ahead log holds, before `start`; what was signed is sent again, never signed again.

        Raises:
            LedgerBroken: a record is damaged; the member must rejoin as an observer (`silent_through`).
        """
        memory = Memory(self._desk, self._machine)
        for data in records:
            memory.take(data)
        self._next_seq = max(self._next_seq, memory.seq + 1)
        kept = [item for item in memory.items.values() if self.pool.add(item) is Added.NEW]
        self.pool.newly_durable(kept)
        self._restored_items = [item for item in kept if item.sender == self.me]

    # ── Messages ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _dispatch(self, message: Message, data: bytes, sender: int, now_ms: int) -> None:
        if isinstance(message, Vote):
            self._on_vote(message, data, sender, now_ms)
        elif isinstance(message, Item):
            self._on_item(message, now_ms)
        elif isinstance(message, Proposal):
            self._on_proposal(message, data, sender, now_ms)
        elif isinstance(message, Certificates):
            self._on_certificates(message, data, sender, now_ms)
        elif isinstance(message, Status):
            self._on_status(message, sender, now_ms)
        elif isinstance(message, DecidedEntries):
            self._on_decided(message, sender, now_ms)
        elif isinstance(message, BlockBody):
            if message.block.height == self.height:
                self._machine.on_block(message.block, now_ms)
        else:
            self._on_get(message, sender, now_ms)

    def _on_vote(self, vote: Vote, data: bytes, sender: int, now_ms: int) -> None:
        if vote.height == self.height:
            self._machine.on_vote(vote, now_ms, direct=sender == vote.seat)
        elif vote.height > self.height:
            self._buffer(data, vote.height, sender, now_ms)
        else:
            # Late NOTARIZE and FINALIZE are normal; answering them cost 7.7 times the traffic (design lesson 6).
            if vote.kind is Kind.NULLIFY and sender == vote.seat:
                self._archive.serve(sender, vote.height, now_ms)
            if self._past is not None and vote.height == self._past.table.height:
                self._strengthen(self._past.on_late_vote(vote, direct=sender == vote.seat))

    def _strengthen(self, vote: Vote | None) -> None:
        """Add a late FINALIZE to the head's certificate: the next block then shows its signer present."""
        table = self._machine.table
        if vote is not None and table.head is not None:
            self.head = table.head = strengthened(table.head, [vote])

    def _on_item(self, item: Item, now_ms: int) -> None:
        if item.sender >= len(self.application.sequences):
            raise MessageMalformed(f"no seat {item.sender}")
        if not self.pool.wants(item):
            self._recall(item)
            return
        if not self._desk.signed_item(item, self.application.committee):
            raise SignatureInvalid(f"seat {item.sender} did not sign item {item.seq}")
        self._accuse_sender(item)
        self.pool.keep(item)
        self._machine.on_items(now_ms)

    def _accuse_sender(self, item: Item) -> None:
        """Hold a verified item against what the pool has under its number."""
        for other in self.pool.variants(item.sender, item.seq):
            evidence = item_evidence(other, item)
            if evidence is not None:
                self._desk.convict(evidence, self.height)

    def _recall(self, item: Item) -> None:
        """Hold an unwanted item against what a recent block included under its number."""
        other = self._included_at.get((item.sender, item.seq))
        if other is None or other.payload == item.payload or self._desk.convicted(item.sender, self.height):
            return
        evidence = item_evidence(other, item)
        if evidence is not None and self._desk.signed_item(item, self.application.committee):
            self._desk.convict(evidence, self.height)

    def _on_proposal(self, proposal: Proposal, data: bytes, sender: int, now_ms: int) -> None:
        if proposal.vote.height > self.height:
            self._buffer(data, proposal.vote.height, sender, now_ms)
        elif proposal.vote.height == self.height:
            self._machine.on_proposal(proposal, now_ms)

    def _on_certificates(self, message: Certificates, data: bytes, sender: int, now_ms: int) -> None:
        for certificate in message.certificates:
            if certificate.height > self.height:
                self._buffer(data, certificate.height, sender, now_ms)
                return
            if certificate.height == self.height and self._machine.decided is None:
                self._machine.on_certificate(certificate, now_ms)
            elif self._past is not None and certificate.height == self._past.table.height:
                compare(self._past.table, certificate)
            else:
                self._settled_heights.compare(certificate)

    def _buffer(self, data: bytes, height: int, sender: int, now_ms: int) -> None:
        """Keep a message of the next heights, and ask its sender for what lies between."""
        if height <= self.height + HEIGHTS_AHEAD:
            self._ahead.keep(data, height, sender)
        if height > self.height + 1:
            self._ask(sender, now_ms)

    def _status(self) -> bytes:
        return encode_status(self._desk.chain, self._machine.table.status())

    def _ask(self, peer: int, now_ms: int) -> None:
        """Tell a peer that is ahead where I stand."""
        if peer != self.me and self._asking.grants(peer, now_ms):
            self._desk.out.append(Send(peer, self._status()))

    # ── Catching up ───────────────────────────────────────────────────────────────────────────────────────────────

    def _on_status(self, status: Status, sender: int, now_ms: int) -> None:
        if sender == self.me:
            return
        if status.height < self.height:
            self._archive.serve(sender, status.height, now_ms)
        elif status.height > self.height:
            self._ask(sender, now_ms)
        else:
            self._level(status, sender, now_ms)

    def _level(self, status: Status, sender: int, now_ms: int) -> None:
        """Bring a peer at my height to my knowledge, and me to its."""
        certificates = self._machine.table.certificates_for(status)
        if certificates and self._answers.grants(sender, now_ms):
            self._desk.out.append(Send(sender, encode_certificates(self._desk.chain, certificates)))
        mine = self.pool.held()
        if len(status.held) != len(mine):
            return
        if 0 <= self.me < len(mine) and status.held[self.me] < mine[self.me] and self._answers.grants(sender, now_ms):
            self._send_run(sender, self.me, status.held[self.me] + 1, WANTED_MAX)
        for seat, (theirs, own) in enumerate(zip(status.held, mine, strict=True)):
            if theirs > own and self._pulls.grants(seat, now_ms):
                wanted = GetRange(self.height, seat, own + 1, min(theirs - own, WANTED_MAX))
                self._desk.out.append(Send(sender, encode_get(self._desk.chain, wanted)))

    def _send_run(self, to: int, seat: int, first: int, count: int) -> None:
        room = ANSWER_BYTES_MAX
        for item in self.pool.run(seat, first, count):
            room -= len(item.payload)
            if room < 0:
                return
            self._desk.out.append(Send(to, encode_item(self._desk.chain, item)))

    def _on_get(self, wanted: GetBlock | GetItems | GetRange, sender: int, now_ms: int) -> None:
        if sender == self.me:
            return
        if wanted.height < self.height:
            self._archive.serve(sender, wanted.height, now_ms)
        if wanted.height != self.height or not self._answers.grants(sender, now_ms):
            return
        if isinstance(wanted, GetBlock):
            block = self._machine.table.bodies.block(wanted.block)
            if block is not None:
                self._desk.out.append(Send(sender, encode_block(self._desk.chain, block)))
        elif isinstance(wanted, GetRange):
            if wanted.seat < len(self.application.sequences):
                self._send_run(sender, wanted.seat, wanted.first, wanted.count)
        else:
            self._send_items(sender, wanted.items)

    def _send_items(self, to: int, digests: Iterable[Digest]) -> None:
        room = ANSWER_BYTES_MAX
        for digest in digests:
            item = self.pool.get(digest) or self._machine.table.bodies.item(digest)
            if item is not None:
                room -= len(item.payload)
                if room < 0:
                    return
                self._desk.out.append(Send(to, encode_item(self._desk.chain, item)))

    def _on_decided(self, message: DecidedEntries, sender: int, now_ms: int) -> None:
        before = self.height
        for height, line in message.lines:
            if height == self.height:
                self._machine.on_entry(read_entry(line), now_ms)
                self._advance(now_ms)
        if self.height > before:
            self._replay(now_ms)
            self._desk.out.append(Send(sender, self._status()))

    # ── Time and heights ──────────────────────────────────────────────────────────────────────────────────────────

    def _rebroadcast(self, now_ms: int) -> None:
        """Speak up when stuck; stay quiet while getting on; whisper while nothing is due."""
        self._machine.on_wake(now_ms)
        self._desk.out.append(SetTimer("rebroadcast", self._settings.rebroadcast_ms))
        stand = (self.height, self.round)
        stuck = stand == self._last_stand
        self._last_stand = stand
        self._idle_ticks = self._idle_ticks + 1 if stuck else 0
        if stuck and (self.active or self._idle_ticks in (1, 2, 4) or self._idle_ticks % IDLE_FACTOR == 0):
            self._machine.rebroadcast()

    def _settled(self, now_ms: int) -> list[Effect]:
        while self._machine.decided is not None:
            self._advance(now_ms)
            self._replay(now_ms)
        return self._desk.flush()

    def _advance(self, now_ms: int) -> None:
        """Go from a decided height to the next."""
        entry = self._machine.decided
        if entry is None:
            return
        committee = self.application.committee
        following = self.application.apply(entry.block, entry.items)
        if following.height != entry.block.height + 1 or following.parent != entry.block.digest:
            raise MisuseError(f"after height {entry.block.height} the application stands at {following.height}")
        self._desk.out.extend(Refuted(charge) for charge in charges(self._machine.table, entry))
        self._desk.out.extend((Decided(entry, following), CancelTimer("round")))
        self.application = following
        self.head = Head(entry.certificate, committee)
        given_up = nullifications(self._machine.table)
        self._archive.keep(entry, given_up)
        self._settled_heights.keep(committee, [entry.certificate, *given_up])
        self._past = self._machine
        self._renew_pool(entry, committee)
        mark(self._desk, self.height, self._next_seq - 1, self.pool.durable())
        self._machine = self._new_machine()
        self._machine.start(now_ms)

    def _renew_pool(self, entry: Entry, committee: Committee) -> None:
        for item in entry.items:
            self._accuse_sender(item)
            if len(self._included) == INCLUDED_MAX:
                oldest = self._included.popleft()
                self._included_at.pop((oldest.sender, oldest.seq), None)
            self._included.append(item)
            self._included_at[item.sender, item.seq] = item
        self.pool.advance(self.application.sequences)
        for seat, (old, new) in enumerate(zip(committee.keys, self.application.committee.keys, strict=False)):
            if old != new:
                self.pool.forget(seat)

    def _new_machine(self) -> HeightMachine:
        application, head = self.application, self.head
        committee = application.committee
        if committee.height != application.height or len(application.sequences) != len(committee.seats):
            raise MisuseError(f"the committee of height {committee.height} does not fit height {application.height}")
        if (head is None) != (application.height == 1):
            raise MisuseError(f"height {application.height} needs the head before it, height 1 needs none")
        if head is not None and head.certificate.value != application.parent:
            raise MisuseError(f"the head handed over is not the parent of height {application.height}")
        before = None if self._past is None else self._past.table
        if before is not None:
            before.before = None  # one height back is enough; a chain of tables would never be freed
        return HeightMachine(self._desk, application, self.pool, head, before)

    def _replay(self, now_ms: int) -> None:
        """Take the messages that came before their height."""
        height = self.height
        for sender, data in self._ahead.take(height):
            if self._machine.decided is not None or self.height != height:
                return
            try:
                message = decode(self._desk.chain, data, self._settings.message_bytes_max)
                self._dispatch(message, data, sender, now_ms)
            except ProtocolViolation:
                self.dropped += 1

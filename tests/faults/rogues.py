"""Six members in memory, the first of them under a driver: messages are carried in order until nothing is left."""

from collections import deque

from faults.deceiver import Deceiver, rogue
from faults.drivers import DRIVERS
from faults.plan import Fault
from quorate.consensus import effects as e
from quorate.consensus.effects import ReplicaSettings
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier
from quorate.ledger import acts as a
from quorate.ledger import participant as p
from quorate.ledger.application import LedgerApplication
from quorate.ledger.participant import Participant
from quorate.market.eligibility import abstention
from quorate.market.rule import rule_bid
from tests.quorate.ledger import build as make


class Group:
    """Seat 0 misbehaves while `active`."""

    def __init__(self, driver, against=None, members=6):
        assert driver in DRIVERS
        self.active, self.now_ms = True, 0
        self.line = Fault(driver=driver, cluster="c0", against=against)
        genesis = make.genesis(members)
        application = LedgerApplication.of(genesis)
        self.chain, self.letters, self.timers = genesis.digest, deque(), {}
        self.sent, self.entries, self.convicted, self.records = [], [], [], []
        self.members = [self._false(application), *(self._honest(seat, application) for seat in range(1, members))]
        for seat, member in enumerate(self.members):
            self.take(seat, member.start(0))

    def _false(self, application):
        def fault():
            return self.line if self.active else None

        replica = rogue(0, application, make.key("c0"), ReplicaSettings(), None, fault)
        return Deceiver(Participant(0, replica, lambda *_: make.SALT), replica.forge, fault)

    def _honest(self, seat, application):
        replica = Replica(seat, application, make.key(f"c{seat}"), Ed25519Verifier(), ReplicaSettings())
        return Participant(seat, replica, lambda *_: make.SALT)

    @property
    def decided(self):
        return len(self.entries)

    def take(self, seat, effects):
        for effect in effects:
            if isinstance(effect, e.Send):
                self.post(seat, effect.to, effect.data)
            elif isinstance(effect, e.Broadcast):
                for to in range(len(self.members)):
                    if to != seat:
                        self.post(seat, to, effect.data)
            elif isinstance(effect, e.SetTimer | e.CancelTimer):
                self.timers.pop((seat, effect.name), None)
                if isinstance(effect, e.SetTimer):
                    self.timers[seat, effect.name] = self.now_ms + effect.after_ms
            elif isinstance(effect, e.Convict):
                self.convicted.append(effect.evidence)
            elif isinstance(effect, e.Decided) and effect.entry.block.height == self.decided + 1:
                self.entries.append(effect.entry)
                self.records.append(effect.application.record)
            else:
                self.answer(seat, effect)

    def answer(self, seat, effect):
        if isinstance(effect, p.Called):
            outcome = abstention(effect.job, effect.snapshot) or rule_bid(effect.job, effect.snapshot)
            self.take(seat, self.members[seat].answer(effect.job.id, effect.opened, outcome, self.now_ms))

    def post(self, seat, to, data):
        self.sent.append((seat, data))
        self.letters.append((seat, to, data))

    def settle(self):
        while self.letters:
            seat, to, data = self.letters.popleft()
            self.take(to, self.members[to].receive(data, seat, self.now_ms))

    def until(self, done):
        for _ in range(4_000):
            self.settle()
            if done():
                return
            (seat, name), at_ms = min(self.timers.items(), key=lambda pair: (pair[1], pair[0]))
            del self.timers[seat, name]
            self.now_ms = max(self.now_ms, at_ms)
            self.take(seat, self.members[seat].timer(name, self.now_ms))
        raise AssertionError("it never happened")

    def say(self, seat, *acts):
        self.take(seat, self.members[seat].put(acts, self.now_ms))

    def height(self):
        """Have one height decided that an item of seat 1 asks for."""
        before = self.decided
        self.say(1, a.Declare(background=before % 3))
        self.until(lambda: self.decided > before)

    def open(self, name):
        """Have a job called and decided."""
        self.take(1, self.members[1].submit_job(make.job(name), "", self.now_ms))
        self.until(lambda: any(d.job.id == name for record in self.records for d in record.decisions))

    def acts(self, seat):
        items = [item for entry in self.entries for item in entry.items if item.sender == seat]
        return [act for item in items for act in a.decode_acts(item.payload)]

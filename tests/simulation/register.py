"""The smallest application that a ledger can carry: a running digest, weights that change, items refused for a while.

It fills the `Application` port for simulated schedules. The weights of the next height depend on the state after this
one, so replicas that disagree about a block disagree about who may vote from then on.
"""

import json
from collections.abc import Sequence
from hashlib import blake2b

from quorate.consensus.leader import next_priorities
from quorate.domain.deciding import Block, Certificate, Committee, Item, Seat
from tests.simulation.schedule import Powers, Schedule

CHAIN = "simulated"


class Register:
    """The state before one height; `apply` returns the next."""

    __slots__ = (
        "_committees",
        "_plan",
        "_public",
        "chain",
        "committee",
        "head_at_s",
        "height",
        "parent",
        "sequences",
        "state",
    )

    def __init__(self, plan: Schedule, public: Sequence[str]) -> None:
        """Open at height 1; `public` are the seats' keys in hex."""
        self._committees: dict[tuple[int, str], Committee] = {}
        self._plan = plan
        self._public = public
        self.chain = CHAIN
        self.height = 1
        self.parent = "0" * 64
        self.sequences = (0,) * plan.n
        self.head_at_s = 0
        self.state = blake2b(b"genesis %d" % plan.seed, digest_size=32).hexdigest()
        self.committee = self._committee((0,) * plan.n)

    def powers(self) -> Powers:
        """Return the weights that the present state calls for."""
        tables = self._plan.tables
        return tables[int(self.state[:4], 16) % len(tables)]

    def _committee(self, priorities: tuple[int, ...]) -> Committee:
        """Build the committee of this height once for all replicas that hold this state."""
        place = (self.height, self.state)
        if place not in self._committees:
            self._committees[place] = self._new_committee(priorities)
        return self._committees[place]

    def _new_committee(self, priorities: tuple[int, ...]) -> Committee:
        seats = tuple(
            Seat(cluster=f"C{seat}", public_key=key, power=power)
            for seat, (key, power) in enumerate(zip(self._public, self.powers(), strict=True))
        )
        return Committee(height=self.height, seats=seats, priorities=priorities)

    def due(self, pool: Sequence[Item], now_s: int) -> bool:
        """Want a block until the schedule's last height; in a lazy schedule only when somebody has submitted."""
        if self.height > self._plan.heights:
            return False
        return self._plan.eager or any(item.seq > self.sequences[item.sender] for item in pool)

    def wake_at_s(self, pool: Sequence[Item]) -> int | None:
        """Nothing here becomes due by time alone."""
        return None

    def _after(self, at_s: int, items: Sequence[Item]) -> str:
        hasher = blake2b(f"{self.state} {at_s}".encode(), digest_size=32)
        for item in items:
            hasher.update(b"%d %d %d " % (item.sender, item.seq, len(item.payload)))
            hasher.update(item.payload)
        return hasher.hexdigest()

    def results(self, at_s: int, items: Sequence[Item], previous: Certificate | None = None) -> object:
        """Return the next state, and who signed the last height's decision, as a real ledger shows presence."""
        present = [] if previous is None else [vote.seat for vote in previous.votes]
        return {"state": self._after(at_s, items), "present": present}

    def judge(self, item: Item) -> str | None:
        """Refuse payloads that are unreadable, call themselves bad, or are meant for a later height."""
        try:
            payload = json.loads(item.payload)
        except ValueError:
            return "the payload is no JSON"
        if not isinstance(payload, dict) or "bad" in payload:
            return "the payload is bad"
        start = payload.get("from", 0)
        if not isinstance(start, int) or start > self.height:
            return f"the payload is for height {start} and later"
        return None

    def apply(self, block: Block, items: Sequence[Item]) -> "Register":
        """Return the state after `block`."""
        after = Register.__new__(Register)
        after._committees = self._committees
        after._plan = self._plan
        after._public = self._public
        after.chain = self.chain
        after.height = self.height + 1
        after.parent = block.digest
        sequences = list(self.sequences)
        for item in items:
            sequences[item.sender] = item.seq
        after.sequences = tuple(sequences)
        after.head_at_s = block.at_s
        after.state = self._after(block.at_s, items)
        before = self.committee
        after.committee = after._committee(next_priorities(before.priorities, before.powers, after.powers()))
        return after

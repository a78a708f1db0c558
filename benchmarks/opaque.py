"""Consensus only: six processes decide batches of 64 opaque bids over TCP. `python -m benchmarks.opaque [--seconds N]`.

What it has in common with a member: the replica, the carrier (TLS 1.3, frames), the write-ahead log and a ledger file,
each synced as P-20 asks, and every Ed25519 signature made and checked. What it leaves out: jobs, seals, shown answers,
checks of bids against facts, placement, reputation, the agents. The application here takes a member's item as its bids
for 64 auctions and says who bid most for each; a height is due when every member's item is there. To be compared with
the full path, `python -m benchmarks.processes batch`, and not to be taken for it.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import orjson

from benchmarks.processes import verifications_s
from federation.home import Disk, Home
from federation.pace import Pace
from federation.peer import Peer
from peering import SETTINGS
from quorate.consensus.leader import next_priorities
from quorate.consensus.plain import entry_line
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, KeySigner
from quorate.domain.canonical import Plain, canonical
from quorate.domain.deciding import Block, Certificate, Committee, Entry, Item
from quorate.domain.values import Digest, Height
from quorate.ledger.application import LedgerApplication
from wiring import ROOT

houses = import_module("tests.federation.houses")

MEMBERS = 6
BATCH = 64
PREDICTION = 5_000
"""Decisions per second, from the design's goals; its prototype made 8,908."""
OPAQUE = 2**40


@dataclass(frozen=True)
class Auctions:
    """The state before one height: nothing but who decides it and what was included."""

    committee: Committee
    sequences: tuple[int, ...]
    chain: str
    parent: Digest
    height: Height = Height(1)
    head_at_s: int = 0

    def due(self, pool: Sequence[Item], now_s: int) -> bool:
        """Say whether every member bids."""
        return len({item.sender for item in pool}) == len(self.sequences)

    def wake_at_s(self, pool: Sequence[Item]) -> int | None:
        """Return None: nothing here comes due by time."""
        return None

    def results(self, at_s: int, items: Sequence[Item], previous: Certificate | None) -> Plain:
        """Return, per auction, the seat that bid most."""
        bids = [(item.sender, cast("list[int]", orjson.loads(item.payload))) for item in items]
        return [max((bid[auction], seat) for seat, bid in bids)[1] for auction in range(BATCH)]

    def judge(self, item: Item) -> str | None:
        """Refuse what is no list of bids."""
        bids = orjson.loads(item.payload)
        fine = isinstance(bids, list) and len(bids) == BATCH and all(type(bid) is int for bid in bids)
        return None if fine else "no bids"

    def apply(self, block: Block, items: Sequence[Item]) -> "Auctions":
        """Return the state after a block."""
        sequences, powers = list(self.sequences), self.committee.powers
        for item in items:
            sequences[item.sender] = max(sequences[item.sender], item.seq)
        committee = Committee(
            height=Height(self.height + 1),
            seats=self.committee.seats,
            priorities=next_priorities(self.committee.priorities, powers, powers),
        )
        return replace(
            self, committee=committee, sequences=tuple(sequences), parent=block.digest, height=committee.height,
            head_at_s=block.at_s,
        )  # fmt: skip

    @property
    def state(self) -> SimpleNamespace:
        """What a peer looks at when it starts: nothing runs here."""
        return SimpleNamespace(running={}, members=())


class Bidding:
    """A member's conduct: one item a height, with bids for 64 auctions."""

    def __init__(self, me: int, replica: Replica) -> None:
        """Bid for the seat."""
        self._replica, self._said = replica, 0
        self._dice = random.Random(me)
        self.unsaid = 0

    @property
    def application(self) -> object:
        """The state before the height being decided."""
        return self._replica.application

    def pace(self, round_timeout_ms: int, leader_timeout_ms: int) -> None:
        """Let round 0 take so long, and its leader to propose."""
        self._replica.pace(round_timeout_ms, leader_timeout_ms)

    def _bid(self, effects: list[Any], now_ms: int) -> list[Any]:
        """Bid as soon as the last bids are included."""
        replica = self._replica
        while self._said == replica.application.sequences[replica.me]:
            self._said += 1
            payload = canonical([self._dice.randrange(OPAQUE) for _ in range(BATCH)])
            effects += replica.submit(payload, now_ms)
        return effects

    def start(self, now_ms: int) -> list[Any]:
        """Begin, and bid."""
        return self._bid(list(self._replica.start(now_ms)), now_ms)

    def receive(self, data: bytes, sender: int, now_ms: int) -> list[Any]:
        """Take a message, and bid if a height was decided."""
        return self._bid(list(self._replica.receive(data, sender, now_ms)), now_ms)

    def timer(self, name: str, now_ms: int) -> list[Any]:
        """Take the end of a timer, and bid if a height was decided."""
        return self._bid(list(self._replica.timer(name, now_ms)), now_ms)

    def unsettled(self) -> list[Any]:
        """Return nothing: no act here is anything to a peer."""
        return []

    def kept(self) -> list[Any]:
        """Return nothing: no answer is sealed here."""
        return []


class Lines:
    """A ledger file of opaque entries, synced when asked."""

    def __init__(self, path: Path) -> None:
        """Begin the file."""
        self._file, self._lines, self.sizes = path.open("wb"), [b""], 0

    def append(self, entry: Entry, *, durable: bool = True) -> None:
        """Write an entry."""
        line = entry_line(entry)
        self._lines.append(line)
        self._file.write(line + b"\n")
        self.sizes += len(line) + 1
        if durable:
            self.sync()

    def sync(self) -> None:
        """Make durable what was written."""
        if self.sizes:
            self._file.flush()
            os.fdatasync(self._file.fileno())
            self.sizes = 0

    def lines(self, height: int, count: int) -> list[bytes]:
        """Return entries for a peer that fell behind."""
        return self._lines[height : height + count]


async def member(folder: Path, seconds: float) -> None:
    """Run one member: bid and decide until the time is up, then say what was decided and what it cost."""
    home = Home(folder)
    signer, first = KeySigner(home.seed()), LedgerApplication.of(home.genesis())
    seats = first.committee.seats
    me = first.committee.keys.index(signer.public_key)
    application = Auctions(first.committee, (0,) * len(seats), first.chain, first.parent)
    replica = Replica(me, application, signer, Ed25519Verifier(), SETTINGS)
    nothing = SimpleNamespace(ended=lambda at_s: [])
    peer = Peer(me, cast("Any", Bidding(me, replica)), cast("Any", nothing), cast("Any", nothing), Lines(home.ledger),
                Disk(home), 1.0, Pace(SETTINGS.grace_ms, SETTINGS.round_timeout_ms))  # fmt: skip
    await peer.connect(home, home.addresses(seats))
    while replica.height < 10:  # noqa: ASYNC110 - everybody is there then
        await asyncio.sleep(0.01)
    before, spent, began = replica.height, time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    took, heights = time.monotonic() - began, replica.height - before
    spent = time.process_time() - spent
    await asyncio.sleep(1.0)  # the others measure still
    peer.failed.done() and peer.failed.result()
    print(orjson.dumps([heights, took, spent]).decode(), flush=True)
    os._exit(0)


async def measure(seconds: float) -> None:
    """Start six members and print what they decided together."""
    with tempfile.TemporaryDirectory() as name:
        homes = houses.houses(Path(name), MEMBERS)
        members = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.opaque", "--member", str(home.folder), "--seconds", str(seconds),
                stdout=asyncio.subprocess.PIPE, cwd=ROOT,
            )
            for home in homes
        ]  # fmt: skip
        said = [orjson.loads((await each.communicate())[0]) for each in members]
    heights, took = min(each[0] for each in said), max(each[1] for each in said)
    cpu_ms = 1_000 * sum(each[2] for each in said) / max(1, sum(each[0] for each in said))
    rate, decided, limit = heights / took, BATCH * heights / took, verifications_s()
    # Of each member and height: the others' items, the proposal, and quorums of two kinds of votes, without its own.
    checks = (MEMBERS - 1) + 1 + 2 * 3
    cores = os.cpu_count() or 1
    bound = BATCH * limit * cores / MEMBERS / checks
    print(
        f"consensus only: {heights} heights of {BATCH} opaque bids in {took:.1f} s by {MEMBERS} processes on {cores} "
        f"cores: {rate:.0f} heights/s, {decided:,.0f} decisions/s; {cpu_ms:.2f} ms of processor time a member and "
        f"height\n  signatures alone ({checks} checks a member and height, {limit:,.0f}/s) would allow {bound:,.0f} "
        f"decisions/s: share {100 * decided / bound:.0f} %; prediction {PREDICTION:,}/s, verdict: "
        f"{'met' if decided >= PREDICTION else 'missed'}; load {os.getloadavg()[0]:.1f}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; with `--member` be one of the six."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.opaque")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--member", type=Path, help="run the member of this folder")
    given = parser.parse_args(argv)
    asyncio.run(member(given.member, given.seconds) if given.member else measure(given.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())

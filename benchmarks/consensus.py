"""How many heights per second and core one member's consensus work allows, and its share of the signature limit.

Run: `.venv/bin/python -m benchmarks.consensus [--n 6] [--steps 200] [--late] [--profile FILE]`. All members run in
one process over a queue without latency; every one checks every signature for itself. Each member submits an item a
step. CPU per member and height = process time / members / heights; the limit = verifications made x cost of one.
"""

import argparse
import cProfile
import time
from collections import deque

from quorate.consensus.effects import Broadcast, Decided, Effect, ReplicaSettings, Send
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier
from tests.quorate.consensus.toy import payload, signer, toy

PREDICTIONS = {6: 1_000, 100: 90}
"""Heights per second and core per member, from the design's goals."""


class CountingVerifier:
    """Checks signatures and counts them."""

    def __init__(self) -> None:
        self.count = 0
        self._verifier = Ed25519Verifier()

    def valid(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Check and count."""
        self.count += 1
        return self._verifier.valid(public_key, message, signature)


class Ring:
    """Members joined by one queue without latency."""

    def __init__(self, n: int, settings: ReplicaSettings) -> None:
        self.verifier = CountingVerifier()
        self.queue: deque[tuple[int, int, bytes]] = deque()
        self.heights = [0] * n
        self.messages = 0
        genesis = toy([1_000] * n)
        self.replicas = [Replica(i, genesis, signer(i), self.verifier, settings) for i in range(n)]
        for seat, replica in enumerate(self.replicas):
            self.perform(seat, replica.start(0))

    def perform(self, seat: int, effects: list[Effect]) -> None:
        """Queue what is sent, note what is decided; no timer ever runs out here."""
        for effect in effects:
            if isinstance(effect, Broadcast):
                self.queue.extend((to, seat, effect.data) for to in range(len(self.replicas)) if to != seat)
            elif isinstance(effect, Send):
                self.queue.append((effect.to, seat, effect.data))
            elif isinstance(effect, Decided):
                self.heights[seat] = effect.entry.block.height

    def run(self, steps: int) -> None:
        """Let everybody submit one item, then deliver all there is, so many times."""
        for step in range(1, steps + 1):
            for seat, replica in enumerate(self.replicas):
                self.perform(seat, replica.submit(payload(step), 0))
            while self.queue:
                to, frm, data = self.queue.popleft()
                self.messages += 1
                self.perform(to, self.replicas[to].receive(data, frm, 0))
        if len(set(self.heights)) != 1:
            raise SystemExit(f"not everybody decided the same heights: {self.heights}")


def verify_cost_s(rounds: int = 5_000) -> float:
    """Return the CPU seconds that one verification of a vote takes here."""
    key, verifier, message = signer(0), Ed25519Verifier(), b"x" * 120
    signature = key.sign(message)
    started = time.process_time()
    for _ in range(rounds):
        verifier.valid(key.public_key, message, signature)
    return (time.process_time() - started) / rounds


def measure(n: int, steps: int, late: bool, profile: str | None) -> None:
    """Run and print one size."""
    cost = verify_cost_s()
    ring = Ring(n, ReplicaSettings(verify_late=late))
    ring.run(2)
    ring.verifier.count = ring.messages = 0
    profiler = cProfile.Profile() if profile else None
    if profiler:
        profiler.enable()
    before, started = ring.replicas[0].height, time.process_time()
    ring.run(steps)
    spent = time.process_time() - started
    if profiler and profile:
        profiler.disable()
        profiler.dump_stats(profile)
    _report(n, ring, ring.replicas[0].height - before, spent, cost, late)


def _report(n: int, ring: Ring, heights: int, spent: float, cost: float, late: bool) -> None:
    per_member = spent / n / heights
    checks = ring.verifier.count / n / heights
    rate, limit = 1 / per_member, 1 / (checks * cost)
    goal = PREDICTIONS.get(n)
    verdict = "no goal" if goal is None else "met" if rate >= goal else "missed"
    print(
        f"n={n} late={'yes' if late else 'no'}: {heights} heights, {ring.messages / heights:.0f} messages and "
        f"{checks:.1f} verifications per member a height; one verification {cost * 1e6:.1f} us\n"
        f"  prediction {goal} heights/s/core per member; measured {rate:.0f} "
        f"({per_member * 1e6:.0f} us), limit by signatures {limit:.0f}, share {rate / limit:.0%}; verdict: {verdict}"
    )


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=0, help="members; 0 = both 6 and 100")
    parser.add_argument("--steps", type=int, default=0, help="rounds of submissions; 0 = 300 at n=6, 4 at n=100")
    parser.add_argument("--late", action="store_true", help="verify late votes too")
    parser.add_argument("--profile", help="write a cProfile of the run here")
    given = parser.parse_args()
    for n in [given.n] if given.n else [6, 100]:
        measure(n, given.steps or (300 if n <= 16 else 4), given.late, given.profile)


if __name__ == "__main__":
    main()

"""How many heights per second and core one member's consensus work allows, and its share of the signature limit.

Run: `.venv/bin/python -m benchmarks.consensus [--n 6] [--steps 200] [--late] [--profile FILE]`. All members run in
one process over a queue without latency; every one checks every signature for itself. Each member submits an item a
step. What some of them heard is then given to a fresh member that has the process for itself, as it has in life: it
says the same again, and only its own work is counted. CPU per height = process time / heights; the limit =
verifications made x cost of one.
"""

import argparse
import cProfile
import gc
import os
import time
from collections import deque

from quorate.consensus.effects import Broadcast, Decided, Effect, ReplicaSettings, Send
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier
from tests.quorate.consensus.toy import payload, signer, toy

PREDICTIONS = {6: 1_000, 100: 90}
"""Heights per second and core per member, from the design's goals."""


ALONE = 6
"""So many members repeat their part alone."""


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
        self.queue: deque[tuple[int | None, int, bytes]] = deque()
        """To whom (None: everybody else), from whom, what; in the order in which it was sent."""
        self.heights = [0] * n
        self.messages = 0
        genesis = toy([1_000] * n)
        self.heard: dict[int, list[tuple[int, bytes]]] = {seat: [] for seat in range(0, n, -(-n // ALONE))}
        """Per member that is to repeat its part alone: from whom it heard what, itself for what it submitted."""
        self.replicas = [Replica(i, genesis, signer(i), self.verifier, settings) for i in range(n)]
        for seat, replica in enumerate(self.replicas):
            self.perform(seat, replica.start(0))

    def perform(self, seat: int, effects: list[Effect]) -> None:
        """Queue what is sent, note what is decided; no timer ever runs out here."""
        for effect in effects:
            if isinstance(effect, Broadcast):
                self.queue.append((None, seat, effect.data))
            elif isinstance(effect, Send):
                self.queue.append((effect.to, seat, effect.data))
            elif isinstance(effect, Decided):
                self.heights[seat] = effect.entry.block.height

    def run(self, steps: int) -> None:
        """Let everybody submit one item, then deliver all there is, so many times."""
        for step in range(1, steps + 1):
            for seat, replica in enumerate(self.replicas):
                self._note(seat, seat, payload(step))
                self.perform(seat, replica.submit(payload(step), 0))
            while self.queue:
                to, frm, data = self.queue.popleft()
                for seat in range(len(self.replicas)) if to is None else (to,):
                    if seat != frm:
                        self.messages += 1
                        self._note(seat, frm, data)
                        self.perform(seat, self.replicas[seat].receive(data, frm, 0))
        if len(set(self.heights)) != 1:
            raise SystemExit(f"not everybody decided the same heights: {self.heights}")

    def _note(self, seat: int, frm: int, data: bytes) -> None:
        if seat in self.heard:
            self.heard[seat].append((frm, data))


def verify_cost_s(rounds: int = 5_000) -> float:
    """Return the CPU seconds that one verification of a vote takes here."""
    key, verifier, message = signer(0), Ed25519Verifier(), b"x" * 120
    signature = key.sign(message)
    started = time.process_time()
    for _ in range(rounds):
        verifier.valid(key.public_key, message, signature)
    return (time.process_time() - started) / rounds


def alone(ring: Ring, seat: int, settings: ReplicaSettings, warm: int) -> tuple[int, int, float]:
    """Let a fresh member hear what `seat` heard; return heights, verifications and CPU seconds after `warm` events."""
    verifier = CountingVerifier()
    replica = Replica(seat, toy([1_000] * len(ring.replicas)), signer(seat), verifier, settings)
    replica.start(0)
    height, started = 0, 0.0
    for place, (frm, data) in enumerate(ring.heard[seat]):
        if place == warm:
            verifier.count, height, started = 0, replica.height, time.process_time()
        if frm == seat:
            replica.submit(data, 0)
        else:
            replica.receive(data, frm, 0)
    spent = time.process_time() - started
    if replica.height != ring.replicas[seat].height:
        raise SystemExit(f"seat {seat} alone stands at {replica.height}, in company at {ring.replicas[seat].height}")
    return replica.height - height, verifier.count, spent


def measure(n: int, steps: int, late: bool, profile: str | None) -> None:
    """Run and print one size."""
    settings = ReplicaSettings(verify_late=late)
    ring = Ring(n, settings)
    ring.run(2)
    warm = {seat: len(heard) for seat, heard in ring.heard.items()}
    ring.messages, height = 0, ring.replicas[0].height
    ring.run(steps)
    messages = ring.messages / (ring.replicas[0].height - height)
    gc.collect()
    gc.freeze()  # a member's collector does not walk through what all the others hold
    profiler = cProfile.Profile() if profile else None
    if profiler:
        profiler.enable()
    cost = verify_cost_s()
    runs = []
    for seat in ring.heard:
        runs.append(alone(ring, seat, settings, warm[seat]))
        cost += verify_cost_s()
    if profiler and profile:
        profiler.disable()
        profiler.dump_stats(profile)
    _report(n, messages, runs, cost / (1 + len(runs)), late)


def _report(n: int, messages: float, runs: list[tuple[int, int, float]], cost: float, late: bool) -> None:
    heights, checks, spent = (sum(column) for column in zip(*runs, strict=True))
    per_member, checks = spent / heights, checks / heights
    rate, limit = 1 / per_member, 1 / (checks * cost)
    goal = PREDICTIONS.get(n)
    verdict = "no goal" if goal is None else "met" if rate >= goal else "missed"
    print(
        f"n={n} late={'yes' if late else 'no'}: {heights} heights, {messages:.0f} messages and "
        f"{checks:.1f} verifications per member a height; one verification {cost * 1e6:.1f} us\n"
        f"  prediction {goal} heights/s/core per member; measured {rate:.0f} ({per_member * 1e6:.0f} us), "
        f"limit by signatures {limit:.0f}, share {rate / limit:.0%}; verdict: {verdict}; load {os.getloadavg()[0]:.1f}"
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

"""How long a decision's bids take against a server that needs L seconds for each answer.

    .venv/bin/python -m benchmarks.llm_latency [--seconds 0.5] [--repeats 5] [--deadline 2.0]

Three measurements with the real `ChatSambaNova` client over HTTP to the server of tests/fake_llm: six agents at
once (goal: at most 1.05 L + 0.1 s), six agents of which one never gets an answer (goal: the round closes at its
deadline with five bids), and one after the other for comparison. Exit status 1 if a goal is missed.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from agents.building import Agents
from agents.settings import PromptSettings, read_llm
from backends.reading import read_federation, read_jobs
from quorate.domain.bidding import Answer, Bid
from quorate.domain.clusters import Federation, snapshot
from quorate.domain.jobs import Job
from tests.fake_llm import FakeLLM

ROOT = Path(__file__).resolve().parent.parent
FACTOR_MAX, EXTRA_S_MAX = 1.05, 0.1
LATE_S_MAX = 0.1
"""How long after its deadline a round may close."""

Ask = Callable[[Agents, Federation, Job], Awaitable[list[Answer]]]


async def together(agents: Agents, federation: Federation, job: Job) -> list[Answer]:
    """Ask all clusters at once, as the graph does."""
    bidders = [(agents.bidder(cluster.id), snapshot(cluster, background=0)) for cluster in federation.clusters]
    return list(await asyncio.gather(*(bidder.bid(job, shot) for bidder, shot in bidders)))


async def in_turn(agents: Agents, federation: Federation, job: Job) -> list[Answer]:
    """Ask one cluster after the other."""
    return [await agents.bidder(c.id).bid(job, snapshot(c, background=0)) for c in federation.clusters]


def agents_at(url: str, federation: Federation, deadline_s: float) -> Agents:
    """Return six agents on the server; the hung one is asked by its own model's name."""
    far = {"provider": "sambanova", "base_url": url, "timeout_s": 60.0}
    profiles = {"far": far | {"model": "good"}, "hung": far | {"model": "fault-hang"}}
    hung = {} if deadline_s > 1_000 else {federation.clusters[0].id: "hung"}
    settings = {"use": "far", "round_s": deadline_s, "per_cluster": hung, "profiles": profiles}
    clusters = [cluster.id for cluster in federation.clusters]
    return Agents(read_llm(settings), PromptSettings(), clusters, environ={})


def measure(server: FakeLLM, ask: Ask, repeats: int, deadline_s: float = 3_600.0) -> tuple[list[float], int]:
    """Return (seconds of each round, bids in the last one); the first, which opens connections, is left out."""
    federation = read_federation(ROOT / "data/federations/reference.toml")
    job = read_jobs(ROOT / "data/workloads/reference.toml").jobs[0].job()
    agents = agents_at(server.url, federation, deadline_s)

    async def rounds() -> tuple[list[float], int]:
        times, answers = [], await ask(agents, federation, job)
        for _ in range(repeats):
            began = time.perf_counter()
            answers = await ask(agents, federation, job)
            times.append(time.perf_counter() - began)
        await agents.aclose()
        return times, sum(isinstance(answer.outcome, Bid) for answer in answers)

    return asyncio.run(rounds())


def row(name: str, times: list[float], bids: int, goal: str, met: bool | None) -> str:
    """Return one line of the table."""
    verdict = "" if met is None else ("met" if met else "MISSED")
    spread = f"{statistics.median(times):.3f} s ({min(times):.3f} to {max(times):.3f})"
    return f"{name:<22} {spread:<28} {bids} bids  {goal:<22} {verdict}"


def main() -> int:
    """Measure, print, and say whether the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.5, help="L: the server's time for one answer")
    parser.add_argument("--deadline", type=float, default=2.0, help="the round's deadline where one agent hangs, s")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    limit = FACTOR_MAX * given.seconds + EXTRA_S_MAX
    with FakeLLM(delay_s=given.seconds) as server:
        six, six_bids = measure(server, together, given.repeats)
        hung, hung_bids = measure(server, together, max(1, given.repeats // 2), given.deadline)
        turn, turn_bids = measure(server, in_turn, 1)
    six_met = statistics.median(six) <= limit and six_bids == 6
    hung_met = max(hung) <= given.deadline + LATE_S_MAX and hung_bids == 5
    print(f"L = {given.seconds:g} s; median (smallest to largest) of {given.repeats} rounds")
    print(row("six at once", six, six_bids, f"<= {limit:.3f} s", six_met))
    print(row("one of six hangs", hung, hung_bids, f"<= {given.deadline + LATE_S_MAX:.2f} s, 5 bids", hung_met))
    print(row("one after the other", turn, turn_bids, "for comparison", None))
    return 0 if six_met and hung_met else 1


if __name__ == "__main__":
    sys.exit(main())

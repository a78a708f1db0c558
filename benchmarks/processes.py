"""Six members as processes on this machine: `python -m benchmarks.processes [catchup|latency|leader|batch ...]`.

Every figure is printed with the limit that it is a share of: for catching up and for batches the time that checking
the signatures alone takes, for latency the number of hops times the delay, for a dead leader its timeout.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path

import wiring
from backends.ledger_file import read_lines
from backends.reading import JobRequest, Workload
from federating import LocalFederation
from federation import control
from quorate.consensus.plain import read_entry
from quorate.consensus.signing import Ed25519Verifier, KeySigner
from quorate.domain.jobs import Job
from quorate.domain.values import JobId
from quorate.ledger.acts import Submit

# By name, because tests are checked by running them and carry no types.
build = import_module("tests.quorate.ledger.build")
houses = import_module("tests.federation.houses")

DELAY_S = 0.05
HOPS_OF_A_HEIGHT = 4
"""An item to the leader, proposal, notarize, finalize."""
CALM = b"\x00" * 64


def verifications_s() -> float:
    """Return how many signatures one core checks in a second of its own time, here and now."""
    signer, verifier, message = KeySigner(b"k" * 32), Ed25519Verifier(), b"m" * 120
    signature, start, count = signer.sign(message), time.process_time(), 4_000
    for _ in range(count):
        verifier.valid(signer.public_key, message, signature)
    return count / (time.process_time() - start)


def spent_s(pid: int) -> float:
    """Return the processor time that a process has used, s: on a shared machine it says more than wall time."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _jobs(count: int) -> Workload:
    return Workload(
        jobs=tuple(JobRequest(id=JobId(f"job_{n:05d}"), type="hpc", nodes=1, walltime_min=600) for n in range(count))
    )


def _federation(folder: Path, jobs: Workload, delay_s: float = 0.0) -> LocalFederation:
    asked = wiring.request(wiring.read_settings(None), jobs=jobs, profile="rule", name="processes")
    return LocalFederation(folder, asked, delay_s=delay_s)


async def _begun(federation: LocalFederation) -> None:
    for cluster in federation.homes:
        await federation.start(cluster)
    await federation.ready()


# -- catching up -----------------------------------------------------------------------------------------------


def _grown(folder: Path, heights: int) -> list[Path]:
    """Return six homes, five of which hold a ledger of so many heights with an item of every member in each."""
    homes = houses.houses(folder, 6)
    chain = build.Chain(homes[0].genesis())
    declare = import_module("quorate.ledger.acts").Declare
    for number in range(heights):
        chain.decide({seat: [declare(background=number % 3)] for seat in range(6)})
    for home in homes[:-1]:
        home.ledger.write_bytes(b"".join(chain.lines()))
    return [home.folder for home in homes]


async def _reached(folder: Path, size: int, pid: int, timeout_s: float = 120.0) -> tuple[float, float]:
    """Wait until a member's ledger has `size` bytes; return the time and processor time from when it answers, s.

    Looked at from outside: asking a member how it stands would slow it down.
    """
    first, before, end = None, 0.0, time.monotonic() + timeout_s
    while time.monotonic() < end:
        if first is None and (folder / "control.sock").exists():
            first, before = time.monotonic(), spent_s(pid)
        ledger = folder / "ledger.jsonl"
        if first is not None and ledger.exists() and ledger.stat().st_size >= size:
            return time.monotonic() - first, spent_s(pid) - before
        await asyncio.sleep(0.01)
    raise TimeoutError(f"{folder} did not catch up within {timeout_s:g} s")


async def catch_up(heights: int = 1_000) -> None:
    """Print how long a member with an empty ledger needs to stand where its peers stand."""
    with tempfile.TemporaryDirectory() as name:
        folders = _grown(Path(name), heights)
        size = (folders[0] / "ledger.jsonl").stat().st_size
        running: list[asyncio.subprocess.Process] = []
        start = time.monotonic()
        try:
            for folder in folders:
                if folder == folders[-1]:
                    pairs = zip(folders[:-1], running, strict=True)
                    await asyncio.gather(*(_reached(each, size, process.pid) for each, process in pairs))
                    start = time.monotonic()
                running.append(await asyncio.create_subprocess_exec(
                    sys.executable, str(wiring.ROOT / "cli.py"), "peer", str(folder),
                    stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
                ))  # fmt: skip
            took_s, spent = await _reached(folders[-1], size, running[-1].pid)
            whole_s = time.monotonic() - start
        finally:
            for process in running:
                process.terminate()
                await process.wait()
    rate = verifications_s()
    # Six FINALIZE signatures a height; what they certify need not be checked signature by signature.
    limit_s = heights * 6 / rate
    print(
        f"catch-up: {heights} heights in {took_s:.2f} s after the member answers ({whole_s:.2f} s with its start; "
        f"{spent:.2f} s of processor time, {100 * limit_s / spent:.0f} % of it for signatures at their rate now); "
        f"checking {heights * 6} signatures alone takes {limit_s:.2f} s at {rate:,.0f}/s: "
        f"{100 * limit_s / took_s:.0f} % of the limit; goal 2 s; load {os.getloadavg()[0]:.1f}"
    )


# -- heights -------------------------------------------------------------------------------------------------------


def _act(number: int) -> control.SubmitJobs:
    """Return an act that asks for a height and changes nothing: a job that its submitter did not sign."""
    nobodys = Job(id=JobId(f"nobody_{number}"), nodes=1, walltime_s=60, submitter="nobody", submitter_key="ab" * 32)
    return control.SubmitJobs(jobs=(Submit(job=nobodys, signature=CALM.hex()),))


async def _heights(federation: LocalFederation, contact: str, count: int) -> list[float]:
    """Return how long each of so many heights took, asked for one after the other, s."""
    took: list[float] = []
    socket = federation.homes[contact].socket
    height = (await control.ask(socket, control.AskStatus(brief=True))).height
    for number in range(count):
        start = time.monotonic()
        status = await control.ask(socket, _act(number))
        while status.height == height:
            await asyncio.sleep(0.002)
            status = await control.ask(socket, control.AskStatus(brief=True))
        height += 1
        took.append(time.monotonic() - start)
    return took


async def latency(count: int = 30) -> None:
    """Print what a height and a job take when every message takes 50 ms one way."""
    with tempfile.TemporaryDirectory() as name:
        federation = _federation(Path(name), _jobs(10), DELAY_S)
        try:
            await _begun(federation)
            took = await _heights(federation, next(iter(federation.homes)), count)
            jobs = [await _timed(federation, number) for number in range(10)]
        finally:
            await federation.stop()
    floor, job_floor = HOPS_OF_A_HEIGHT * DELAY_S, 3 * HOPS_OF_A_HEIGHT * DELAY_S
    middle, job = statistics.median(took), statistics.median(jobs)
    print(
        f"latency at {DELAY_S * 1e3:.0f} ms one way: a height takes {middle * 1e3:.0f} ms (median of {count}, worst "
        f"{max(took) * 1e3:.0f}), {middle / floor:.2f} x {HOPS_OF_A_HEIGHT} hops; a sealed job "
        f"{job * 1e3:.0f} ms (median of 10), {job / job_floor:.2f} x {3 * HOPS_OF_A_HEIGHT} hops; goal 1.10"
    )


async def _timed(federation: LocalFederation, number: int) -> float:
    names = list(federation.homes)
    contact = names[number % len(names)]
    start = time.monotonic()
    job = federation.asked.workload.jobs[number].id
    await federation.handed(contact, number)
    while True:
        status = await control.ask(federation.homes[contact].socket, control.AskStatus())
        if any(decision.job == job for decision in status.decisions):
            return time.monotonic() - start
        await asyncio.sleep(0.002)


async def leader(count: int = 24) -> None:
    """Print what heights cost whose leader is dead, without delays and with 50 ms one way."""
    for delay_s in (0.0, DELAY_S):
        with tempfile.TemporaryDirectory() as name:
            federation = _federation(Path(name), _jobs(1), delay_s)
            try:
                await _begun(federation)
                names = list(federation.homes)
                await _heights(federation, names[0], 20)  # until delays and work are known
                known = _certified(federation, names[0])
                alive = await _heights(federation, names[0], count)
                rounds = _certified(federation, names[0])[len(known) :]
                await federation.kill(names[3])
                dead = await _heights(federation, names[0], count)
                status = await control.ask(federation.homes[names[0]].socket, control.AskStatus(brief=True))
            finally:
                await federation.stop()
        _tell_leader(delay_s, alive, dead, status.leader_timeout_ms / 1_000)
        needless = sum(round_ > 0 for round_ in rounds)
        print(f"  {needless} of {len(rounds)} heights with all members there took more than one round")


def _certified(federation: LocalFederation, name: str) -> list[int]:
    """Return the round in which each height was decided, as one member's ledger says."""
    return [read_entry(line[:-1]).certificate.round for line in list(read_lines(federation.homes[name].ledger))[1:]]


def _tell_leader(delay_s: float, alive: list[float], dead: list[float], timeout_s: float) -> None:
    """Say what a dead leader cost: by protocol its timeout (two delays and work) and a delay for the NULLIFY."""
    usual, slow = statistics.median(alive), sorted(dead)[-len(dead) // 6 :]
    cost = statistics.median(slow) - usual
    share = f", {cost / (4 * delay_s):.2f} x four delays" if delay_s else ""
    print(
        f"dead leader, {delay_s * 1e3:.0f} ms one way: a height takes {usual * 1e3:.0f} ms with all members there; "
        f"with one of six dead the median is {statistics.median(dead) * 1e3:.0f} ms, and each sixth (its turn) "
        f"{cost * 1e3:.0f} ms more: {cost / timeout_s:.2f} timeouts of {timeout_s * 1e3:.0f} ms{share}; "
        f"goal one timeout of four delays; load {os.getloadavg()[0]:.1f}"
    )


# -- batches -------------------------------------------------------------------------------------------------------


async def batch(jobs: int = 512, size: int = 64) -> None:
    """Print how many jobs six processes decide in a second when they come in 64 at a time."""
    with tempfile.TemporaryDirectory() as name:
        federation = _federation(Path(name), _jobs(jobs))
        try:
            await _begun(federation)
            pids = [process.pid for process in federation.processes.values()]
            before = sum(map(spent_s, pids))
            took_s = await _decided(federation, jobs, size)
            spent = sum(map(spent_s, pids)) - before
        finally:
            await federation.stop()
    rate = verifications_s()
    # Per job and member: its submitter's signature; items and votes are shared by a batch.
    heights = 3 * jobs / size
    limit = jobs / ((jobs + heights * (6 + 2 * 4 + 1) + jobs / 6) / rate)
    print(
        f"batch: {jobs} jobs, {size} at a time, in {took_s:.1f} s: {jobs / took_s:,.0f} decisions/s with six processes "
        f"on two cores; {1e3 * spent / jobs:.2f} ms of processor time a decision, so that two cores without other work "
        f"could do {2 * jobs / spent:,.0f}/s; one core that only checks signatures for one member: {limit:,.0f}/s, "
        f"of which this is {100 * jobs / took_s / limit:.2f} %; goal 5,000/s; load {os.getloadavg()[0]:.1f}"
    )


async def _decided(federation: LocalFederation, jobs: int, size: int) -> float:
    """Hand jobs in, a batch as soon as half of the one before is decided; return how long all of them took, s."""
    names, start, done = list(federation.homes), time.monotonic(), 0
    socket = federation.homes[names[0]].socket
    for first in range(0, jobs, size):
        batch_ = range(first, min(first + size, jobs))
        await asyncio.gather(
            *(federation.handed_together(name, batch_[place :: len(names)]) for place, name in enumerate(names))
        )
        while done < min(first + size // 2, jobs):
            done = (await control.ask(socket, control.AskStatus(brief=True), 60.0)).decided
            await asyncio.sleep(0.01)
    while done < jobs:
        done = (await control.ask(socket, control.AskStatus(brief=True), 60.0)).decided
        await asyncio.sleep(0.01)
    return time.monotonic() - start


PARTS: dict[str, Callable[[], Awaitable[None]]] = {
    "catchup": catch_up, "latency": latency, "leader": leader, "batch": batch,
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the named measurements, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processes")
    parser.add_argument("part", nargs="*", choices=[[], *PARTS])
    for name in parser.parse_args(argv).part or PARTS:
        asyncio.run(_part(name))
    return 0


async def _part(name: str) -> None:
    await PARTS[name]()


if __name__ == "__main__":
    sys.exit(main())

"""Six processes over TCP, one of which signs false blocks when it leads: each ledger takes four tenths of its trust.

docs/protocol.md P-15, P-23. `tests/faults/test_rogue.py` plays the same in memory.
"""

import asyncio
import time

import pytest

import wiring
from backends.reading import JobRequest, Workload
from federating import LocalFederation
from quorate.ledger.verify import verify_lines
from tests.faults.judging import Judge

NAMES = tuple(f"HPC_RESOURCE_{seat:02d}" for seat in range(6))
LIAR, RIVAL = NAMES[0], NAMES[1]
"""Whom the drivers are aimed at if nobody is named: the next seat."""


def asked(jobs):
    wanted = [JobRequest(id=f"job_{number:03d}", type="hpc", nodes=1, walltime_min=30) for number in range(jobs)]
    settings = wiring.read_settings(None)
    return wiring.request(settings, jobs=Workload(name="many", jobs=tuple(wanted)), seed=42, profile="rule", name="x")


async def convicted(federation, say, timeout_s=90.0):
    """Say something over and over until a member's ledger finds the liar guilty, and a little more."""
    end, number = time.monotonic() + timeout_s, 0
    while time.monotonic() < end:
        await say(number)
        number += 1
        status = await federation.status(NAMES[5])
        if status and any("a false block" in said for said in status.findings):
            return
    raise AssertionError("nobody was ever found guilty")


def found(lines):
    """Every proven finding on a ledger: whom, what class, and the reputation before and after."""
    findings = [each for height in verify_lines(lines) for each in height.application.record.findings]
    return [
        (each.cluster, each.class_, each.before, each.after, each.what) for each in findings if each.class_ != "absence"
    ]


def check(federation, words):
    """All honest members hold the same findings, of the liar alone, each of them times six tenths."""
    honest = [federation.homes[name].ledger for name in NAMES if name != LIAR]
    files = [ledger.read_bytes().splitlines(keepends=True) for ledger in honest]
    common = min(map(len, files))  # one may have decided a height more before it was told to stop
    ledgers = [found(lines[:common]) for lines in files]
    assert ledgers[0]
    assert all(ledger == ledgers[0] for ledger in ledgers)
    for cluster, class_, before, after, what in ledgers[0]:
        assert (cluster, class_) == (LIAR, "A'")
        assert after == before * 600 // 1_000
        assert words in what
    assert ledgers[0][0][2:4] == (1_000, 600)
    verdict = Judge(files[0], [LIAR]).verdict
    assert verdict.violations == []
    assert all(verdict.reputation[name] >= 900 for name in NAMES if name != LIAR), "absence alone, if anything"
    assert not verdict.jailed


async def started(folder, driver, jobs, delay_s=0.0):
    federation = LocalFederation(folder, asked(jobs), ("--hasten", "20000"), delay_s)
    for name in NAMES:
        await federation.start(name, *(("--fault", driver) if name == LIAR else ()))
    await federation.ready()
    return federation


@pytest.mark.slow
async def test_a_process_that_claims_false_results_as_leader_ends_at_six_tenths_in_every_ledger(tmp_path):
    federation = await started(tmp_path, "false-results", 40)
    try:

        async def say(number):
            job = await federation.submit(number, NAMES[1 + number % 5])
            decision = await federation.decided(job)
            assert decision is not None
            assert decision.outcome == "allocated", "what it lied about lands right"

        await convicted(federation, say)
        assert len(await federation.settled(list(NAMES), 30.0)) == 1
    finally:
        await federation.stop()
    check(federation, "do not follow")


@pytest.mark.slow
async def test_a_process_that_leaves_out_what_it_owes_as_leader_ends_at_six_tenths_in_every_ledger(tmp_path):
    """The rival speaks all the time, so that some of it always comes too late for one block and is owed by the next."""
    federation = await started(tmp_path, "withheld-items", 400, delay_s=0.02)
    try:

        async def say(number):
            await federation.handed(RIVAL, number)
            await asyncio.sleep(0.02)

        await convicted(federation, say)
        assert len(await federation.settled(list(NAMES), 30.0)) == 1
    finally:
        await federation.stop()
    check(federation, "it leaves out item")

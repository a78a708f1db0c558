"""Six processes over TCP: killed, stopped, robbed of their log, replaced by a liar, shouted at; one head in the end.

The ledger that they leave is played again by the judge of tests/faults, who shares no code with them. docs/protocol.md
P-11, P-18, P-20, P-21.
"""

import asyncio
import shutil
import signal
from contextlib import suppress
from random import Random

import pytest

import wiring
from backends.trace_file import read_trace
from federating import LocalFederation, found, free_ports, scratch
from federation.control import AskStatus
from quorate.ledger.verify import verify_lines
from tests.faults.judging import Judge

C0, C1, C2, C3, C4, C5 = (f"HPC_RESOURCE_{seat:02d}" for seat in range(6))


def asked():
    return wiring.request(wiring.read_settings(None), seed=42, profile="rule", name="processes")


@pytest.fixture
async def federation():
    made = LocalFederation(scratch(), asked(), ("--hasten", "20000"))
    yield made
    await made.stop()
    shutil.rmtree(made.folder)


async def allocated(federation, number, through):
    job = await federation.submit(number, through, patience_s=8.0)
    decision = await federation.decided(job)
    assert decision is not None
    assert decision.outcome == "allocated"
    return decision.cluster


async def shout(federation, rng):
    """Send hostile bytes to every port: none of it TLS by a member, so none of it may be heard."""
    roster = next(iter(federation.homes.values()))
    roster = roster.roster(roster.genesis())
    for member in roster.members:
        for size in (1, 500, 70_000):
            with suppress(OSError, asyncio.TimeoutError):
                _, writer = await asyncio.open_connection(member.host, member.port)
                writer.write(b"\x16\x03\x01" * (size % 2) + rng.randbytes(size))
                await asyncio.wait_for(writer.drain(), 1.0)
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()


async def confirmed(federation, credit, times=400):
    """Submitters confirm what ended until trust is earned by it; False if that never comes."""
    for _ in range(times):
        await federation.receipts(C1)
        status = await federation.status(C1)
        if any(said.startswith(credit) for said in status.credits):
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.slow
async def test_six_processes_stay_right_whatever_happens_to_one_of_them(federation):
    rng, loud = Random("shout"), []
    for cluster in federation.homes:
        await federation.start(cluster)
    await federation.ready()
    assert await allocated(federation, 0, C1) == C0
    loud.append(asyncio.create_task(shout(federation, rng)))

    await federation.kill(C0)
    await allocated(federation, 1, C0)  # handed to the dead one first: its submitter goes on to the next
    await federation.start(C0)
    await federation.ready()
    # Its job ended while it was away; it says so, the submitter confirms, and the absence is made up for.
    assert await confirmed(federation, f"{C0}: contested job completed")

    federation.signal(C1, signal.SIGSTOP)
    await allocated(federation, 2, C2)
    federation.signal(C1, signal.SIGCONT)

    await federation.kill(C2)
    (federation.homes[C2].folder / "wal.log").unlink()
    await federation.start(C2)
    await federation.ready()
    await allocated(federation, 3, C3)
    output = (federation.homes[C2].folder / "output.log").read_text()
    assert f"{C2} lost what it had signed: it observes through height" in output

    await federation.kill(C5)
    await federation.start(C5, "--fault", "false-occupancy")
    await federation.ready()
    for number in (4, 5, 6):
        loud.append(asyncio.create_task(shout(federation, rng)))
        assert await allocated(federation, number, (C4, C0, C2)[number - 4]) != C5

    await asyncio.gather(*loud)
    heads = await federation.settled(list(federation.processes), 30.0)
    assert len(heads) == 1, heads
    status = await federation.status(C1)
    assert not status.jailed, "nobody signed two things, however it was stopped"

    statuses = {cluster: await federation.status(cluster) for cluster in federation.homes}
    assert statuses[C2].reputation[C2] >= 800
    await federation.stop()
    ledgers = {home.ledger.read_bytes() for home in federation.homes.values()}
    # Certificates may differ in which quorum of votes each member saw first; blocks may not.
    blocks = {tuple(v.entry.block.digest for v in verify_lines(data.splitlines(keepends=True))) for data in ledgers}
    assert len(blocks) == 1
    verdict = Judge(federation.homes[C1].ledger.read_bytes().splitlines(keepends=True), [C5]).verdict
    assert verdict.violations == []
    assert verdict.findings[C5, "B"] >= 2
    assert {name for name, class_ in verdict.findings if class_ != "absence"} == {C5}


@pytest.mark.slow
async def test_a_contact_that_swallows_a_job_is_gone_round(federation):
    for cluster in federation.homes:
        await federation.start(cluster, *(("--fault", "silence") if cluster == C0 else ()))
    await federation.ready()
    job = await federation.submit(0, C0, patience_s=0.5)
    decision = await federation.decided(job)
    assert decision.outcome == "allocated"
    assert decision.cluster != C0


def test_homes_of_one_federation_share_a_genesis_and_no_key(tmp_path):
    homes = found(tmp_path, asked())
    assert len({home.genesis().digest for home in homes}) == 1
    assert len({home.seed() for home in homes}) == 6
    assert len(set(free_ports(6))) == 6


async def test_a_member_that_does_not_run_is_silent(federation):
    assert await federation.status(C0) is None
    assert await federation.settled([C0], 0.0) == {"silent"}
    assert AskStatus().ask == "status"


@pytest.mark.slow
async def test_opinions_are_signed_by_every_process_and_one_that_slanders_by_them_moves_no_job(tmp_path):
    """P-70 over TCP: one bids the most that no fact refutes, one says of everybody that its bid is worth nothing."""
    federation = LocalFederation(tmp_path, asked(), opinions=True)
    try:
        liars = {C5: "highest-allowed", C1: "low-opinions"}
        for cluster in federation.homes:
            await federation.start(cluster, *(("--fault", liars[cluster]) if cluster in liars else ()))
        await federation.ready()
        assert await allocated(federation, 0, C0) == C0, "its facts favour it; unheard, the boaster would have won"
        await allocated(federation, 1, C2)
        assert len(await federation.settled(list(federation.homes), 30.0)) == 1
        status = await federation.status(C4)
    finally:
        await federation.stop()
    lines = federation.homes[C3].ledger.read_bytes().splitlines(keepends=True)
    records = [height.application.record for height in verify_lines(lines)]
    answers = [answer for record in records for decision in record.decisions for answer in decision.answers]
    heard = {answer.cluster: answer for answer in answers[:6]}
    assert all(answer.assessed_bp == answer.answer.score_bp for name, answer in heard.items() if name != C5)
    boast = heard[C5].answer.score_bp
    assert heard[C5].assessed_bp == boast - boast // 10
    assert [set(decision.assessed) for decision in status.decisions] == [{C5}, {C5}]
    assert {
        item.sender for height in verify_lines(lines) for item in height.entry.items if b'"assess"' in item.payload
    } == {*range(6)}
    assert Judge(lines, [C1, C5]).verdict.violations == []


@pytest.mark.slow
async def test_models_of_processes_give_second_opinions_beside_their_votes_and_keep_them(tmp_path):
    config = tmp_path / "quorate.toml"
    replies = wiring.ROOT / "examples/replies/rehearsal.jsonl"
    config.write_text(
        '[llm]\nuse = "script"\nsecond_opinion = true\n'
        f'[llm.profiles.script]\nprovider = "scripted"\nreplies = "{replies}"\n'
    )
    asked_ = wiring.request(wiring.read_settings(config), seed=42, profile="script", name="processes")
    federation = LocalFederation(tmp_path / "homes", asked_, ("--config", str(config)))
    try:
        for cluster in federation.homes:
            await federation.start(cluster)
        await federation.ready()
        await allocated(federation, 0, C0)
        told = []
        for _ in range(200):
            traces = {name: read_trace(home.folder / "trace.jsonl") for name, home in federation.homes.items()}
            told = [(name, event) for name, events in traces.items() for event in events if event.kind == "opined"]
            if len(told) >= 4:
                break
            await asyncio.sleep(0.05)
    finally:
        await federation.stop()
    assert all(event.cluster == name for name, event in told)
    assert len({name for name, _ in told}) >= 4
    assert {event.approves for _, event in told} == {True, False}

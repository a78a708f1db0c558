"""One run, connected: what it leaves in its folder, and how it fails."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

import carrying
import wiring
from agents.bidder import RuleBidder
from backends.ledger_file import read_lines
from backends.reading import jobs_from
from backends.trace_file import read_trace
from quorate.domain.errors import CredentialMissing, RequestInvalid
from quorate.ledger.verify import verify_lines

SETTINGS = wiring.read_settings(None)
JOBS = jobs_from({"jobs": [{"id": f"j{n}", "nodes": 4, "walltime_min": 30} for n in range(2)]}, "here")


def asked(**changes):
    return wiring.request(SETTINGS, jobs=JOBS, name="x").model_copy(update=changes)


async def carried(folder, asked_=None, **options):
    return await carrying.carry_out(SETTINGS, asked_ or asked(), wiring.Places(folder), wiring.Options(**options))


async def test_a_run_leaves_a_ledger_a_trace_a_report_and_its_request(tmp_path):
    report = await carried(tmp_path / "x")
    places = wiring.Places(tmp_path / "x")
    heights = list(verify_lines(read_lines(places.ledger)))
    assert len(heights) == report.heights
    events = read_trace(places.trace)
    assert (events[0].kind, events[-1].kind) == ("run_started", "run_ended")
    assert wiring.read_report(places) == report
    assert wiring.finished(places)
    assert json.loads(places.request.read_text())["name"] == "x"


async def test_whoever_listens_hears_every_event_and_every_job(tmp_path):
    events, reports = [], []
    await carried(tmp_path / "x", listen=events.append, heights=reports.append)
    assert events == read_trace(wiring.Places(tmp_path / "x").trace)
    assert [len(report.decisions) for report in reports] == [1, 2]


async def test_a_chain_without_seals_decides_too(tmp_path):
    open_ = SETTINGS.model_copy(update={"run": SETTINGS.run.model_copy(update={"sealed": False})})
    report = await carrying.carry_out(open_, asked(), wiring.Places(tmp_path / "x"), wiring.Options())
    assert report.summary.allocated == 2


async def test_a_bug_in_a_bidder_ends_the_run_loudly_and_the_trace_says_failed(tmp_path, monkeypatch):
    async def broken(self, job, snapshot):
        raise KeyError("a bug")

    monkeypatch.setattr(RuleBidder, "bid", broken)
    with pytest.raises(KeyError, match="a bug"):
        await carried(tmp_path / "x")
    last = read_trace(wiring.Places(tmp_path / "x").trace)[-1]
    assert (last.kind, last.status) == ("run_ended", "failed")
    assert wiring.read_report(wiring.Places(tmp_path / "x")).status == "failed"


async def cancelled(folder, monkeypatch, after_s=0.0):
    """Cancel a run when all six have begun to think about its second job; return how it was told of it."""
    inner, thinking, all_think = RuleBidder.bid, [], asyncio.Event()

    async def slow(self, job, snapshot):
        if job.id == "j1":
            thinking.append(snapshot.cluster)
            if len(thinking) == 6:
                all_think.set()
            await asyncio.sleep(3_600)
        return await inner(self, job, snapshot)

    with monkeypatch.context() as patched:
        patched.setattr(RuleBidder, "bid", slow)
        run = asyncio.create_task(carried(folder))
        await all_think.wait()
        await asyncio.sleep(after_s)
        run.cancel()
        with pytest.raises(asyncio.CancelledError) as told:
            await run
    return told.value


async def test_a_cancelled_run_says_so_and_goes_on_where_it_was(tmp_path, monkeypatch):
    await cancelled(tmp_path / "x", monkeypatch)
    places = wiring.Places(tmp_path / "x")
    assert wiring.read_report(places).status == "cancelled"
    assert not wiring.finished(places)
    kept = places.ledger.read_bytes()
    report = await carried(tmp_path / "x")
    assert (report.status, report.summary.allocated) == ("done", 2)
    assert places.ledger.read_bytes().startswith(kept)


async def test_whenever_a_run_is_cancelled_its_checkpoints_are_free_at_once(tmp_path, monkeypatch):
    for number in range(16):
        folder = tmp_path / f"{number}"
        told = await cancelled(folder, monkeypatch, number / 1_000)
        with closing(sqlite3.connect(wiring.Places(folder).checkpoints, timeout=0)) as others:
            others.execute("BEGIN IMMEDIATE")
        assert told.__traceback__ is not None  # whoever holds this holds what the run's last frames held


async def test_a_finished_run_carried_out_again_changes_nothing(tmp_path):
    report = await carried(tmp_path / "x")
    ledger = wiring.Places(tmp_path / "x").ledger.read_bytes()
    again = await carried(tmp_path / "x")
    assert wiring.Places(tmp_path / "x").ledger.read_bytes() == ledger
    assert again.decisions == report.decisions


async def test_a_provider_without_its_key_is_refused_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.delenv("SAMBANOVA_API_KEY", raising=False)
    with pytest.raises(CredentialMissing, match="SAMBANOVA_API_KEY"):
        await carried(tmp_path / "x", asked(profile="sambanova"))


async def test_a_ledger_of_another_chain_is_not_gone_on_with(tmp_path):
    await carried(tmp_path / "x")
    with pytest.raises(Exception, match="genesis"):
        await carried(tmp_path / "x", asked(seed=7))


async def test_what_members_said_is_read_back_or_refused(tmp_path):
    await carried(tmp_path / "x")
    (tmp_path / "x/said.json").write_text('{"HPC_RESOURCE_00": ["zz"]}')
    with pytest.raises(RequestInvalid, match=r"said\.json is damaged"):
        await carried(tmp_path / "x")

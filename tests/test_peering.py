"""One member as a process: what it refuses to start with, in one sentence and exit status 2."""

import asyncio
import shutil
from contextlib import suppress

import pytest

import cli
import wiring
from federating import found
from federation.home import create, locked
from federation.keys import new_seed
from peering import Hastened
from quorate.consensus.wal import RecordKind, encode_record
from quorate.domain.errors import BackendRefused, PeerUnreachable
from quorate.ports import JobEnd
from tests.federation.houses import houses
from tests.quorate.ledger.build import Chain, genesis, job


def asked(**more):
    return wiring.request(wiring.read_settings(None), profile="rule", name="peer", **more)


@pytest.fixture
def home(tmp_path):
    return found(tmp_path, asked())[0]


def refused(capsys, *args):
    """The one sentence with which a member does not start."""
    assert cli.main(["peer", *map(str, args)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("error: ")
    return said.err


def test_a_folder_that_is_none(tmp_path, capsys):
    assert "there is no member's folder" in refused(capsys, tmp_path / "nowhere")


def test_a_key_that_others_may_read(home, capsys):
    (home.folder / "key").chmod(0o640)
    assert "run chmod 600" in refused(capsys, home.folder)


def test_the_key_of_a_stranger(home, capsys, tmp_path):
    genesis_, roster = home.genesis(), home.roster(home.genesis())
    stranger = create(tmp_path / "stranger", new_seed(), genesis_, roster, roster.members[0].cluster)
    assert "belongs to no member of 'reference'; ask for admission" in refused(capsys, stranger.folder)


@pytest.mark.parametrize("seed", [0, 42, 99])
def test_a_demonstration_key_that_everybody_knows(tmp_path, capsys, monkeypatch, seed):
    names = iter([cluster.id for cluster in asked().federation.clusters])
    monkeypatch.setattr("federating.new_seed", lambda: wiring.drawn(seed, "key", next(names)))
    home = found(tmp_path / "demo", asked())[0]
    assert "this is a demonstration key that everybody knows; make one with `peer-init`" in refused(capsys, home.folder)


def test_a_folder_that_another_process_holds(home, capsys):
    with locked(home):
        assert "another process runs the member in" in refused(capsys, home.folder)


def test_a_driver_that_does_not_exist(home, capsys):
    assert "there is no fault driver 'gremlin'; drivers: " in refused(capsys, home.folder, "--fault", "gremlin")


def test_a_log_with_a_flipped_bit(home, capsys):
    record = bytearray(encode_record(RecordKind.VOTE, b"x" * 90))
    record[30] ^= 1
    home.log.write_bytes(bytes(record))
    assert "the write-ahead log is damaged at byte 0; rejoin as an observer" in refused(capsys, home.folder)


def test_a_ledger_of_another_chain(home, capsys, tmp_path):
    other = found(tmp_path / "other", asked())[0]
    chain = Chain(genesis(4))
    chain.decide()
    home.ledger.write_bytes(b"".join(chain.lines()))
    assert "another genesis" in refused(capsys, home.folder)
    shutil.rmtree(other.folder)


def test_a_full_disk_ends_the_process_with_its_sentence(tmp_path, capsys, monkeypatch):
    """The log takes the first records and then no more; the member stops before it signs, and says so."""
    import errno
    import os

    homes = houses(tmp_path)
    plain, room = os.write, [200]

    def nearly_full(handle, data):
        if os.readlink(f"/proc/self/fd/{handle}").endswith(("wal.log", "wal.new")):
            room[0] -= len(data)
            if room[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
        return plain(handle, data)

    monkeypatch.setattr(os, "write", nearly_full)

    async def both():
        from federation import control
        from peering import run_peer

        member = asyncio.create_task(run_peer(wiring.read_settings(None), homes[0].folder, profile="rule"))
        for number in range(200):
            if member.done():
                break
            await asyncio.sleep(0.05)
            wanted = job(f"j{number}", description="x" * 200)
            with suppress(PeerUnreachable):
                await control.ask(homes[0].socket, control.SubmitJob(job=wanted), 0.2)
        return await member

    with pytest.raises(Exception, match="No space left on device; the member stops before it signs") as caught:
        asyncio.run(both())
    assert type(caught.value).__name__ == "OperatorError"


class Schedule:
    def __init__(self):
        self.jobs = []

    def submit(self, cluster, wanted, at_s):
        if wanted.id == "no":
            raise BackendRefused("drained")
        self.jobs.append((cluster, wanted.id, at_s))

    def next_end_s(self):
        return 1_001 if self.jobs else None

    def ended(self, at_s):
        return [JobEnd(cluster="c0", job="j1", at_s=1_001, run_s=1, succeeded=True)] if at_s >= 1_001 else []


def test_hastened_jobs_end_sooner_and_say_what_they_would_have_run():
    inner = Schedule()
    fast = Hastened(inner, 10)
    assert fast.next_end_s() is None
    fast.submit("c0", job("j1"), 100)
    assert inner.jobs == [("c0", "j1", 1_000)]
    assert fast.next_end_s() == 101
    assert fast.ended(100) == []
    assert [end.run_s for end in fast.ended(101)] == [1]
    with pytest.raises(BackendRefused):
        fast.submit("c0", job("no"), 100)

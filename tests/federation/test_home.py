"""A member's folder: one process at a time, nobody else's key, and a disk that fails before anything is signed.

docs/protocol.md P-20, P-21.
"""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from federation.founding import CARD, Card, make_next, read_card
from federation.home import Disk, Home, Roster, address, locked
from quorate.consensus.signing import KeySigner
from quorate.consensus.wal import RecordKind, encode_record
from quorate.domain.bidding import Abstention
from quorate.domain.errors import LedgerBroken, RequestInvalid, SettingsInvalid, WorldError
from quorate.ledger.application import LedgerApplication
from quorate.ledger.participant import Keep
from tests.federation.houses import houses, seed

RECORDS = [encode_record(RecordKind.VOTE, bytes([number]) * 40) for number in range(3)]


@pytest.fixture
def home(tmp_path):
    return houses(tmp_path)[0]


def written(home, *, records=RECORDS):
    disk = Disk(home)
    for record in records:
        disk.persist(record, fresh=False)
    disk.close()
    return home.log.read_bytes()


# -- who is it


def test_a_folder_is_private_and_holds_what_a_member_needs(home):
    assert home.folder.stat().st_mode & 0o777 == 0o700
    assert home.roster(home.genesis()).members[0].cluster == "c0"
    assert len(home.seed()) == 32


def test_a_second_process_is_refused_with_a_sentence(home):
    code = "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
    code += "from federation.home import Home, locked\n"
    code += "with locked(Home(Path(sys.argv[1]))): pass"
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    with locked(home):
        done = subprocess.run(
            [sys.executable, "-c", code, home.folder, root], capture_output=True, text=True, timeout=30, check=False
        )
    assert done.returncode != 0
    assert f"another process runs the member in {home.folder}; stop it first" in done.stderr
    with locked(home):
        pass


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RequestInvalid, match="make one with `peer-init`"), locked(Home(tmp_path / "nowhere")):
        pass


def test_a_roster_with_another_key_than_genesis_names_is_refused(home, tmp_path):
    good = home.roster(home.genesis())
    first, second, *rest = good.members
    swapped = first.model_copy(update={"certificate": second.certificate})
    (home.folder / "roster.json").write_bytes(Roster(members=(swapped, second, *rest)).model_dump_json().encode())
    with pytest.raises(SettingsInvalid, match="the certificate of c0 carries another key than genesis names"):
        home.roster(home.genesis())


def test_a_roster_that_lists_others_is_refused(home):
    good = home.roster(home.genesis())
    (home.folder / "roster.json").write_bytes(Roster(members=good.members[::-1]).model_dump_json().encode())
    with pytest.raises(SettingsInvalid, match="must list c0, c1, c2, c3 in this order"):
        home.roster(home.genesis())


@pytest.mark.parametrize("name", ["genesis.json", "roster.json"])
@pytest.mark.parametrize("text", [b"", b"{}", b"[1", b"\xff\xfe", b'{"members": 7}'], ids=range(5))
def test_a_file_that_is_damaged_is_refused_with_its_name(home, name, text):
    genesis = home.genesis()
    (home.folder / name).write_bytes(text)
    with pytest.raises(RequestInvalid, match=name):
        home.genesis() if name == "genesis.json" else home.roster(genesis)


@pytest.mark.parametrize("name", ["key", "key.pem"])
def test_either_key_file_must_be_private(home, name):
    (home.folder / name).chmod(0o644)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        home.seed()


# -- the log


def test_what_was_written_is_read_again(home):
    written(home)
    disk = Disk(home)
    assert disk.records == RECORDS
    disk.close()


@pytest.mark.parametrize("cut", [1, 7, 20, len(RECORDS[2]) - 1])
def test_a_torn_last_record_is_cut_off_and_the_rest_stands(home, cut):
    data = written(home)
    home.log.write_bytes(data[:-cut])
    disk = Disk(home)
    assert disk.records == RECORDS[:2]
    disk.persist(RECORDS[2], fresh=False)
    disk.close()
    assert home.log.read_bytes() == data


@pytest.mark.parametrize("place", [0, 5, 15, len(RECORDS[0]) - 1, len(RECORDS[0]) + 11])
def test_a_flipped_bit_stops_the_member_with_a_sentence(home, place):
    data = bytearray(written(home))
    data[place] ^= 4
    home.log.write_bytes(bytes(data))
    with pytest.raises(LedgerBroken, match=r"the write-ahead log is damaged at byte \d+; rejoin as an observer"):
        Disk(home)


def test_a_new_height_replaces_the_log_whole(home):
    written(home)
    disk = Disk(home)
    disk.persist(encode_record(RecordKind.HEIGHT, b"h" * 16), fresh=True)
    disk.persist(RECORDS[0], fresh=False)
    disk.close()
    again = Disk(home)
    assert len(again.records) == 2
    again.close()


def test_a_log_that_is_gone_is_remembered_until_its_height_is_over(home):
    assert home.silent_through(8) == 0
    home.log.unlink()
    assert home.silent_through(8) == 8
    Disk(home).close()
    assert home.silent_through(8) == 8, "a second start within the same height still knows"
    home.log.unlink()
    assert home.silent_through(11) == 11


def test_answers_survive_and_a_torn_one_is_left_out(home):
    keep, disk = KEEP, Disk(home)
    disk.keep(keep)
    disk.close()
    with home.answers.open("ab") as file:
        file.write(b'{"job":"j2"')
    again = Disk(home)
    assert again.kept == [keep]
    again.keep(keep)
    again.close()
    last = Disk(home)
    assert last.kept == [keep, keep]
    last.close()


def test_answers_of_calls_that_are_over_are_forgotten_and_the_others_stand(home):
    other, disk = KEEP.model_copy(update={"job": "j2"}), Disk(home)
    disk.keep(KEEP)
    disk.keep_only([other])
    disk.keep(KEEP)
    disk.close()
    again = Disk(home)
    assert again.kept == [other, KEEP]
    again.close()


@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
def test_a_crash_while_answers_are_forgotten_loses_none(home, monkeypatch, moment):
    """Whatever the moment: the old file stands until the new one is whole and on the disk."""
    disk = Disk(home)
    disk.keep(KEEP)
    disk.flush()

    def cut(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(os if moment != "replace" else Path, moment, cut)
    with pytest.raises(KeyboardInterrupt):
        disk.keep_only([KEEP])
    monkeypatch.undo()
    again = Disk(home)
    assert again.kept == [KEEP]
    again.close()


def test_many_answers_are_noticed(home, monkeypatch):
    monkeypatch.setattr("federation.home.ANSWERS_BYTES_MAX", 300)
    disk = Disk(home)
    assert not disk.many
    for _ in range(3):
        disk.keep(KEEP)
    assert disk.many
    disk.keep_only([])
    assert not disk.many
    disk.close()


def test_a_log_is_long_after_so_many_bytes_and_short_again_when_it_begins_anew(home, monkeypatch):
    monkeypatch.setattr("federation.home.LOG_BYTES_MAX", 100)
    disk = Disk(home)
    assert not disk.long
    disk.persist(b"x" * 200, fresh=False)
    assert disk.long
    disk.persist(RECORDS[0], fresh=True)
    assert not disk.long
    disk.close()
    again = Disk(home)
    assert again.records == RECORDS[:1]
    again.close()


def test_a_damaged_answer_is_named_by_its_line(home):
    home.answers.write_bytes(b'{"job":"j1"}\n')
    with pytest.raises(RequestInvalid, match=r"answers\.jsonl: line 1 holds no sealed answer; take the line out"):
        Disk(home)


ANSWER = Abstention(job="j1", cluster="c0", code="deadline", detail="late")
KEEP = Keep(job="j1", opened=3, answer=ANSWER, salt="5a" * 16)
WRITES = {
    "a record": lambda disk: disk.persist(RECORDS[0], fresh=False),
    "a new log": lambda disk: disk.persist(RECORDS[0], fresh=True),
    "an answer": lambda disk: disk.keep(KEEP),
    "a new file of answers": lambda disk: disk.keep_only([KEEP]),
}


@pytest.mark.parametrize("what", WRITES)
def test_a_full_disk_stops_the_member_before_it_signs(home, monkeypatch, what):
    disk = Disk(home)

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(WorldError, match="No space left on device; the member stops before it signs"):
        WRITES[what](disk)
    monkeypatch.undo()
    disk.close()


def test_a_limit_of_the_file_system_is_met_in_the_middle_of_a_record_and_leaves_a_log_that_reads(home):
    disk = Disk(home)
    disk.persist(RECORDS[0], fresh=False)
    disk.flush()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(RECORDS[0]) + 10, hard))
    try:
        with pytest.raises(WorldError, match="the member stops before it signs"):
            disk.persist(RECORDS[1], fresh=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    disk.close()
    again = Disk(home)
    assert again.records == RECORDS[:1]
    again.close()


# -- whom it knows, and its next key


def seats(home):
    return LedgerApplication.of(home.genesis()).committee.seats


def test_addresses_are_those_of_the_keys_that_the_ledger_names(home):
    named = list(seats(home))
    assert sorted(home.addresses(named)) == [0, 1, 2, 3]
    named[2] = named[2].model_copy(update={"public_key": KeySigner(seed("c2 anew")).public_key.hex()})
    assert sorted(home.addresses(named)) == [0, 1, 3]
    home.meet(address(seed("c2 anew"), "c2", "127.0.0.1", 7))
    assert home.addresses(named)[2].port == 7
    assert sorted(home.addresses(seats(home))) == [0, 1, 2, 3], "the old key may still be the one"
    home.roster(home.genesis())


def test_who_moved_is_found_at_the_new_place_only(home):
    home.meet(address(seed("c1"), "c1", "127.0.0.1", 9))
    assert home.addresses(seats(home))[1].port == 9
    assert len(home.roster(home.genesis()).members) == 4


def test_the_next_key_takes_over_with_an_empty_log_and_the_old_one_is_gone(home):
    (home.folder / CARD).write_text(card_of(home).model_dump_json())
    assert home.next_key() is None
    made = make_next(home)
    with pytest.raises(RequestInvalid, match="its key waits for consent"):
        make_next(home)
    fresh, old = home.next_key(), home.seed()
    written(home)
    home.take_next()
    assert (home.seed(), home.next_key(), home.log.read_bytes()) == (fresh, None, b"")
    assert home.silent_through(5) == 0, "nothing was ever signed with the new key"
    assert old != fresh
    assert read_card(home.folder / CARD) == made
    assert (home.folder / "certificate.pem").read_text() == made.address.certificate


def test_after_a_change_that_was_cut_off_at_its_very_end_another_can_be_made(home):
    (home.folder / CARD).write_text(card_of(home).model_dump_json())
    home.next.mkdir()
    make_next(home)
    (home.next / "note").write_text("ours")
    home.take_next()
    assert [path.name for path in home.next.iterdir()] == ["note"]
    with pytest.raises(RequestInvalid, match="exists; a key is never written over"):
        make_next(home)


@pytest.mark.parametrize("done", [1, 2, 3])
def test_a_change_of_keys_that_was_cut_off_is_made_again(home, done):
    (home.folder / CARD).write_text(card_of(home).model_dump_json())
    make_next(home)
    fresh = home.next_key()
    for name in ("key.pem", "certificate.pem", "card.json")[:done]:
        (home.next / name).replace(home.folder / name)
    assert home.next_key() == fresh
    home.take_next()
    assert home.seed() == fresh


def card_of(home):
    member = home.genesis().members[0]
    where = home.roster(home.genesis()).members[0]
    return Card(cluster=member.cluster, background=member.background, address=where)

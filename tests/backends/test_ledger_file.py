"""The ledger on disk: appended durably, taken up again, and never harmed by being opened. docs/protocol.md P-62."""

import os

import pytest

from backends.ledger_file import LedgerFile, read_lines
from quorate.domain.errors import LedgerBroken, RequestInvalid
from quorate.ledger.verify import LINE_BYTES_MAX, genesis_line, verify_lines
from tests.quorate.ledger.build import Chain, genesis, owned


@pytest.fixture(scope="module")
def chain():
    made = Chain(genesis(4))
    made.place(owned("a", 2))
    return made


def kept(path, chain, count=3):
    ledger = LedgerFile(path, chain.genesis)
    for entry in chain.entries[:count]:
        ledger.append(entry)
    ledger.close()
    return path


def test_what_was_appended_is_the_canonical_ledger_and_verifies(tmp_path, chain):
    path = kept(tmp_path / "deep" / "ledger.jsonl", chain)
    assert path.read_bytes() == b"".join(chain.lines())
    assert len(list(verify_lines(read_lines(path), chain.genesis))) == 3


def test_a_ledger_is_taken_up_where_it_stopped(tmp_path, chain):
    path = kept(tmp_path / "l", chain, 1)
    ledger = LedgerFile(path, chain.genesis)
    assert [height.entry for height in ledger.heights] == chain.entries[:1]
    for entry in chain.entries:
        ledger.append(entry)  # the first is there already and is left as it is
    ledger.close()
    assert path.read_bytes() == b"".join(chain.lines())


@pytest.mark.parametrize("cut", [1, 2, 100, 1_000])
def test_a_torn_last_line_is_cut_off_and_written_again(tmp_path, chain, cut):
    path = kept(tmp_path / "l", chain, 2)
    path.write_bytes(path.read_bytes()[:-cut])
    kept(path, chain)
    assert path.read_bytes() == b"".join(chain.lines())


@pytest.mark.parametrize("length", [0, 1, 50])
def test_a_torn_first_line_is_begun_again(tmp_path, chain, length):
    path = tmp_path / "l"
    path.write_bytes(genesis_line(chain.genesis)[:length])
    kept(path, chain)
    assert path.read_bytes() == b"".join(chain.lines())


@pytest.mark.parametrize("content", [b"my notes", b"my notes\nwithout an end", b"{}", b"{}\n", b"\x00" * 50])
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path, chain, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(LedgerBroken):
        LedgerFile(path, chain.genesis)
    assert path.read_bytes() == content


def test_a_torn_ledger_of_another_chain_is_left_as_it_is(tmp_path, chain):
    path = kept(tmp_path / "l", chain)
    torn = path.read_bytes()[:-7]
    path.write_bytes(torn)
    with pytest.raises(LedgerBroken, match="another genesis"):
        LedgerFile(path, genesis(5))
    assert path.read_bytes() == torn


def test_no_height_is_skipped(tmp_path, chain):
    ledger = LedgerFile(tmp_path / "l", chain.genesis)
    with pytest.raises(LedgerBroken, match="height 2 cannot follow 0"):
        ledger.append(chain.entries[1])
    ledger.close()


def test_every_height_is_flushed_to_the_disk_before_the_next(tmp_path, chain, monkeypatch):
    ledger, synced = LedgerFile(tmp_path / "l", chain.genesis), []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append((tmp_path / "l").stat().st_size))
    for entry in chain.entries:
        ledger.append(entry)
    ledger.close()
    assert synced == [sum(map(len, chain.lines()[: i + 2])) for i in range(3)]


def test_lines_are_handed_to_a_peer_that_fell_behind(tmp_path, chain):
    path = kept(tmp_path / "l", chain, 2)
    ledger = LedgerFile(path, chain.genesis)
    ledger.append(chain.entries[2])
    whole = [line.rstrip(b"\n") for line in chain.lines()[1:]]
    assert [ledger.lines(height, 9) for height in (1, 3, 4, 0)] == [whole, whole[2:], [], []]
    assert ledger.lines(2, 1) == whole[1:2]
    ledger.close()


@pytest.mark.parametrize("place", [".", "file/ledger"])
def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(tmp_path, chain, place):
    (tmp_path / "file").touch()
    with pytest.raises(RequestInvalid, match=r"ledger .*; name a"):
        LedgerFile(tmp_path / place, chain.genesis)


def test_a_file_that_is_not_there_and_a_line_without_an_end_are_refused(tmp_path):
    with pytest.raises(RequestInvalid, match="cannot read the ledger"):
        list(read_lines(tmp_path / "none"))
    with (tmp_path / "long").open("wb") as file:
        file.truncate(LINE_BYTES_MAX + 2)
    with pytest.raises(LedgerBroken, match="a line longer than"):
        list(read_lines(tmp_path / "long"))

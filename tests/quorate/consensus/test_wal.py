"""P-20: a log may be torn at its end and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.wal import Record, RecordKind, decode_record, encode_record, split_log
from quorate.domain.errors import LedgerBroken

records = st.lists(st.tuples(st.sampled_from(RecordKind), st.binary(max_size=40)), min_size=1, max_size=6)


def written(drawn):
    return [encode_record(kind, body) for kind, body in drawn]


@given(records)
def test_records_come_back(drawn):
    log = written(drawn)
    assert split_log(b"".join(log)) == (log, sum(map(len, log)))
    assert [decode_record(data) for data in log] == [Record(kind, body) for kind, body in drawn]


@given(records, st.data())
def test_a_log_cut_anywhere_yields_the_whole_records_before_the_cut(drawn, data):
    """P-20: the disk may stop at any byte."""
    log = written(drawn)
    whole = b"".join(log)
    cut = data.draw(st.integers(0, len(whole)))
    found, end = split_log(whole[:cut])
    assert found == log[: len(found)]
    assert end == sum(map(len, found))
    assert end <= cut
    if len(found) < len(log):
        assert cut < end + len(log[len(found)])


@given(records, st.data())
def test_any_flipped_bit_is_found_and_its_place_named(drawn, data):
    """P-20: never a vote lost in silence, not even the last one."""
    log = written(drawn)
    whole = bytearray(b"".join(log))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(LedgerBroken) as caught:
        split_log(bytes(whole))
    starts = [sum(map(len, log[:i])) for i in range(len(log))]
    assert caught.value.offset == max(start for start in starts if start <= at)


def test_a_record_that_is_cut_or_followed_by_more_is_no_record():
    record = encode_record(RecordKind.VOTE, b"abc")
    for wrong in (record[:-1], record + b"x", b""):
        with pytest.raises(LedgerBroken):
            decode_record(wrong)

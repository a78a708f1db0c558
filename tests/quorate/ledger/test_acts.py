"""A payload is canonical JSON of known acts within bounds, or it is refused in a sentence (P-51, P-60)."""

import json
from itertools import pairwise

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.domain.canonical import canonical
from quorate.domain.errors import MessageMalformed
from quorate.domain.values import JobId
from quorate.ledger import acts as a
from tests.quorate.ledger.build import SALT, Plainly, bid, cluster, genesis, honest, job, key, owned

plain = Plainly(genesis(4))
plain.open(job())
ANSWER = honest(plain.state, 0, "j1")
SAMPLES = (
    a.Submit(job=owned("j1", name="Climate", attributes=[{"name": "grid", "value": "1 km"}])),
    a.Commit(job="j1", opened=1, seal="0" * 64),
    a.Reveal(job="j1", opened=1, answer=ANSWER, salt=SALT),
    a.Assess(job="j1", opened=1, cluster="c1", score_bp=7_000),
    a.Start(job="j1"),
    a.Refuse(job="j1", reason="node down"),
    a.End(job="j1", run_s=5, succeeded=True),
    a.Receipt(job="j1", run_s=5, succeeded=True, signature="0" * 128),
    a.Report(evidence="{}"),
    a.Attest(cluster="c1", height=3, round=0, value="0" * 64, signature="0" * 128),
    a.Declare(background=3),
    a.Endorse(motion=a.Join(cluster=cluster("c9"), public_key="1" * 64, background=0)),
    a.Endorse(motion=a.Leave(cluster="c1")),
    a.Endorse(motion=a.Rotate(cluster="c1", public_key="2" * 64)),
    a.Endorse(motion=a.Release(cluster="c1")),
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def refused(payload):
    """Whether it is refused, and nothing else but that or acts comes of it."""
    try:
        acts = a.decode_acts(payload)
    except MessageMalformed as error:
        said = str(error)
    else:
        assert a.encode_acts(acts) == payload
        assert a.misread(payload) is None
        return False
    assert said.isprintable()
    assert len(said) < 250
    assert a.misread(payload) is not None
    return True


def test_every_act_reads_back_as_written():
    payload = a.encode_acts(SAMPLES)
    assert a.decode_acts(payload) == SAMPLES
    assert {type(act) for act in SAMPLES} == set(a.Act.__args__[0].__args__)


def test_no_act_has_room_for_a_float():
    """They are written without a look for floats."""
    assert '"number"' not in json.dumps(a._ACTS.json_schema())


def test_an_answer_is_kept_as_it_was_written_and_opens_its_seal():
    acts = a.decode_acts(a.encode_acts(SAMPLES))
    assert acts[2].written == ANSWER.model_dump(mode="json") == SAMPLES[2].written
    assert a.sealed(JobId("j1"), "c0", acts[2].written, SALT) == a.seal(JobId("j1"), "c0", ANSWER, SALT)
    assert acts == SAMPLES


@settings(max_examples=500)
@given(st.binary(max_size=200).filter(lambda data: data != b"[]"))
def test_junk_is_refused_and_nothing_else_happens(data):
    assert refused(data)


@settings(max_examples=500)
@given(st.sampled_from(SAMPLES), st.data())
def test_an_act_with_one_part_replaced_by_junk_is_refused_or_is_that_act(act, data):
    table = json.loads(act.model_dump_json())
    spot = data.draw(st.sampled_from(sorted(table)))
    table[spot] = data.draw(JUNK)
    refused(json.dumps([table], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"))


@settings(max_examples=500)
@given(st.integers(0, 10**6), st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_says_something_else(place, bit):
    payload = bytearray(a.encode_acts(SAMPLES))
    payload[place % len(payload)] ^= 1 << bit
    if not refused(bytes(payload)):
        assert a.decode_acts(bytes(payload)) != SAMPLES


@pytest.mark.parametrize(
    "payload",
    [
        b'[{"act":"commit","job":"a","opened":' + b"9" * 30 + b',"seal":"' + b"0" * 64 + b'"}]',
        b'[{"act":"commit","job":"a","opened":9007199254740992,"seal":"' + b"0" * 64 + b'"}]',
        b'[{"act":"refuse","job":"a","reason":"\\ud800"}]',
        b'[{"act":"start","job":"a"},]', b"", b"null", b"{}", b"[[]]", b"[" * 5_000,
        b'[{"act":"start","job":"a","job":"b"}]', b'[{"act":"\x1b[2J"}]',
        b'[{"act":"start","job":"a","\xe2\x80\xae":1}]',
        b'[{"act":"end","job":"a","run_s":1.0,"succeeded":true}]',
        b'[{"act":"end","job":"a","run_s":true,"succeeded":true}]',
        b'[{"act":"declare","background":-1}]', b'[{"act":"sell","job":"a"}]', b'[{"act":"start","job":"a b"}]',
        b' [{"act":"start","job":"a"}]', b'[{"job":"a","act":"start"}]', b'[{"act":"start","extra":1,"job":"a"}]',
    ],
    ids=lambda payload: payload[:40].decode("latin-1"),
)  # fmt: skip
def test_what_is_not_exactly_acts_is_refused(payload):
    assert refused(payload)


def test_an_integer_beyond_exactness_in_evidence_is_refused():
    wild = bid(plain.state, 0, "j1", 5_000, evidence=[{"fact": "nodes", "value": 10**25}])
    data = orjson.dumps(wild.model_dump(mode="json", exclude={"evidence"}), option=orjson.OPT_SORT_KEYS)
    table = {**orjson.loads(data), "evidence": [{"fact": "nodes", "value": 10**25}]}
    act = {"act": "reveal", "answer": table, "job": "j1", "opened": 1, "salt": SALT}
    assert refused(json.dumps([act], sort_keys=True, separators=(",", ":")).encode())


def test_more_acts_than_a_batch_needs_are_refused():
    assert not refused(a.encode_acts((a.Start(job="a"),) * a.ACTS_MAX))
    assert refused(a.encode_acts((a.Start(job="a"),) * (a.ACTS_MAX + 1)))


@given(st.text(max_size=30), st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_a_seal_binds_job_cluster_answer_and_salt(reasoning, one, other):
    salts = [f"{number:032x}" for number in (one, other)]
    changed = ANSWER.model_copy(update={"reasoning": reasoning})
    seals = {a.seal("j1", "c0", ANSWER, salts[0]), a.seal("j1", "c0", changed, salts[1])}
    assert (len(seals) == 1) == (salts[0] == salts[1] and changed == ANSWER)
    assert (
        a.seal("j2", "c0", ANSWER, salts[0])
        != a.seal("j1", "c0", ANSWER, salts[0])
        != a.seal("j1", "c1", ANSWER, salts[0])
    )


def test_a_submitters_two_statements_cannot_stand_for_each_other_or_for_another_chain():
    wanted = owned()
    said = [
        a.submission_bytes("a", wanted),
        a.submission_bytes("b", wanted),
        a.receipt_bytes("a", "j1", 5, True),
        a.receipt_bytes("b", "j1", 5, True),
        a.receipt_bytes("a", "j1", 5, False),
        a.receipt_bytes("a", "j1", 6, True),
    ]
    assert len(set(said)) == len(said)
    assert key("x").public_key != key("y").public_key
    assert canonical([]) == b"[]"


@given(st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=40), st.integers(1_500, 9_000))
def test_what_is_too_long_for_one_item_is_said_in_several_in_order(acts, bytes_max):
    parts = a.payloads(acts, bytes_max)
    read = [a.decode_acts(part) for part in parts]
    assert [act for part in read for act in part] == acts
    assert all(read)
    assert all(len(part) <= bytes_max for part in parts)
    for part, after in pairwise(read):
        assert len(a.encode_acts((*part, after[0]))) > bytes_max


def test_one_act_that_is_too_long_stands_alone_and_a_part_has_a_bounded_number_of_acts():
    long, short = a.Report(evidence="x" * 500), a.Start(job="a")
    assert a.payloads((short, long, short), 200) == [a.encode_acts([act]) for act in (short, long, short)]
    assert [len(a.decode_acts(part)) for part in a.payloads((short,) * 1_000, 10**6)] == [512, 488]
    assert a.payloads((), 200) == []


def test_what_is_remembered_of_payloads_has_a_bound_and_is_read_again_when_forgotten():
    payloads = [a.encode_acts([a.Start(job=f"j{number}")]) for number in range(50)]
    read = a.Read(3 * len(payloads[20]))
    for payload in [*payloads, *payloads]:
        assert read(payload) == a.decode_acts(payload)
        assert sum(map(len, read._acts)) == read._bytes <= 3 * len(payloads[20])
    with pytest.raises(MessageMalformed):
        read(b"{}")
    assert b"{}" not in read._acts

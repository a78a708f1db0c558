"""Every place where bytes that a stranger may have written are read: how to feed it, what it may raise, good examples.

A feed returns on anything it takes, and raises one of `refusals` on anything else. What it takes, it must be able to
say again (`P-1`, `P-2`): whatever reads back is written as the same bytes.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agents.asking import ModelFailed
from agents.parsing import parse_bid, parse_vote
from backends.reading import decode_table, form, read_jobs_text, validate
from federation.carrier import FRAME, FRAME_BYTES_MAX, Carrier
from federation.control import _answered
from quorate.consensus.certificate import verify_certificate
from quorate.consensus.effects import ReplicaSettings
from quorate.consensus.evidence import report_from
from quorate.consensus.messages import (
    BlockBody,
    Certificates,
    DecidedEntries,
    GetBlock,
    GetItems,
    GetRange,
    Proposal,
    Status,
    decode,
    encode_block,
    encode_certificates,
    encode_decided,
    encode_get,
    encode_item,
    encode_proposal,
    encode_status,
    encode_vote,
)
from quorate.consensus.plain import entry_line, read_entry, read_json
from quorate.consensus.replica import Replica
from quorate.consensus.wal import decode_record, encode_record, split_log
from quorate.domain.canonical import canonical
from quorate.domain.clusters import Federation
from quorate.domain.deciding import Item, Vote
from quorate.domain.errors import LedgerBroken, ProtocolViolation, RequestInvalid
from quorate.ledger import acts as a
from quorate.ledger.checkpoint import read_checkpoint
from quorate.ledger.verify import genesis_line, read_genesis, verify_lines
from tests.quorate.ledger.build import Chain, genesis, owned
from tests.quorate.ledger.test_acts import SAMPLES
from tests.simulation.checkers import Checkers
from tests.simulation.keys import HashKeys
from tests.simulation.play import Table
from tests.simulation.register import CHAIN, Register
from tests.simulation.schedule import draw

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Decoder:
    """One reader."""

    feed: Callable[[bytes], object]
    """Reads; raises a refusal, or `AssertionError` when what it read does not say the same again."""
    refusals: tuple[type[Exception], ...]
    examples: Callable[[], list[bytes]]
    """Bytes that it takes."""


# -- consensus ---------------------------------------------------------------------------------------------------------


@cache
def _overheard() -> tuple[list[bytes], list[object], list[bytes], list[object]]:
    """Return what a few simulated schedules say, decide, write to their disks and hold against their liars."""
    said: list[bytes] = []
    found: list[object] = []
    entries: list[object] = []
    records: list[bytes] = []
    for seed, trick in ((3, "stale_previous"), (4, "two_items"), (5, "echo")):
        table = Table(draw(seed, n=4, liars=1, tricks=(trick,), rough=False))
        table.network.taps.append(lambda data, _: said.append(data))
        _keep_evidence(table.checkers, found)
        table.run()
        entries += [entry for member in table.members for entry in member.disk.entries]
        records += [record for member in table.members for record in member.disk.records()]
    return said, entries, records, found


def _keep_evidence(checkers: Checkers, found: list[object]) -> None:
    convicted, refuted = checkers.convicted, checkers.refuted

    def keep_pair(seat: int, evidence: object) -> None:
        found.append(evidence)
        convicted(seat, evidence)

    def keep_charge(seat: int, charge: object, before: Register) -> None:
        found.append(charge)
        refuted(seat, charge, before)

    checkers.convicted, checkers.refuted = keep_pair, keep_charge


def _messages() -> list[bytes]:
    by_kind: dict[int, list[bytes]] = {}
    for data in _overheard()[0]:
        by_kind.setdefault(data[4], []).append(data)
    return [data for kind in sorted(by_kind) for data in by_kind[kind][:3]]


def _message(data: bytes) -> None:
    message = decode(CHAIN, data)
    assert encode_as(message) == data


def encode_as(message: object) -> bytes:
    """Write a message again, under the simulated chain's name."""
    return _ENCODERS[type(message)](message)


_ENCODERS: dict[type, Callable[..., bytes]] = {
    Vote: lambda vote: encode_vote(CHAIN, vote),
    Item: lambda item: encode_item(CHAIN, item),
    Proposal: lambda proposal: encode_proposal(CHAIN, proposal),
    Certificates: lambda message: encode_certificates(CHAIN, message.certificates),
    Status: lambda status: encode_status(CHAIN, status),
    DecidedEntries: lambda message: encode_decided(CHAIN, message.entries),
    BlockBody: lambda body: encode_block(CHAIN, body.block),
    GetBlock: lambda wanted: encode_get(CHAIN, wanted),
    GetItems: lambda wanted: encode_get(CHAIN, wanted),
    GetRange: lambda wanted: encode_get(CHAIN, wanted),
}


class Never:
    """Verifies nothing."""

    def valid(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Say no."""
        return False


@cache
def _state() -> tuple[Register, object]:
    plan = draw(3, n=4, liars=1, tricks=("echo",), rough=False)
    keys = HashKeys(plan.seed)
    return Register(plan, [keys.signer(seat).public_key.hex() for seat in range(plan.n)]), keys.signer(1)


def _replica(data: bytes) -> None:
    """Let a replica receive it: it never raises on a peer's bytes."""
    application, signer = _state()
    replica = Replica(1, application, signer, Never(), ReplicaSettings())
    replica.receive(data, 2, 1_000_000)
    replica.receive(data, 3, 1_000_000)


def _certificates(data: bytes) -> None:
    application, _ = _state()
    message = decode(CHAIN, data)
    carried = message.certificates if isinstance(message, Certificates) else ()
    carried = message.justification if isinstance(message, Proposal) else carried
    for certificate in carried:
        verify_certificate(certificate, application.committee, CHAIN, Never(), _known)


def _known(vote: Vote) -> bool:
    return False


def _entry(data: bytes) -> None:
    assert entry_line(read_entry(data)) == data


def _evidence(data: bytes) -> None:
    assert canonical(report_from(read_json(data)).plain()) == data


def _log(data: bytes) -> None:
    records, end = split_log(data)
    assert b"".join(records) == data[:end]
    decode_record(data)


def _memory(data: bytes) -> None:
    """Restore from one record whose check sums are right whatever it holds."""
    application, signer = _state()
    record = encode_record(data[0] if data else 0, data[1:])
    replica = Replica(1, application, signer, Never(), ReplicaSettings())
    replica.restore([record])
    replica.start(1_000_000)


def _memories() -> list[bytes]:
    found = {}
    for data in _overheard()[2]:
        record = decode_record(data)
        found.setdefault(record.kind, bytes((record.kind,)) + record.body)
    return list(found.values())


# -- ledger ------------------------------------------------------------------------------------------------------------


@cache
def _chain() -> Chain:
    chain = Chain(genesis(4))
    chain.place(owned("a", 2))
    return chain


def _acts(data: bytes) -> None:
    assert a.encode_acts(a.decode_acts(data)) == data


def _some_acts() -> list[bytes]:
    real = [item.payload for entry in _chain().entries for item in entry.items]
    return [a.encode_acts((act,)) for act in SAMPLES] + [a.encode_acts(SAMPLES)] + real


def _genesis(data: bytes) -> None:
    assert genesis_line(read_genesis(data)) == data


def _ledger(data: bytes) -> None:
    for _ in verify_lines(data.splitlines(keepends=True)):
        pass


def _checkpoint(data: bytes) -> None:
    read_checkpoint(data.decode("utf-8", "replace"))


# -- hands -------------------------------------------------------------------------------------------------------------


class Plug(Carrier):
    """A carrier without sockets: it only listens."""

    def __init__(self) -> None:
        """Count what arrives and what is answered."""
        self.refused = 0
        self._deliver = self._count
        self._asked = {}
        self.heard = 0

    def send(self, seat: int, data: bytes) -> None:
        """Answer a probe with no more than was asked."""
        self.heard += len(data)

    def _count(self, data: bytes, sender: int) -> None:
        self.heard += len(data)


_LOOP = asyncio.new_event_loop()
"""A reader wants a loop to wake its waiters with; nobody waits here, so it never runs."""


def _frames(data: bytes) -> None:
    plug = Plug()

    async def listen() -> None:
        reader = asyncio.StreamReader(limit=FRAME_BYTES_MAX, loop=_LOOP)
        reader.feed_data(data)
        reader.feed_eof()
        await plug._listen(reader, 1)

    coroutine = listen()
    try:
        coroutine.send(None)  # all is there already: it ends without ever waiting
    except StopIteration:
        assert plug.refused == 1
    finally:
        coroutine.close()
        assert plug.heard <= len(data)


def _framed() -> list[bytes]:
    frames = [FRAME.pack(len(data)) + data for data in _messages()[:4]]
    return [b"".join(frames), FRAME.pack(FRAME_BYTES_MAX + 1), FRAME.pack(0)]


def _control(data: bytes) -> None:
    def answer(_: object) -> object:
        raise EOFError

    line = _answered(data, answer)
    assert b"\n" not in line


def _jobs(data: bytes) -> None:
    read_jobs_text(data, form(data), "input")


def _federation(data: bytes) -> None:
    validate(Federation, decode_table(data[1:], "federation", ".json" if data[:1] == b"j" else ".toml"), "federation")


def _file(*parts: str) -> bytes:
    return ROOT.joinpath(*parts).read_bytes()


def _reply(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape" if data[:1] == b"\xff" else "replace")
    try:
        parse_bid(text)
    except ModelFailed:
        parse_vote(text)


REPLIES = [
    b'{"score":0.85,"reasoning":"Nodes are free.","evidence":[]}',
    b'{"score":0.5,"reasoning":"x","evidence":[{"fact":"gpus","value":400.0},{"fact":"type_match","value":true}]}',
    b'<think>hm</think>\n```json\n{"score": 1e0, "reasoning": "a", "evidence": []}\n```',
    b'{"approves":false,"reasoning":"Another matches the type."}',
]

DECODERS: dict[str, Decoder] = {
    "message": Decoder(_message, (ProtocolViolation,), _messages),
    "replica": Decoder(_replica, (), _messages),
    "certificate": Decoder(_certificates, (ProtocolViolation,), _messages),
    "entry": Decoder(_entry, (ProtocolViolation,), lambda: [entry_line(entry) for entry in _overheard()[1][:3]]),
    "evidence": Decoder(
        _evidence, (ProtocolViolation,), lambda: [canonical(found.plain()) for found in _overheard()[3][:6]]
    ),
    "log": Decoder(_log, (LedgerBroken,), lambda: _overheard()[2][:6]),
    "memory": Decoder(_memory, (LedgerBroken,), _memories),
    "acts": Decoder(_acts, (ProtocolViolation,), _some_acts),
    "genesis": Decoder(_genesis, (LedgerBroken,), lambda: [genesis_line(genesis(4)), genesis_line(genesis(6, {0: 3}))]),
    "ledger": Decoder(_ledger, (LedgerBroken,), lambda: [b"".join(_chain().lines()[:count]) for count in (1, 2, 4)]),
    "checkpoint": Decoder(_checkpoint, (RequestInvalid,), lambda: [b"24:" + b"0" * 64]),
    "frames": Decoder(_frames, (asyncio.IncompleteReadError,), _framed),
    "control": Decoder(_control, (EOFError,), lambda: [b'{"ask":"status"}\n', b'{"ask":"submit","job":{"id":"a"}}\n']),
    "jobs": Decoder(
        _jobs,
        (RequestInvalid,),
        lambda: [
            _file("data", "workloads", "reference.toml"),
            b'[{"id":"a","nodes":2,"walltime_s":60}]',
            b'{"id":"a","nodes":2,"walltime_s":60}\n{"id":"b","nodes":1,"walltime_s":60}\n',
        ],
    ),
    "federation": Decoder(
        _federation,
        (RequestInvalid,),
        lambda: [b"t" + _file("data", "federations", "reference.toml"), b'j{"name":"f","clusters":[]}'],
    ),
    "reply": Decoder(_reply, (ModelFailed,), lambda: REPLIES),
}
"""By the name that `python -m tests.fuzz.run` takes."""

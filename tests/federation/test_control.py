"""The local door: what it understands is answered, what it does not is refused in words, and nothing else happens."""

import asyncio
import json
from contextlib import suppress

import pytest

from federation.control import LINE_BYTES_MAX, AskStatus, EndorseMotion, PeerStatus, SubmitJob, ask, serve
from quorate.domain.errors import PeerUnreachable
from quorate.domain.jobs import Job
from quorate.ledger.acts import Leave

STATUS = PeerStatus(
    cluster="c0", height=3, head="ab", reputation={"c0": 1_000}, decisions=(), findings=(), refused_links=0
)
JOB = Job(id="j1", nodes=2, walltime_s=60)


@pytest.fixture
async def door(tmp_path):
    asked = []

    def answer(question):
        asked.append(question)
        return STATUS

    path = tmp_path / "control.sock"
    server = await serve(path, answer)
    yield path, asked
    server.close()
    await server.wait_closed()


async def said(path, data):
    """What the door answers to raw bytes until it closes or falls silent."""
    reader, writer = await asyncio.open_unix_connection(path, limit=1_000_000)
    with suppress(ConnectionError):
        writer.write(data)
        writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), 5.0)
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_question_is_answered(door):
    path, asked = door
    assert await ask(path, AskStatus()) == STATUS
    assert await ask(path, SubmitJob(job=JOB)) == STATUS
    leave = EndorseMotion(motion=Leave(cluster="c1"))
    assert await ask(path, leave) == STATUS
    assert asked == [AskStatus(), SubmitJob(job=JOB), leave]


HOSTILE = {
    "nothing": b"\n",
    "no JSON": b"hello\n",
    "binary": bytes(range(256)).replace(b"\n", b"") + b"\n",
    "another question": b'{"ask":"shutdown"}\n',
    "a list": b"[]\n",
    "deep": b"[" * 20_000 + b"\n",
    "half a job": b'{"ask":"submit","job":{"id":"j1"}}\n',
    "a job with more": json.dumps({"ask": "submit", "job": {**JOB.model_dump(), "winner": "c0"}}).encode() + b"\n",
    "a terminal": b'{"ask":"submit","job":{"id":"\x1b[2J","nodes":1,"walltime_s":1}}\n',
    "a motion of nobody": b'{"ask":"motion","motion":{"motion":"crown","cluster":"c0"}}\n',
    "an address without a place": b'{"ask":"meet","address":{"cluster":"c0","host":"h","port":0,"certificate":""}}\n',
    "another signature": json.dumps({"ask": "submit", "job": JOB.model_dump(), "signature": "zz"}).encode() + b"\n",
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_what_is_not_understood_is_refused_in_words_and_the_door_stays_open(door, what):
    path, asked = door
    answer = PeerStatus.model_validate_json(await said(path, HOSTILE[what]))
    assert answer.error.startswith("not understood: ")
    assert answer.error.isprintable()
    assert asked == []
    assert await ask(path, AskStatus()) == STATUS


async def test_a_line_without_an_end_is_not_kept(door):
    path, asked = door
    assert await said(path, b"x" * (4 * LINE_BYTES_MAX)) == b""
    assert asked == []
    assert await ask(path, AskStatus()) == STATUS


async def test_a_user_who_leaves_in_the_middle_is_no_failure(door):
    path, _ = door
    _, writer = await asyncio.open_unix_connection(path)
    writer.write(b'{"ask":"sta')
    writer.close()
    await writer.wait_closed()
    assert await ask(path, AskStatus()) == STATUS


async def test_many_lines_on_one_link_are_answered_in_turn(door):
    path, _ = door
    lines = await said(path, b'{"ask":"status"}\n' * 5 + b"nonsense\n" + b'{"ask":"status"}\n')
    answers = [PeerStatus.model_validate_json(line).error for line in lines.splitlines()]
    assert [bool(error) for error in answers] == [False] * 5 + [True, False]


async def test_nobody_at_the_door_is_said_with_the_remedy(tmp_path):
    with pytest.raises(PeerUnreachable, match="start it with `peer`"):
        await ask(tmp_path / "control.sock", AskStatus())


async def test_a_member_that_does_not_answer_is_waited_for_so_long_and_no_longer(tmp_path):
    async def deaf(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(deaf, tmp_path / "control.sock")
    with pytest.raises(PeerUnreachable, match="timeout"):
        await ask(tmp_path / "control.sock", AskStatus(), 0.1)
    await asyncio.sleep(0.05)
    server.close()

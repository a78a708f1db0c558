"""Links: each side proves its key; what a stranger or a broken peer sends closes one link and does nothing else.

docs/protocol.md P-19.
"""

import asyncio
import shutil
import socket
import ssl
import struct
from contextlib import suppress

import pytest

import federation.carrier as carrying
from federating import free_ports
from federation.carrier import FRAME_BYTES_MAX, Carrier, context
from federation.home import Home, Roster, address, create
from federation.keys import private_pem
from quorate.consensus.signing import KeySigner
from tests.federation.houses import houses, keys, seed, until


class Member:
    """A carrier that keeps what it is told."""

    def __init__(self, homes, me):
        self.heard, self.addresses = [], dict(enumerate(homes[me].roster(homes[me].genesis()).members))
        self.port = self.addresses[me].port
        self.carrier = Carrier(
            me, homes[me], self.addresses, keys(homes), lambda data, sender: self.heard.append((sender, data))
        )


@pytest.fixture
async def pair(tmp_path):
    homes = houses(tmp_path)
    members = [Member(homes, seat) for seat in (0, 1)]
    for member in members:
        await member.carrier.start()
    yield homes, *members
    for member in members:
        await member.carrier.stop()
    await asyncio.sleep(0.05)


async def talks(first, second):
    """Both hear each other, so that both still live."""
    before = len(first.heard), len(second.heard)
    first.carrier.send(1, b"to one")
    second.carrier.send(0, b"to nought")
    await until(lambda: (len(first.heard), len(second.heard)) == (before[0] + 1, before[1] + 1))
    assert first.heard[-1] == (1, b"to nought")
    assert second.heard[-1] == (0, b"to one")


async def closed(reader):
    """The other side closed the link."""
    with suppress(ConnectionError, ssl.SSLError):
        assert await asyncio.wait_for(reader.read(), 5.0) == b""


async def as_peer(homes, seat, port):
    """A link that proves the key of a seat, in the hands of whoever holds that home."""
    roster = homes[seat].roster(homes[seat].genesis())
    return await asyncio.open_connection(
        "127.0.0.1", port, ssl=context(homes[seat], roster, server=False), server_hostname=""
    )


async def test_members_hear_each_other_by_seat(pair):
    _, first, second = pair
    await talks(first, second)


async def test_messages_keep_their_order_and_their_bytes(pair):
    _, first, second = pair
    sent = [bytes([number]) * (number * 997 % 5_000) for number in range(200)]
    for data in sent:
        first.carrier.send(1, data)
    await until(lambda: len(second.heard) == 200)
    assert [data for _, data in second.heard] == sent


async def test_the_largest_message_passes_and_a_larger_one_is_never_sent(pair):
    _, first, second = pair
    first.carrier.send(1, bytes(FRAME_BYTES_MAX + 1))
    first.carrier.send(1, bytes(FRAME_BYTES_MAX))
    await until(lambda: second.heard)
    assert [len(data) for _, data in second.heard] == [FRAME_BYTES_MAX]


async def test_a_strangers_certificate_is_refused(pair, tmp_path):
    homes, first, second = pair
    stranger = seed("a stranger")
    theirs = Roster(members=(*homes[0].roster(homes[0].genesis()).members, address(stranger, "c0", "127.0.0.1", 1)))
    outside = create(tmp_path / "stranger", stranger, homes[0].genesis(), Roster(members=theirs.members[-1:]), "c0")
    reader = writer = None
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", first.port, ssl=context(outside, theirs, server=False), server_hostname=""
        )
        writer.write(struct.pack(">I", 5) + b"hello")
        await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    if writer is not None:
        await closed(reader)
        writer.close()
    await talks(first, second)
    assert all(data != b"hello" for _, data in first.heard)


async def test_a_member_without_a_certificate_is_refused(pair):
    _, first, second = pair
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    plain.check_hostname, plain.verify_mode = False, ssl.CERT_NONE
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", first.port, ssl=plain, server_hostname="")
        writer.write(struct.pack(">I", 5) + b"hello")
        await closed(reader)
        writer.close()
    except (ConnectionError, ssl.SSLError):
        pass
    await talks(first, second)


@pytest.mark.parametrize(
    "said", [b"GET / HTTP/1.1\r\n\r\n", bytes(70_000), b"\x16\x03\x01\xff\xff" + bytes(500), b"QRT1"]
)
async def test_bytes_that_are_no_tls_close_their_link(pair, said):
    _, first, second = pair
    reader, writer = await asyncio.open_connection("127.0.0.1", first.port)
    writer.write(said)
    writer.write_eof()
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 5.0)
    writer.close()
    await talks(first, second)


async def test_a_link_that_never_speaks_holds_nobody_up_and_is_closed(pair, monkeypatch, tmp_path):
    monkeypatch.setattr(carrying, "HANDSHAKE_S", 0.3)
    homes = houses(tmp_path / "quick")
    member = Member(homes, 0)
    await member.carrier.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", member.port)
    _, first, second = pair
    await talks(first, second)
    await closed(reader)
    writer.close()
    await member.carrier.stop()


async def test_a_frame_that_is_too_long_closes_the_link_of_a_peer_unread(pair):
    homes, first, second = pair
    reader, writer = await as_peer(homes, 1, first.port)
    writer.write(struct.pack(">I", FRAME_BYTES_MAX + 1) + b"x" * 100)
    await closed(reader)
    writer.close()
    assert first.carrier.refused == 1
    await talks(first, second)


async def test_a_frame_that_is_never_finished_delivers_nothing(pair):
    homes, first, second = pair
    _, writer = await as_peer(homes, 1, first.port)
    writer.write(struct.pack(">I", 1_000) + b"half of it")
    await writer.drain()
    await talks(first, second)
    writer.close()
    await talks(first, second)
    assert all(b"half" not in data for _, data in first.heard)


async def test_a_peer_that_opens_many_links_closes_its_own_oldest_and_nobody_elses(pair):
    homes, first, second = pair
    await talks(first, second)
    links = [await as_peer(homes, 2, first.port) for _ in range(5)]
    for reader, _ in links[:3]:
        await closed(reader)
    links[4][1].write(struct.pack(">I", 4) + b"late")
    await until(lambda: (2, b"late") in first.heard)
    await talks(first, second)
    for _, writer in links:
        writer.close()


async def test_nobody_is_told_what_is_meant_for_another_key(tmp_path):
    """An address may be taken over: who answers there proves another key, or none, and hears nothing."""
    homes = houses(tmp_path)
    roster = homes[0].roster(homes[0].genesis())
    third = roster.members[2].port
    moved = [m.model_copy(update={"port": third}) if m.cluster == "c1" else m for m in roster.members]
    (homes[0].folder / "roster.json").write_bytes(Roster(members=tuple(moved)).model_dump_json().encode())
    first, other = Member(homes, 0), Member(homes, 2)
    await first.carrier.start()
    await other.carrier.start()
    first.carrier.send(1, b"for c1 only")
    first.carrier.send(2, b"for c2")
    await until(lambda: other.heard)
    await asyncio.sleep(0.2)
    assert other.heard == [(0, b"for c2")]
    await first.carrier.stop()
    await other.carrier.stop()
    await asyncio.sleep(0.05)


async def test_a_link_that_breaks_is_dialled_again(pair):
    homes, first, second = pair
    await talks(first, second)
    await second.carrier.stop()
    again = Member(homes, 1)
    await again.carrier.start()
    for _ in range(200):
        first.carrier.send(1, b"are you there")
        await asyncio.sleep(0.02)
        if again.heard:
            break
    assert again.heard[0] == (0, b"are you there")
    await again.carrier.stop()


async def test_a_peer_that_does_not_read_costs_bounded_memory(tmp_path):
    homes = houses(tmp_path)
    alone = Member(homes, 0)
    await alone.carrier.start()
    for _ in range(40):
        alone.carrier.send(1, bytes(500_000))
    waiting = alone.carrier._out[1]
    assert waiting.size <= carrying.QUEUE_BYTES_MAX
    assert sum(map(len, waiting.queue)) == waiting.size
    await alone.carrier.stop()


async def test_a_long_cable_holds_messages_back(tmp_path):
    homes = houses(tmp_path)
    roster = homes[0].roster(homes[0].genesis())
    far = Carrier(0, homes[0], dict(enumerate(roster.members)), keys(homes), lambda *_: None, delay_s=0.2)
    near = Member(homes, 1)
    await far.start()
    await near.carrier.start()
    loop = asyncio.get_running_loop()
    start = loop.time()
    far.send(1, b"late")
    await until(lambda: near.heard)
    assert loop.time() - start >= 0.2
    await far.stop()
    await near.carrier.stop()
    await asyncio.sleep(0.05)


def test_a_context_speaks_the_newest_tls_only_and_trusts_no_authority(tmp_path):
    homes = houses(tmp_path)
    for server in (True, False):
        made = context(homes[0], homes[0].roster(homes[0].genesis()), server=server)
        assert made.minimum_version is ssl.TLSVersion.TLSv1_3
        assert made.verify_mode is ssl.CERT_REQUIRED
        assert made.cert_store_stats()["x509"] == 4


def test_a_port_that_is_taken_is_an_error_of_the_machine(tmp_path):
    homes = houses(tmp_path)
    member = Member(homes, 0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", member.port))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            asyncio.run(member.carrier.start())


async def test_a_member_that_changed_its_key_is_heard_under_the_new_one_and_not_under_the_old(pair):
    homes, first, second = pair
    await talks(first, second)
    fresh = seed("c1 anew")
    port = free_ports(1)[0]
    moved = address(fresh, "c1", "127.0.0.1", port)
    named = (keys(homes)[0], KeySigner(fresh).public_key, *keys(homes)[2:])
    first.carrier.meet({**first.addresses, 1: moved}, named)
    reader, writer = await as_peer(homes, 1, first.port)
    await closed(reader)
    writer.close()
    old, again = homes[1], Home(homes[1].folder.parent / "anew")
    shutil.copytree(old.folder, again.folder)
    (again.folder / "key.pem").write_bytes(private_pem(fresh))
    (again.folder / "certificate.pem").write_text(moved.certificate)
    heard = []
    new = Carrier(1, again, {**second.addresses, 1: moved}, named, lambda data, sender: heard.append((sender, data)))
    await new.start()
    new.send(0, b"it is me")
    first.carrier.send(1, b"so it is")
    await until(lambda: heard and (1, b"it is me") in first.heard)
    assert heard == [(0, b"so it is")]
    await new.stop()
    await asyncio.sleep(0.05)


async def test_a_seat_that_joins_is_dialled_and_heard(tmp_path):
    homes = houses(tmp_path, 5)
    first, last = Member(homes, 0), Member(homes, 4)
    few = {seat: where for seat, where in first.addresses.items() if seat < 4}
    young = Carrier(0, homes[0], few, keys(homes)[:4], lambda data, sender: first.heard.append((sender, data)))
    await young.start()
    await last.carrier.start()
    young.send(4, b"nobody is there yet")
    young.meet(first.addresses, keys(homes))
    young.send(4, b"welcome")
    last.carrier.send(0, b"thanks")
    await until(lambda: last.heard and first.heard)
    assert (last.heard, first.heard) == ([(0, b"welcome")], [(4, b"thanks")])
    await young.stop()
    await last.carrier.stop()
    await asyncio.sleep(0.05)


async def test_peers_tell_how_far_they_are_and_nobody_tells_it_before_it_was_asked(tmp_path):
    """P-22."""
    homes = houses(tmp_path)
    members = [Member(homes, seat) for seat in (0, 1)]
    trips = []
    members[0].carrier._far = lambda seat, ms: trips.append((seat, ms))
    members[0].carrier._delay_s = 0.05
    for member in members:
        await member.carrier.start()
    try:
        members[1].carrier.send(0, b"\x01" + bytes(8))
        await until(lambda: len(trips) >= 2)
        assert {seat for seat, _ in trips} == {1}
        assert min(ms for _, ms in trips) >= 50
        assert members[0].heard == members[1].heard == []
    finally:
        for member in members:
            await member.carrier.stop()

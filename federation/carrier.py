"""Links between members over TCP: TLS 1.3 both ways, each side known by its key, messages framed by length.

Every member dials every other and sends on the link it dialled; on links it accepted it only listens. A link that
breaks is dialled again; what was under way is lost, and the replica repeats itself.
"""

import asyncio
import os
import ssl
import struct
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from federation.home import Address, Home, Roster
from federation.keys import certified_key
from quorate.domain.errors import SettingsInvalid

FRAME = struct.Struct(">I")
FRAME_BYTES_MAX = 1_000_000
QUEUE_BYTES_MAX = 8_000_000
"""A peer that does not read loses the oldest of these; it is asked for again when it is back."""
REDIAL_MIN_S = 0.05
REDIAL_MAX_S = 1.0
HANDSHAKE_S = 5.0
LINKS_PER_SEAT = 2
"""Accepted links of one peer at once: a third closes its oldest, so that nobody can take up the room of others."""

PING_S = 0.5
"""How often each peer is asked how far it is; at first more often."""
PINGS_SOON_S = (0.05, 0.1, 0.2)
_PING, _PONG = b"\x00", b"\x01"
_NONCE_BYTES = 8
_PROBE_BYTES = 1 + _NONCE_BYTES
"""No message is as short: such a frame asks for an answer, or is one."""

Deliver = Callable[[bytes, int], None]
Far = Callable[[int, float], None]
"""Hears how many ms a peer took to answer, there and back."""


def context(home: Home, roster: Roster, *, server: bool) -> ssl.SSLContext:
    """Return a TLS 1.3 context that trusts the roster's certificates and nothing else."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    made.load_verify_locations(cadata="\n".join(address.certificate for address in roster.members))
    made.load_cert_chain(home.folder / "certificate.pem", home.folder / "key.pem")
    return made


@dataclass(slots=True)
class _Outgoing:
    """What waits for one peer."""

    queue: deque[bytes]
    size: int
    wake: asyncio.Event

    def put(self, data: bytes) -> None:
        self.queue.append(data)
        self.size += len(data)
        while self.size > QUEUE_BYTES_MAX:
            self.size -= len(self.queue.popleft())
        self.wake.set()

    def take(self) -> list[bytes]:
        data, self.size = list(self.queue), 0
        self.queue.clear()
        self.wake.clear()
        return data


class Carrier:
    """One member's links."""

    def __init__(
        self,
        me: int,
        home: Home,
        addresses: Mapping[int, Address],
        keys: tuple[bytes, ...],
        deliver: Deliver,
        delay_s: float = 0.0,
        far: Far = lambda _seat, _ms: None,
    ) -> None:
        """`addresses` by seat; `keys`: every seat's public key; `delay_s` holds messages back, as a long cable does."""
        self._me, self._addresses, self._keys, self._deliver, self._delay_s = me, addresses, keys, deliver, delay_s
        roster = Roster(members=tuple(addresses.values()))
        self._far = far
        self._asked: dict[int, tuple[bytes, float]] = {}
        self._pings: asyncio.Task[None] | None = None
        self._server_context = context(home, roster, server=True)
        self._client_context = context(home, roster, server=False)
        self._out = {s: _Outgoing(deque(), 0, asyncio.Event()) for s in range(len(keys)) if s != me}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._links: dict[int, deque[asyncio.StreamWriter]] = {seat: deque() for seat in self._out}
        self.refused = 0
        """Links that did not authenticate, and frames that broke the rules."""

    async def start(self) -> None:
        """Listen, and dial everybody."""
        mine = self._addresses[self._me]
        self._server = await asyncio.start_server(
            self._accepted, mine.host, mine.port, ssl=self._server_context, ssl_handshake_timeout=HANDSHAKE_S,
            limit=FRAME_BYTES_MAX,
        )  # fmt: skip
        for seat in self._out:
            self._redial(seat)
        self._pings = asyncio.create_task(self._ping())

    def meet(self, addresses: Mapping[int, Address], keys: tuple[bytes, ...]) -> None:
        """Follow the committee: dial who joined or moved, and hear nobody any more under a key that was given up."""
        rekeyed = [seat for seat, key in enumerate(self._keys) if key != keys[seat]]
        moved = [seat for seat in range(len(keys)) if addresses.get(seat) != self._addresses.get(seat)]
        self._addresses, self._keys = addresses, keys
        for writer in [writer for seat in rekeyed for writer in self._links.get(seat, ())]:
            writer.close()
        for seat in set(moved) - {self._me}:
            self._out.setdefault(seat, _Outgoing(deque(), 0, asyncio.Event()))
            self._links.setdefault(seat, deque())
            self._redial(seat)

    def _redial(self, seat: int) -> None:
        """Dial a peer where it is to be found now, and not where it was before; no address: wait for one."""
        if seat in self._tasks:
            self._tasks.pop(seat).cancel()
        if seat in self._addresses:
            for made in (self._server_context, self._client_context):
                made.load_verify_locations(cadata=self._addresses[seat].certificate)
            self._tasks[seat] = asyncio.create_task(self._dial(seat))

    async def stop(self) -> None:
        """Close every link."""
        tasks = [*self._tasks.values(), *([self._pings] if self._pings is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        for links in self._links.values():
            for writer in links:
                writer.close()

    def send(self, seat: int, data: bytes) -> None:
        """Carry a message to one peer, when its link is up."""
        if seat not in self._out or len(data) > FRAME_BYTES_MAX:
            return
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._out[seat].put, data)
        else:
            self._out[seat].put(data)

    async def _ping(self) -> None:
        """Ask every peer again and again how far it is."""
        soon = list(PINGS_SOON_S)
        while True:
            await asyncio.sleep(soon.pop(0) if soon else PING_S)
            for seat in self._out:
                nonce = os.urandom(_NONCE_BYTES)
                self._asked[seat] = nonce, asyncio.get_running_loop().time()
                self.send(seat, _PING + nonce)

    def _probed(self, data: bytes, seat: int) -> None:
        """Answer a probe, or take the answer to one's own: nobody can answer before it was asked."""
        if data[:1] == _PING:
            self.send(seat, _PONG + data[1:])
        elif data[:1] == _PONG and seat in self._asked and self._asked[seat][0] == data[1:]:
            _, asked_at = self._asked.pop(seat)
            self._far(seat, 1_000 * (asyncio.get_running_loop().time() - asked_at))

    async def _dial(self, seat: int) -> None:
        wait_s = REDIAL_MIN_S
        address = self._addresses[seat]
        while True:
            with suppress(OSError, ssl.SSLError, asyncio.TimeoutError):
                _, writer = await asyncio.open_connection(
                    address.host, address.port, ssl=self._client_context, server_hostname="",
                    ssl_handshake_timeout=HANDSHAKE_S,
                )  # fmt: skip
                try:
                    if self._seat_of(writer) == seat:
                        wait_s = REDIAL_MIN_S
                        await self._pump(self._out[seat], writer)
                finally:
                    writer.close()
            await asyncio.sleep(wait_s)
            wait_s = min(REDIAL_MAX_S, 2 * wait_s)

    @staticmethod
    async def _pump(out: _Outgoing, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            await out.wake.wait()
            writer.write(b"".join(part for data in out.take() for part in (FRAME.pack(len(data)), data)))
            await writer.drain()

    def _seat_of(self, writer: asyncio.StreamWriter) -> int | None:
        """Return whose key the other side proved to hold, None if it is nobody's here."""
        found = writer.get_extra_info("ssl_object")
        der = found.getpeercert(binary_form=True) if found is not None else None
        try:
            key = certified_key(der) if der else b""
        except SettingsInvalid:
            return None
        return self._keys.index(key) if key in self._keys else None

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seat = self._seat_of(writer)
        if seat is None or seat == self._me or seat not in self._links:
            self.refused += 1
            writer.close()
            return
        links = self._links[seat]
        links.append(writer)
        if len(links) > LINKS_PER_SEAT:
            links.popleft().close()
        try:
            await self._listen(reader, seat)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, TimeoutError):
            pass
        except asyncio.CancelledError:
            pass  # the process ends; a stream's own callback would complain of a cancelled task
        finally:
            with suppress(ValueError):
                links.remove(writer)
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader, seat: int) -> None:
        while True:
            (length,) = FRAME.unpack(await reader.readexactly(FRAME.size))
            if length > FRAME_BYTES_MAX:
                self.refused += 1
                return
            data = await reader.readexactly(length)
            if length == _PROBE_BYTES and data[:1] in (_PING, _PONG):
                self._probed(data, seat)
            else:
                self._deliver(data, seat)

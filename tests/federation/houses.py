"""Homes of small members on loopback, with the test keys, so that ledgers can be made for them beforehand."""

import asyncio
import time
from hashlib import blake2b

from federating import free_ports
from federation.home import Roster, address, create
from tests.quorate.ledger.build import genesis


def seed(name):
    return blake2b(f"test|{name}".encode(), digest_size=32).digest()


def houses(folder, members=4, **parameters):
    """The homes of c0, c1, ... of one genesis."""
    beginning = genesis(members, **parameters)
    names = [member.cluster.id for member in beginning.members]
    ports = free_ports(members)
    addresses = [address(seed(name), name, "127.0.0.1", port) for name, port in zip(names, ports, strict=True)]
    roster = Roster(members=tuple(addresses))
    return [create(folder / name, seed(name), beginning, roster, name) for name in names]


def keys(homes):
    return tuple(bytes.fromhex(member.public_key) for member in homes[0].genesis().members)


async def until(said, timeout_s=20.0):
    """Wait until something holds; a test that waits in vain fails."""
    end = time.monotonic() + timeout_s
    while not said():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)

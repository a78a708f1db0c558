"""Does anybody still know this member by a key? Asked by holding a link open for a moment and saying nothing on it.

A member that was down while its own key changed cannot learn that from its peers: they close every link of the old key.
"""

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import suppress

from federation.carrier import HANDSHAKE_S, context
from federation.home import Address, Home, Roster

HOLD_S = 1.0
"""Who does not know a key closes its link within a round trip; who does leaves it open."""


async def welcomes(identity: Home, addresses: Iterable[Address], hold_s: float = HOLD_S) -> int:
    """Return how many peers leave a link open that was made with the key in `identity`'s folder."""
    peers = tuple(addresses)
    if not peers:
        return 0
    made = context(identity, Roster(members=peers), server=False)
    return sum(await asyncio.gather(*(_welcome(made, address, hold_s) for address in peers)))


async def _welcome(made: ssl.SSLContext, address: Address, hold_s: float) -> bool:
    with suppress(OSError, ssl.SSLError, asyncio.TimeoutError):
        reader, writer = await asyncio.open_connection(
            address.host, address.port, ssl=made, server_hostname="", ssl_handshake_timeout=HANDSHAKE_S
        )
        try:
            async with asyncio.timeout(hold_s):
                await reader.read(1)
        except TimeoutError:
            return True
        finally:
            writer.close()
    return False

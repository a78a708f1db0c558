"""What the library needs from the world, as Protocols; hands implement them, wiring hands them over."""

from typing import Protocol

from quorate.domain.bidding import Answer
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job


class Signer(Protocol):
    """Holds one cluster's private key."""

    @property
    def public_key(self) -> bytes:
        """The 32-byte Ed25519 public key (RFC 8032)."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over `message`."""
        ...


class Verifier(Protocol):
    """Checks signatures; pure."""

    def valid(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Say whether `signature` over `message` was made by the holder of `public_key`."""
        ...


class Bidder(Protocol):
    """Answers one call for one cluster. Expected failures are abstentions; it raises only for a bug."""

    async def bid(self, job: Job, snapshot: ClusterSnapshot) -> Answer:
        """Return a bid or an abstention for `job` on the cluster of `snapshot`."""
        ...

"""What the library needs from the world, as Protocols; hands implement them, wiring hands them over."""

from typing import Protocol


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

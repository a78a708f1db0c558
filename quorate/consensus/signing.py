"""What exactly is signed: every statement under its own domain, so that no signature serves twice.

Sign bytes = magic, 32-byte digest of the chain's name, kind byte, then a fixed layout (docs/protocol.md P-3). A
FINALIZE signs the digest of its `ext`, an item the digest of its payload: evidence stays small. Nothing here does I/O.
"""

from functools import lru_cache
from hashlib import blake2b
from struct import Struct

from nacl.bindings import (
    crypto_sign,
    crypto_sign_BYTES,
    crypto_sign_open,
    crypto_sign_PUBLICKEYBYTES,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import CryptoError

from quorate.domain.canonical import DIGEST_BYTES
from quorate.domain.deciding import Certificate, CertificateVote, Item, Kind, Vote
from quorate.domain.errors import MisuseError
from quorate.domain.values import Digest
from quorate.ports import Signer

MAGIC = b"QRT1"
NOTHING = b"\x00" * DIGEST_BYTES
SEED_BYTES = 32

_STATEMENT = Struct(">QI32siB32s")
_ITEM = Struct(">HQ32s")


def chain_digest(chain: str) -> bytes:
    """Return the 32-byte BLAKE2b digest that stands for a chain's name."""
    return blake2b(chain.encode(), digest_size=DIGEST_BYTES).digest()


@lru_cache(maxsize=256)
def _domain(chain: str, kind: Kind) -> bytes:
    return MAGIC + chain_digest(chain) + bytes((kind,))


@lru_cache(maxsize=1024)
def _ext_digest(ext: bytes) -> bytes:
    return blake2b(ext, digest_size=DIGEST_BYTES).digest()


@lru_cache(maxsize=4096)
def _statement(
    chain: str, kind: Kind, height: int, round_: int, value: Digest | None, parent: int, reason: int, ext: bytes
) -> bytes:
    raw = NOTHING if value is None else bytes.fromhex(value)
    held = _ext_digest(ext) if kind is Kind.FINALIZE else NOTHING
    return _domain(chain, kind) + _STATEMENT.pack(height, round_, raw, parent, reason, held)


def vote_bytes(chain: str, vote: Vote) -> bytes:
    """Return the bytes that the signer of `vote` signed; the seat is named by its key alone."""
    return _statement(chain, vote.kind, vote.height, vote.round, vote.value, vote.parent, vote.reason, vote.ext)


def part_bytes(chain: str, certificate: Certificate, part: CertificateVote) -> bytes:
    """Return the bytes that one signer in a certificate signed."""
    said = certificate.kind, certificate.height, certificate.round, certificate.value, certificate.parent
    return _statement(chain, *said, part.reason, part.ext)


def item_bytes(chain: str, sender: int, seq: int, payload_digest: Digest) -> bytes:
    """Return the bytes that the sender of an item signed."""
    return _domain(chain, Kind.ITEM) + _ITEM.pack(sender, seq, bytes.fromhex(payload_digest))


def sign_item(chain: str, sender: int, seq: int, payload: bytes, signer: Signer) -> Item:
    """Return the signed item."""
    digest = Digest(blake2b(payload, digest_size=DIGEST_BYTES).hexdigest())
    return Item(sender, seq, payload, signer.sign(item_bytes(chain, sender, seq, digest)))


def sign_vote(
    chain: str,
    signer: Signer,
    kind: Kind,
    height: int,
    round_: int,
    seat: int,
    *,
    value: Digest | None = None,
    parent: int = -1,
    reason: int = 0,
    ext: bytes = b"",
    grounds: str = "",
) -> Vote:
    """Return the signed statement."""
    signature = signer.sign(_statement(chain, kind, height, round_, value, parent, reason, ext))
    return Vote(kind, height, round_, seat, value, parent, reason, ext, signature, grounds)


class KeySigner:
    """Signs with one Ed25519 key held in memory (RFC 8032, libsodium)."""

    def __init__(self, seed: bytes) -> None:
        """Take the 32-byte private seed.

        Raises:
            MisuseError: the seed has another length.
        """
        if len(seed) != SEED_BYTES:
            raise MisuseError(f"a key seed of {len(seed)} bytes; Ed25519 takes {SEED_BYTES}")
        self._public, self._secret = crypto_sign_seed_keypair(seed)

    @property
    def public_key(self) -> bytes:
        """The 32-byte public key."""
        return bytes(self._public)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message`."""
        return bytes(crypto_sign(message, self._secret)[:crypto_sign_BYTES])


class Ed25519Verifier:
    """Checks Ed25519 signatures (RFC 8032, libsodium)."""

    def valid(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Say whether `signature` over `message` was made by the holder of `public_key`."""
        # The binding hands both to C unchecked; a short key would be read past its end.
        if len(signature) != crypto_sign_BYTES or len(public_key) != crypto_sign_PUBLICKEYBYTES:
            return False
        try:
            crypto_sign_open(signature + message, public_key)
        except (CryptoError, ValueError):
            return False
        return True

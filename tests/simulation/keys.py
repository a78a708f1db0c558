"""Signatures for simulated schedules: fast keyed hashes by default, Ed25519 when a run asks for it.

A keyed BLAKE2b stands for a signature inside one process: whoever lacks a seat's secret cannot make one, and only
the registry here can check one. It is some fifty times faster than Ed25519, so a schedule spends its time on the
protocol. Runs with `--signatures ed25519` use PyNaCl and one memo for all replicas.
"""

from hashlib import blake2b

SIGNATURE_BYTES = 64
HALF = 32
NO_NONCE = bytes(HALF)


class HashKeys:
    """A registry of keyed-hash signers; one per schedule."""

    def __init__(self, seed: int) -> None:
        """Derive every key from `seed`."""
        self._seed = seed
        self._secrets: dict[bytes, bytes] = {}

    def signer(self, index: int) -> "HashSigner":
        """Return the signer of key number `index`; equal numbers give equal keys."""
        secret = blake2b(b"secret %d %d" % (self._seed, index), digest_size=32).digest()
        public = blake2b(secret, digest_size=32).digest()
        self._secrets[public] = secret
        return HashSigner(public, secret)

    def valid(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Say whether `signature` over `message` was made by the holder of `public_key`."""
        secret = self._secrets.get(public_key)
        if secret is None or len(signature) != SIGNATURE_BYTES:
            return False
        nonce = signature[:HALF]
        return blake2b(nonce + message, key=secret, digest_size=HALF).digest() == signature[HALF:]


class HashSigner:
    """Holds one secret."""

    __slots__ = ("_secret", "public_key")

    def __init__(self, public_key: bytes, secret: bytes) -> None:
        """Keep both halves."""
        self.public_key = public_key
        self._secret = secret

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message`."""
        return self.sign_again(message, NO_NONCE)

    def sign_again(self, message: bytes, nonce: bytes) -> bytes:
        """Return another valid signature over `message`: as with Ed25519, a signer can make as many as it likes."""
        return nonce + blake2b(nonce + message, key=self._secret, digest_size=HALF).digest()


class EdwardsKeys:
    """A registry of real Ed25519 keys (RFC 8032) with one memo of checked signatures."""

    def __init__(self, seed: int) -> None:
        """Derive every key from `seed`."""
        self._seed = seed
        self._memo: dict[tuple[bytes, bytes, bytes], bool] = {}

    def signer(self, index: int) -> "EdwardsSigner":
        """Return the signer of key number `index`."""
        return EdwardsSigner(blake2b(b"secret %d %d" % (self._seed, index), digest_size=32).digest())

    def valid(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Say whether `signature` over `message` was made by the holder of `public_key`."""
        question = (public_key, message, signature)
        answer = self._memo.get(question)
        if answer is None:
            answer = self._memo[question] = _edwards_valid(*question)
        return answer


class EdwardsSigner:
    """Holds one Ed25519 key."""

    def __init__(self, secret: bytes) -> None:
        """Expand the 32-byte seed."""
        from nacl.signing import SigningKey

        self._key = SigningKey(secret)
        self.public_key = bytes(self._key.verify_key)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message`."""
        return self._key.sign(message).signature

    def sign_again(self, message: bytes, nonce: bytes) -> bytes:
        """Return the one signature PyNaCl makes; other nonces would need the curve's own arithmetic."""
        return self.sign(message)


def _edwards_valid(public_key: bytes, message: bytes, signature: bytes) -> bool:
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(public_key).verify(message, signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True

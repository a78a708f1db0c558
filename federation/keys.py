"""A member's key on disk, and the certificate that carries it into TLS: peers are known by key only."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from quorate.domain.errors import CredentialMissing, SettingsInvalid

SEED_BYTES = 32
YEARS = 20


def new_seed() -> bytes:
    """Return a fresh private seed from the operating system."""
    return os.urandom(SEED_BYTES)


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read; it must not exist yet."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def read_secret(path: Path) -> bytes:
    """Return what a file holds that only its owner may read.

    Raises:
        CredentialMissing: there is no such file.
        SettingsInvalid: others may read it.
    """
    try:
        mode, data = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise CredentialMissing(f"cannot read the key {path}: {error.strerror}; make one with `peer-init`") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsInvalid(f"others may read the key {path}; run chmod 600 {path}")
    return data


def read_seed(path: Path) -> bytes:
    """Return the private seed in a key file.

    Raises:
        CredentialMissing: there is no such file.
        SettingsInvalid: others may read it, or it holds no seed.
    """
    text = read_secret(path)
    try:
        seed = bytes.fromhex(text.decode().strip())
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise SettingsInvalid(f"{path} holds no {SEED_BYTES}-byte key in hex; make one with `peer-init`")
    return seed


def certificate(seed: bytes, name: str) -> bytes:
    """Return a self-signed certificate (PEM) for the key of `seed`: a vessel for the public key, no authority."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, None)
    )
    return built.public_bytes(Encoding.PEM)


def private_pem(seed: bytes) -> bytes:
    """Return the private key in PEM, as TLS libraries want it."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certified_key(der: bytes) -> bytes:
    """Return the raw Ed25519 public key that a certificate (DER) carries.

    Raises:
        SettingsInvalid: it carries another kind of key.
    """
    key = x509.load_der_x509_certificate(der).public_key()
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsInvalid("the certificate carries no Ed25519 key; make one with `peer-init`")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def pem_key(pem: str) -> bytes:
    """Return the raw public key in a PEM certificate; SettingsInvalid if it is none."""
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise SettingsInvalid(f"not a certificate: {ascii(str(error))[1:-1][:80]}; copy it again") from error
    return certified_key(found.public_bytes(Encoding.DER))

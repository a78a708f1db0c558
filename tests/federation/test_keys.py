"""A member is its key: private on disk, and carried into TLS by a certificate that vouches for nothing else."""

import pytest
from cryptography import x509

from federation.keys import certificate, certified_key, new_seed, pem_key, private_pem, read_seed, write_secret
from quorate.consensus.signing import KeySigner
from quorate.domain.errors import CredentialMissing, SettingsInvalid


def test_a_certificate_carries_the_key_that_signs():
    seed = new_seed()
    assert pem_key(certificate(seed, "c0").decode()) == KeySigner(seed).public_key


def test_two_seeds_differ():
    assert new_seed() != new_seed()


def test_a_key_file_is_private_from_its_first_byte_and_never_written_over(tmp_path):
    path = tmp_path / "key"
    write_secret(path, new_seed().hex().encode())
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_secret(path, b"another")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_a_key_that_others_may_read_or_replace_is_refused_with_the_remedy(tmp_path, mode):
    path = tmp_path / "key"
    write_secret(path, new_seed().hex().encode())
    path.chmod(mode)
    with pytest.raises(SettingsInvalid, match=f"run chmod 600 {path}"):
        read_seed(path)


@pytest.mark.parametrize("text", [b"", b"zz" * 32, b"ab" * 31, b"\xff" * 64, b"ab" * 33], ids=range(5))
def test_a_file_that_holds_no_key_is_refused(tmp_path, text):
    path = tmp_path / "key"
    write_secret(path, text)
    with pytest.raises(SettingsInvalid, match="make one with `peer-init`"):
        read_seed(path)


def test_a_key_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(CredentialMissing, match="make one with `peer-init`"):
        read_seed(tmp_path / "key")


@pytest.mark.parametrize("pem", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\x1b[2J"])
def test_what_is_no_certificate_is_refused_in_printable_words(pem):
    with pytest.raises(SettingsInvalid) as caught:
        pem_key(pem)
    assert str(caught.value).isprintable()


def test_a_certificate_of_another_kind_of_key_is_refused():
    from datetime import UTC, datetime, timedelta

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    with pytest.raises(SettingsInvalid, match="no Ed25519 key"):
        certified_key(built.public_bytes(Encoding.DER))


def test_the_private_pem_is_the_same_key():
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    seed = new_seed()
    public = load_pem_private_key(private_pem(seed), None).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert public == KeySigner(seed).public_key

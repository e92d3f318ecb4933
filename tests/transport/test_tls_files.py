"""TLS files that cannot be used are named with the flag and the fix, and not quoted."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pannier_server.config import Settings, SettingsError
from pannier_server.config.options import flag_name
from pannier_server.transport.tls import tls_context

Files = dict[str, Path]


@pytest.fixture(scope="module")
def issued() -> trustme.LeafCert:
    return trustme.CA().issue_cert("localhost")


@pytest.fixture
def files(tmp_path: Path, issued: trustme.LeafCert) -> Files:
    """Write files that can be used, for a test to spoil one of them."""
    files = {name: tmp_path / f"{name}.pem" for name in ("tls_cert", "tls_key", "tls_client_ca")}
    issued.cert_chain_pems[0].write_to_path(files["tls_cert"])
    issued.private_key_pem.write_to_path(files["tls_key"])
    trustme.CA().cert_pem.write_to_path(files["tls_client_ca"])
    return files


def settings_of(files: Files) -> Settings:
    return Settings(
        tls_cert=str(files["tls_cert"]),
        tls_key=str(files["tls_key"]),
        tls_client_ca=str(files["tls_client_ca"]),
        origins={name: flag_name(name) for name in files},
    )


def refusal(files: Files) -> str:
    with pytest.raises(SettingsError) as caught:
        tls_context(settings_of(files))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_a_certificate_there_is_no_tls() -> None:
    assert tls_context(Settings()) is None


def test_good_files_are_taken(files: Files) -> None:
    assert tls_context(settings_of(files))


@pytest.mark.parametrize("name", ["tls_cert", "tls_key", "tls_client_ca"])
def test_a_missing_file_is_named(files: Files, name: str) -> None:
    files[name].unlink()

    assert refusal(files) == (
        f"{flag_name(name)}: cannot read {files[name]}: No such file or directory; "
        "name a PEM file that this user can read"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")
def test_a_file_that_this_user_may_not_read_is_named(files: Files) -> None:
    files["tls_key"].chmod(0o600)
    os.seteuid(65_534)
    try:
        message = refusal(files)
    finally:
        os.seteuid(0)

    assert "Permission denied; name a PEM file that this user can read" in message


@pytest.mark.parametrize("name", ["tls_cert", "tls_client_ca"])
@pytest.mark.parametrize("content", ["", "hello", "key", "half"])
def test_a_file_without_a_whole_certificate_is_named(files: Files, name: str, content: str) -> None:
    wrong = {"key": files["tls_key"].read_text(), "half": files[name].read_text()[:300]}
    files[name].write_text(wrong.get(content, content))

    assert refusal(files) == (
        f"{flag_name(name)}: {files[name]} holds no certificate in PEM, or a damaged "
        "one; name the file with BEGIN CERTIFICATE lines"
    )


@pytest.mark.parametrize("content", ["", "hello", "certificate", "half"])
def test_a_file_without_a_whole_key_is_named(files: Files, content: str) -> None:
    key = files["tls_key"].read_text()
    wrong = {"certificate": files["tls_cert"].read_text(), "half": key[: len(key) // 2]}
    files["tls_key"].write_text(wrong.get(content, content))

    message = refusal(files)

    assert message == (
        f"--tls-key: {files['tls_key']} holds no private key in PEM; name the file with a "
        "BEGIN PRIVATE KEY line"
    )
    assert not any(line in message for line in key.splitlines())


@pytest.mark.parametrize("kind", trustme.KeyType)
def test_the_key_of_another_certificate_is_named(files: Files, kind: trustme.KeyType) -> None:
    other = trustme.CA(key_type=kind).issue_cert("localhost", key_type=kind)
    other.private_key_pem.write_to_path(files["tls_key"])

    assert refusal(files) == (
        f"--tls-key: {files['tls_key']} is not the key of the first certificate in "
        f"{files['tls_cert']}; name the two that were made together (--tls-cert, --tls-key)"
    )


@pytest.mark.parametrize(
    "form",
    [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL],
)
def test_an_encrypted_key_is_named_and_nobody_is_asked_for_its_passphrase(
    files: Files, form: serialization.PrivateFormat
) -> None:
    key = serialization.load_pem_private_key(files["tls_key"].read_bytes(), None)
    secret = serialization.BestAvailableEncryption(b"passphrase")
    files["tls_key"].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, secret))

    assert refusal(files) == (
        f"--tls-key: {files['tls_key']} is encrypted; name a key without a passphrase "
        "(openssl pkey -in KEY -out PLAIN_KEY)"
    )


def test_a_certificate_that_is_too_weak_is_said_to_be(files: Files) -> None:
    write_weak_certificate(files)

    message = refusal(files)

    assert message.startswith(f"--tls-cert: {files['tls_cert']} cannot be used (ee key too small)")


def write_weak_certificate(files: Files) -> None:
    """Write a certificate whose key OpenSSL does not take for long enough."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=1024)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    files["tls_cert"].write_bytes(certificate.public_bytes(encoding))
    files["tls_key"].write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    )

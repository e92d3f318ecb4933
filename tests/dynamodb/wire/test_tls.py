"""HTTPS: whom we trust, and what is said where we do not."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from pannier_server.backends.dynamodb.wire import tls
from pannier_server.backends.dynamodb.wire.endpoint import Endpoint
from pannier_server.backends.errors import StoreMisconfigured, StoreUnavailable, WriteOutcome
from tests.dynamodb.wire.conftest import Connect
from tests.dynamodb.wire.http_server import serving

SECURE = Endpoint("https", "h", 443, "eu-west-1")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
async def test_the_authority_in_a_bundle_is_trusted(
    authority: trustme.CA, bundle: Path, connect: Connect, environ: dict[str, str], variable: str
) -> None:
    environ[variable] = str(bundle)
    async with serving(server_context(authority, "127.0.0.1")) as server:
        caller = await connect(server.url)
        assert await caller.read() == b"{}"
        assert await caller.read() == b"{}"
        assert server.connections == 1


async def test_aws_own_variable_comes_first(
    authority: trustme.CA, bundle: Path, connect: Connect, environ: dict[str, str]
) -> None:
    environ["AWS_CA_BUNDLE"] = str(bundle)
    environ["REQUESTS_CA_BUNDLE"] = "/nowhere.pem"
    async with serving(server_context(authority, "127.0.0.1")) as server:
        caller = await connect(server.url)
        assert await caller.read() == b"{}"


async def test_another_authority_is_refused_at_once_with_a_hint(
    authority: trustme.CA, connect: Connect
) -> None:
    async with serving(server_context(authority, "127.0.0.1")) as server:
        caller = await connect(server.url)
        with pytest.raises(StoreUnavailable, match=r"certificate.*AWS_CA_BUNDLE") as raised:
            await caller.write()
        assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
        assert server.connections <= 1
        assert not server.requests


async def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, bundle: Path, connect: Connect, environ: dict[str, str]
) -> None:
    environ["AWS_CA_BUNDLE"] = str(bundle)
    async with serving(server_context(authority, "elsewhere.example")) as server:
        caller = await connect(server.url)
        with pytest.raises(StoreUnavailable, match=r"certificate.*mismatch"):
            await caller.read()
        assert not server.requests


async def test_https_to_a_port_without_tls_says_so(connect: Connect) -> None:
    async def refuse_garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse_garbage, "127.0.0.1", 0) as server:
        caller = await connect(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(StoreUnavailable, match="does not speak TLS"):
            await caller.read()


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "No such file"), ("", "no certificate"), ("x", "no certificate")],
)
def test_a_bundle_that_cannot_be_used_is_named(
    tmp_path: Path, content: str | None, problem: str
) -> None:
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StoreMisconfigured, match=f"bundle.pem.*{problem}"):
        tls.client_tls_context(Endpoint("https", "h", 443, "r", str(path)), {})


def test_an_empty_setting_is_wrong_as_it_is_to_botocore() -> None:
    with pytest.raises(StoreMisconfigured, match="the setting is empty"):
        tls.client_tls_context(Endpoint("https", "h", 443, "r", ""), {})


def test_the_systems_authorities_are_trusted_without_a_setting() -> None:
    context = tls.client_tls_context(SECURE, {})
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_botocores_bundle_is_there_for_a_system_without_authorities(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # OpenSSL itself reads these two.
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    context = tls.client_tls_context(SECURE, {})
    assert context.cert_store_stats()["x509_ca"] > 50

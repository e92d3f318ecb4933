"""Callers that are known by names in their certificates (mutual TLS)."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
import trustme

from pannier_server.app import Sidecar, running_sidecar
from pannier_server.config import Settings, TcpAddress
from pannier_server.security.tokens import new_token
from tests.security.auth_files import AuthFileOnDisk, Caller, everything
from tests.security.calls import SECONDS, call, request_to, storage_path
from tests.security.client_certificates import credentials, issue
from tests.sidecars import channel_to
from tests.transport.certificates import Certificates

PUT = request_to("Put", "o").SerializeToString()
OK = grpc.StatusCode.OK
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE

Issue = Callable[..., grpc.ChannelCredentials]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """The authority whose certificates the sidecar lets in."""
    return trustme.CA()


@pytest.fixture
def mutual(settings: Settings, certificates: Certificates, authority: trustme.CA) -> Settings:
    """Settings of a sidecar that asks for certificates of the authority."""
    client_ca = certificates.write("names-ca.pem", authority.cert_pem.bytes())
    return replace(certificates.secure(settings), tls_client_ca=client_ca)


@pytest.fixture
def issued(certificates: Certificates, authority: trustme.CA) -> Issue:
    """Issue a certificate with names, and return what its client shows."""

    def make(*names: str, ca: trustme.CA = authority, days: int = 1) -> grpc.ChannelCredentials:
        own = issue(ca, *names, expires_in=timedelta(days=days))
        return credentials(Path(certificates.server_ca).read_bytes(), own)

    return make


async def put(
    sidecar: Sidecar, shown: grpc.ChannelCredentials, token: str | None = None
) -> grpc.StatusCode:
    async with channel_to(sidecar, shown) as channel:
        return (await call(channel, storage_path("Put"), PUT, token=token)).code


def known_by(*names: str, name: str = "billing") -> Caller:
    return Caller(name, [("*", "write")], certificate=names, tokens=[])


NAMES = ["dns:billing.internal", "uri:spiffe://corp/billing", "email:billing@corp", "cn:Billing"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_caller_is_known_by_a_name_of_each_kind(
    mutual: Settings, auth_file: AuthFileOnDisk, issued: Issue, name: str
) -> None:
    auth_file.write(known_by(name))
    async with running_sidecar(mutual) as sidecar:
        assert await put(sidecar, issued(name)) is OK
        assert await put(sidecar, issued(f"{name}x", "cn:other")) is UNAUTHENTICATED


@pytest.mark.parametrize("name", NAMES)
async def test_one_of_a_certificates_names_is_enough(
    mutual: Settings, auth_file: AuthFileOnDisk, issued: Issue, name: str
) -> None:
    auth_file.write(known_by(name), known_by("dns:unheard.of", name="other"))
    async with running_sidecar(mutual) as sidecar:
        assert await put(sidecar, issued("dns:a", "uri:b:c", name, "email:d@e")) is OK


@pytest.mark.parametrize(
    ("allowed", "shown"),
    [
        ("dns:billing", "email:billing"),
        ("dns:billing", "cn:billing"),
        ("cn:billing", "dns:billing"),
        ("email:billing", "dns:billing"),
        ("uri:billing", "dns:billing"),
        ("dns:billing.internal", "dns:BILLING.internal"),
        ("dns:billing.internal", "dns:*.internal"),
        ("dns:*.internal", "dns:billing.internal"),
    ],
)
async def test_a_name_counts_only_as_it_is_and_as_what_it_is(
    mutual: Settings, auth_file: AuthFileOnDisk, issued: Issue, allowed: str, shown: str
) -> None:
    auth_file.write(known_by(allowed))
    async with running_sidecar(mutual) as sidecar:
        assert await put(sidecar, issued(shown)) is UNAUTHENTICATED


async def test_a_certificate_for_two_identities_is_for_none(
    mutual: Settings, auth_file: AuthFileOnDisk, issued: Issue
) -> None:
    auth_file.write(known_by("dns:a", "dns:b", name="one"), known_by("dns:c", name="two"))
    async with running_sidecar(mutual) as sidecar:
        assert await put(sidecar, issued("dns:a", "dns:b")) is OK
        assert await put(sidecar, issued("dns:a", "dns:c")) is UNAUTHENTICATED


async def test_a_token_decides_alone(
    mutual: Settings, auth_file: AuthFileOnDisk, issued: Issue
) -> None:
    by_token = everything("by token")
    auth_file.write(Caller("by name", certificate=["dns:a"]), by_token)
    async with running_sidecar(mutual) as sidecar:
        assert await put(sidecar, issued("dns:a")) is grpc.StatusCode.PERMISSION_DENIED
        assert await put(sidecar, issued("dns:a"), by_token.token) is OK
        assert await put(sidecar, issued("dns:a"), new_token()) is UNAUTHENTICATED


async def test_a_token_does_not_stand_in_for_the_certificate(
    mutual: Settings, auth_file: AuthFileOnDisk, certificates: Certificates
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(mutual) as sidecar:
        assert await put(sidecar, certificates.stranger(), caller.token) is UNAVAILABLE


@pytest.mark.parametrize("wrong", ["expired", "another authority's"])
async def test_a_certificate_that_is_not_valid_does_not_get_a_connection(
    mutual: Settings, auth_file: AuthFileOnDisk, issued: Issue, wrong: str
) -> None:
    auth_file.write(known_by("dns:billing"))
    bad = (
        issued("dns:billing", days=-1)
        if wrong == "expired"
        else issued("dns:billing", ca=trustme.CA())
    )
    async with running_sidecar(mutual) as sidecar:
        assert await put(sidecar, bad) is UNAVAILABLE
        assert await put(sidecar, issued("dns:billing")) is OK


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("transport", ["h2"])
async def test_a_client_shows_its_certificate_for_every_connection(
    mutual: Settings,
    auth_file: AuthFileOnDisk,
    certificates: Certificates,
    authority: trustme.CA,
    version: ssl.TLSVersion,
) -> None:
    auth_file.write()
    key, cert = issue(authority, "dns:billing")
    context = ssl.create_default_context(cafile=certificates.server_ca)
    context.load_cert_chain(certificates.write("own.pem", cert), certificates.write("own.key", key))
    context.set_alpn_protocols(["h2"])
    context.minimum_version = context.maximum_version = version

    async with running_sidecar(mutual) as sidecar:
        session, _ = await asyncio.to_thread(connect, sidecar, context)
        _, is_resumed = await asyncio.to_thread(connect, sidecar, context, session)

    assert not is_resumed


def connect(
    sidecar: Sidecar, context: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> tuple[ssl.SSLSession | None, bool]:
    """Return a connection's session after a first answer, and whether it was resumed."""
    address = sidecar.addresses[0]
    assert isinstance(address, TcpAddress)
    raw = socket.create_connection((address.host, address.port), SECONDS)
    with context.wrap_socket(raw, server_hostname=address.host, session=session) as connection:
        assert connection.recv(100)
        return connection.session, bool(connection.session_reused)


async def test_a_client_that_does_not_trust_the_sidecar_sends_no_token(
    settings: Settings, auth_file: AuthFileOnDisk, certificates: Certificates
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(certificates.secure(settings)) as sidecar:
        wrong_ca = credentials(trustme.CA().cert_pem.bytes(), None)
        assert await put(sidecar, wrong_ca, caller.token) is UNAVAILABLE
        assert await put(sidecar, certificates.stranger(), caller.token) is OK

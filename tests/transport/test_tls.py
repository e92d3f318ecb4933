"""TLS end to end, with grpcio as the client: who is let in, and over what."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
import trustme

import pannier
from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.app import Sidecar, running_sidecar
from pannier_server.config import Settings, TcpAddress, UnixAddress, load_settings
from tests.sidecars import LOOPBACK, channel_to
from tests.transport.certificates import Certificates

SECONDS = 10
# At its usual level OpenSSL refuses old versions itself.
ANY_CIPHER = "DEFAULT@SECLEVEL=0"


@pytest.fixture
def settings(transport: str) -> Settings:
    return Settings(store="memory:", listen=LOOPBACK, grace=1.0, transport=transport)


async def put(sidecar: Sidecar, credentials: grpc.ChannelCredentials | None) -> int:
    """Write a record as a new client, and return its version."""
    async with channel_to(sidecar, credentials) as channel:
        stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        answer = await stub.Put(pb.PutRequest(key="o:n", data=b"x" * 100_000), timeout=SECONDS)
        return int(answer.version)


async def refusal(sidecar: Sidecar, credentials: grpc.ChannelCredentials | None) -> grpc.StatusCode:
    """Write a record as a client that is not let in."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await put(sidecar, credentials)
    return caught.value.code()


async def test_a_client_that_trusts_the_server_is_served(
    settings: Settings, certificates: Certificates
) -> None:
    async with running_sidecar(certificates.secure(settings)) as sidecar:
        assert await put(sidecar, certificates.stranger()) == 1


async def test_the_python_client_is_served(settings: Settings, certificates: Certificates) -> None:
    async with (
        running_sidecar(certificates.secure(settings, mutual=True)) as sidecar,
        pannier.aio.connect(str(sidecar.addresses[0]), credentials=certificates.client()) as store,
    ):
        assert (await store.put("o:n", b"")).version == 1


async def test_a_client_that_does_not_trust_the_server_ends_the_connection(
    settings: Settings, certificates: Certificates
) -> None:
    other = grpc.ssl_channel_credentials(trustme.CA().cert_pem.bytes())
    async with running_sidecar(certificates.secure(settings)) as sidecar:
        assert await refusal(sidecar, other) is grpc.StatusCode.UNAVAILABLE
        assert await put(sidecar, certificates.stranger()) == 1


async def test_a_plain_client_is_not_served_over_tls(
    settings: Settings, certificates: Certificates
) -> None:
    async with running_sidecar(certificates.secure(settings)) as sidecar:
        assert await refusal(sidecar, None) is grpc.StatusCode.UNAVAILABLE
        assert await put(sidecar, certificates.stranger()) == 1


async def test_a_client_with_a_certificate_of_the_authority_is_let_in(
    settings: Settings, certificates: Certificates
) -> None:
    async with running_sidecar(certificates.secure(settings, mutual=True)) as sidecar:
        assert await put(sidecar, certificates.client()) == 1


async def test_a_client_whose_authority_the_authority_has_signed_is_let_in(
    settings: Settings, certificates: Certificates
) -> None:
    client = certificates.client(certificates.intermediate())
    async with running_sidecar(certificates.secure(settings, mutual=True)) as sidecar:
        assert await put(sidecar, client) == 1


async def test_an_authority_below_the_root_is_enough(
    settings: Settings, certificates: Certificates
) -> None:
    authority = certificates.intermediate()
    alone = certificates.write("intermediate.pem", authority.cert_pem.bytes())
    secure = replace(certificates.secure(settings), tls_client_ca=alone)
    async with running_sidecar(secure) as sidecar:
        assert await put(sidecar, certificates.client(authority)) == 1
        assert await refusal(sidecar, certificates.client()) is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("shows", ["nothing", "another authority's"])
async def test_a_client_without_a_certificate_of_the_authority_is_refused(
    settings: Settings, certificates: Certificates, shows: str
) -> None:
    other = certificates.client(trustme.CA()) if shows != "nothing" else certificates.stranger()
    async with running_sidecar(certificates.secure(settings, mutual=True)) as sidecar:
        assert await refusal(sidecar, other) is grpc.StatusCode.UNAVAILABLE
        assert await put(sidecar, certificates.client()) == 1


async def test_a_unix_socket_stays_plain_beside_tls(
    settings: Settings, certificates: Certificates, tmp_path: Path
) -> None:
    both = (UnixAddress(str(tmp_path / "p.sock")), *LOOPBACK)
    secure = certificates.secure(replace(settings, listen=both), mutual=True)
    async with running_sidecar(secure) as sidecar:
        assert await put(sidecar, None) == 1


async def test_a_server_may_be_reached_by_other_machines_where_clients_show_certificates(
    transport: str, certificates: Certificates
) -> None:
    flags = {
        "listen": ["[::]:0"],
        "store": "memory:",
        "transport": transport,
        "tls_cert": certificates.cert,
        "tls_key": certificates.key,
        "tls_client_ca": certificates.client_ca,
    }
    async with running_sidecar(load_settings(flags, {})) as sidecar:
        assert isinstance(sidecar.addresses[0], TcpAddress)
        local = replace(sidecar, addresses=(TcpAddress("127.0.0.1", sidecar.addresses[0].port),))
        assert await put(local, certificates.client()) == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_tls_1_2_and_1_3_are_spoken_and_http_2_is_agreed_on(
    settings: Settings, certificates: Certificates, version: ssl.TLSVersion
) -> None:
    async with running_sidecar(certificates.secure(settings)) as sidecar:
        agreed = await shake_hands(sidecar, certificates, version)
    assert agreed == (version.name.replace("_", "."), "h2")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
async def test_older_versions_are_refused(settings: Settings, certificates: Certificates) -> None:
    async with running_sidecar(certificates.secure(settings)) as sidecar:
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await shake_hands(sidecar, certificates, ssl.TLSVersion.TLSv1_1)
        assert await put(sidecar, certificates.stranger()) == 1


async def test_ciphers_that_http_2_prohibits_are_refused(
    settings: Settings, certificates: Certificates
) -> None:
    async with running_sidecar(certificates.secure(settings)) as sidecar:
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await shake_hands(sidecar, certificates, ssl.TLSVersion.TLSv1_2, "ECDHE+AES128+SHA256")
        assert await put(sidecar, certificates.stranger()) == 1


async def shake_hands(
    sidecar: Sidecar,
    certificates: Certificates,
    version: ssl.TLSVersion,
    ciphers: str = ANY_CIPHER,
) -> tuple[str | None, str | None]:
    """Connect with one version of TLS, and return it and the protocol that was agreed on."""
    context = ssl.create_default_context(cafile=certificates.server_ca)
    context.set_ciphers(ciphers)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    host, _, port = str(sidecar.addresses[0]).rpartition(":")
    async with asyncio.timeout(SECONDS):
        _, writer = await asyncio.open_connection(host, int(port), ssl=context)
        agreed: ssl.SSLObject = writer.get_extra_info("ssl_object")
        found = agreed.version(), agreed.selected_alpn_protocol()
        writer.close()
        return found

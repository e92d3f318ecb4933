"""TLS: who is at the other end, and clients that get the handshake wrong."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
import trustme

from bench.attacks import frames
from bench.attacks.frames import LARGEST_WINDOW, Setting
from tests.transport.certificates import Certificates
from tests.transport.serving.client import Client, connected
from tests.transport.serving.servers import (
    SECONDS,
    Running,
    path,
    serving,
    turns,
    unary,
    unary_stream,
    until,
)

IDENTITY = "client@example.org"


@pytest.fixture
def server_tls(certificates: Certificates) -> ssl.SSLContext:
    """What a server needs that shows a certificate and asks for none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.cert, certificates.key)
    context.set_alpn_protocols(["h2"])
    return context


@pytest.fixture
def mutual_tls(server_tls: ssl.SSLContext, certificates: Certificates) -> ssl.SSLContext:
    """What a server needs that asks for a certificate."""
    server_tls.load_verify_locations(certificates.client_ca)
    server_tls.verify_mode = ssl.CERT_REQUIRED
    return server_tls


@pytest.fixture
def trust(certificates: Certificates) -> Callable[..., ssl.SSLContext]:
    """Make contexts of clients that trust the server, and speak what they are told."""

    def make(*protocols: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=certificates.server_ca)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    return make


async def who(_request: bytes, context: Any) -> bytes:
    """Answer who the client is."""
    key = context.peer_identity_key() or ""
    identities = context.peer_identities() or ()
    kind = context.auth_context()["transport_security_type"][0].decode()
    return "|".join((kind, key, *(one.decode() for one in identities))).encode()


METHODS: dict[str, Any] = {"Who": unary(who)}


@asynccontextmanager
async def calling(at: Running, credentials: grpc.ChannelCredentials) -> AsyncIterator[Any]:
    """Open a channel with credentials, and yield a call of ``Who``."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    target = f"127.0.0.1:{at.port}"
    async with grpc.aio.secure_channel(target, credentials, options=options) as channel:
        yield channel.unary_unary(path("Who"))


async def test_a_client_without_a_certificate_is_served_but_nobody(
    server_tls: ssl.SSLContext, certificates: Certificates
) -> None:
    async with (
        serving(METHODS, tls=server_tls) as at,
        calling(at, certificates.stranger()) as call,
    ):
        assert await call(b"", timeout=SECONDS) == b"ssl|"
        assert await call(b"", timeout=SECONDS) == b"ssl|"


async def test_a_client_with_a_certificate_is_who_that_says(
    mutual_tls: ssl.SSLContext, certificates: Certificates
) -> None:
    async with (
        serving(METHODS, tls=mutual_tls) as at,
        calling(at, certificates.client()) as call,
    ):
        name = b"ssl|x509_subject_alternative_name|" + IDENTITY.encode()
        assert await call(b"", timeout=SECONDS) == name


@pytest.mark.parametrize("shows", ["nothing", "a certificate of nobody's"])
async def test_a_client_that_nobody_vouches_for_is_refused(
    shows: str, mutual_tls: ssl.SSLContext, certificates: Certificates
) -> None:
    other = certificates.client(trustme.CA())
    credentials = certificates.stranger() if shows == "nothing" else other
    async with serving(METHODS, tls=mutual_tls) as at, calling(at, credentials) as call:
        failing = call(b"", timeout=SECONDS)
        assert await failing.code() is grpc.StatusCode.UNAVAILABLE
        await until(lambda: at.meters.handshakes_failed > 0)
        assert at.meters.calls == 0


async def test_the_whole_certificate_can_be_had(
    mutual_tls: ssl.SSLContext, certificates: Certificates
) -> None:
    found: list[Any] = []

    async def handler(_request: bytes, context: Any) -> bytes:
        found.append(context.auth_context())
        return b""

    async with (
        serving({"Who": unary(handler)}, tls=mutual_tls) as at,
        calling(at, certificates.client()) as call,
    ):
        await call(b"", timeout=SECONDS)
    (context,) = found
    assert context["x509_pem_cert"][0].startswith(b"-----BEGIN CERTIFICATE-----")
    assert context["x509_subject_alternative_name"] == (IDENTITY.encode(),)


async def test_a_client_that_does_not_speak_http2_is_refused(
    server_tls: ssl.SSLContext, trust: Callable[..., ssl.SSLContext]
) -> None:
    async with serving(METHODS, tls=server_tls) as at:
        for number, protocols in enumerate([(), ("http/1.1",)], 1):
            async with connected(at.port, tls=trust(*protocols)) as client:
                assert await client.until_closed() == []
            assert at.meters.handshakes_failed == number
        async with connected(at.port, tls=trust("http/1.1", "h2")) as client:
            assert (await client.answer(client.call("Who"))).messages == [b"ssl|"]
        await until(lambda: at.meters.connections == 0)


async def test_a_client_without_tls_is_refused(server_tls: ssl.SSLContext) -> None:
    async with serving(METHODS, tls=server_tls) as at, connected(at.port) as client:
        await until_gone(client)
        await until(lambda: at.meters.handshakes_failed == 1)
        assert at.meters.connections == 0


async def until_gone(client: Client) -> None:
    """Return once the server has closed a connection, whatever it sent before."""
    async with asyncio.timeout(SECONDS):
        try:
            while await client.reader.read(1_000):
                pass
        except ConnectionError:
            pass


async def test_clients_that_never_finish_the_handshake_are_closed_in_time(
    server_tls: ssl.SSLContext,
) -> None:
    async with (
        serving(METHODS, tls=server_tls, handshake_timeout=0.05) as at,
        connected(at.port, greets=False) as silent,
        connected(at.port, greets=False) as half,
    ):
        half.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        for client in (silent, half):
            await until_gone(client)
        await until(lambda: at.meters.connections == 0)
        assert (at.meters.handshakes_timed_out, at.meters.handshakes_failed) == (2, 0)


async def test_clients_in_their_handshake_count_as_connections(
    server_tls: ssl.SSLContext,
) -> None:
    """What is not known yet takes as much as what is, and more can ask for it."""
    async with (
        serving(METHODS, tls=server_tls, max_connections=2) as at,
        connected(at.port, greets=False) as one,
    ):
        async with connected(at.port, greets=False):
            await until(lambda: at.meters.connections == 2)
            async with connected(at.port, greets=False) as refused:
                await until_gone(refused)
            assert at.meters.connections_refused == 1
        one.abort()
        await until(lambda: at.meters.connections == 0)


async def test_a_handshake_may_take_for_ever_where_it_has_no_limit(
    server_tls: ssl.SSLContext, trust: Callable[..., ssl.SSLContext]
) -> None:
    async with (
        serving(METHODS, tls=server_tls, handshake_timeout=0.0) as at,
        connected(at.port, greets=False),
    ):
        at.time().pass_(1_000)
        async with connected(at.port, tls=trust("h2")) as client:
            assert (await client.answer(client.call("Who"))).status == 0
        await until(lambda: at.meters.connections == 1)
        assert at.meters.keepalive_timed_out == 0


async def test_the_server_stops_although_handshakes_go_on(server_tls: ssl.SSLContext) -> None:
    async with (
        serving(METHODS, tls=server_tls, handshake_timeout=10_000.0) as at,
        connected(at.port, greets=False) as client,
    ):
        await until(lambda: at.meters.connections == 1)
        await at.server.stop(10_000.0)
        await until_gone(client)
        assert at.meters.connections == 0


async def test_a_sweep_during_the_handshake_takes_nothing_from_the_connection(
    server_tls: ssl.SSLContext, trust: Callable[..., ssl.SSLContext]
) -> None:
    """What greets the client waits for the handshake to be over."""
    async with serving(METHODS, tls=server_tls) as at:
        time = at.time()
        connecting = connected(at.port, tls=trust("h2"))
        entering = asyncio.create_task(connecting.__aenter__())
        await until(lambda: at.meters.connections == 1)
        time.look()
        await turns(1)
        client = await entering
        assert (await client.answer(client.call("Who"))).status == 0
        assert client.server_settings[Setting.MAX_CONCURRENT_STREAMS] == 256
        await connecting.__aexit__(None, None, None)


async def test_a_client_that_does_not_read_costs_a_bounded_buffer(
    server_tls: ssl.SSLContext, trust: Callable[..., ssl.SSLContext]
) -> None:
    buffer = 200_000
    made: list[int] = []

    async def endless(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        while True:
            made.append(10_000)
            yield bytes(10_000)

    limits: dict[str, Any] = {
        "write_buffer_bytes": buffer,
        "stall_timeout": 5.0,
        "keepalive_time": 0.0,
    }
    async with (
        serving({"List": unary_stream(endless)}, tls=server_tls, **limits) as at,
        connected(at.port, tls=trust("h2"), window=LARGEST_WINDOW, receive_buffer=4_096) as client,
    ):
        client.call("List")
        await until(lambda: at.protocol.connection.outbox.congested)
        await turns(50)
        before = len(made)
        await turns(50)
        assert len(made) == before
        assert at.protocol.unwritten_bytes < 3 * buffer
        at.time().pass_(7)
        assert at.meters.stalls == 1
        await until(lambda: at.meters.connections == 0)


async def test_a_client_that_floods_is_not_read_from_while_others_have_their_turn(
    server_tls: ssl.SSLContext, trust: Callable[..., ssl.SSLContext]
) -> None:
    async with (
        serving(METHODS, tls=server_tls, abuse_allowance=10**9) as at,
        connected(at.port, tls=trust("h2")) as flooding,
        connected(at.port, tls=trust("h2")) as client,
    ):
        for each in (flooding, client):
            await each.round_trip()
        flooding.send(frames.window_update(0, 1) * 200_000)
        await until(lambda: at.meters.turns_cut > 0)
        assert (await client.answer(client.call("Who"))).messages == [b"ssl|"]
        await flooding.round_trip()

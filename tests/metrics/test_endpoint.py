"""The HTTP server of metrics: what it answers, who may reach it, what a peer can do to it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from pannier_server.app import running_sidecar
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings, SettingsError, load_settings
from pannier_server.config.addresses import UnixAddress
from pannier_server.metrics.endpoint import MAX_CONNECTIONS
from pannier_server.metrics.scrape import MAX_HEAD_BYTES
from pannier_server.transport.sockets import ListenError
from tests.metrics.scraping import (
    OPENMETRICS,
    SECONDS,
    Response,
    Scrape,
    ask,
    connect,
    read_response,
    scrape,
)
from tests.sidecars import LOOPBACK


@pytest.fixture
async def address(endpoint: UnixAddress) -> AsyncIterator[str]:
    """Serve metrics in this process, and say where."""
    async with sidecar_with(endpoint):
        yield str(endpoint)


@asynccontextmanager
async def sidecar_with(endpoint: UnixAddress, **settings: Any) -> AsyncIterator[None]:
    chosen = Settings(store="memory:", listen=LOOPBACK, grace=1.0, metrics=endpoint, **settings)
    async with running_sidecar(chosen, backend=MemoryBackend()):
        yield


async def asked(address: str, target: str = "/metrics", **request: str) -> Response:
    return await asyncio.to_thread(ask, address, target, **request)


async def test_prometheus_text_is_the_default_format(address: str) -> None:
    response = await asked(address)

    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE pannier_rpc_calls_total counter\n" in response.body.decode()


async def test_openmetrics_is_for_who_asks(address: str) -> None:
    response = await asked(address, accept=f"{OPENMETRICS},text/plain;q=0.5")

    assert response.headers["content-type"].startswith("application/openmetrics-text;")
    assert response.body.endswith(b"# EOF\n")
    assert Scrape(response).value("pannier_workers") == 1


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text; version=x",
        "application/openmetrics-text; version=7.0.0; escaping=<b>",
        "text/plain; version=1..0; escaping=dots",
        ";;,;q=",
    ],
)
async def test_a_format_that_nobody_knows_is_answered_with_one_that_is_known(
    address: str, accept: str
) -> None:
    response = await asked(address, accept=accept)

    assert response.headers["content-type"] in {
        "text/plain; version=0.0.4; charset=utf-8",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    }
    assert Scrape(response).value("pannier_workers") == 1


async def test_both_formats_say_the_same(address: str) -> None:
    text, openmetrics = [Scrape(await asked(address, accept=a)) for a in ("*/*", OPENMETRICS)]

    assert text.samples().keys() == openmetrics.samples().keys()


async def test_head_has_the_length_and_no_body(address: str) -> None:
    response = await asked(address, method="HEAD")

    assert response.status == 200
    assert int(response.headers["content-length"]) > 1000
    assert response.body == b""


async def test_a_query_changes_nothing(address: str) -> None:
    assert (await asked(address, "/metrics?x=y")).status == 200


@pytest.mark.parametrize("target", ["/", "/metrics/", "/metrics/../metrics", "*", "/%6detrics"])
async def test_another_path_is_not_found(address: str, target: str) -> None:
    response = await asked(address, target)

    assert response.status == 404
    assert response.body == b"the metrics are at /metrics\n"


async def test_another_method_is_not_allowed(address: str) -> None:
    response = await asked(address, method="POST")

    assert response.status == 405
    assert response.headers["allow"] == "GET, HEAD"


async def exchanged(address: str, *parts: bytes) -> bytes:
    """Send bytes, end the sending side, and return all that comes."""

    def exchange() -> bytes:
        with connect(address) as connection:
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    return await asyncio.to_thread(exchange)


async def test_what_is_no_http_is_refused(address: str) -> None:
    answer = await exchanged(address, b"\x16\x03\x01\x02\x00\x01 hello\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_a_request_may_come_byte_by_byte_and_half_closed(address: str) -> None:
    request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
    answer = await exchanged(address, *(request[i : i + 1] for i in range(len(request))))

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"pannier_workers 1.0\n" in answer


async def test_only_the_first_of_several_requests_is_answered(address: str) -> None:
    answer = await exchanged(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 3)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close\r\n" in answer


async def test_a_long_head_is_refused(address: str) -> None:
    def send() -> Response:
        with connect(address) as connection:
            head = b"GET /metrics HTTP/1.1\r\nX: " + b"x" * MAX_HEAD_BYTES
            connection.sendall(head)
            return read_response(connection)

    assert (await asyncio.to_thread(send)).status == 431


async def test_those_who_hold_connections_do_not_keep_others_from_their_metrics(
    address: str,
) -> None:
    def fill_and_ask() -> tuple[Response, int]:
        with ExitStack() as stack:
            held = [
                stack.enter_context(closing(connect(address))) for _ in range(4 * MAX_CONNECTIONS)
            ]
            response = ask(address)
            for connection in held:
                connection.setblocking(False)
            return response, sum(map(is_open, held))

    response, still_open = await asyncio.to_thread(fill_and_ask)

    assert response.status == 200
    assert still_open <= MAX_CONNECTIONS


def is_open(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


async def test_many_scrapes_at_once_are_all_answered(address: str) -> None:
    answers = await asyncio.gather(*(asked(address) for _ in range(MAX_CONNECTIONS)))

    assert [answer.status for answer in answers] == [200] * MAX_CONNECTIONS


async def test_the_socket_has_the_settings_mode_and_goes_with_the_sidecar(
    endpoint: UnixAddress,
) -> None:
    path = Path(endpoint.path)
    async with sidecar_with(endpoint, socket_mode=0o660):
        assert path.stat().st_mode & 0o777 == 0o660  # noqa: ASYNC240
    assert not path.exists()  # noqa: ASYNC240


async def test_a_socket_that_is_taken_is_said_with_the_settings_name(
    endpoint: UnixAddress, address: str
) -> None:
    with pytest.raises(ListenError) as caught:
        async with sidecar_with(endpoint):
            raise AssertionError("two serve on one socket")

    assert str(caught.value) == (
        f"a server is listening on unix:{endpoint.path} already; "
        "stop it, or choose another --metrics unix:PATH"
    )
    assert (await asked(address)).status == 200


async def test_a_connection_that_is_open_does_not_hold_up_the_end(endpoint: UnixAddress) -> None:
    async with asyncio.timeout(SECONDS):
        async with sidecar_with(endpoint):
            connection = await asyncio.to_thread(connect, str(endpoint))
        with connection:
            assert not is_open(connection)


def refusal(**flags: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(flags, {})
    return str(caught.value)


def test_other_machines_are_let_in_on_request_only() -> None:
    assert refusal(metrics="0.0.0.0:9464") == (
        "--metrics: 0.0.0.0:9464 may be reached by other machines, and metrics have neither TLS "
        "nor authentication; serve them on 127.0.0.1, [::1] or a Unix socket, or accept the risk "
        "with --allow-insecure"
    )
    allowed = load_settings({"metrics": "0.0.0.0:9464", "allow_insecure": True}, {})
    assert str(allowed.metrics) == "0.0.0.0:9464"


def test_tls_and_tokens_of_calls_do_not_open_the_metrics() -> None:
    message = refusal(metrics="10.0.0.1:1", tls_cert="c", tls_key="k", auth="a")

    assert message.startswith("--metrics: 10.0.0.1:1 may be reached by other machines")


def test_metrics_and_calls_do_not_share_an_address() -> None:
    message = refusal(metrics="127.0.0.1:50051", listen=["127.0.0.1:50051"])

    assert message == (
        "--metrics: 127.0.0.1:50051 is where gRPC is served (--listen); choose another one"
    )


def test_a_path_that_is_too_long_is_refused_by_its_setting() -> None:
    message = refusal(metrics=f"unix:/{'x' * 107}")

    assert message.startswith("--metrics: the socket path /x")
    assert message.endswith("choose a shorter one (--metrics unix:PATH)")


def test_the_environment_may_name_the_address() -> None:
    assert load_settings({}, {"PANNIER_METRICS": "unix:/run/m.sock"}).metrics == UnixAddress(
        "/run/m.sock"
    )


def test_metrics_are_off_by_default() -> None:
    assert load_settings({}, {}).metrics is None


async def test_a_tcp_address_serves_too(endpoint: UnixAddress) -> None:
    from pannier_server.config import TcpAddress
    from tests.engines.process import free_port

    tcp = TcpAddress("127.0.0.1", free_port())
    settings = Settings(store="memory:", listen=LOOPBACK, grace=1.0, metrics=tcp)
    async with running_sidecar(settings, backend=MemoryBackend()):
        found = await asyncio.to_thread(scrape, str(tcp))

    assert found.value("pannier_workers") == 1

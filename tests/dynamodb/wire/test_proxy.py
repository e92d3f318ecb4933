"""Proxies: which one, as botocore chooses it, and requests through it."""

import os
from base64 import b64encode
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest
import trustme
from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies

from pannier_server.backends.dynamodb.wire.endpoint import parse_endpoint
from pannier_server.backends.dynamodb.wire.proxy import Proxy, find_proxy
from pannier_server.backends.errors import StoreMisconfigured, StoreUnavailable, WriteOutcome
from tests.dynamodb.wire.conftest import Connect
from tests.dynamodb.wire.http_server import Server, serving
from tests.dynamodb.wire.proxy_server import ProxyServer, proxying
from tests.dynamodb.wire.test_tls import server_context

VALUES: dict[str, tuple[str | None, ...]] = {
    "HTTPS_PROXY": (None, "http://upper:3128", "user:pass%40word@plain:1"),
    "https_proxy": (None, "", "https://lower:8443"),
    "HTTP_PROXY": (None, "//user:p@plain"),
    "NO_PROXY": (None, "*", "amazonaws.com, localhost", "eu-west-1.amazonaws.com:443"),
    "REQUEST_METHOD": (None, "GET"),
}
URLS = (
    "https://dynamodb.eu-west-1.amazonaws.com",
    "http://localhost:8000",
    "http://other.example",
)


def theirs(url: str) -> tuple[str, str | None] | None:
    configuration = ProxyConfiguration(get_environ_proxies(url))
    proxy = configuration.proxy_url_for(url)
    if proxy is None:
        return None
    return proxy, configuration.proxy_headers_for(proxy).get("Proxy-Authorization")


@pytest.mark.usefixtures("clean_environ")
def test_the_proxy_is_the_one_that_botocore_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    for values in product(*VALUES.values()):
        for name, value in zip(VALUES, values, strict=True):
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        for url in URLS:
            expected = theirs(url)
            found = find_proxy(parse_endpoint(url, "eu-west-1"), os.environ)
            assert (found is None) == (expected is None)
            if found and expected:
                host = expected[0].rpartition("@")[2].rpartition("/")[2]
                assert f"{found.host}:{found.port}".startswith(host)
                assert found.scheme == expected[0].partition(":")[0]
                assert found.authorization == expected[1]


def test_a_proxys_password_shows_neither_in_its_repr_nor_in_an_error() -> None:
    endpoint = parse_endpoint("https://h", "r")
    found = find_proxy(endpoint, {"HTTPS_PROXY": "http://user:hidden@h:1"})
    secret = b64encode(b"user:hidden").decode()
    assert found is not None
    assert found.authorization == f"Basic {secret}"
    assert secret not in repr(found)
    with pytest.raises(StoreMisconfigured, match="HTTPS_PROXY") as raised:
        find_proxy(endpoint, {"HTTPS_PROXY": "http://user:hidden@h:99999"})
    assert "hidden" not in raised.value.message


def test_a_lower_case_variable_comes_first_wherever_it_stands() -> None:
    endpoint = parse_endpoint("https://h", "r")
    lower, upper = ("https_proxy", "lower:1"), ("HTTPS_PROXY", "upper:1")
    for environ in (dict((lower, upper)), dict((upper, lower))):
        assert find_proxy(endpoint, environ) == Proxy("http", "lower", 1)


def test_a_proxys_port_is_its_schemes_where_none_is_given() -> None:
    endpoint = parse_endpoint("https://h", "r")
    assert find_proxy(endpoint, {"https_proxy": "p"}) == Proxy("http", "p", 80)
    assert find_proxy(endpoint, {"https_proxy": "https://p"}) == Proxy("https", "p", 443)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, environ: dict[str, str]) -> trustme.CA:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    environ["AWS_CA_BUNDLE"] = str(path)
    return authority


@pytest.fixture
async def secure(trusted: trustme.CA) -> AsyncIterator[Server]:
    async with serving(server_context(trusted, "db.example")) as server:
        yield server


@pytest.fixture
async def proxy(secure: Server) -> AsyncIterator[ProxyServer]:
    async with proxying(secure.port) as running:
        yield running


async def test_https_goes_through_a_tunnel_that_only_the_proxy_resolves(
    secure: Server, proxy: ProxyServer, connect: Connect, environ: dict[str, str]
) -> None:
    environ["HTTPS_PROXY"] = f"http://user:pass%20word@127.0.0.1:{proxy.port}"
    caller = await connect("https://db.example")
    assert await caller.read() == b"{}"
    assert await caller.read() == b"{}"
    (head,) = proxy.heads
    assert head.startswith("CONNECT db.example:443 HTTP/1.1\r\nHost: db.example:443\r\n")
    assert f"Proxy-Authorization: Basic {b64encode(b'user:pass word').decode()}\r\n" in head
    assert [request.headers["host"] for request in secure.requests] == ["db.example"] * 2
    assert not any("proxy-authorization" in request.headers for request in secure.requests)


async def test_a_proxy_may_be_spoken_to_over_tls_itself(
    trusted: trustme.CA, secure: Server, connect: Connect, environ: dict[str, str]
) -> None:
    async with proxying(secure.port, server_context(trusted, "127.0.0.1")) as proxy:
        environ["HTTPS_PROXY"] = f"https://127.0.0.1:{proxy.port}"
        caller = await connect("https://db.example")
        assert await caller.read() == b"{}"
        await caller.client.close()


async def test_the_endpoints_certificate_counts_behind_a_proxy_too(
    secure: Server, proxy: ProxyServer, connect: Connect, environ: dict[str, str]
) -> None:
    environ["HTTPS_PROXY"] = f"http://127.0.0.1:{proxy.port}"
    caller = await connect("https://other.example")
    with pytest.raises(StoreUnavailable, match=r"certificate.*mismatch"):
        await caller.read()
    assert not secure.requests


async def test_no_proxy_is_heeded(
    secure: Server, proxy: ProxyServer, connect: Connect, environ: dict[str, str]
) -> None:
    environ["HTTPS_PROXY"] = f"http://127.0.0.1:{proxy.port}"
    environ["NO_PROXY"] = "127.0.0.1"
    caller = await connect(secure.url)
    with pytest.raises(StoreUnavailable, match=r"certificate.*mismatch"):
        await caller.read()
    assert not proxy.heads


@pytest.mark.parametrize(
    ("refusal", "problem", "attempts"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "credentials.*407.*HTTPS_PROXY", 1),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "refuses the tunnel.*403", 1),
        (b"HTTP/1.1 503 Busy\r\n\r\n", "refuses the tunnel.*503", 5),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "no HTTP", 1),
        (b"x" * 20_000, "no HTTP", 1),
        (b"HTTP/1.1 200 OK\r\n\r\nextra", "sent data before", 1),
        (b"", "closed the connection", 5),
    ],
)
async def test_a_proxy_that_opens_no_tunnel_is_named_without_its_password(
    proxy: ProxyServer,
    connect: Connect,
    environ: dict[str, str],
    refusal: bytes,
    problem: str,
    attempts: int,
) -> None:
    proxy.refusal = refusal
    environ["HTTPS_PROXY"] = f"http://user:hidden@127.0.0.1:{proxy.port}"
    caller = await connect("https://db.example")
    with pytest.raises(StoreUnavailable, match=problem) as raised:
        await caller.write()
    assert f"proxy 127.0.0.1:{proxy.port}" in raised.value.message
    assert "hidden" not in raised.value.message
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
    assert len(proxy.heads) == attempts


async def test_a_proxy_that_is_not_there_is_named(
    proxy: ProxyServer, connect: Connect, environ: dict[str, str]
) -> None:
    async with proxying(0) as gone:
        pass
    environ["HTTPS_PROXY"] = f"http://127.0.0.1:{gone.port}"
    caller = await connect("https://db.example")
    with pytest.raises(StoreUnavailable, match=f"proxy 127.0.0.1:{gone.port}: it refuses"):
        await caller.read()


async def test_plain_http_is_forwarded(
    server: Server, connect: Connect, environ: dict[str, str]
) -> None:
    async with proxying(server.port) as forwarding:
        environ["HTTP_PROXY"] = f"http://user:word@127.0.0.1:{forwarding.port}"
        caller = await connect("http://db.example:8000")
        assert await caller.read() == b"{}"
        (head,) = forwarding.heads
        assert head.startswith("POST http://db.example:8000/ HTTP/1.1\r\n")
        assert f"proxy-authorization: Basic {b64encode(b'user:word').decode()}\r\n" in head
        await caller.client.close()

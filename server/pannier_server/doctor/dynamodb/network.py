"""The way to DynamoDB: which endpoint, through which proxy, by name, TCP and TLS."""

import socket
import time
from collections.abc import Sequence
from functools import partial

from pannier_server.backends.dynamodb.wire.botocore_endpoint import endpoint_from_botocore
from pannier_server.backends.dynamodb.wire.client import find_route
from pannier_server.backends.dynamodb.wire.daemon import run_in_daemon_thread
from pannier_server.backends.dynamodb.wire.endpoint import Endpoint, endpoint_without_botocore
from pannier_server.backends.dynamodb.wire.errors import AttemptFailed
from pannier_server.backends.dynamodb.wire.proxy import Proxy, find_proxy
from pannier_server.backends.errors import StorageError
from pannier_server.config import TcpAddress
from pannier_server.doctor.check import (
    Check,
    Outcome,
    failed,
    failed_as,
    in_thread,
    ok,
    warning,
)
from pannier_server.doctor.dynamodb.known import Known

_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
_NO_WAY = (
    "let this machine reach it: a NAT or a VPC endpoint for DynamoDB, routes, security groups and "
    "firewalls (port 443), or HTTPS_PROXY"
)
_CONNECT_SECONDS = 5.0
_REGIONAL = "the region's, or AWS's configuration file's"


def checks(known: Known) -> Sequence[Check]:
    """Return the checks, each of which needs the one before."""
    way = _Way(known)
    return [
        Check(
            "dynamodb.endpoint",
            "region, endpoint",
            way.endpoint,
            needs=("settings.store",),
            limit=15,
        ),
        Check("dynamodb.proxy", "proxy", in_thread(way.proxy), needs=("dynamodb.endpoint",)),
        Check(
            "dynamodb.dns",
            "DNS",
            in_thread(way.dns),
            needs=("dynamodb.proxy",),
            limit=10,
            when_slow="the name servers do not answer: look at /etc/resolv.conf and the network",
        ),
        Check(
            "dynamodb.tcp",
            "TCP",
            in_thread(way.tcp),
            needs=("dynamodb.dns",),
            limit=2 * _CONNECT_SECONDS,
            when_slow=_NO_WAY,
        ),
        Check(
            "dynamodb.tls",
            "TLS",
            way.tls,
            needs=("dynamodb.tcp",),
            limit=10,
            when_slow=_NO_WAY,
        ),
    ]


class _Way:
    """The way to one endpoint."""

    def __init__(self, known: Known) -> None:
        self._known = known

    @property
    def _nearest(self) -> Endpoint | Proxy:
        """What connections are really made to."""
        return self._known.proxy or self._known.endpoint

    async def endpoint(self) -> Outcome:
        known = self._known
        region, url = known.location.region, known.location.endpoint
        try:
            endpoint = endpoint_without_botocore(region, url, known.environ)
            if endpoint is None:
                ask = partial(endpoint_from_botocore, region, url)
                endpoint = await run_in_daemon_thread(ask)
        except StorageError as error:
            return failed_as(
                error.message,
                "correct ?region=… in the store's URL, or AWS's profile and settings",
            )
        known.endpoint = endpoint
        region_from, endpoint_from = self._region_from(), self._endpoint_from()
        facts = {
            "region": endpoint.region,
            "region_from": region_from,
            "endpoint": endpoint.url,
            "endpoint_from": endpoint_from,
        }
        shown = f"{endpoint.region} ({region_from}), {endpoint.url} ({endpoint_from})"
        other = known.environ.get("AWS_REGION")
        if other and other != endpoint.region and not region:
            return warning(
                f"{shown}; AWS_REGION says {other}, which is not read",
                "write ?region=… in the store's URL, or set AWS_DEFAULT_REGION",
                **facts,
            )
        return ok(shown, **facts)

    def proxy(self) -> Outcome:
        known = self._known
        try:
            known.proxy = find_proxy(known.endpoint, known.environ)
        except StorageError as error:
            return failed_as(
                error.message, "write http://host:port in HTTPS_PROXY, or unset the variable"
            )
        if known.proxy is None:
            return ok("none is set for the endpoint", address=None)
        return ok(f"through {known.proxy.address}", address=known.proxy.address)

    def dns(self) -> Outcome:
        nearest = self._nearest
        try:
            found = socket.getaddrinfo(nearest.host, nearest.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no host name"
            return failed(
                f"{nearest.host} cannot be resolved ({reason})", self._dns_fix(), host=nearest.host
            )
        addresses = sorted({str(target[0]) for _, _, _, _, target in found})
        return ok(f"{nearest.host} is {', '.join(addresses)}", addresses=addresses)

    def tcp(self) -> Outcome:
        nearest = self._nearest
        started = time.monotonic()
        try:
            socket.create_connection((nearest.host, nearest.port), _CONNECT_SECONDS).close()
        except ConnectionRefusedError:
            return failed(f"{nearest.address} refuses connections", self._refused_fix())
        except OSError as error:
            reason = error.strerror or "no answer in time"
            return failed(f"{nearest.address} cannot be reached ({reason})", _NO_WAY)
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        return ok(f"{nearest.address} answers in {milliseconds:g} ms", milliseconds=milliseconds)

    async def tls(self) -> Outcome:
        known, endpoint = self._known, self._known.endpoint
        try:
            known.signer, known.connector = find_route(endpoint, known.wire_settings, known.environ)
            connection = await known.connector.connect()
        except StorageError as error:
            return failed_as(error.message, "set AWS_CA_BUNDLE to a file of certificates in PEM")
        except AttemptFailed as error:
            return failed_as(f"{endpoint.address}: {error.problem}", self._tls_fix())
        connection.abort()
        if endpoint.scheme == "https":
            return ok(f"{endpoint.address} shows a certificate that is trusted", encrypted=True)
        if TcpAddress(endpoint.host, endpoint.port).is_local:
            return ok("none, which is fine on loopback", encrypted=False)
        return warning(
            f"{endpoint.url} is plain: records can be read on the way",
            "write https:// in the endpoint's URL, where it speaks TLS",
            encrypted=False,
        )

    def _region_from(self) -> str:
        if self._known.location.region:
            return "the store's URL"
        if self._known.environ.get("AWS_DEFAULT_REGION"):
            return "AWS_DEFAULT_REGION"
        return "AWS's configuration file"

    def _endpoint_from(self) -> str:
        known = self._known
        if known.location.endpoint:
            return "the store's URL"
        variables = (name for name in _ENDPOINT_VARIABLES if known.environ.get(name))
        return next(variables, _REGIONAL)

    def _dns_fix(self) -> str:
        if self._known.proxy:
            return "correct the proxy's name in HTTPS_PROXY or HTTP_PROXY"
        if self._endpoint_from() != _REGIONAL:
            return "correct the endpoint's name in the store's URL or AWS_ENDPOINT_URL"
        return (
            "correct the region, and see that this machine resolves names (/etc/resolv.conf; in a "
            "VPC, its DNS support)"
        )

    def _refused_fix(self) -> str:
        if self._known.proxy:
            return "start the proxy, or correct HTTPS_PROXY or HTTP_PROXY"
        return (
            "start what should listen there, or correct the endpoint in the store's URL; inside a "
            "container, 127.0.0.1 is the container itself"
        )

    def _tls_fix(self) -> str:
        if self._known.proxy:
            return "see that the proxy lets requests to the endpoint pass, or set NO_PROXY"
        return "see what stands between this machine and the endpoint, and whether it speaks TLS"

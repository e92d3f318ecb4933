"""How a connection comes about: DNS, TCP, a proxy's tunnel, TLS; all within one time limit."""

import asyncio
import socket
import ssl

from pannier_server.backends.dynamodb.wire.connection import Connection
from pannier_server.backends.dynamodb.wire.endpoint import Endpoint
from pannier_server.backends.dynamodb.wire.errors import AttemptFailed
from pannier_server.backends.dynamodb.wire.proxy import Proxy
from pannier_server.backends.dynamodb.wire.tunnel import TunnelRefused, open_tunnel

# By OpenSSL's X509_V_ERR_ numbers.
_RENEW = "renew it, or set this machine's clock"
_OTHER_NAME = "write a host in the endpoint that the certificate names"
_CERTIFICATE_FIXES = {9: _RENEW, 10: _RENEW, 62: _OTHER_NAME, 64: _OTHER_NAME}
_UNKNOWN_AUTHORITY = (
    "if a company's proxy or a private authority issued it, set AWS_CA_BUNDLE to that "
    "authority's PEM file"
)


class Connector:
    """Opens connections to one endpoint, directly or through a proxy."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        proxy: Proxy | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float,
        max_answer_bytes: int,
    ) -> None:
        """Keep the route.

        Args:
            endpoint: Where to.
            proxy: Through which proxy.
            tls: What to verify the endpoint, and a proxy on https, with. None where
                neither is on https.
            timeout: Seconds for everything together.
            max_answer_bytes: The largest body that a connection accepts.
        """
        self._endpoint = endpoint
        self._proxy = proxy
        self._tls = tls
        self._timeout = timeout
        self._max_answer_bytes = max_answer_bytes

    async def connect(self) -> Connection:
        """Return a connection that is ready for a request. DNS is asked each time.

        Raises:
            AttemptFailed: There is none; nothing of a request was sent.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._connect(asyncio.get_running_loop())
        except TimeoutError:
            raise AttemptFailed(f"{self._via}no connection in time", timed_out=True) from None
        except ssl.SSLError as error:
            raise _tls_failure(error) from None
        except TunnelRefused as error:
            raise AttemptFailed(f"{self._via}{error}", hopeless=error.hopeless) from None
        except OSError as error:
            raise AttemptFailed(f"{self._via}{_os_problem(error)}") from None

    @property
    def _via(self) -> str:
        return f"through the proxy {self._proxy.address}: " if self._proxy else ""

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> Connection:
        endpoint, proxy = self._endpoint, self._proxy
        if proxy is not None and endpoint.scheme == "https":
            return await self._through_tunnel(loop, proxy)
        nearest = proxy or endpoint
        tls = self._tls if nearest.scheme == "https" else None
        _, connection = await loop.create_connection(
            self._new_connection, nearest.host, nearest.port, ssl=tls
        )
        return connection

    async def _through_tunnel(self, loop: asyncio.AbstractEventLoop, proxy: Proxy) -> Connection:
        """Speak TLS with the endpoint through a tunnel, which the proxy cannot look into."""
        assert self._tls is not None
        transport = await open_tunnel(self._endpoint, proxy, self._tls)
        connection = self._new_connection()
        try:
            secured = await loop.start_tls(
                transport, connection, self._tls, server_hostname=self._endpoint.host
            )
        except BaseException:
            transport.abort()
            raise
        if secured is None:
            raise ConnectionResetError
        connection.connection_made(secured)
        return connection

    def _new_connection(self) -> Connection:
        return Connection(asyncio.get_running_loop(), self._max_answer_bytes)


def _tls_failure(error: ssl.SSLError) -> AttemptFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        fix = _CERTIFICATE_FIXES.get(error.verify_code, _UNKNOWN_AUTHORITY)
        return AttemptFailed(
            f"its certificate cannot be trusted ({error.verify_message.rstrip('.')}); {fix}",
            hopeless=True,
        )
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return AttemptFailed("it does not speak TLS; is its endpoint http:// ?", hopeless=True)
    return AttemptFailed(f"TLS failed ({error.reason or 'the connection was closed'})")


def _os_problem(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(error, ConnectionRefusedError):
        return "it refuses connections"
    if isinstance(error, ConnectionResetError):
        return "the connection was closed before it was ready"
    return f"no connection ({error.strerror or type(error).__name__})"

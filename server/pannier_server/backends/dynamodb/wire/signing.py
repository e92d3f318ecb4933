"""AWS Signature Version 4 for DynamoDB's one kind of request: POST / with a JSON body.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
Everything that does not depend on the body is prepared: the signing key once per
credentials and day, the constant part of the canonical request once per second.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import sha256
from hmac import digest

from pannier_server.backends.dynamodb.wire.credentials import Credentials

_CONTENT_TYPE = "application/x-amz-json-1.0"
_TARGET = "DynamoDB_20120810."
_USER_AGENT = "pannier-server"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The parts of a request that stay the same for an operation within a second."""

    canonical: bytes
    head: bytes


class _Hmac:
    """HMAC-SHA256 (RFC 2104) under one key of at most 64 bytes.

    The key's two blocks are hashed once. A digest takes 0.9 us instead of the 2 us of
    ``hmac.digest``, which looks its algorithm up in OpenSSL each time.
    """

    def __init__(self, key: bytes) -> None:
        block = key.ljust(64, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def hexdigest(self, message: bytes) -> str:
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()


class Signer:
    """Makes the signed head of a request.

    Attributes:
        clock_offset: Seconds that DynamoDB's clock is ahead of ours; it is added to
            each signature's date.
    """

    def __init__(
        self,
        *,
        host: str,
        region: str,
        request_target: str = "/",
        proxy_authorization: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare for one endpoint.

        Args:
            host: The Host header: a name or an address, with the port where it is not
                the scheme's own.
            region: The region to sign for.
            request_target: ``/``, or the whole URL for a proxy that forwards requests.
            proxy_authorization: Credentials for such a proxy.
            clock: The wall clock, in epoch seconds.
        """
        self.clock_offset = 0.0
        self._host = host
        self._region = region
        self._clock = clock
        proxy = f"proxy-authorization: {proxy_authorization}\r\n" if proxy_authorization else ""
        # botocore signs neither of the last three.
        self._start = (
            f"POST {request_target} HTTP/1.1\r\nhost: {host}\r\n"
            f"content-type: {_CONTENT_TYPE}\r\n"
            f"user-agent: {_USER_AGENT}\r\naccept-encoding: identity\r\n{proxy}"
        )
        self._second = -1
        self._date = ""
        self._credentials: Credentials | None = None
        self._key = _Hmac(b"")
        self._key_of: tuple[Credentials, str] | None = None
        self._to_sign = b""
        self._prepared: dict[str, _Prepared] = {}

    def head(self, operation: str, body: bytes, credentials: Credentials) -> bytes:
        """Return the request line and the headers, up to and with the empty line.

        Args:
            operation: DynamoDB's name of it, such as ``GetItem``.
            body: What will follow the head.
            credentials: Whose signature it is.
        """
        second = int(self._clock() + self.clock_offset)
        if second != self._second or credentials is not self._credentials:
            self._begin_second(second, credentials)
        prepared = self._prepared.get(operation) or self._prepare(operation, credentials)
        canonical = prepared.canonical + sha256(body).hexdigest().encode()
        to_sign = self._to_sign + sha256(canonical).hexdigest().encode()
        return b"%b%b\r\ncontent-length: %d\r\n\r\n" % (
            prepared.head,
            self._key.hexdigest(to_sign).encode(),
            len(body),
        )

    def correct_clock(self, server_date: str) -> bool:
        """Take the server's Date header as the time; tell whether it is one.

        Args:
            server_date: An HTTP date (RFC 9110 section 5.6.7).
        """
        try:
            server_time = parsedate_to_datetime(server_date).timestamp()
        except ValueError:
            return False
        self.clock_offset = server_time - self._clock()
        return True

    def _begin_second(self, second: int, credentials: Credentials) -> None:
        self._date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        day = self._date[:8]
        if self._key_of is None or self._key_of != (credentials, day):
            self._key = _Hmac(_signing_key(credentials.secret_key, day, self._region))
            self._key_of = (credentials, day)
        scope = f"{day}/{self._region}/dynamodb/aws4_request"
        self._to_sign = f"AWS4-HMAC-SHA256\n{self._date}\n{scope}\n".encode()
        self._second = second
        self._credentials = credentials
        self._prepared.clear()

    def _prepare(self, operation: str, credentials: Credentials) -> _Prepared:
        """Return the constant parts for an operation; canonical headers are in byte order."""
        token = credentials.token
        token_line = f"x-amz-security-token:{token}\n" if token else ""
        token_name = "x-amz-security-token;" if token else ""
        token_header = f"x-amz-security-token: {token}\r\n" if token else ""
        signed = f"content-type;host;x-amz-date;{token_name}x-amz-target"
        canonical = (
            f"POST\n/\n\ncontent-type:{_CONTENT_TYPE}\nhost:{self._host}\n"
            f"x-amz-date:{self._date}\n{token_line}x-amz-target:{_TARGET}{operation}\n\n{signed}\n"
        )
        scope = f"{self._date[:8]}/{self._region}/dynamodb/aws4_request"
        head = (
            f"{self._start}x-amz-target: {_TARGET}{operation}\r\nx-amz-date: {self._date}\r\n"
            f"{token_header}authorization: AWS4-HMAC-SHA256 "
            f"Credential={credentials.access_key}/{scope}, SignedHeaders={signed}, Signature="
        )
        prepared = _Prepared(canonical.encode(), head.encode())
        self._prepared[operation] = prepared
        return prepared


def _signing_key(secret_key: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, "dynamodb", "aws4_request"):
        key = digest(key, part.encode(), "sha256")
    return key

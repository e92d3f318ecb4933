"""Lambda's Extensions API, as far as an external extension needs it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
Its calls block, and each has a connection of its own: there are two or three in a life.
"""

import socket
from collections.abc import Mapping
from typing import Final, NamedTuple

import httptools

ADDRESS_VARIABLE: Final = "AWS_LAMBDA_RUNTIME_API"
"""Where Lambda says how it is reached, as HOST:PORT."""

SHUTDOWN: Final = "SHUTDOWN"
"""The kind of event that ends an extension."""

_PATH: Final = "/2020-01-01/extension"
_IDENTIFIER: Final = "Lambda-Extension-Identifier"
# Lambda answers everything but the question for the next event at once.
_SECONDS: Final = 5.0
_CHUNK: Final = 65_536


class RuntimeApiError(Exception):
    """Lambda cannot be asked, or refuses what it is asked for; the message says which."""


class Event(NamedTuple):
    """What happens to the sandbox.

    Attributes:
        kind: ``SHUTDOWN``, or another name of Lambda's.
        reason: Why it is shut down: ``spindown``, ``timeout`` or ``failure``.
    """

    kind: str
    reason: str


class RuntimeApi:
    """One extension's side of the API.

    Attributes:
        is_ready: The next event was asked for, which says that the start is over.
    """

    def __init__(self, address: str, name: str) -> None:
        """Take where Lambda is, and the name of the file that it has started.

        Raises:
            RuntimeApiError: The address is none.
        """
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise RuntimeApiError(
                f"{ADDRESS_VARIABLE} is not set to HOST:PORT: Lambda does so, and starts the "
                "files in /opt/extensions; everywhere else run `pannier serve`"
            )
        self.is_ready = False
        self._host = address
        self._address = (host.strip("[]"), int(port))
        self._name = name
        self._identifier = ""

    def register(self) -> None:
        """Become an extension that hears of the shutdown, and of nothing else.

        Whoever hears of invocations has to ask for the next one before the last is over, and
        so would be part of the time that each of them takes.

        Raises:
            RuntimeApiError: Lambda refuses it.
        """
        headers = {"Lambda-Extension-Name": self._name}
        answer = self._ask("POST", "/register", headers, b'{"events":["SHUTDOWN"]}')
        identifier = answer.headers.get(_IDENTIFIER.lower(), "")
        if answer.status != 200 or not identifier:
            raise RuntimeApiError(
                f"Lambda does not register the extension {self._name!r} ({answer.problem}); its "
                "name has to be that of the file in /opt/extensions (--name)"
            )
        self._identifier = identifier

    def next_event(self) -> Event:
        """Say that everything is ready, and wait for what happens next, however long.

        Raises:
            RuntimeApiError: Lambda does not say.
        """
        self.is_ready = True
        # No time limit: the sandbox may be frozen for hours.
        answer = self._ask("GET", "/event/next", self._identity, timeout=None)
        if answer.status != 200:
            raise RuntimeApiError(f"Lambda does not tell the next event ({answer.problem})")
        import json

        try:
            event = json.loads(answer.body)
            return Event(event["eventType"], str(event.get("shutdownReason", "")))
        except (ValueError, KeyError, TypeError):
            raise RuntimeApiError("Lambda's event is none that is known") from None

    def report(self, kind: str, message: str) -> None:
        """Say why the extension ends: while it starts, or later.

        Args:
            kind: What it is, for programs, such as ``Extension.ConfigInvalid``.
            message: What is wrong, for people.

        Raises:
            RuntimeApiError: Lambda does not take it.
        """
        import json

        error = {"errorType": kind, "errorMessage": message, "stackTrace": []}
        headers = self._identity | {"Lambda-Extension-Function-Error-Type": kind}
        path = "/exit/error" if self.is_ready else "/init/error"
        answer = self._ask("POST", path, headers, json.dumps(error).encode())
        if answer.status != 202:
            raise RuntimeApiError(f"Lambda takes no error ({answer.problem})")

    @property
    def _identity(self) -> dict[str, str]:
        return {_IDENTIFIER: self._identifier}

    def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float | None = _SECONDS,
    ) -> "_Answer":
        lines = [f"{method} {_PATH}{path} HTTP/1.1", f"Host: {self._host}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        request = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
        try:
            return self._exchange(request, timeout)
        except (OSError, httptools.HttpParserError) as error:
            reason = getattr(error, "strerror", None) or error or type(error).__name__
            raise RuntimeApiError(f"no answer from Lambda at {self._host}: {reason}") from None

    def _exchange(self, request: bytes, timeout: float | None) -> "_Answer":
        answer = _Answer()
        with socket.create_connection(self._address, _SECONDS) as connection:
            connection.settimeout(timeout)
            connection.sendall(request)
            while not answer.is_whole:
                part = connection.recv(_CHUNK)
                if not part:
                    raise ConnectionResetError("the connection ended before it")
                answer.feed(part)
        return answer


class _Answer:
    """An HTTP answer; the parser calls its methods."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_whole = False
        self._parser = httptools.HttpResponseParser(self)

    @property
    def status(self) -> int:
        status: int = self._parser.get_status_code()
        return status

    @property
    def problem(self) -> str:
        text = self.body[:200].decode(errors="replace")
        return f"status {self.status}: {text}" if text else f"status {self.status}"

    def feed(self, part: bytes) -> None:
        self._parser.feed_data(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.is_whole = True

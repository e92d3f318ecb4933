"""One health check over a socket, without gRPC's libraries.

A container runtime asks every few seconds, by starting a process each time, and importing
gRPC and protobuf is most of what that would cost. One call on a connection of its own needs
little of HTTP/2 (RFC 9113), and of the answer of a server that is well only the message.
"""

import socket
from collections.abc import Iterator, Sequence
from struct import Struct
from time import monotonic
from typing import NamedTuple

STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
"""The names of ``grpc.health.v1.HealthCheckResponse.ServingStatus``, by their numbers."""

_PATH = b"/grpc.health.v1.Health/Check"
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADER = Struct(">HBBBL")
_LARGEST_FRAME = 16_384
_STREAM = 1
_PREFIX_BYTES = 5

_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _CONTINUATION = 0, 1, 3, 4, 6, 7, 9
_END_STREAM = _ACK = 0x1
_END_HEADERS = 0x4
_PADDED = 0x8
_PRIORITY = 0x20


class CallFailed(Exception):
    """The server answered, and not with a status; the message says what came instead.

    Attributes:
        code: The number of the gRPC status code.
        details: The server's own words.
    """

    def __init__(self, code: int, details: str) -> None:
        """Take the gRPC status."""
        super().__init__(f"gRPC status {code}: {details}")
        self.code = code
        self.details = details


class NotGrpc(Exception):
    """What listens there does not speak gRPC."""


class HealthAnswer(NamedTuple):
    """What a server says.

    Attributes:
        status: The name of a service's status.
        heads: The header blocks of the answer, as they came.
    """

    status: str
    heads: Sequence[bytes]

    def metadata(self) -> dict[str, str]:
        """Return the metadata that came with it, and what else its heads hold.

        Raises:
            NotGrpc: The heads cannot be read.
        """
        fields = _fields(self.heads)
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in fields.items()}


class _Frame(NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes


def call_health(
    connection: socket.socket, service: str, *, authority: str, timeout: float, scheme: str = "http"
) -> HealthAnswer:
    """Ask on a fresh connection whether a service serves.

    Raises:
        CallFailed: The server refuses the call.
        NotGrpc: It does not speak gRPC over HTTP/2.
        OSError: The connection broke, or no answer came in time.
    """
    deadline = monotonic() + timeout
    connection.settimeout(timeout)
    connection.sendall(_request(service, authority, scheme, timeout))
    body = b""
    blocks: list[bytes] = []
    for frame in _answer(connection, deadline):
        if frame.kind == _DATA:
            body += _unpadded(frame)
        elif frame.kind == _HEADERS:
            blocks.append(_unpadded(frame))
        elif blocks:
            blocks[-1] += frame.payload
    # A server may send an empty message along with an error.
    if len(body) <= _PREFIX_BYTES:
        raise _failure(blocks)
    return HealthAnswer(_status(body), blocks)


def _request(service: str, authority: str, scheme: str, timeout: float) -> bytes:
    """Return all that is sent: preface, settings, the call and the end of its stream."""
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    body = b"\0" + len(message).to_bytes(4, "big") + message
    # Field representations of RFC 7541: a byte for what the static table has, else a name
    # (an index into that table, or a new one) and a value, without indexing.
    block = b"".join((
        b"\x83",
        b"\x87" if scheme == "https" else b"\x86",
        b"\x04" + _text(_PATH),
        b"\x01" + _text(authority.encode()),
        b"\x0f\x10" + _text(b"application/grpc"),
        b"\x00" + _text(b"te") + _text(b"trailers"),
        b"\x00" + _text(b"grpc-timeout") + _text(b"%dm" % _milliseconds(timeout)),
    ))  # fmt: skip
    return b"".join((
        _PREFACE,
        _frame(_SETTINGS, 0, 0, b""),
        _frame(_HEADERS, _END_HEADERS, _STREAM, block),
        _frame(_DATA, _END_STREAM, _STREAM, body),
    ))  # fmt: skip


def _milliseconds(timeout: float) -> int:
    """Return a timeout as `grpc-timeout` has it, with at most 8 digits."""
    return max(1, min(int(timeout * 1000), 99_999_999))


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    size = len(payload)
    return _HEADER.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


def _text(value: bytes) -> bytes:
    """Return a string literal of RFC 7541, section 5.2, without Huffman code."""
    size = len(value)
    return (_varint(size - 127, b"\x7f") if size >= 127 else bytes((size,))) + value


def _varint(number: int, start: bytes = b"") -> bytes:
    """Return a number in groups of 7 bits, as HPACK and protobuf both write it."""
    encoded = bytearray(start)
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _answer(connection: socket.socket, deadline: float) -> Iterator[_Frame]:
    """Yield the frames of the call's answer to its end, and serve the connection meanwhile."""
    ended = False
    for frame in _frames(connection, deadline):
        if frame.kind == _SETTINGS and not frame.flags & _ACK:
            connection.sendall(_frame(_SETTINGS, _ACK, 0, b""))
        elif frame.kind == _PING and not frame.flags & _ACK:
            connection.sendall(_frame(_PING, _ACK, 0, frame.payload))
        elif frame.kind == _GOAWAY and int.from_bytes(frame.payload[:4], "big") < _STREAM:
            raise ConnectionError("the server takes no calls any more")
        elif frame.kind == _RST_STREAM and frame.stream == _STREAM:
            raise ConnectionError("the server has cut the call off")
        elif frame.stream == _STREAM and frame.kind in {_DATA, _HEADERS, _CONTINUATION}:
            yield frame
            if frame.kind != _CONTINUATION:
                ended = bool(frame.flags & _END_STREAM)
            if ended and (frame.kind == _DATA or frame.flags & _END_HEADERS):
                return


def _frames(connection: socket.socket, deadline: float) -> Iterator[_Frame]:
    first = True
    while True:
        high, low, kind, flags, stream = _HEADER.unpack(_read(connection, 9, deadline))
        size = high << 8 | low
        if size > _LARGEST_FRAME or (first and kind != _SETTINGS):
            raise NotGrpc
        first = False
        yield _Frame(kind, flags, stream & 0x7FFF_FFFF, _read(connection, size, deadline))


def _read(connection: socket.socket, size: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionError("the connection was closed without an answer")
        parts += part
    return bytes(parts)


def _unpadded(frame: _Frame) -> bytes:
    """Return the payload of DATA or HEADERS without padding and priority."""
    payload = frame.payload
    if frame.flags & _PADDED:
        payload = payload[1 : len(payload) - payload[0]]
    if frame.kind == _HEADERS and frame.flags & _PRIORITY:
        payload = payload[5:]
    return payload


def _status(body: bytes) -> str:
    """Return the name of the status in a message with its gRPC prefix."""
    # A small number in field 1.
    compressed, message = body[0], body[_PREFIX_BYTES:]
    if compressed or len(message) != 2 or message[0] != 0x08 or message[1] >= len(STATUSES):
        raise NotGrpc
    return STATUSES[message[1]]


def _failure(blocks: Sequence[bytes]) -> Exception:
    """Return the error that the heads of an answer without a message tell."""
    from urllib.parse import unquote_to_bytes

    try:
        heads = _fields(blocks)
    except NotGrpc as error:
        return error
    code = heads.get(b"grpc-status", b"")
    if not code.isdigit() or code == b"0":
        return NotGrpc()
    return CallFailed(
        int(code), unquote_to_bytes(heads.get(b"grpc-message", b"")).decode(errors="replace")
    )


def _fields(blocks: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return the fields of header blocks.

    Raises:
        NotGrpc: They cannot be read.
    """
    # An answer that is well needs no decoder, which takes time to load.
    from pannier_server.transport.h2.hpack import Decoder, HpackError

    decoder = Decoder(max_list_bytes=_LARGEST_FRAME)
    fields: dict[bytes, bytes] = {}
    try:
        for block in blocks:
            fields |= dict(decoder.decode(block).fields)
    except HpackError:
        raise NotGrpc from None
    return fields

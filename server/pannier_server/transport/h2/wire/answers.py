"""The header blocks of answers, and a whole unary answer in one piece."""

from collections.abc import Sequence
from struct import Struct
from typing import Final
from urllib.parse import quote

from pannier_server.transport.h2.hpack import Field, encode_fields
from pannier_server.transport.h2.http2.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    frame_header,
)
from pannier_server.transport.h2.wire.messages import PREFIX_BYTES

_HEAD: Final[Sequence[Field]] = ((b":status", b"200"), (b"content-type", b"application/grpc"))
_GZIP: Final[Field] = (b"grpc-encoding", b"gzip")

# What of a message's characters stays as it is: printable ASCII but for the percent sign.
_UNQUOTED: Final = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")

HEAD_BLOCK: Final = encode_fields(_HEAD)
"""The head of an answer without metadata."""

OK_BLOCK: Final = encode_fields(((b"grpc-status", b"0"),))
"""The trailers of a call that went well, without metadata."""


def head_block(metadata: Sequence[Field], *, compressed: bool = False) -> bytes:
    """Return an answer's head with its metadata."""
    encoding = (_GZIP,) if compressed else ()
    return encode_fields((*_HEAD, *encoding, *metadata))


def trailers_block(code: int, message: str, metadata: Sequence[Field] = ()) -> bytes:
    """Return the trailers of a call."""
    return encode_fields((*_status(code, message), *metadata))


def trailers_only_block(code: int, message: str, metadata: Sequence[Field] = ()) -> bytes:
    """Return the head of an answer that consists of its status alone."""
    return encode_fields((*_HEAD, *_status(code, message), *metadata))


def http_error_block(status: int, text: bytes) -> bytes:
    """Return the head of an answer to what is no gRPC request."""
    return encode_fields(
        (
            (b":status", b"%d" % status),
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(text)),
            *(((b"allow", b"POST"),) if status == 405 else ()),
        )
    )


def _status(code: int, message: str) -> Sequence[Field]:
    status = (b"grpc-status", b"%d" % code)
    if not message:
        return (status,)
    return (status, (b"grpc-message", _percent_encoded(message)))


def _percent_encoded(message: str) -> bytes:
    encoded = quote(message, safe=_UNQUOTED, errors="replace")
    # No field value may begin or end with space (RFC 9113 section 8.2.1).
    start = len(encoded) - len(encoded.lstrip(" "))
    end = len(encoded.rstrip(" "))
    return f"{'%20' * start}{encoded[start:end]}{'%20' * (len(encoded) - max(start, end))}".encode()


_START: Final = Struct(f">5sL{len(HEAD_BLOCK)}sHBBBLBL")
_START_FRAME: Final = frame_header(len(HEAD_BLOCK), HEADERS, END_HEADERS, 0)[:5]
_END: Final = Struct(f">5sL{len(OK_BLOCK)}s")
_END_FRAME: Final = frame_header(len(OK_BLOCK), HEADERS, END_HEADERS | END_STREAM, 0)[:5]


def unary_answer(stream_id: int, message: bytes) -> bytes:
    """Return head, message and trailers of a call that went well: three frames.

    One buffer instead of three saves about 3 us of a call.
    """
    length = len(message)
    framed = length + PREFIX_BYTES
    return b"".join(
        (
            _START.pack(
                _START_FRAME, stream_id, HEAD_BLOCK,
                framed >> 8, framed & 0xFF, DATA, 0, stream_id,
                0, length,
            ),
            message,
            _END.pack(_END_FRAME, stream_id, OK_BLOCK),
        )
    )  # fmt: skip

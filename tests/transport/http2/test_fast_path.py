"""A call that comes in one read is answered with the same bytes as one that comes in pieces."""

import asyncio
from collections.abc import Iterable
from typing import Any

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.attacks import frames
from bench.attacks.frames import END_HEADERS, FrameType, message
from pannier_server.transport.h2.hpack import encode_fields
from pannier_server.transport.h2.wire.messages import compress
from tests.transport.hpack.blocks import literal
from tests.transport.http2.conversations import GREETING
from tests.transport.http2.methods import METHODS
from tests.transport.http2.peer import data, headers, initial_window, padded, read
from tests.transport.http2.served import Served, host_of
from tests.transport.serving.servers import path

Fields = list[tuple[bytes, bytes]]


def fields(
    method: str,
    *more: tuple[bytes, bytes],
    verb: bytes = b"POST",
    where: bytes = b"",
    kind: bytes = b"application/grpc",
) -> Fields:
    """Return the header list of a call; ``where`` is another path than that of the method."""
    return [
        (b":method", verb),
        (b":scheme", b"http"),
        (b":path", where or path(method).encode()),
        (b":authority", b"host"),
        (b"content-type", kind),
        (b"te", b"trailers"),
        *more,
    ]


def call_of(stream: int, block: bytes, body: bytes) -> bytes:
    return headers(stream, block) + data(stream, body, end=True)


def plain(method: str, body: bytes = message(b"text"), *more: tuple[bytes, bytes]) -> bytes:
    """Return a call whose header block uses neither a table nor Huffman code."""
    return call_of(1, encode_fields(fields(method, *more)), body)


def coded(*lists: Fields, table: int = 4_096) -> bytes:
    """Return calls as the hpack library encodes them."""
    encoder = hpack.Encoder()
    encoder.header_table_size = table
    calls = [
        call_of(2 * number + 1, encoder.encode(one), message(b"text"))
        for number, one in enumerate(lists)
    ]
    return b"".join(calls)


TIMEOUT = (b"grpc-timeout", b"3600S")
GZIP = (b"grpc-encoding", b"gzip")
TAKES_GZIP = (b"grpc-accept-encoding", b"identity,gzip")
ECHO = encode_fields(fields("echo"))
BODY = message(b"text")
CASES: dict[str, bytes] = {
    **{f"to {method}": plain(method) for method in METHODS},
    "a timeout": plain("remaining", BODY, TIMEOUT),
    "a timeout in Huffman code": coded(fields("remaining", TIMEOUT), table=0),
    "a timeout that is none": plain("echo", BODY, (b"grpc-timeout", b"soon")),
    "two timeouts": plain("echo", BODY, TIMEOUT, TIMEOUT),
    "a look-alike of a timeout": plain("metadata", BODY, (b"x", b"\x0cgrpc-timeout\x021S")),
    "two calls with a table": coded(fields("echo", TIMEOUT), fields("echo", TIMEOUT)),
    "two calls without a table": coded(fields("echo", TIMEOUT), fields("echo"), table=0),
    "metadata": plain("metadata", BODY, (b"x", b" y "), (b"x-bin", b"AA,AQ==")),
    "a length": plain("echo", BODY, (b"content-length", b"9")),
    "a wrong length": plain("echo", BODY, (b"content-length", b"8")),
    "a request in gzip": plain("echo", message(compress(b"text"), compressed=True), GZIP),
    "a plain request among gzip": plain("echo", BODY, GZIP),
    "gzip that is none": plain("echo", message(b"text", compressed=True), GZIP),
    "gzip without a word": plain("echo", message(compress(b"text"), compressed=True)),
    "an answer in gzip": plain("packed", BODY, TAKES_GZIP),
    "an unknown encoding": plain("echo", BODY, (b"grpc-encoding", b"snappy")),
    "an unknown method": plain("nothing"),
    "another service": call_of(1, encode_fields(fields("", where=b"/other.Service/echo")), BODY),
    "a path that is none": call_of(1, encode_fields(fields("", where=b"echo")), BODY),
    "GET": call_of(1, encode_fields(fields("echo", verb=b"GET")), BODY),
    "HEAD": call_of(1, encode_fields(fields("echo", verb=b"HEAD")), BODY),
    "no gRPC": call_of(1, encode_fields(fields("echo", kind=b"text/plain")), BODY),
    "malformed": call_of(1, literal(b"Upper", b"case"), BODY),
    "no hpack": call_of(1, b"\x80", BODY),
    "an empty message": plain("echo", message(b"")),
    "no message": plain("echo", b""),
    "two messages": plain("echo", BODY + BODY),
    "two messages for a stream": plain("chat", BODY + BODY),
    "half a message": plain("echo", BODY[:7]),
    "half a message for a stream": plain("chat", BODY + BODY[:7]),
    "half a prefix": plain("echo", BODY[:3]),
    "more than a message": plain("echo", BODY + b"x"),
    "flags that are not known": plain("echo", b"\x02" + BODY[1:]),
    "a large message": plain("echo", message(bytes(300))),
    "a message too large": plain("echo", message(bytes(301))),
    "a message too large to come": plain("echo", message(b"", size=301)),
    "a padded head": padded(FrameType.HEADERS, 1, ECHO, 3, END_HEADERS) + data(1, BODY, end=True),
    "a padded body": headers(1, ECHO) + padded(FrameType.DATA, 1, BODY, 3, 1),
    "a priority": frames.headers(1, bytes(4) + b"\x10" + ECHO, END_HEADERS | 0x20)
    + data(1, BODY, end=True),
    "a body in two frames": headers(1, ECHO) + data(1, BODY[:6]) + data(1, BODY[6:], end=True),
    "an end of its own": headers(1, ECHO) + data(1, BODY) + data(1, end=True),
    "trailers": headers(1, ECHO) + data(1, BODY) + headers(1, literal(b"x", b"y"), end=True),
    "no body": headers(1, ECHO, end=True),
    "a reset": headers(1, ECHO) + frames.rst_stream(1) + call_of(3, ECHO, BODY),
    "a large answer": plain("large")
    + frames.window_update(0, 99_999)
    + frames.window_update(1, 99_999),
    "an answer without a window": frames.settings(initial_window(0))
    + plain("echo")
    + frames.settings(initial_window(3))
    + frames.window_update(1, 50),
}


async def answered(reads: Iterable[bytes]) -> bytes:
    """Return all that a server writes to a client whose bytes come in these reads."""
    host = host_of(METHODS, max_message_bytes=300, max_decompressed_bytes=300)
    served = Served(host)
    served.send(GREETING)
    for sent in reads:
        served.send(sent)
        await served.settle()
    written = bytes(served.written)
    served.leave()
    await served.settle()
    assert (host.meters.running, host.meters.held_bytes, host.meters.connections) == (0, 0, 0)
    return written


def by_stream(written: bytes) -> dict[int, list[Any]]:
    """Return the frames of each stream; those of several may be mixed in any way."""
    sorted_frames: dict[int, list[Any]] = {}
    for frame in read(written):
        sorted_frames.setdefault(frame.stream, []).append(frame)
    return sorted_frames


@pytest.mark.parametrize("sent", CASES.values(), ids=CASES)
async def test_a_call_may_be_cut_anywhere(sent: bytes) -> None:
    expected = await answered([sent])
    for place in range(1, len(sent)):
        assert await answered([sent[:place], sent[place:]]) == expected, place


@pytest.mark.parametrize("sent", CASES.values(), ids=CASES)
async def test_a_call_may_come_a_byte_at_a_time(sent: bytes) -> None:
    expected = await answered([sent])
    assert await answered([bytes((byte,)) for byte in sent]) == expected


def numbered(calls: list[tuple[str, int, bool]]) -> list[bytes]:
    """Return calls of methods, on one stream after the other."""
    return [
        call_of(
            2 * number + 1,
            encode_fields(fields(method, *([TIMEOUT] if hurried else []))),
            message(bytes(size)),
        )
        for number, (method, size, hurried) in enumerate(calls)
    ]


CALLS = st.tuples(st.sampled_from(sorted(METHODS)), st.sampled_from([0, 5, 250]), st.booleans())


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(CALLS, min_size=2, max_size=12),
    places=st.lists(st.integers(0, 20_000), max_size=6),
)
def test_many_calls_in_one_read_are_answered_as_in_many(
    calls: list[tuple[str, int, bool]], places: list[int]
) -> None:
    windows = frames.window_update(0, 10_000_000) + frames.settings(initial_window(1_000_000))
    sent = windows + b"".join(numbered(calls))
    ends = [*sorted(place % (len(sent) + 1) for place in places), len(sent)]
    pieces = [sent[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    async def both() -> tuple[bytes, bytes]:
        return await answered([sent]), await answered(pieces)

    at_once, cut = asyncio.run(both())
    assert by_stream(cut) == by_stream(at_once)
    assert set(by_stream(cut)) == {0, *range(1, 2 * len(calls), 2)}

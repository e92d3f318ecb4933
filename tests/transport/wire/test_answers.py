"""The header blocks of answers, read by another HPACK decoder, and messages of statuses."""

import re
from collections.abc import Sequence
from typing import Any

import grpc
import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.attacks.frames import END_STREAM, FrameType
from pannier_server.transport.h2.wire.answers import (
    HEAD_BLOCK,
    OK_BLOCK,
    head_block,
    http_error_block,
    trailers_block,
    trailers_only_block,
    unary_answer,
)
from tests.transport.http2.peer import read
from tests.transport.serving.servers import path, serving, unary

Field = tuple[bytes, bytes]

ABORTED = 10
STATUS = (b":status", b"200")
TYPE = (b"content-type", b"application/grpc")
# What a header block holds in grpc-message as it is: printable ASCII but for the percent sign.
AS_IT_IS = frozenset(range(0x20, 0x7F)) - {0x25}


def fields_of(block: bytes) -> list[Field]:
    return [(bytes(name), bytes(value)) for name, value in hpack.Decoder().decode(block, raw=True)]


def test_the_head_of_an_answer() -> None:
    assert fields_of(HEAD_BLOCK) == [STATUS, TYPE]
    assert fields_of(head_block([(b"x", b"y")])) == [STATUS, TYPE, (b"x", b"y")]
    assert fields_of(head_block([], compressed=True)) == [STATUS, TYPE, (b"grpc-encoding", b"gzip")]


def test_the_trailers_of_an_answer() -> None:
    assert fields_of(OK_BLOCK) == [(b"grpc-status", b"0")]
    assert fields_of(trailers_block(ABORTED, "not now", [(b"x", b"y")])) == [
        (b"grpc-status", b"10"),
        (b"grpc-message", b"not now"),
        (b"x", b"y"),
    ]


def test_a_status_without_a_message_has_none() -> None:
    assert fields_of(trailers_block(ABORTED, "")) == [(b"grpc-status", b"10")]


def test_an_answer_that_is_a_status_alone_begins_like_any() -> None:
    assert fields_of(trailers_only_block(ABORTED, "no", [(b"x", b"y")])) == [
        STATUS,
        TYPE,
        (b"grpc-status", b"10"),
        (b"grpc-message", b"no"),
        (b"x", b"y"),
    ]


@pytest.mark.parametrize(("status", "more"), [(405, [(b"allow", b"POST")]), (415, [])])
def test_an_answer_to_what_is_no_call_is_one_of_http(status: int, more: Sequence[Field]) -> None:
    assert fields_of(http_error_block(status, b"seven77")) == [
        (b":status", b"%d" % status),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"7"),
        *more,
    ]


@pytest.mark.parametrize("size", [0, 1, 1_000, 70_000])
@pytest.mark.parametrize("stream", [1, 2**31 - 1])
def test_a_whole_answer_is_three_frames(size: int, stream: int) -> None:
    head, body, trailers = read(unary_answer(stream, bytes(size)))
    assert (head.kind, head.flags, head.payload) == (FrameType.HEADERS, 4, HEAD_BLOCK)
    assert (body.kind, body.flags) == (FrameType.DATA, 0)
    assert body.payload == size.to_bytes(5, "big") + bytes(size)
    assert (trailers.kind, trailers.flags, trailers.payload) == (
        FrameType.HEADERS,
        4 | END_STREAM,
        OK_BLOCK,
    )
    assert {head.stream, body.stream, trailers.stream} == {stream}


# -- grpc-message


def encoded(text: str) -> bytes:
    return fields_of(trailers_block(ABORTED, text))[1][1]


def percent_decoded(value: bytes) -> str:
    """Decode as the specification has it: two hexadecimal digits after each percent sign."""
    assert re.fullmatch(rb"(?:[ -$&-~]|%[0-9A-F]{2})*", value)
    return re.sub(rb"%(..)", lambda digits: bytes.fromhex(digits[1].decode()), value).decode()


def test_every_character_survives() -> None:
    characters = [chr(code) for code in range(0x11_0000) if not 0xD800 <= code < 0xE000]
    for at in range(0, len(characters), 5_000):
        text = "".join(characters[at : at + 5_000])
        assert percent_decoded(encoded(text)) == text


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_every_text_survives(text: str) -> None:
    assert percent_decoded(encoded(text)) == text


def test_what_can_be_sent_as_it_is_is_not_encoded() -> None:
    text = "".join(map(chr, sorted(AS_IT_IS - {0x20})))
    assert encoded(f"a {text} b") == f"a {text} b".encode()


def test_the_rest_is_encoded_byte_by_byte() -> None:
    assert encoded("100 % ä\n\x7f€") == b"100 %25 %C3%A4%0A%7F%E2%82%AC"


@pytest.mark.parametrize(("text", "value"), [
    (" a ", b"%20a%20"),
    ("  a b", b"%20%20a b"),
    ("a\t ", b"a%09%20"),
    ("   ", b"%20%20%20"),
])  # fmt: skip
def test_a_value_neither_begins_nor_ends_with_space(text: str, value: bytes) -> None:
    # RFC 9113 section 8.2.1 forbids it.
    assert encoded(text) == value


def test_half_a_character_is_replaced() -> None:
    assert encoded("a\ud800b") == b"a?b"


async def test_clients_read_every_message() -> None:
    texts = [
        "plain text",
        "100 % of %41, and a % at the end %",
        " space around it  ",
        "two\r\nlines\tand a bell\a\0",
        "Grüße, 世界, 🎒",
        "".join(map(chr, range(1, 0x400))),
        "".join(map(chr, range(0xFFF0, 0x1_0040))),
    ]
    remaining = iter(texts)

    async def refuse(_: bytes, context: Any) -> bytes:
        await context.abort(grpc.StatusCode.ABORTED, next(remaining))
        raise AssertionError

    async with serving({"Refuse": unary(refuse)}) as running, running.channel() as channel:
        call: Any = channel.unary_unary(path("Refuse"))
        for text in texts:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(b"")
            assert caught.value.details() == text
            assert caught.value.code() == grpc.StatusCode.ABORTED

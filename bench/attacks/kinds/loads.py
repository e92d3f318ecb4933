"""No attack at all: one client that has much to ask. Others must not starve."""

from bench.attacks import frames
from bench.attacks.attack import Attack, Target, Volley, greeting
from bench.attacks.frames import DEFAULT_WINDOW, LARGEST_WINDOW, Setting
from bench.attacks.gates import Calls

STREAMS = 100
"""The concurrency that most servers allow on one connection."""


def many_calls(target: Target) -> Attack:
    """Cheap valid calls on one connection, 100 at a time."""
    return _calls(target)


def many_large_calls(target: Target) -> Attack:
    """Valid calls for large answers on one connection, 100 at a time, all read."""
    return _calls(target, large=True)


def _calls(target: Target, *, large: bool = False) -> Attack:
    def call(stream: int) -> bytes:
        return target.call(stream, large=large)

    return Attack(
        opening=greeting(
            frames.window_update(0, LARGEST_WINDOW - DEFAULT_WINDOW),
            settings={Setting.INITIAL_WINDOW_SIZE: LARGEST_WINDOW},
        ),
        volley=Volley.of(target.for_each_stream(call)),
        repeats=1,
        gate=lambda: Calls(call(1), STREAMS),
    )


ATTACKS = (many_calls, many_large_calls)

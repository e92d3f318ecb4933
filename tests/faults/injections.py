"""How each fault is made. ``part``, from 0 up to 1, chooses its details."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from tests.faults import refusals
from tests.faults.exchanges import Exchange
from tests.faults.kinds import REQUEST_FAULTS, Fault
from tests.faults.messages import Answer

LATE_SECONDS = 1.0
"""The longest time after which a late request is done."""

SLOW_SECONDS = 0.5
"""The longest time that a slow answer takes."""

_SLOW_PIECES = 20
_HOT_KEYS = 0.9


async def inject(fault: Fault, exchange: Exchange, part: float) -> None:
    """Make a fault of one request; the connection may be closed after it.

    Raises:
        EngineGone: The engine was to do the request, and gives no answer.
    """
    await _INJECTIONS[fault](exchange, part)


async def _lost_request(exchange: Exchange, part: float) -> None:
    await exchange.let_others_in()
    await _break(exchange, part)


async def _lost_answer(exchange: Exchange, part: float) -> None:
    await exchange.ask_engine()
    await exchange.let_others_in()
    await _break(exchange, part)


async def _late_request(exchange: Exchange, part: float) -> None:
    exchange.ask_engine_later(LATE_SECONDS * part)
    exchange.hang_up()


async def _failed_before(exchange: Exchange, _: float) -> None:
    exchange.send(refusals.internal_error())


async def _failed_after(exchange: Exchange, _: float) -> None:
    await exchange.ask_engine()
    await exchange.let_others_in()
    exchange.send(refusals.internal_error())


async def _unavailable(exchange: Exchange, part: float) -> None:
    exchange.send(refusals.unavailable(part))


async def _throttled_table(exchange: Exchange, part: float) -> None:
    exchange.send(refusals.throughput_exceeded(_hot_key(exchange, part)))


async def _throttled_account(exchange: Exchange, part: float) -> None:
    exchange.send(refusals.rate_exceeded(_hot_key(exchange, part)))


async def _reset(exchange: Exchange, part: float) -> None:
    exchange.send(_some_of(await exchange.ask_engine(), part))
    await exchange.reset()


async def _truncated(exchange: Exchange, part: float) -> None:
    exchange.send(_some_of(await exchange.ask_engine(), part))
    exchange.hang_up()


async def _corrupted(exchange: Exchange, part: float) -> None:
    answer = await exchange.ask_engine()
    body = bytearray(answer.body)
    body[int(part * len(body))] ^= 0x04
    exchange.send(Answer(answer.head, bytes(body)))


async def _slow(exchange: Exchange, part: float) -> None:
    answer = bytes(await exchange.ask_engine())
    size = len(answer) // _SLOW_PIECES + 1
    for start in range(0, len(answer), size):
        if exchange.is_over:
            return
        exchange.send(answer[start : start + size])
        await asyncio.sleep(part * SLOW_SECONDS / _SLOW_PIECES)


async def _stalled(exchange: Exchange, part: float) -> None:
    if part < 0.5:
        await exchange.ask_engine()
    await exchange.until_gone()


async def _expired(exchange: Exchange, _: float) -> None:
    exchange.send(exchange.front_end.expire(exchange.request))


async def _skewed(exchange: Exchange, part: float) -> None:
    exchange.send(exchange.front_end.move_clock(exchange.request, part))


def _hot_key(exchange: Exchange, part: float) -> str | None:
    """Return what a single throttle is mostly about: one key, and seldom the table."""
    if part >= _HOT_KEYS:
        return None
    return "Write" if exchange.request.is_write else "Read"


async def _break(exchange: Exchange, part: float) -> None:
    if part < 0.5:
        exchange.hang_up()
    else:
        await exchange.reset()


def _some_of(answer: Answer, part: float) -> bytes:
    """Return the start of an answer: at least a byte, and never all of it."""
    whole = bytes(answer)
    return whole[: 1 + int(part * (len(whole) - 1))]


_INJECTIONS: Mapping[Fault, Callable[[Exchange, float], Awaitable[None]]] = {
    Fault.LOST_REQUEST: _lost_request,
    Fault.LOST_ANSWER: _lost_answer,
    Fault.LATE_REQUEST: _late_request,
    Fault.FAILED_BEFORE: _failed_before,
    Fault.FAILED_AFTER: _failed_after,
    Fault.UNAVAILABLE: _unavailable,
    Fault.THROTTLED_TABLE: _throttled_table,
    Fault.THROTTLED_ACCOUNT: _throttled_account,
    Fault.RESET: _reset,
    Fault.TRUNCATED: _truncated,
    Fault.CORRUPTED: _corrupted,
    Fault.SLOW: _slow,
    Fault.STALLED: _stalled,
    Fault.EXPIRED: _expired,
    Fault.SKEWED: _skewed,
}
assert set(_INJECTIONS) == REQUEST_FAULTS

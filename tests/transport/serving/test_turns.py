"""Turns of the event loop: whatever a client sends, others are served in between."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM
from pannier_server.transport.h2.serving.protocol import ServerProtocol
from pannier_server.transport.h2.serving.turns import Turns
from tests.transport.serving.client import Client, Closed, call, connected
from tests.transport.serving.servers import (
    echo,
    serving,
    stream_unary,
    turns,
    unary,
    until,
)


async def join(requests: AsyncIterator[bytes], _context: Any) -> bytes:
    return b"%d" % sum([len(request) async for request in requests])


async def test_a_connection_that_is_closed_in_the_middle_of_a_turn_takes_no_more_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[ServerProtocol] = []
    proceed = ServerProtocol.proceed

    def counted(protocol: ServerProtocol) -> None:
        taken.append(protocol)
        proceed(protocol)

    monkeypatch.setattr(ServerProtocol, "proceed", counted)
    async with serving(abuse_allowance=10_000) as at, connected(at.port) as client:
        await client.round_trip()
        client.send(frames.ping() * 5_000)
        await until(lambda: len(taken) > 2)
        at.protocol.abort()
        await until(lambda: at.meters.connections == 0)
        await turns(5)
        taken.clear()
        await turns(20)
        assert taken == []


async def test_those_who_wait_for_a_turn_share_a_part_of_each_turn_of_the_loop() -> None:
    """However many they are: the rest of it is for those who do not wait."""
    now = 0.0
    taken: list[int] = []

    class Flooded:
        """A connection with more to do than ever fits a turn; doing a piece takes 0.2 ms."""

        def __init__(self, number: int) -> None:
            self.loop = asyncio.get_running_loop()
            self._number = number

        def proceed(self) -> None:
            nonlocal now
            now += 0.0002
            taken.append(self._number)
            waiting.wait(cast("ServerProtocol", self))

    waiting = Turns(lambda: now)
    flooded = [Flooded(number) for number in range(10)]
    for each in flooded * 2:
        waiting.wait(cast("ServerProtocol", each))
    for turn in range(1, 21):
        await asyncio.sleep(0)
        assert len(taken) <= 5 * turn
    # They take turns, and nobody more than the others for having asked twice.
    assert taken[:20] == [*range(10)] * 2
    waiting._waiting.clear()


FLOODS = {
    "pings": frames.ping() * 30_000,
    "window updates": frames.window_update(0, 1) * 30_000,
    "empty frames": frames.frame(0x77) * 40_000,
}


async def turns_until_answered(client: Client, stream: int, message: bytes) -> int:
    """Return how many turns of the loop it takes until a call is answered."""
    taken = 0
    while not client.reader._buffer:  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        taken += 1
    assert (await client.answer(stream)).messages == [message]
    return taken


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_call_is_served_within_a_few_turns_while_others_flood(flood: str) -> None:
    async with (
        serving(abuse_allowance=10**9) as at,
        AsyncExitStack() as stack,
        connected(at.port) as client,
    ):
        attackers = [await stack.enter_async_context(connected(at.port)) for _ in range(4)]
        for each in (client, *attackers):
            await each.round_trip()
        for attacker in attackers:
            attacker.send(FLOODS[flood])
        await until(lambda: at.meters.turns_cut > 4)
        for _ in range(3):
            taken = await turns_until_answered(client, client.call(), b"hello")
            assert taken <= 20


async def test_a_call_is_served_within_a_few_turns_while_others_call() -> None:
    calls = b"".join(call(stream) for stream in range(101, 8_001, 2))
    async with serving() as at, connected(at.port) as attacker, connected(at.port) as client:
        for each in (client, attacker):
            await each.round_trip()
        attacker.send(calls)
        await until(lambda: at.meters.turns_cut > 0)
        taken = await turns_until_answered(client, client.call(message=b"mine"), b"mine")
        assert taken <= 20
        assert at.meters.calls < 3_900


async def test_messages_that_are_slow_to_decompress_do_not_take_more_than_a_turn() -> None:
    bomb = frames.message(gzip.compress(bytes(4_000_000)), compressed=True)
    async with (
        serving({"Join": stream_unary(join), "Echo": unary(echo)}) as at,
        connected(at.port) as attacker,
        connected(at.port) as client,
    ):
        await client.round_trip()
        stream = attacker.start("Join", grpc_encoding="gzip")
        attacker.send(frames.data(stream, bomb) * 40)
        await until(lambda: at.meters.turns_cut > 0)
        mine = client.call()
        assert (await client.answer(mine)).messages == [b"hello"]
        assert at.meters.held_bytes < 200_000_000
        try:
            attacker.send(frames.data(stream, flags=END_STREAM))
            answer = await attacker.answer(stream)
            assert answer.messages == [b"160000000"]
        except Closed:
            pytest.fail("what is slow is not an attack")

"""Turns of the event loop: whatever a client sends, others are served in between."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, cast

import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM
from pannier_server.transport.h2.serving.protocol import ServerProtocol
from pannier_server.transport.h2.serving.turns import Turns
from tests.transport.serving.client import Client, Closed, call, connected
from tests.transport.serving.servers import (
    Pipe,
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


class Loop:
    """An event loop that turns when it is told to, and says how long it was asked to wait."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self._next: list[Callable[[], None]] = []

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._next.append(callback)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        self.pauses.append(seconds)
        self._next.append(callback)

    def turn(self) -> None:
        callbacks, self._next = self._next, []
        for callback in callbacks:
            callback()


class Crowd:
    """Connections with more to do than ever fits a turn; doing a piece takes some time."""

    def __init__(self, piece_seconds: float = 0.00005) -> None:
        self.loop = Loop()
        self.taken: list[str] = []
        self.now = 0.0
        self.piece_seconds = piece_seconds
        self.turns = Turns(lambda: self.now)

    def wait(self, name: str, *, heavy: bool = True, brings: int = 0, pieces: int = 10**9) -> None:
        self.turns.wait(cast("ServerProtocol", Flooded(self, name, heavy, brings, pieces)))


@dataclass(eq=False)
class Flooded:
    crowd: Crowd
    name: str
    is_heavy: bool
    brings: int
    pieces: int = 10**9
    balance: int = 0
    worked: float = 0.0
    fault: str | None = None

    @property
    def loop(self) -> Loop:
        return self.crowd.loop

    @property
    def connection(self) -> "Flooded":
        return self

    def proceed(self) -> None:
        self.crowd.now += self.crowd.piece_seconds
        self.crowd.taken.append(self.name)
        self.balance += self.brings
        self.pieces -= 1
        if self.pieces:
            self.crowd.turns.wait(cast("ServerProtocol", self))
        else:
            self.fault = "a window overrun"


def test_those_who_wait_for_a_turn_share_a_part_of_each_turn_of_the_loop() -> None:
    """However many they are: the rest of it is for those who do not wait."""
    crowd = Crowd()
    for number in range(10):
        crowd.wait(str(number))
    for turn in range(1, 21):
        crowd.loop.turn()
        assert len(crowd.taken) <= 5 * turn
    assert crowd.taken[:20] == [*map(str, range(10))] * 2
    assert crowd.loop.pauses == []


def test_nobody_gets_more_turns_for_having_asked_twice() -> None:
    crowd = Crowd()
    twice = cast("ServerProtocol", Flooded(crowd, "twice", is_heavy=True, brings=0))
    crowd.turns.wait(twice)
    crowd.wait("once")
    crowd.turns.wait(twice)
    crowd.loop.turn()
    crowd.loop.turn()
    assert crowd.taken[:4] == ["twice", "once"] * 2


def test_those_who_ask_for_little_do_not_wait_for_those_who_ask_for_much() -> None:
    crowd = Crowd()
    for number in range(100):
        crowd.wait(str(number))
    crowd.wait("light", heavy=False)
    crowd.loop.turn()
    assert "light" in crowd.taken[:10]


def test_work_that_brings_nothing_is_followed_by_a_pause_of_twice_its_length() -> None:
    crowd = Crowd(piece_seconds=0.0003)
    crowd.wait("useless", brings=-1)
    for _ in range(100):
        crowd.loop.turn()
    assert len(crowd.loop.pauses) > 10
    assert sum(crowd.loop.pauses) == pytest.approx(2 * crowd.now, rel=0.1)
    assert crowd.turns.is_busy


@pytest.mark.parametrize(
    ("pieces", "counted"), [(10, 10 * 0.0003), (1_000, 0.01)], ids=["a few", "served for long"]
)
def test_work_that_ends_in_a_fault_has_brought_nothing_up_to_a_limit(
    pieces: int, counted: float
) -> None:
    """A fault of one who was served for long does not hold up the others for long."""
    crowd = Crowd(piece_seconds=0.0003)
    crowd.wait("faulty", brings=2, pieces=pieces)
    while len(crowd.taken) < pieces:
        crowd.loop.turn()
    crowd.wait("next")
    for _ in range(3):
        crowd.loop.turn()
    assert crowd.loop.pauses == [pytest.approx(2 * counted)]


def test_nobody_pauses_for_those_who_ask_for_little() -> None:
    crowd = Crowd()
    crowd.wait("useless", brings=-1)
    while not crowd.loop.pauses:
        crowd.loop.turn()
    pauses = len(crowd.loop.pauses)
    crowd.wait("light", heavy=False)
    assert len(crowd.loop.pauses) == pauses


def test_many_who_ask_for_little_make_nobody_wait() -> None:
    crowd = Crowd()
    crowd.wait("light", heavy=False)
    assert not crowd.turns.is_busy


async def test_the_first_bytes_of_a_connection_wait_for_a_turn() -> None:
    """A crowd of new ones takes a share of the loop's turn together, not a share each."""
    async with serving() as at:
        protocol = at.server._host.admit(asyncio.get_running_loop())
        assert protocol is not None
        protocol.connection_made(Pipe())
        protocol.data_received(frames.PREFACE[:10])
        protocol.data_received(frames.PREFACE[10:] + frames.settings())
        assert not protocol.connection.ready
        await until(lambda: protocol.connection.ready)
        protocol.connection_lost(None)


async def test_who_asked_for_much_waits_while_others_do_and_who_did_not_is_served() -> None:
    async with serving() as at, connected(at.port) as client:
        for _ in range(3):
            await client.answer(client.call())
        protocol = at.protocol
        at.server._host.turns.is_busy = True
        protocol.connection._last_cut = 0.0
        calls = at.meters.calls
        loop = asyncio.get_running_loop()
        loop.call_soon(protocol.data_received, call(101))
        await asyncio.sleep(0)
        assert at.meters.calls == calls + 1
        protocol.connection._last_cut = loop.time()
        loop.call_soon(protocol.data_received, call(103))
        await asyncio.sleep(0)
        assert at.meters.calls == calls + 1
        assert (await client.answer(103)).messages == [b"hello"]


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

"""Lines of one kind are limited, and those that are left out are told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from pannier_server.service.line_limit import SECONDS, LineLimit


@dataclass
class Timers:
    """Timers that end when the test says so."""

    waiting: list[tuple[float, Callable[[str], None], str]] = field(default_factory=list)
    handles: list[asyncio.TimerHandle] = field(default_factory=list)

    def call_later(
        self, delay: float, callback: Callable[[str], None], kind: str
    ) -> asyncio.TimerHandle:
        self.waiting.append((delay, callback, kind))
        handle = asyncio.get_running_loop().call_later(3600, callback, kind)
        self.handles.append(handle)
        return handle

    def end_second(self) -> None:
        waiting, self.waiting = self.waiting, []
        for delay, callback, kind in waiting:
            assert delay == SECONDS
            callback(kind)


@dataclass
class Told:
    lines: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, kind: str, count: int) -> None:
        self.lines.append((kind, count))


async def test_each_kind_has_a_limit_of_its_own() -> None:
    limit = LineLimit(2, Told(), Timers().call_later)

    assert [limit.admits("a") for _ in range(4)] == [True, True, False, False]
    assert [limit.admits("b") for _ in range(3)] == [True, True, False]


async def test_what_was_left_out_is_told_at_the_end_of_the_second() -> None:
    told, timers = Told(), Timers()
    limit = LineLimit(2, told, timers.call_later)
    for _ in range(5):
        limit.admits("a")
    limit.admits("b")
    assert told.lines == []

    timers.end_second()

    assert told.lines == [("a", 3)]


async def test_the_next_second_begins_with_its_first_line() -> None:
    told, timers = Told(), Timers()
    limit = LineLimit(1, told, timers.call_later)
    limit.admits("a")
    limit.admits("a")
    timers.end_second()
    assert not timers.waiting

    assert limit.admits("a")
    assert not limit.admits("a")
    timers.end_second()

    assert told.lines == [("a", 1), ("a", 1)]


async def test_what_was_left_out_before_the_end_is_told_at_the_end() -> None:
    told, timers = Told(), Timers()
    limit = LineLimit(1, told, timers.call_later)
    for _ in range(3):
        limit.admits("a")
    limit.admits("b")

    limit.close()

    assert told.lines == [("a", 2)]
    assert all(handle.cancelled() for handle in timers.handles)

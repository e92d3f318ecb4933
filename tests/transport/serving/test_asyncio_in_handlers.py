"""What asyncio offers works in a handler, before its first wait and after.

The first step of a unary handler runs without a task: it must not notice.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.transport.serving.client import Client, connected
from tests.transport.serving.servers import Running, serving, turns, unary

# Where a handler does what it is asked to do.
BEFORE, AFTER = "before its first wait", "after its first wait"


@asynccontextmanager
async def handling(
    handler: Callable[[], Coroutine[Any, Any, bytes]], when: str = BEFORE
) -> AsyncIterator[tuple[Running, Client]]:
    """Run a server whose method does something before its first wait or after it."""

    async def method(_request: bytes, _context: Any) -> bytes:
        if when is AFTER:
            await asyncio.sleep(0)
        return await handler()

    async with serving({"Echo": unary(method)}) as at, connected(at.port) as client:
        yield at, client


@pytest.fixture(params=[BEFORE, AFTER])
def when(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


async def test_there_is_a_current_task(when: str) -> None:
    async def handler() -> bytes:
        task = asyncio.current_task()
        assert task is not None
        assert not task.done()
        assert task.cancelling() == 0
        return task.get_name().encode()

    async with handling(handler, when) as (_, client):
        answer = await client.answer(client.call())
        assert answer.status == 0
        assert answer.messages[0]


async def test_there_is_no_current_task_between_calls() -> None:
    async def handler() -> bytes:
        return b""

    async with handling(handler) as (_, client):
        await client.answer(client.call())
        seen: list[object] = []
        asyncio.get_running_loop().call_soon(
            lambda: seen.append(asyncio.current_task(asyncio.get_running_loop()))
        )
        await turns(2)
        assert seen == [None]


@pytest.mark.parametrize("seconds", [0, 0.001])
async def test_a_timeout_that_passes_raises_in_the_handler(when: str, seconds: float) -> None:
    async def handler() -> bytes:
        try:
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            await asyncio.sleep(0)
            return b"too late"
        return b"in time"

    async with handling(handler, when) as (_, client):
        answer = await client.answer(client.call())
        assert answer.messages == [b"too late"]


async def test_a_timeout_that_does_not_pass_leaves_no_trace(when: str) -> None:
    async def handler() -> bytes:
        async with asyncio.timeout(60):
            await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        return b"%d" % task.cancelling()

    async with handling(handler, when) as (_, client):
        assert (await client.answer(client.call())).messages == [b"0"]


async def test_wait_for_ends_what_takes_too_long(when: str) -> None:
    async def handler() -> bytes:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        except TimeoutError:
            return b"too late"
        return b"in time"

    async with handling(handler, when) as (_, client):
        assert (await client.answer(client.call())).messages == [b"too late"]


async def test_a_task_group_runs_its_tasks(when: str) -> None:
    async def part(number: int) -> int:
        await asyncio.sleep(0)
        return number

    async def handler() -> bytes:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part(number)) for number in range(10)]
        return b"%d" % sum(task.result() for task in tasks)

    async with handling(handler, when) as (_, client):
        assert (await client.answer(client.call())).messages == [b"45"]


async def test_a_task_that_fails_ends_its_group(when: str) -> None:
    ended = []

    async def fail() -> None:
        raise LookupError

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waiting")

    async def handler() -> bytes:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(wait())
                group.create_task(fail())
                await asyncio.Event().wait()
        except* LookupError:
            ended.append("group")
        await asyncio.sleep(0)
        return b"done"

    async with handling(handler, when) as (_, client):
        assert (await client.answer(client.call())).messages == [b"done"]
        assert ended == ["waiting", "group"]


async def test_what_is_shielded_outlives_the_call(when: str) -> None:
    started, finish, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def write() -> None:
        started.set()
        await finish.wait()
        finished.set()

    async def handler() -> bytes:
        await asyncio.shield(asyncio.ensure_future(write()))
        return b""

    async with handling(handler, when) as (at, client):
        client.call()
        await started.wait()
        client.abort()
        await at.server._host.until_empty()
        finish.set()
        await finished.wait()


async def test_gathered_coroutines_run_side_by_side(when: str) -> None:
    both = asyncio.Barrier(2)

    async def part(number: int) -> int:
        await both.wait()
        return number

    async def handler() -> bytes:
        return b"%d %d" % tuple(await asyncio.gather(part(1), part(2)))

    async with handling(handler, when) as (_, client):
        assert (await client.answer(client.call())).messages == [b"1 2"]


async def test_a_handler_may_wait_for_what_has_failed_already(when: str) -> None:
    async def handler() -> bytes:
        failed = asyncio.get_running_loop().create_future()
        failed.set_exception(LookupError("lost"))
        try:
            await failed
        except LookupError as error:
            await asyncio.sleep(0)
            return str(error).encode()
        return b""

    async with handling(handler, when) as (_, client):
        assert (await client.answer(client.call())).messages == [b"lost"]


async def test_a_handler_hears_of_failures_again_and_again() -> None:
    async def handler() -> bytes:
        caught = 0
        for _ in range(100):
            try:
                async with asyncio.timeout(0):
                    await asyncio.Event().wait()
            except TimeoutError:
                caught += 1
        return b"%d" % caught

    async with handling(handler) as (_, client):
        assert (await client.answer(client.call())).messages == [b"100"]


async def test_a_handler_may_cancel_itself(when: str) -> None:
    async def handler() -> bytes:
        task = asyncio.current_task()
        assert task is not None
        assert task.cancel()
        assert task.cancelling() == 1
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return b"%d" % task.uncancel()
        return b"not cancelled"

    async with handling(handler, when) as (_, client):
        assert (await client.answer(client.call())).messages == [b"0"]


async def test_calls_do_not_see_each_others_context_variables() -> None:
    variable = contextvars.ContextVar("variable", default=b"unset")

    async def handler(request: bytes, _context: Any) -> bytes:
        found = [variable.get()]
        variable.set(request)
        if request != b"at once":
            await asyncio.sleep(0)
        found.append(variable.get())
        return b", ".join(found)

    names = [b"at once", b"first", b"second", b"at once"]
    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        streams = [client.call(message=name) for name in names]
        answers = [(await client.answer(stream)).messages for stream in streams]
        assert answers == [[b"unset, " + name] for name in names]
        assert variable.get() == b"unset"


async def test_context_variables_of_the_first_step_are_there_in_tasks_and_later() -> None:
    variable = contextvars.ContextVar("variable", default="unset")

    async def read() -> str:
        return variable.get()

    async def handler() -> bytes:
        variable.set("set")
        return f"{await asyncio.create_task(read())}, {await read()}".encode()

    async with handling(handler) as (_, client):
        assert (await client.answer(client.call())).messages == [b"set, set"]

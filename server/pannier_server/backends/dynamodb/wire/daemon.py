"""Blocking work beside the event loop, which never keeps the process from ending."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")


def run_in_daemon_thread(function: Callable[[], _Result]) -> "asyncio.Future[_Result]":
    """Call a function in a thread of its own and return the future of its result.

    The loop's executor would be waited for when the process ends; a credential process
    that hangs must not hold that up.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def work() -> None:
        try:
            result = function()
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who waits gets it
            _post(loop, _fail, future, error)
        else:
            _post(loop, _finish, future, result)

    threading.Thread(target=work, name="pannier-aws-settings", daemon=True).start()
    return future


def _post(loop: asyncio.AbstractEventLoop, *call: object) -> None:
    try:
        loop.call_soon_threadsafe(*call)  # type: ignore[arg-type]
    except RuntimeError:
        if not loop.is_closed():
            raise


def _finish(future: "asyncio.Future[_Result]", result: _Result) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[_Result]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)

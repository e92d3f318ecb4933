"""Handing a coroutine that was started by hand over to a task."""

from collections.abc import Coroutine, Generator
from typing import Any


class Resumption:
    """The rest of a coroutine that has run up to its first wait."""

    __slots__ = ("_awaited", "_coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], awaited: Any) -> None:
        """Take a suspended coroutine and what it yielded.

        That is the future that it waits for, or None where it only lets others run.
        """
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, Any]:
        """Wait for what the coroutine waits for, then run it to its end."""
        try:
            yield self._awaited
        except BaseException as error:  # noqa: BLE001 (what cancels a task goes to the coroutine)
            try:
                self._awaited = self._coroutine.throw(error)
            except StopIteration as done:
                return done.value
            return (yield from self.__await__())
        # Not `await`: that refuses a coroutine which is in the middle of one.
        return (yield from self._coroutine.__await__())

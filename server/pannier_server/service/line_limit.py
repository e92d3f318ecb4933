"""A limit of lines for each kind, that loses none of them silently."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

SECONDS: Final = 1.0
"""How long a limit holds, and after which time the lines that were left out are told."""

Kind = TypeVar("Kind", bound=Hashable)


class _Window:
    """The lines of one kind since the first of them."""

    __slots__ = ("count", "timer")

    def __init__(self, timer: asyncio.TimerHandle) -> None:
        self.count = 0
        self.timer = timer


class LineLimit(Generic[Kind]):
    """Lets so many lines of each kind through in a second, and tells how many it did not.

    A kind costs something only while lines of it come: a counter, and a timer of the
    event loop that ends its second.
    """

    def __init__(
        self,
        per_second: int,
        tell: Callable[[Kind, int], None],
        call_later: "Callable[[float, Callable[[Kind], None], Kind], asyncio.TimerHandle]",
    ) -> None:
        """Begin without lines.

        Args:
            per_second: The most lines of one kind in a second.
            tell: Takes a kind and how many lines of it were left out in the second that
                ends, where there were some.
            call_later: The running loop's.
        """
        self._per_second = per_second
        self._tell = tell
        self._call_later = call_later
        self._windows: dict[Kind, _Window] = {}

    def admits(self, kind: Kind) -> bool:
        """Count a line, and say whether it is within the limit."""
        window = self._windows.get(kind)
        if window is None:
            timer = self._call_later(SECONDS, self._end, kind)
            window = self._windows[kind] = _Window(timer)
        window.count += 1
        return window.count <= self._per_second

    def close(self) -> None:
        """Tell of all that was left out so far."""
        for kind, window in list(self._windows.items()):
            window.timer.cancel()
            self._end(kind)

    def _end(self, kind: Kind) -> None:
        left_out = self._windows.pop(kind).count - self._per_second
        if left_out > 0:
            self._tell(kind, left_out)

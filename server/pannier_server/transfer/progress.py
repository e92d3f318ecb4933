"""How far a transfer is: one line that changes on a terminal, else a line now and then."""

import os
import time
from collections.abc import Callable
from typing import TextIO

from pannier_server.units import format_duration

SECOND_HALF = 40
"""The column from which the second command of a pipe draws, beside the first one."""

_TERMINAL_SECONDS = 0.1
_LOG_SECONDS = 5.0
_MOST_BAR_CELLS = 24
_LEAST_BAR_CELLS = 8
_USUAL_COLUMNS = 80
# ECMA-48: erase to the end of the line, and move to the right.
_ERASE = "\r\x1b[K"
_MOVE_RIGHT = "\x1b[{}C"


class Progress:
    """Shows a count, its rate, and the time that is left where the end is known."""

    def __init__(
        self,
        what: str,
        stream: TextIO,
        *,
        column: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start now.

        Args:
            what: What is done to records: ``exported`` or ``imported``.
            stream: Where to show it; whether it is a terminal decides how.
            column: Where to draw on a terminal's line; what is left of it is another's.
            clock: A steady clock in seconds.
        """
        self.total: int | None = None
        self._what = what
        self._stream = stream
        self._start = f"\r{_MOVE_RIGHT.format(column)}" if column else "\r"
        self._column = column
        self._clock = clock
        self._on_terminal = stream.isatty()
        self._pause = _TERMINAL_SECONDS if self._on_terminal else _LOG_SECONDS
        self._began = self._shown_at = clock()
        self._first: int | None = None
        self._line = ""

    def show(self, count: int) -> None:
        """Show the count, unless something was shown a moment ago."""
        now = self._clock()
        if self._first is None:
            # What an earlier attempt has done says nothing of the rate.
            self._first, self._began = count, now
        if now - self._shown_at < self._pause:
            return
        self._shown_at = now
        parts = self._parts(count, now - self._began)
        if self._on_terminal:
            self._draw(self._fitted(count, "  ".join(parts)))
        else:
            print(", ".join(parts), file=self._stream, flush=True)

    def say(self, text: str) -> None:
        """Print a line of its own."""
        self.clear()
        print(text, file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the line that changes off the terminal."""
        if self._on_terminal:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._line = ""

    def _parts(self, count: int, seconds: float) -> list[str]:
        assert self._first is not None, "a count was shown"
        done = count - self._first
        rate = done / seconds if seconds > 0 else 0.0
        parts = [f"{count:,} records {self._what}"]
        if self.total:
            parts = [f"{count:,} of {self.total:,} records {self._what}"]
            parts.append(f"{self._share(count):.0%}")
        if rate:
            parts.append(f"{rate:,.0f}/s")
            if self.total:
                parts.append(f"{format_duration(round((self.total - count) / rate))} left")
        return parts

    def _share(self, count: int) -> float:
        assert self.total, "the end is known"
        return min(1.0, count / self.total)

    def _fitted(self, count: int, text: str) -> str:
        """Return what fits into the terminal's line: one that wraps could not be drawn over."""
        room = max(0, self._columns() - self._column - 1)
        cells = min(_MOST_BAR_CELLS, room - len(text) - len("[]  "))
        if self.total and cells >= _LEAST_BAR_CELLS:
            filled = round(self._share(count) * cells)
            return f"[{'#' * filled}{'.' * (cells - filled)}]  {text}"
        return text[:room]

    def _columns(self) -> int:
        """Return the width of the terminal as it is now; people resize their windows."""
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _USUAL_COLUMNS
        except OSError:
            return _USUAL_COLUMNS

    def _draw(self, line: str) -> None:
        self._stream.write(f"{self._start}{line.ljust(len(self._line))}")
        self._stream.flush()
        self._line = line

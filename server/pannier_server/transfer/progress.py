"""How far a transfer is: one line that changes on a terminal, else a line now and then."""

import time
from collections.abc import Callable
from typing import TextIO

from pannier_server.units import format_duration

_TERMINAL_SECONDS = 0.1
_LOG_SECONDS = 5.0
_BAR_CELLS = 24


class Progress:
    """Shows a count, its rate, and the time that is left where the end is known."""

    def __init__(
        self, what: str, stream: TextIO, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start now.

        Args:
            what: What is done to records: ``exported`` or ``imported``.
            stream: Where to show it; whether it is a terminal decides how.
            clock: A steady clock in seconds.
        """
        self.total: int | None = None
        self._what = what
        self._stream = stream
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
        line = self._describe(count, now - self._began)
        if self._on_terminal:
            self._draw(line)
        else:
            print(line, file=self._stream, flush=True)

    def say(self, text: str) -> None:
        """Print a line of its own."""
        self.clear()
        print(text, file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the line that changes off the terminal."""
        if self._line:
            self._draw("")

    def _describe(self, count: int, seconds: float) -> str:
        assert self._first is not None, "a count was shown"
        rate = (count - self._first) / seconds if seconds > 0 else 0.0
        parts = [f"{count:,} records {self._what}", f"{rate:,.0f}/s"]
        if self.total:
            done = min(1.0, count / self.total)
            parts[0] = f"{count:,} of {self.total:,} records {self._what}"
            parts.insert(1, f"{done:.0%}")
            if rate:
                parts.append(f"{format_duration(round((self.total - count) / rate))} left")
            if self._on_terminal:
                filled = round(done * _BAR_CELLS)
                parts.insert(0, f"[{'#' * filled}{'.' * (_BAR_CELLS - filled)}]")
        return "  ".join(parts) if self._on_terminal else ", ".join(parts)

    def _draw(self, line: str) -> None:
        self._stream.write(f"\r{line}{' ' * (len(self._line) - len(line))}")
        if not line:
            self._stream.write("\r")
        self._stream.flush()
        self._line = line

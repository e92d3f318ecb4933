"""Writes log lines from a thread of its own: whoever reads them may be slow.

A pipe that nobody empties would stop the event loop, and with it every call, at the next
line. Here lines wait in a queue. Where it is full they are dropped, and the next line that
can be written says how many.
"""

import logging
import os
import select
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Final

MOST_WAITING: Final = 2000
"""Lines that may wait to be written."""

_FLUSH_SECONDS: Final = 1.0


class LogWriter(logging.Handler):
    """Writes each record as a line to a file descriptor, in the background."""

    def __init__(self, descriptor: int, most_waiting: int = MOST_WAITING) -> None:
        """Take where to write, and how many lines may wait for it.

        The thread begins with the first line: a start that says nothing does not pay for it.
        """
        super().__init__()
        self._descriptor = descriptor
        self._most_waiting = most_waiting
        self._waiting: SimpleQueue[str | Event | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._stuck = False
        self._dropped = 0
        self._counting = Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record over to the thread, or drop it where too many wait."""
        try:
            if self._waiting.qsize() >= self._most_waiting:
                with self._counting:
                    self._dropped += 1
                return
            self._waiting.put(self.format(record))
            if self._thread is None:
                thread = Thread(target=self._run, name="pannier-log", daemon=True)
                # Where none can be had now, the next line asks again.
                thread.start()
                self._thread = thread
        except Exception:  # noqa: BLE001 (as every handler does: logging must not raise)
            self.handleError(record)

    def flush(self) -> None:
        """Wait until what was logged so far is written, for a second at most."""
        if self._thread is not None:
            written = Event()
            self._waiting.put(written)
            self._stuck = not written.wait(_FLUSH_SECONDS)

    def close(self) -> None:
        """End the thread once it has written what waits, and wait for it, where that goes on.

        A thread that still runs while Python ends is ended by ``pthread_exit``, for which
        glibc loads libgcc_s; where that is not there it aborts the process.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            if not self._stuck:
                thread.join(_FLUSH_SECONDS)
        super().close()

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            if isinstance(item, Event):
                item.set()
                continue
            self._write(item)
            self._tell_dropped()

    def _tell_dropped(self) -> None:
        with self._counting:
            count, self._dropped = self._dropped, 0
        if count:
            self._write(self.format(_dropped_record(count)))

    def _write(self, line: str) -> None:
        rest = f"{line}\n".encode(errors="backslashreplace")
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                # Someone has made the pipe non-blocking, which its other ends share.
                select.select([], [self._descriptor], [])
            except OSError:
                # Nobody reads any more.
                return


def _dropped_record(count: int) -> logging.LogRecord:
    return logging.makeLogRecord(
        {
            "name": __name__,
            "levelno": logging.WARNING,
            "levelname": "WARNING",
            "msg": "log lines dropped: %d; standard error is read too slowly",
            "args": (count,),
            "fields": {"event": "log_lines_dropped", "dropped_count": count},
        }
    )

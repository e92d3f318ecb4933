"""Files that are read again while the sidecar runs: the auth file, and those of TLS.

They are looked at every second, and at once when the process is asked to (SIGHUP). A file
that is being written is left alone until it rests, so that half of it, or a certificate
whose key has not come yet, is not taken for the whole.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pannier_server.config import SettingsError

_log = logging.getLogger(__name__)

_INTERVAL = 1.0

Reload = Callable[[], Awaitable[None]]
# None for a file that cannot be looked at.
_States = tuple[tuple[int, int, int, int, int] | None, ...]


class WatchedFiles:
    """Some files that are read together.

    Attributes:
        what: What they are, for the log.
        read_as: How they were when they were read last.
        seen_as: How they were at the last look.
    """

    def __init__(self, what: str, paths: Iterable[str | None]) -> None:
        """Look at the files, which has to come before they are read."""
        self.what = what
        self._paths = tuple(path for path in paths if path is not None)
        self.read_as = self.seen_as = self.look()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._paths)

    def look(self) -> _States:
        """Return how the files are now."""
        return tuple(map(_state, self._paths))


def _state(path: str) -> tuple[int, int, int, int, int] | None:
    try:
        # Of what a link points to: some replace the link, as Kubernetes does.
        found = Path(path).stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


class Reloader:
    """Reads files again when they have changed."""

    def __init__(self, watched: Sequence[tuple[WatchedFiles, Reload]]) -> None:
        """Take files, and what reads them again (it raises SettingsError)."""
        self._watched = [(files, reload) for files, reload in watched if files]
        self._asked = asyncio.Event()

    def __bool__(self) -> bool:
        """Whether there is any file to read again."""
        return bool(self._watched)

    def ask(self) -> None:
        """Have all files read again at once, whether they have changed or not."""
        self._asked.set()

    async def watch(self) -> None:
        """Look at the files again and again, until cancelled."""
        if not self._watched:
            return
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), _INTERVAL)
            asked = self._asked.is_set()
            self._asked.clear()
            for files, reload in self._watched:
                await _look(files, reload, asked=asked)


async def _look(files: WatchedFiles, reload: Reload, *, asked: bool) -> None:
    before, now = files.seen_as, files.look()
    files.seen_as = now
    if asked or (now == before and now != files.read_as):
        # One that is wrong is said once, not at every look.
        files.read_as = now
        await _read_again(files, reload)


async def _read_again(files: WatchedFiles, reload: Reload) -> None:
    try:
        await reload()
    except SettingsError as error:
        _log.error("%s; what was read before stays in force", error)
    except Exception:  # noqa: BLE001 (a bug must not end the looks)
        _log.exception("%s could not be read again, in an unforeseen way", files.what)
    else:
        _log.info("%s: read again", files.what)

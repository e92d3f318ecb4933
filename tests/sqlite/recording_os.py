"""What the code under test does to files without SQLite, among SQLite's own events."""

import os
from pathlib import Path
from typing import Any

from tests.sqlite.recording_vfs import Event, RecordingVfs


class RecordingOs:
    """Stands in for the module ``os``: records what makes files and what syncs them."""

    def __init__(self, vfs: RecordingVfs) -> None:
        self._vfs = vfs
        self._paths: dict[int, Path] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = os.open(path, flags, mode)
        self._paths[descriptor] = path
        if flags & os.O_EXCL:
            self._vfs.events.append(Event("create", str(path)))
        return descriptor

    def fsync(self, descriptor: int) -> None:
        os.fsync(descriptor)
        path = self._paths[descriptor]
        kind = "sync folder" if path.is_dir() else "sync"
        self._vfs.events.append(Event(kind, str(path)))

"""A layer between SQLite and its files that records what it does to them and can fail it.

It is a copy of the default VFS (https://sqlite.org/vfs.html) whose ``xOpen`` gives each
file a copy of its methods with some of them replaced. While it is active it is the
process's default, so the code under test needs no hook for it.

SQLite syncs a folder below its VFS. The one trace of it is the system call with which
it opens the folder, which a VFS lets its user replace.
"""

import _sqlite3
import ctypes
import sqlite3
from collections.abc import Callable
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

VfsPointer = c_void_p
FilePointer = c_void_p
XOpen = ctypes.CFUNCTYPE(c_int, VfsPointer, c_void_p, FilePointer, c_int, POINTER(c_int))
XDelete = ctypes.CFUNCTYPE(c_int, VfsPointer, c_char_p, c_int)
XRead = ctypes.CFUNCTYPE(c_int, FilePointer, c_void_p, c_int, c_int64)
XWrite = ctypes.CFUNCTYPE(c_int, FilePointer, c_void_p, c_int, c_int64)
XTruncate = ctypes.CFUNCTYPE(c_int, FilePointer, c_int64)
XSync = ctypes.CFUNCTYPE(c_int, FilePointer, c_int)
XSetSystemCall = ctypes.CFUNCTYPE(c_int, VfsPointer, c_char_p, c_void_p)
XGetSystemCall = ctypes.CFUNCTYPE(c_void_p, VfsPointer, c_char_p)
OpenFolder = ctypes.CFUNCTYPE(c_int, c_char_p, POINTER(c_int))

OPEN_FOR_READING = 0x1
OPEN_FOR_WRITING = 0x2 | 0x4
OPEN_FOLDER = b"openDirectory"

TEMPORARY = "(temporary)"
"""What stands for the path of a file that SQLite names itself and deletes in the end."""


class Vfs(Structure):
    """``sqlite3_vfs``, version 3."""

    _fields_: ClassVar[Any] = [
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        ("xOpen", XOpen),
        ("xDelete", XDelete),
        *((f"method{number}", c_void_p) for number in range(11)),
        ("xSetSystemCall", XSetSystemCall),
        ("xGetSystemCall", XGetSystemCall),
        ("xNextSystemCall", c_void_p),
    ]


class Methods(Structure):
    """``sqlite3_io_methods``, version 3."""

    _fields_: ClassVar[Any] = [
        ("iVersion", c_int),
        ("xClose", c_void_p),
        ("xRead", XRead),
        ("xWrite", XWrite),
        ("xTruncate", XTruncate),
        ("xSync", XSync),
        *((f"method{number}", c_void_p) for number in range(13)),
    ]


class File(Structure):
    """``sqlite3_file``: what every VFS's file begins with."""

    _fields_: ClassVar[Any] = [("methods", POINTER(Methods))]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a file, or a mark that a test left between such events.

    Attributes:
        kind: ``open``, ``create`` (an open that made the file), ``read``, ``write``,
            ``truncate``, ``sync``, ``failed sync``, ``sync folder``, ``delete``, or the
            test's mark.
        path: The file (for ``sync folder`` one in it); empty for a mark.
        offset: Where a read or write began; the new size for ``truncate``.
        size: How many bytes were read or written.
        content: What was written.
    """

    kind: str
    path: str = ""
    offset: int = 0
    size: int = 0
    content: bytes = b""

    def is_on_log(self) -> bool:
        """Tell whether the file is a write-ahead log."""
        return self.path.endswith("-wal")


Fault = Callable[[Event], int | None]
"""Answers an SQLite result code for what is not to be done, else None."""

# SQLite may keep pointers to these for as long as the process lives.
_kept: list[object] = []


class RecordingVfs:
    """The process's default VFS between ``with`` and its end.

    Connections that were opened in it must be closed before its end.

    Attributes:
        events: What happened, oldest first.
        fault: Asked before each event.
        read_only: Whether files that are opened from now on cannot be written.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.fault: Fault = lambda _event: None
        self.read_only = False
        self._library = ctypes.CDLL(_sqlite3.__file__)
        self._library.sqlite3_vfs_find.restype = POINTER(Vfs)
        self._default = self._library.sqlite3_vfs_find(None)
        self._vfs = Vfs.from_buffer_copy(self._default.contents)
        self._vfs.pNext = None
        self._vfs.zName = b"recording-%d" % id(self)
        self._vfs.xOpen = XOpen(self._open)
        self._paths: dict[int, str] = {}
        self._methods: dict[int, Methods] = {}
        self._vfs.xDelete = XDelete(self._delete)
        self._folder_opener = self._default.contents.xGetSystemCall(None, OPEN_FOLDER)
        self._recording_opener = OpenFolder(self._open_folder)
        _kept.append((self._vfs, self._vfs.xOpen, self._vfs.xDelete, self._recording_opener))

    def __enter__(self) -> "RecordingVfs":
        self._check(self._library.sqlite3_vfs_register(byref(self._vfs), 1))
        self._use_folder_opener(ctypes.cast(self._recording_opener, c_void_p).value)
        return self

    def __exit__(self, *_: object) -> None:
        self._use_folder_opener(self._folder_opener)
        self._check(self._library.sqlite3_vfs_unregister(byref(self._vfs)))

    def mark(self, kind: str) -> None:
        """Leave a mark among the events."""
        self.events.append(Event(kind))

    def syncs_of_log(self) -> int:
        """Return how often a write-ahead log was synced."""
        return sum(event.kind == "sync" and event.is_on_log() for event in self.events)

    def _open(self, _vfs: int, name: int | None, file: int, flags: int, out_flags: Any) -> int:
        if self.read_only:
            flags = flags & ~OPEN_FOR_WRITING | OPEN_FOR_READING
        path = ctypes.string_at(name).decode() if name else TEMPORARY
        opened = File.from_address(file)
        # SQLite closes what has methods, even where it could not be opened.
        opened.methods = None
        # The name goes on as a pointer: what follows it in memory belongs to it.
        result = self._record(
            Event("open" if Path(path).exists() else "create", path),
            lambda: self._default.contents.xOpen(
                ctypes.cast(self._default, c_void_p), name, file, flags, out_flags
            ),
        )
        if result == sqlite3.SQLITE_OK and opened.methods:
            self._paths[file] = path
            opened.methods = ctypes.pointer(self._recording(opened.methods))
        return result

    def _open_folder(self, file: bytes, descriptor: Any) -> int:
        result: int = OpenFolder(self._folder_opener)(file, descriptor)
        if result == sqlite3.SQLITE_OK:
            self.events.append(Event("sync folder", file.decode()))
        return result

    def _use_folder_opener(self, opener: int | None) -> None:
        self._check(self._default.contents.xSetSystemCall(None, OPEN_FOLDER, opener))

    def _delete(self, _vfs: int, name: bytes, sync_folder: int) -> int:
        default = ctypes.cast(self._default, c_void_p)
        return self._record(
            Event("delete", name.decode()),
            lambda: self._default.contents.xDelete(default, name, sync_folder),
        )

    def _recording(self, original: Any) -> Methods:
        """Return methods that record and then do what the original ones do."""
        address = ctypes.addressof(original.contents)
        if address not in self._methods:
            methods = Methods.from_buffer_copy(original.contents)
            self._replace(methods, original.contents)
            self._methods[address] = methods
            _kept.append(methods)
        return self._methods[address]

    def _replace(self, methods: Methods, original: Methods) -> None:
        def read(file: int, into: int, size: int, offset: int) -> int:
            event = Event("read", self._paths[file], offset, size)
            return self._record(event, lambda: original.xRead(file, into, size, offset))

        def write(file: int, content: int, size: int, offset: int) -> int:
            copied = ctypes.string_at(content, size)
            event = Event("write", self._paths[file], offset, size, copied)
            return self._record(event, lambda: original.xWrite(file, content, size, offset))

        def truncate(file: int, size: int) -> int:
            event = Event("truncate", self._paths[file], size)
            return self._record(event, lambda: original.xTruncate(file, size))

        def sync(file: int, flags: int) -> int:
            event = Event("sync", self._paths[file])
            return self._record(event, lambda: original.xSync(file, flags))

        replaced = (XRead(read), XWrite(write), XTruncate(truncate), XSync(sync))
        methods.xRead, methods.xWrite, methods.xTruncate, methods.xSync = replaced
        _kept.append((original, replaced))

    def _record(self, event: Event, proceed: Callable[[], int]) -> int:
        """Do what was asked, and record it where it succeeded or is a sync."""
        result = self.fault(event)
        if result is None:
            result = proceed()
        if result == sqlite3.SQLITE_OK:
            self.events.append(event)
        elif event.kind == "sync":
            self.events.append(Event("failed sync", event.path))
        return result

    @staticmethod
    def _check(result: int) -> None:
        if result != sqlite3.SQLITE_OK:
            raise RuntimeError(f"SQLite answered {result}")

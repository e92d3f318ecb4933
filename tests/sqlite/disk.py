"""A disk with a cache, and what a loss of power can leave of it.

It promises what POSIX does and no more. Until a file is synced, each change to it may
have reached the disk or not, in any order, and a write sector by sector; what a file
grew by without its content is zeros or garbage. Until the folder is synced, so may
each name that was made or removed. After a sync that failed, the changes before it stay
in doubt for good, whatever is synced later: Linux takes them for written.

A sector is written whole or not at all, and a write leaves the bytes beside it as they
are, which SQLite takes for granted too (https://sqlite.org/psow.html).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.sqlite.recording_vfs import TEMPORARY, Event

SECTOR = 512


@dataclass(slots=True)
class Change:
    """A write to a file, or its truncation to ``offset`` where there is no content.

    Attributes:
        offset: Where it begins.
        content: What was written; None for a truncation.
        synced: Whether it is on the disk for certain.
        doomed: Whether a sync of it has failed.
    """

    offset: int
    content: bytes | None
    synced: bool = False
    doomed: bool = False


@dataclass(slots=True)
class File:
    """A file's content: as programs see it, and as it is on the disk.

    Attributes:
        content: What programs read.
        stable: What the disk held before the first of the changes.
        changes: What was done since, oldest first, as long as one is in doubt.
    """

    content: bytearray = field(default_factory=bytearray)
    stable: bytes = b""
    changes: list[Change] = field(default_factory=list)

    def change(self, change: Change) -> None:
        """Write or truncate."""
        _carry_out(change, self.content, b"\0")
        self.changes.append(change)

    def sync(self, *, failed: bool) -> None:
        """Bring the changes to the disk, or fail to."""
        for change in self.changes:
            change.synced |= not failed and not change.doomed
            change.doomed |= failed and not change.synced
        if all(change.synced for change in self.changes):
            self.stable = bytes(self.content)
            self.changes.clear()

    def survivor(self, random: Random, odds: float) -> bytes:
        """Return what the disk may hold once the power is back."""
        content = bytearray(self.stable)
        filler = random.choice((b"\0", random.randbytes(1)))
        for change in self.changes:
            for piece in [change] if change.synced else _pieces(change, random, odds):
                _carry_out(piece, content, filler)
        if self.changes and random.random() < odds:
            # The new size may be on the disk although its sectors are not.
            _grow(content, len(self.content), filler)
        return bytes(content)


class Disk:
    """The files of one folder.

    Attributes:
        files: The files by name, as programs see them.
    """

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        """Start with files that are on the disk for certain."""
        self.files = {
            name: File(bytearray(content), content) for name, content in (files or {}).items()
        }
        self._stable_names = dict(self.files)
        self._name_changes: list[tuple[str, File | None]] = []

    def replay(self, events: Iterable[Event]) -> None:
        """Do what a program did."""
        for event in events:
            if event.path != TEMPORARY:
                self._replay(event, Path(event.path).name)

    def contents(self) -> dict[str, bytes]:
        """Return the files as programs see them: all that is left where one just dies."""
        return {name: bytes(file.content) for name, file in self.files.items()}

    def lose_power(self, random: Random, *, odds: float) -> "Disk":
        """Return the disk as it may be once the power is back.

        Args:
            random: Decides what is lost.
            odds: The chance of each change in doubt to be on the disk: with 0 all are
                lost, with 1 none.
        """
        names = dict(self._stable_names)
        for name, file in self._name_changes:
            if random.random() < odds:
                _name(names, name, file)
        return Disk({name: file.survivor(random, odds) for name, file in names.items()})

    def _replay(self, event: Event, name: str) -> None:
        match event.kind:
            case "create":
                self._rename(name, File())
            case "delete":
                self._rename(name, None)
            case "write":
                self.files[name].change(Change(event.offset, event.content))
            case "truncate":
                self.files[name].change(Change(event.offset, None))
            case "sync" | "failed sync":
                self.files[name].sync(failed=event.kind == "failed sync")
            case "sync folder":
                self._stable_names = dict(self.files)
                self._name_changes.clear()

    def _rename(self, name: str, file: File | None) -> None:
        _name(self.files, name, file)
        self._name_changes.append((name, file))


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a new folder."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _name(names: dict[str, File], name: str, file: File | None) -> None:
    if file is None:
        names.pop(name, None)
    else:
        names[name] = file


def _pieces(change: Change, random: Random, odds: float) -> Iterator[Change]:
    """Return what reached the disk of a change in doubt: all, nothing, or some sectors."""
    torn = random.random() < 0.3
    if change.content is None or not torn:
        if random.random() < odds:
            yield change
        return
    end = change.offset + len(change.content)
    start = change.offset
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        if random.random() < odds:
            piece = change.content[start - change.offset : stop - change.offset]
            yield Change(start, piece)
        start = stop


def _carry_out(change: Change, content: bytearray, filler: bytes) -> None:
    if change.content is None:
        del content[change.offset :]
        return
    _grow(content, change.offset, filler)
    content[change.offset : change.offset + len(change.content)] = change.content


def _grow(content: bytearray, size: int, filler: bytes) -> None:
    content.extend(filler * (size - len(content)))

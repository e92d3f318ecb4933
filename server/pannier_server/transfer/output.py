"""Where an export is written to: standard output, or a file that can be gone on with."""

import fcntl
import hashlib
import os
import time
from pathlib import Path
from uuid import uuid4

import msgspec

from pannier_server.backends.contract import Prefix
from pannier_server.transfer.format import (
    Header,
    Trailer,
    encode_trailer,
    format_prefix,
    format_time,
)
from pannier_server.transfer.raw_io import READ_BYTES, write_all
from pannier_server.transfer.state_file import StateFile, store_digest
from pannier_server.transfer.verify import InputError, verify_export

SAVE_BYTES = 16 << 20
SAVE_SECONDS = 2.0
"""After so much, or so long, what was written is brought to the disk."""


class OutputError(Exception):
    """An export that cannot be written there; the message says what to do."""


class AlreadyComplete(Exception):
    """The file that was to be gone on with holds a whole export.

    Attributes:
        records: How many records it holds.
    """

    def __init__(self, records: int) -> None:
        """Keep how many records it holds."""
        super().__init__("the export is complete")
        self.records = records


class ExportState(msgspec.Struct, kw_only=True):
    """How far an export has come.

    Attributes:
        header: Its first line.
        store: Which store it reads; see `store_digest`.
        position: Where its scan goes on.
        offset: How many bytes of the output belong to it so far.
        records: How many records it has written.
        unreadable: How many rows could not be read.
        expired: How many were left out because they have expired.
        foreign: How many were left out because no key can name them.
    """

    header: Header
    store: str
    position: str | None = None
    offset: int = 0
    records: int = 0
    unreadable: int = 0
    expired: int = 0
    foreign: int = 0


def new_state(url: str, prefix: Prefix | None, now: int) -> ExportState:
    """Return the state of an export that begins now."""
    header = Header(
        format="pannier-export",
        format_version=1,
        id=str(uuid4()),
        exported_at=format_time(now),
        source=url.partition(":")[0],
        prefix=format_prefix(prefix),
    )
    return ExportState(header=header, store=store_digest(url))


class StreamOutput:
    """Writes to a descriptor; what it has written stays as it is.

    Attributes:
        state: How far the export has come.
    """

    def __init__(self, descriptor: int, state: ExportState) -> None:
        """Take what to write to, and an export that begins."""
        self.state = state
        self._descriptor = descriptor
        self._sha256 = hashlib.sha256()

    async def append(self, lines: bytes) -> None:
        """Write whole lines.

        Raises:
            OSError: They cannot be written.
        """
        await write_all(self._descriptor, lines)
        self._sha256.update(lines)
        self.state.offset += len(lines)

    async def finish(self) -> None:
        """Write the last line.

        Raises:
            OSError: It cannot be written.
        """
        trailer = Trailer(
            records=self.state.records,
            unreadable=self.state.unreadable,
            sha256=self._sha256.hexdigest(),
        )
        # It does not count as part of what is gone on with.
        await write_all(self._descriptor, encode_trailer(trailer))

    def save_sometimes(self) -> None:
        """Make sure now and then that not too much would be lost."""

    def save(self) -> None:
        """Make sure that the export can go on from here, as far as it ever can."""

    def close(self) -> None:
        """Let go of the output."""


class FileOutput(StreamOutput):
    """Writes a file, and another beside it that says how to go on."""

    def __init__(
        self, descriptor: int, state: ExportState, beside: StateFile, written: "hashlib._Hash"
    ) -> None:
        """Use `open_file` instead."""
        super().__init__(descriptor, state)
        self._beside = beside
        self._sha256 = written
        self._saved_offset = state.offset
        self._saved_at = time.monotonic()

    async def finish(self) -> None:
        """Write the last line and bring all to the disk.

        Raises:
            OSError: It cannot be written.
        """
        await super().finish()
        os.fsync(self._descriptor)
        self._beside.remove()

    def save_sometimes(self) -> None:
        """Save where there is much since the last time."""
        late = time.monotonic() - self._saved_at > SAVE_SECONDS
        if late or self.state.offset - self._saved_offset > SAVE_BYTES:
            self.save()

    def save(self) -> None:
        """Bring the lines to the disk, and then where to go on.

        Raises:
            OSError: They cannot be.
        """
        os.fsync(self._descriptor)
        self._beside.save(self.state)
        self._saved_offset = self.state.offset
        self._saved_at = time.monotonic()

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def open_file(path: Path, begun: ExportState, *, resume: bool) -> FileOutput:
    """Return a file to write an export to, the rest of one where it is resumed.

    Args:
        path: The file.
        begun: The export, as it is where it begins.
        resume: Go on with what is there. Where nothing is, begin.

    Raises:
        OutputError: There is a file that must not be written over, or none that can be
            gone on with.
        AlreadyComplete: Nothing is left to do.
    """
    beside = StateFile(path.with_name(f"{path.name}.resume"))
    flags = os.O_RDWR | os.O_CREAT | (0 if resume else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        raise OutputError(
            f"{path} is there already; go on with it by --resume, or name another file"
        ) from None
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
    try:
        _lock(descriptor, path)
        state = _state_to_resume(descriptor, path, begun, beside) if resume else begun
        written = _cut(descriptor, path, state.offset)
        output = FileOutput(descriptor, state, beside, written)
        # From now on, the file is known as an export that is not complete.
        output.save()
    except OSError as error:
        os.close(descriptor)
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
    except BaseException:
        os.close(descriptor)
        raise
    return output


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"another export is writing to {path}") from None


def _state_to_resume(
    descriptor: int, path: Path, begun: ExportState, beside: StateFile
) -> ExportState:
    """Return how far the export in a file has come; where it is empty, one that begins."""
    try:
        state = beside.load(ExportState)
    except msgspec.DecodeError:
        raise OutputError(
            f"{beside.path} is damaged; remove it and {path}, and begin anew"
        ) from None
    if not os.fstat(descriptor).st_size:
        # Whatever is noted of it: the file was removed, and nothing is there to go on with.
        return begun
    if state is None:
        raise _unknown(descriptor, path)
    if (state.store, state.header.prefix) != (begun.store, begun.header.prefix):
        raise OutputError(
            f"{path} was begun with another --store, --owner or --prefix; "
            "give the same ones, or name another file"
        )
    return state


def _unknown(descriptor: int, path: Path) -> Exception:
    """Return why a file with nothing beside it cannot be gone on with."""
    try:
        return AlreadyComplete(verify_export(descriptor, str(path)).trailer.records)
    except InputError:
        return OutputError(
            f"{path} cannot be resumed: {path.name}.resume is not beside it, and it is no "
            "whole export either; name another file"
        )


def _cut(descriptor: int, path: Path, offset: int) -> "hashlib._Hash":
    """Cut off what was written after the last save; return the checksum of what stays.

    Raises:
        OutputError: The file is shorter than it was.
    """
    written = hashlib.sha256()
    left = offset
    os.lseek(descriptor, 0, os.SEEK_SET)
    while left:
        piece = os.read(descriptor, min(left, READ_BYTES))
        if not piece:
            raise OutputError(f"{path} has lost its end; remove it and begin anew")
        written.update(piece)
        left -= len(piece)
    os.ftruncate(descriptor, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return written

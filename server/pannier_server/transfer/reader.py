"""Reading an export line by line, in batches, from a file or a pipe."""

import hashlib
from collections import deque
from dataclasses import dataclass

from pannier_server.backends.transfer import RecordCopy
from pannier_server.transfer.format import (
    MAX_LINE_BYTES,
    FormatError,
    Header,
    Trailer,
    decode_header,
    decode_record,
    decode_trailer,
    is_trailer,
)
from pannier_server.transfer.raw_io import read_some
from pannier_server.transfer.verify import CUT, InputError

BATCH_RECORDS = 500
BATCH_BYTES = 1 << 20
"""What is written at once at most, but for its last record. More would be too much for a slow
line to DynamoDB, over which each request has seconds to be answered."""

_KEY_FIRST = b'{"key":'


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that follow each other in an export.

    Attributes:
        copies: The records.
        end: The offset in the input behind the last of them, in bytes.
        lines: How many record lines of the input there are up to there.
    """

    copies: list[RecordCopy]
    end: int
    lines: int


class ExportReader:
    """Reads one export from its start.

    Attributes:
        header: Its first line, once it was read.
    """

    header: Header

    def __init__(self, descriptor: int, name: str) -> None:
        """Take what to read, and what to call it in errors."""
        self._name = name
        self._source = _Lines(descriptor)
        self._sha256: hashlib._Hash | None = hashlib.sha256()
        self._lines = 0
        self._problem: InputError | None = None
        self._ended = False

    def go_on(self, header: Header, offset: int, lines: int) -> None:
        """Read from the middle of an export that was verified; the descriptor is there.

        Args:
            header: The export's.
            offset: Where the descriptor is.
            lines: How many record lines come before.
        """
        self.header = header
        self._source.offset = offset
        self._lines = lines
        self._sha256 = None

    async def begin(self) -> None:
        """Read the header.

        Raises:
            InputError: It is none, or nothing is there.
            OSError: The input cannot be read.
        """
        line = await self._source.next()
        if line is None:
            raise InputError(f"{self._name}: it is empty: the export ended before it began")
        try:
            self.header = decode_header(line)
        except FormatError as error:
            raise InputError(f"{self._name}: {error}") from None
        self._note(line)

    async def batch(self) -> Batch | None:
        """Return the next records; None behind the last line, once that has been checked.

        Raises:
            InputError: The input is cut, or no export. All records before that were answered.
            OSError: The input cannot be read.
        """
        copies: list[RecordCopy] = []
        size = 0
        while not (self._ended or self._problem):
            if len(copies) == BATCH_RECORDS or size >= BATCH_BYTES:
                break
            try:
                copy = await self._next()
            except InputError as error:
                self._problem = error
            else:
                if copy is not None:
                    copies.append(copy)
                    size += len(copy.data)
        if copies:
            return Batch(copies, self._source.offset, self._lines)
        if self._problem:
            raise self._problem
        return None

    async def _next(self) -> RecordCopy | None:
        """Return the next record; None for the last line."""
        line = await self._source.next()
        if line is None:
            raise self._cut()
        try:
            if not line.startswith(_KEY_FIRST) and is_trailer(line):
                await self._end(decode_trailer(line))
                return None
            copy = decode_record(line)
        except FormatError as error:
            if not line.endswith(b"\n"):
                raise self._cut() from None
            raise InputError(f"{self._name}: line {self._lines + 2:,}: {error}") from None
        self._note(line)
        self._lines += 1
        return copy

    def _cut(self) -> InputError:
        return InputError(f"{self._name}: {CUT} after {self._lines:,} records")

    async def _end(self, trailer: Trailer) -> None:
        self._ended = True
        if trailer.records != self._lines:
            raise FormatError(
                f"it has {self._lines:,} records, and its last line says {trailer.records:,}"
            )
        if self._sha256 is not None and self._sha256.hexdigest() != trailer.sha256:
            raise FormatError("the checksum is wrong: the export was changed after it was written")
        if await self._source.next() is not None:
            raise FormatError("more follows behind the last line; import one export at a time")

    def _note(self, line: bytes) -> None:
        if self._sha256 is not None:
            self._sha256.update(line)


class _Lines:
    """The lines of a descriptor.

    Attributes:
        offset: Where the next line begins, in bytes.
    """

    def __init__(self, descriptor: int) -> None:
        self.offset = 0
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque()
        self._rest: list[bytes] = []
        self._rest_bytes = 0

    async def next(self) -> bytes | None:
        """Return a line with its line break, which only the last one may lack; None at the end.

        Raises:
            InputError: The line is longer than any line of an export.
        """
        while not self._lines:
            piece = await read_some(self._descriptor)
            if not piece:
                self._lines.extend(filter(None, [self._take_rest()]))
                if not self._lines:
                    return None
            else:
                self._split(piece)
        line = self._lines.popleft()
        self.offset += len(line)
        return line

    def _split(self, piece: bytes) -> None:
        *whole, rest = piece.split(b"\n")
        if whole:
            whole[0] = self._take_rest() + whole[0]
            self._lines.extend(line + b"\n" for line in whole)
        self._rest.append(rest)
        self._rest_bytes += len(rest)
        if self._rest_bytes > MAX_LINE_BYTES:
            raise InputError(f"a line has more than {MAX_LINE_BYTES:,} bytes: this is no export")

    def _take_rest(self) -> bytes:
        rest = b"".join(self._rest)
        self._rest.clear()
        self._rest_bytes = 0
        return rest

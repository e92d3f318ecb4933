"""How far an import of a file has come, kept beside the file.

An import can always begin anew: what is there already counts as done. This only saves the
time of looking. So it trusts nothing: it goes on a batch before the place where the earlier
attempt ended, and where that batch is not in the store any more, neither need be the rest.
"""

import time
from contextlib import suppress
from pathlib import Path

import msgspec

from pannier_server.transfer.import_ import ImportCounts
from pannier_server.transfer.reader import Batch
from pannier_server.transfer.state_file import StateFile, store_digest

SAVE_SECONDS = 2.0


class ImportState(msgspec.Struct, kw_only=True):
    """How far an import has come.

    Attributes:
        id: Which export it reads.
        store: Which store it writes to; see `store_digest`.
        on_conflict: What it does where another record is there.
        offset: Where to go on in the file: at the start of the last batch, in bytes.
        lines: How many record lines come before that.
        counts: What became of them.
        done: How many record lines from the start were written.
    """

    id: str
    store: str
    on_conflict: str
    offset: int = 0
    lines: int = 0
    counts: ImportCounts
    done: int = 0

    def fits(self, other: "ImportState") -> bool:
        """Tell whether it belongs to the same import."""
        mine = (self.id, self.store, self.on_conflict)
        return mine == (other.id, other.store, other.on_conflict)


class ImportKeeper:
    """Writes down how far an import is, now and then."""

    def __init__(self, file: Path, url: str, begun: ImportState) -> None:
        """Take the export's file, the store's URL, and where the import begins."""
        self._beside = StateFile(file.with_name(f"{file.name}.import-{store_digest(url)[:8]}"))
        self._begun = begun
        self._next = begun
        self._state: ImportState | None = None
        self._saved_at = time.monotonic()

    def load(self) -> ImportState:
        """Return where to go on: at the start where nothing of this import is known."""
        try:
            found = self._beside.load(ImportState)
        except (OSError, msgspec.DecodeError):
            found = None
        return found if found and found.fits(self._begun) else self._begun

    def begin(self, state: ImportState) -> None:
        """Take note of where this attempt begins."""
        self._next = state

    def note(self, batch: Batch, counts: ImportCounts) -> None:
        """Take note that all up to the end of a batch was written."""
        self._state = msgspec.structs.replace(self._next, done=batch.lines)
        self._next = msgspec.structs.replace(
            self._begun,
            offset=batch.end,
            lines=batch.lines,
            counts=msgspec.structs.replace(counts),
        )
        if time.monotonic() - self._saved_at > SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Write it down, where that is possible: a folder may be read only."""
        self._saved_at = time.monotonic()
        if self._state is not None:
            with suppress(OSError):
                self._beside.save(self._state)

    def forget(self) -> None:
        """Remove what was written down."""
        with suppress(OSError):
            self._beside.remove()

"""Small files beside an export that say how far it, or an import of it, has come."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

State = TypeVar("State", bound=msgspec.Struct)


class StateFile:
    """One such file, replaced as a whole, so that it is never half written."""

    def __init__(self, path: Path) -> None:
        """Keep where it is."""
        self.path = path

    def load(self, kind: type[State]) -> State | None:
        """Return what it holds; None where it is not there.

        Raises:
            OSError: It cannot be read.
            msgspec.DecodeError: It holds something else.
        """
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(text, type=kind)
        except UnicodeDecodeError as error:
            raise msgspec.DecodeError(str(error)) from None

    def save(self, state: msgspec.Struct) -> None:
        """Replace it, on the disk too.

        Raises:
            OSError: It cannot be written.
        """
        written = self.path.with_name(f"{self.path.name}.new")
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        # A full disk may take the beginning of one write; the stream goes on until it refuses.
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(descriptor)
        written.replace(self.path)

    def remove(self) -> None:
        """Remove it, where it is there."""
        with suppress(FileNotFoundError):
            self.path.unlink()


def store_digest(url: str) -> str:
    """Return what tells one store from another in such a file, and shows nothing of it."""
    return hashlib.sha256(url.encode()).hexdigest()

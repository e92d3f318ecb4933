"""Folders as zip files that are the same each time: sorted, with one date and plain modes."""

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

# The first day that a zip file can hold.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def write_zip(folder: Path, target: Path, *, under: str) -> None:
    """Write all files of a folder.

    Args:
        folder: What to write.
        target: The zip file.
        under: The folder inside the zip file that they are put into.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(_files(folder)):
            entry = zipfile.ZipInfo(f"{under}/{path.relative_to(folder).as_posix()}", _DATE)
            entry.create_system = _UNIX
            entry.external_attr = (stat.S_IFREG | _mode(path)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files; links to some are files too, because not everyone unpacks links."""
    return (path for path in folder.rglob("*") if path.is_file())


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644

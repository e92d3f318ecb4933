from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pannier_server.backends.sqlite import SqliteBackend
from pannier_server.testing.records import Records
from tests.sqlite.recording_vfs import RecordingVfs
from tests.sqlite.stores import opened_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pannier.db"


@pytest.fixture
def vfs() -> Iterator[RecordingVfs]:
    """Records what SQLite does to files, for a test that names it before a backend."""
    with RecordingVfs() as vfs:
        yield vfs


@pytest.fixture
async def backend(path: Path) -> AsyncIterator[SqliteBackend]:
    async with opened_store(path) as backend:
        yield backend


@pytest.fixture
def records(backend: SqliteBackend) -> Records:
    return Records(backend, "owner")

"""SQLite stores for tests."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from pannier_server.backends.sqlite import SqliteBackend
from pannier_server.backends.sqlite.location import Location


@asynccontextmanager
async def opened_store(path: Path) -> AsyncIterator[SqliteBackend]:
    """Open a store on a file, and close it in the end."""
    backend = SqliteBackend(Location(path))
    await backend.open()
    try:
        yield backend
    finally:
        await backend.close()


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Connect to the file as another process would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's write lock, as another process would."""
    with connected(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")

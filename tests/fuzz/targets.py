"""What is fuzzed: each kind of input against each store and transport."""

from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from bench import servers
from pannier_server.backends.dynamodb.backend import DynamoDBBackend
from pannier_server.backends.memory import MemoryBackend
from pannier_server.backends.registry import create_backend
from pannier_server.backends.sqlite import SqliteBackend
from pannier_server.backends.sqlite.location import Location
from tests.engines.table import Table
from tests.fuzz.requests import fuzz_requests
from tests.fuzz.rows import DynamoDBRows, SqliteRows, fuzz_rows
from tests.fuzz.sockets import fuzz_socket

Fuzzer = Callable[[Path, Table, float, int], Coroutine[Any, Any, int]]
"""Takes a folder for files, a table, how many seconds, and a seed; returns how many went well."""


async def _requests_memory(
    transport: str, _folder: Path, _table: Table, seconds: float, seed: int
) -> int:
    return await fuzz_requests(MemoryBackend(), transport, seconds, seed)


async def _requests_sqlite(folder: Path, _table: Table, seconds: float, seed: int) -> int:
    backend = SqliteBackend(Location(folder / f"requests-{seed}.db"))
    return await fuzz_requests(backend, "h2", seconds, seed)


async def _requests_dynamodb(_folder: Path, table: Table, seconds: float, seed: int) -> int:
    return await fuzz_requests(create_backend(table.store_url), "h2", seconds, seed)


async def _rows_sqlite(folder: Path, _table: Table, seconds: float, seed: int) -> int:
    file = folder / f"rows-{seed}.db"
    backend = SqliteBackend(Location(file))
    await backend.open()
    rows = SqliteRows(file)
    try:
        return await fuzz_rows(backend, rows, "h2", seconds, seed)
    finally:
        rows.close()


async def _rows_dynamodb(_folder: Path, table: Table, seconds: float, seed: int) -> int:
    backend = create_backend(table.store_url)
    assert isinstance(backend, DynamoDBBackend)
    rows = DynamoDBRows(table.client(), table.name)
    return await fuzz_rows(backend, rows, "h2", seconds, seed)


async def _socket(_folder: Path, _table: Table, seconds: float, seed: int) -> int:
    with servers.sidecar("memory:", wait=False) as server:
        return await fuzz_socket(server.address, server.process.log, seconds, seed)


FUZZERS: dict[str, Fuzzer] = {
    "requests, memory": partial(_requests_memory, "h2"),
    "requests, memory, grpcio": partial(_requests_memory, "grpcio"),
    "requests, SQLite": _requests_sqlite,
    "requests, DynamoDB": _requests_dynamodb,
    "rows, SQLite": _rows_sqlite,
    "rows, DynamoDB": _rows_dynamodb,
    "raw bytes": _socket,
}
"""By what the command line calls them."""

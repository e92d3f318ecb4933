"""Stores to move records between, filled and compared directly."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random

from pannier_server.backends.contract import MAX_EXPIRES_AT, MAX_VERSION, Key
from pannier_server.backends.registry import create_backend
from pannier_server.backends.transfer import (
    Outcome,
    RecordCopy,
    Replace,
    Transfer,
    TransferableBackend,
)

PATIENCE = 120.0
BATCH = 500
LARGE = 350 * 1024

OWNERS = [
    "a",
    "ab",
    "a#b",
    "Zürich",
    "\U0001f4e6",
    'quote"back\\slash',
    "tab\tline\nnul\0",
    "o" * 300,
]
SMALL_DATA = [
    b"",
    b"\0",
    b"\xff\xfe",
    b'{"state": "open"}',
    "é\u2028\U0010ffff".encode(),
    b"\xc3(",
    b'"\\\n',
]
VERSIONS = [1, 2, 1000, 2**53 + 1, MAX_VERSION - 1, MAX_VERSION]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[TransferableBackend]:
    """Open the store that a URL names, and close it in the end."""
    backend = create_backend(url)
    assert isinstance(backend, TransferableBackend)
    await backend.open()
    try:
        yield backend
    finally:
        await backend.close()


def hostile_records(count: int, seed: int = 1) -> list[RecordCopy]:
    """Return records of every awkward kind, none of them expired."""
    random = Random(seed)
    soon = int(time.time()) + 24 * 3600
    return [
        RecordCopy(
            Key(random.choice(OWNERS), f"name {number}\x1f{random.choice(OWNERS)}"),
            random.randbytes(LARGE) if number % 400 == 7 else _data(random),
            random.choice(VERSIONS),
            random.choice([None, soon, soon + number, MAX_EXPIRES_AT]),
        )
        for number in range(count)
    ]


def plain_records(count: int, size: int) -> Iterable[RecordCopy]:
    """Yield records as applications have them, with a thousandth that expire."""
    soon = int(time.time()) + 24 * 3600
    for number in range(count):
        data = f'{{"number": {number}, "text": "'.encode().ljust(size - 2, b"x") + b'"}'
        expires_at = soon + number if number % 1000 == 0 else None
        key = Key(f"owner-{number % 100}", f"task-{number}")
        yield RecordCopy(key, data, number % 50 + 1, expires_at)


async def fill(transfer: Transfer, copies: Iterable[RecordCopy], *, now: int | None = None) -> None:
    """Write records into a store."""
    batch: list[RecordCopy] = []
    for copy in copies:
        batch.append(copy)
        if len(batch) == BATCH:
            await _write(transfer, batch, now)
            batch = []
    await _write(transfer, batch, now)


async def _write(transfer: Transfer, batch: Sequence[RecordCopy], now: int | None) -> None:
    at = int(time.time()) if now is None else now
    answers = await transfer.restore(batch, replace=Replace.NOTHING, now=at, patience=PATIENCE)
    assert {answer.outcome for answer in answers} <= {Outcome.WRITTEN}


async def content(transfer: Transfer) -> Mapping[Key, object]:
    """Return all that a store holds and has not expired."""
    pages = transfer.scan(None, now=int(time.time()), position=None, patience=PATIENCE)
    return {row.key: row async for page in pages for row in page.rows}


def content_of(url: str) -> Mapping[Key, object]:
    """Return all that the store of a URL holds and has not expired."""

    async def read() -> Mapping[Key, object]:
        async with opened(url) as backend:
            return await content(backend.transfer())

    return asyncio.run(read())


def fill_store(url: str, copies: Iterable[RecordCopy]) -> None:
    """Write records into the store of a URL."""

    async def write() -> None:
        async with opened(url) as backend:
            await fill(backend.transfer(), copies)

    asyncio.run(write())


def plant_corrupt(path: Path, key: Key) -> None:
    """Put a row into a SQLite store that cannot be read."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO records (owner, name, version, data) VALUES (?, ?, 'seven', x'00')",
            (key.owner, key.name),
        )


def _data(random: Random) -> bytes:
    return random.choice([*SMALL_DATA, random.randbytes(200), b"x" * random.randrange(2000)])

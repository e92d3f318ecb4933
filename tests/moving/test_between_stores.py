"""From any store to any other, everything arrives as it was."""

import io
import itertools
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from pannier_server.backends.transfer import RecordCopy, Replace, Transfer
from pannier_server.transfer.export import export_records
from pannier_server.transfer.import_ import ImportCounts, Importer
from pannier_server.transfer.output import StreamOutput, new_state
from pannier_server.transfer.progress import Progress
from pannier_server.transfer.reader import ExportReader
from tests.moving.conftest import UrlOf
from tests.moving.stores import (
    PATIENCE,
    content,
    fill,
    hostile_records,
    opened,
)

KINDS = ("memory", "sqlite", "dynamodb")
PAIRS = list(itertools.product(KINDS, KINDS))
RECORDS = 2_000
THROUGH_DYNAMODB = 400
"""Fewer, because DynamoDB Local takes some 1,000 a second."""


async def export_to(path: Path, source: Transfer) -> None:
    with path.open("wb") as file:
        output = StreamOutput(file.fileno(), new_state("memory:", None, 0))
        await export_records(
            source,
            output,
            prefix=None,
            now=int(time.time()),
            patience=PATIENCE,
            progress=Progress("exported", io.StringIO()),
            report=lambda row: pytest.fail(row.problem),
        )


async def import_from(path: Path, destination: Transfer) -> ImportCounts:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        reader = ExportReader(descriptor, "the export")
        await reader.begin()
        importer = Importer(
            destination.restore,
            replace=Replace.NOTHING,
            now=lambda: int(time.time()),
            patience=PATIENCE,
            progress=Progress("imported", io.StringIO()),
            report=lambda _, restored: pytest.fail(restored.problem),
        )
        return await importer.run(reader)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(("here", "there"), PAIRS)
async def test_everything_arrives_as_it_was_and_only_once(
    here: str, there: str, url_of: UrlOf, exported: Path
) -> None:
    count = THROUGH_DYNAMODB if "dynamodb" in {here, there} else RECORDS
    await check_move(hostile_records(count), url_of(here), url_of(there), exported)


@pytest.mark.slow
@pytest.mark.parametrize(("here", "there"), [pair for pair in PAIRS if "dynamodb" in pair])
async def test_everything_arrives_by_the_thousands(
    here: str, there: str, url_of: UrlOf, exported: Path
) -> None:
    await check_move(hostile_records(3_000, seed=2), url_of(here), url_of(there), exported)


async def check_move(copies: list[RecordCopy], here: str, there: str, exported: Path) -> None:
    """Move records from one new store to another, twice."""
    async with AsyncExitStack() as stack:
        source = (await stack.enter_async_context(opened(here))).transfer()
        destination = (await stack.enter_async_context(opened(there))).transfer()
        await fill(source, copies)
        await export_to(exported, source)
        assert await import_from(exported, destination) == ImportCounts(written=len(copies))
        assert await content(destination) == {copy.key: copy for copy in copies}
        assert await import_from(exported, destination) == ImportCounts(same=len(copies))

"""Errors: they say whether the write was applied, and never repeat a key or data."""
# ruff: noqa: D102

from collections.abc import Awaitable

import pytest

from pannier_server.backends.errors import (
    DataTooLarge,
    RecordCorrupt,
    RecordExists,
    RecordNotFound,
    RequestIdReused,
    StorageError,
    VersionMismatch,
    WriteOutcome,
)
from pannier_server.backends.etags import format_etag
from pannier_server.testing.contract.base import ContractBase, Plant
from pannier_server.testing.records import Records, new_write_id

NAME = "confidential-name"
DATA = b"confidential-data"


async def error_of(call: Awaitable[object]) -> StorageError:
    """Return the error that a call ends in."""
    with pytest.raises(StorageError) as error:
        await call
    return error.value


def require_discretion(error: StorageError, owner: str) -> None:
    """Assert that an error repeats no part of the request."""
    for text in (str(error), repr(error), error.message, repr(error.args)):
        assert "confidential" not in text
        assert owner not in text
    assert error.message


class ErrorContract(ContractBase):
    """What every method owes to those who read its errors."""

    async def test_a_refused_write_says_that_it_was_not_applied(self, records: Records) -> None:
        write_id = new_write_id()
        absent = await error_of(records.put_if_version("absent", expected_version=1))
        assert isinstance(absent, RecordNotFound)
        await records.put(write_id=write_id)
        refused = {
            RecordExists: records.create(),
            VersionMismatch: records.put_if_version(expected_version=2),
            RequestIdReused: records.put(data=b"other", write_id=write_id),
        }
        assert absent.write_outcome is WriteOutcome.NOT_APPLIED
        for kind, call in refused.items():
            error = await error_of(call)
            assert isinstance(error, kind)
            assert error.write_outcome is WriteOutcome.NOT_APPLIED

    async def test_a_refused_delete_says_that_it_was_not_applied(self, records: Records) -> None:
        await records.put()
        for call in (
            records.delete(expected_version=2),
            records.delete(etag=format_etag(1, new_write_id())),
        ):
            error = await error_of(call)
            assert isinstance(error, VersionMismatch)
            assert error.write_outcome is WriteOutcome.NOT_APPLIED

    async def test_a_write_refused_over_a_corrupt_row_says_that_it_was_not_applied(
        self, records: Records, plant: Plant
    ) -> None:
        await plant(records.key(), version=0, data=b"x")
        for call in (
            records.put(),
            records.put_if_version(expected_version=1),
            records.delete(expected_version=1),
        ):
            error = await error_of(call)
            assert isinstance(error, RecordCorrupt)
            assert error.write_outcome is WriteOutcome.NOT_APPLIED

    async def test_no_error_repeats_the_key_or_the_data(self, records: Records) -> None:
        require_discretion(await error_of(records.get(NAME)), records.owner)
        absent = records.put_if_version(NAME, DATA, expected_version=1)
        require_discretion(await error_of(absent), records.owner)
        write_id = new_write_id()
        await records.put(NAME, DATA, write_id=write_id)
        for call in (
            records.create(NAME, DATA),
            records.put_if_version(NAME, DATA, expected_version=2),
            records.put(NAME, DATA + b" changed", write_id=write_id),
            records.delete(NAME, expected_version=2),
        ):
            require_discretion(await error_of(call), records.owner)

    async def test_no_error_repeats_data_that_is_too_large(self, records: Records) -> None:
        size = records.backend.max_data_bytes + 1
        try:
            await records.put(NAME, DATA.ljust(size, b"x"))
        except DataTooLarge as error:
            require_discretion(error, records.owner)

    async def test_no_error_repeats_a_corrupt_row(self, records: Records, plant: Plant) -> None:
        await plant(records.key(NAME), version="confidential-version", data=DATA)
        for call in (records.get(NAME), records.put(NAME, DATA)):
            require_discretion(await error_of(call), records.owner)

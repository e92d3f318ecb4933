"""Rows that are no records are named; they are never hidden, changed or taken as absent."""
# ruff: noqa: D102

import pytest

from pannier_server.backends.contract import MAX_VERSION, Record, Unreadable
from pannier_server.backends.errors import RecordCorrupt, RecordNotFound
from pannier_server.backends.etags import format_etag
from pannier_server.testing.contract.base import ContractBase, Plant
from pannier_server.testing.records import Records, new_write_id

ROWS: dict[str, dict[str, object]] = {
    "no version": {"data": b"x"},
    "version is text": {"version": "seven", "data": b"x"},
    "version is zero": {"version": 0, "data": b"x"},
    "version is negative": {"version": -1, "data": b"x"},
    "version is too large": {"version": MAX_VERSION + 1, "data": b"x"},
    "no data": {"version": 1},
    "data is a number": {"version": 1, "data": 7},
    "expires_at is text": {"version": 1, "data": b"x", "expires_at": "tomorrow"},
    "expires_at is bytes": {"version": 1, "data": b"x", "expires_at": b"1"},
    "no attribute at all": {},
}
FRACTION: dict[str, object] = {"version": 1.5, "data": b"x"}

each_row = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
each_row_and_a_fraction = pytest.mark.parametrize(
    "row", [*ROWS.values(), FRACTION], ids=[*ROWS, "version is a fraction"]
)


class CorruptRowContract(ContractBase):
    """What every method owes where the row at a key is no record."""

    async def _assert_still_corrupt(self, records: Records) -> None:
        with pytest.raises(RecordCorrupt):
            await records.get()

    @each_row_and_a_fraction
    async def test_get_says_what_is_wrong(
        self, records: Records, plant: Plant, row: dict[str, object]
    ) -> None:
        await plant(records.key(), **row)
        with pytest.raises(RecordCorrupt) as error:
            await records.get()
        assert error.value.message

    # A fraction cannot be seen in a store's condition, so a put may miss it.
    @each_row
    async def test_put_refuses_to_write_over_it(
        self, records: Records, plant: Plant, row: dict[str, object]
    ) -> None:
        await plant(records.key(), **row)
        with pytest.raises(RecordCorrupt):
            await records.put()
        await self._assert_still_corrupt(records)

    @each_row_and_a_fraction
    async def test_put_if_version_refuses_to_write_over_it(
        self, records: Records, plant: Plant, row: dict[str, object]
    ) -> None:
        await plant(records.key(), **row)
        for expected_version in (0, 1, 2, 7, MAX_VERSION):
            with pytest.raises(RecordCorrupt):
                await records.put_if_version(expected_version=expected_version)
        with pytest.raises(RecordCorrupt):
            await records.put_if_version(expected_version=1, etag=format_etag(1, None))
        await self._assert_still_corrupt(records)

    @each_row_and_a_fraction
    async def test_a_conditional_delete_refuses_to_remove_it(
        self, records: Records, plant: Plant, row: dict[str, object]
    ) -> None:
        await plant(records.key(), **row)
        etag = format_etag(1, new_write_id())
        with pytest.raises(RecordCorrupt):
            await records.delete(expected_version=1)
        with pytest.raises(RecordCorrupt):
            await records.delete(etag=etag)
        with pytest.raises(RecordCorrupt):
            await records.delete(expected_version=1, etag=etag)
        await self._assert_still_corrupt(records)

    @each_row_and_a_fraction
    async def test_an_unconditional_delete_removes_it(
        self, records: Records, plant: Plant, row: dict[str, object]
    ) -> None:
        await plant(records.key(), **row)
        assert await records.delete() is True
        with pytest.raises(RecordNotFound):
            await records.get()
        assert (await records.put()).version == 1

    @each_row_and_a_fraction
    async def test_a_list_names_it_in_its_place_and_goes_on(
        self, records: Records, plant: Plant, row: dict[str, object]
    ) -> None:
        await records.fill("ac")
        await plant(records.key("b"), **row)
        for descending in (False, True):
            for max_rows in (1, 2, 3):
                rows = await records.rows(max_rows=max_rows, descending=descending)
                assert [found.key.name for found in rows] == list("cba" if descending else "abc")
                before, unreadable, behind = rows
                assert isinstance(unreadable, Unreadable)
                assert unreadable.problem
                assert isinstance(before, Record)
                assert isinstance(behind, Record)

    async def test_unreadable_rows_count_in_a_page(self, records: Records, plant: Plant) -> None:
        await records.fill("ac")
        for name in "bde":
            await plant(records.key(name), **ROWS["no data"])
        pages = await records.pages(max_rows=2)
        assert all(len(page.rows) <= 2 for page in pages)
        assert sum(len(page.rows) for page in pages) == 5

    async def test_a_row_whose_expiry_cannot_be_read_has_not_expired(
        self, records: Records, plant: Plant
    ) -> None:
        await plant(records.key(), **ROWS["expires_at is text"])
        assert (await records.cleanup()).removed == 0
        await self._assert_still_corrupt(records)

    async def test_a_corrupt_row_is_corrupt_before_it_is_expired(
        self, records: Records, plant: Plant
    ) -> None:
        await plant(records.key(), version=0, data=b"x", expires_at=records.now)
        with pytest.raises(RecordCorrupt):
            await records.put()
        for expected_version in (0, 1):
            with pytest.raises(RecordCorrupt):
                await records.put_if_version(expected_version=expected_version)
        await self._assert_still_corrupt(records)

    async def test_a_write_id_of_another_type_makes_no_row_unreadable(
        self, records: Records, plant: Plant
    ) -> None:
        await plant(records.key(), version=3, data=b"x", write_id=7, previous_write_id=8)
        found = await records.get()
        assert (found.version, found.data) == (3, b"x")
        assert found.etag
        assert (await records.put()).version == 4

"""Rows that others wrote: healthy, but without our write ids, or at the last version."""
# ruff: noqa: D102

import pytest

from pannier_server.backends.contract import MAX_VERSION, Record
from pannier_server.backends.errors import (
    RecordCorrupt,
    RecordExists,
    RecordNotFound,
    VersionMismatch,
)
from pannier_server.backends.etags import format_etag
from pannier_server.testing.contract.base import ContractBase, Plant
from pannier_server.testing.records import Records, new_write_id


class ForeignRowContract(ContractBase):
    """What every method owes to rows that did not come through the backend."""

    async def test_a_row_without_write_id_is_a_record_with_an_etag(
        self, records: Records, plant: Plant
    ) -> None:
        expires_at = records.now + 60
        await plant(records.key("a"), version=7, data=b"theirs", expires_at=expires_at)
        found = await records.get("a")
        assert found.etag
        assert found == Record(records.key("a"), b"theirs", 7, found.etag, expires_at)
        assert await records.rows() == [found]
        with pytest.raises(RecordNotFound):
            await records.get("a", at=expires_at)

    async def test_put_goes_on_with_its_version(self, records: Records, plant: Plant) -> None:
        await plant(records.key(), version=7, data=b"theirs")
        assert (await records.put(data=b"ours")).version == 8
        assert (await records.get()).data == b"ours"

    async def test_a_retry_of_that_put_is_recognised(self, records: Records, plant: Plant) -> None:
        await plant(records.key(), version=7, data=b"theirs")
        write_id = new_write_id()
        first = await records.put(write_id=write_id)
        assert await records.put(write_id=write_id) == first
        await records.put()
        assert await records.put(write_id=write_id) == first
        assert (await records.get()).version == 9

    async def test_put_if_version_takes_its_version_and_etag(
        self, records: Records, plant: Plant
    ) -> None:
        await plant(records.key("a"), version=7, data=b"theirs")
        await plant(records.key("b"), version=7, data=b"theirs")
        assert (await records.put_if_version("a", expected_version=7)).version == 8
        etag = (await records.get("b")).etag
        assert (await records.put_if_version("b", expected_version=7, etag=etag)).version == 8

    async def test_its_etag_conflicts_once_we_wrote_that_version(
        self, records: Records, plant: Plant
    ) -> None:
        await plant(records.key(), version=1, data=b"theirs")
        etag = (await records.get()).etag
        await records.delete()
        ours = await records.put()
        for attempt in (
            records.put_if_version(expected_version=1, etag=etag),
            records.delete(etag=etag),
            records.delete(expected_version=1, etag=etag),
        ):
            with pytest.raises(VersionMismatch) as conflict:
                await attempt
            assert conflict.value.actual_version == 1
            assert conflict.value.actual_etag == ours.etag
        assert (await records.get()).etag == ours.etag

    async def test_our_etag_conflicts_once_others_wrote_that_version(
        self, records: Records, plant: Plant
    ) -> None:
        ours = await records.put()
        await plant(records.key(), version=1, data=b"theirs")
        theirs = await records.get()
        for attempt in (
            records.put_if_version(expected_version=1, etag=ours.etag),
            records.delete(etag=ours.etag),
            records.delete(expected_version=1, etag=ours.etag),
        ):
            with pytest.raises(VersionMismatch) as conflict:
                await attempt
            assert conflict.value.actual_etag == theirs.etag
        assert await records.get() == theirs

    async def test_deletes_take_its_version_and_etag(self, records: Records, plant: Plant) -> None:
        for name in "abcd":
            await plant(records.key(name), version=7, data=b"theirs")
        etag = (await records.get("a")).etag
        assert await records.delete("a") is True
        assert await records.delete("b", expected_version=7) is True
        assert await records.delete("c", etag=etag) is True
        assert await records.delete("d", expected_version=7, etag=etag) is True
        assert await records.names() == []

    async def test_conflicts_over_it_tell_its_version_and_etag(
        self, records: Records, plant: Plant
    ) -> None:
        await plant(records.key(), version=7, data=b"theirs")
        found = await records.get()
        with pytest.raises(RecordExists):
            await records.create()
        for attempt in (
            records.put_if_version(expected_version=6),
            records.put_if_version(expected_version=7, etag=format_etag(7, new_write_id())),
            records.delete(expected_version=6),
        ):
            with pytest.raises(VersionMismatch) as conflict:
                await attempt
            assert conflict.value.actual_version == 7
            assert conflict.value.actual_etag == found.etag
        assert await records.get() == found

    async def test_it_expires_like_any_other(self, records: Records, plant: Plant) -> None:
        for name in "abcd":
            await plant(records.key(name), version=7, data=b"", expires_at=records.now)
        assert await records.names() == []
        assert await records.delete("a") is False
        with pytest.raises(RecordNotFound):
            await records.put_if_version("b", expected_version=7)
        assert (await records.create("b")).version in {1, 8}
        assert (await records.put("c")).version in {1, 8}
        assert 1 <= (await records.cleanup()).removed <= 2

    async def test_a_write_that_others_wrote_over_is_written_again(
        self, records: Records, plant: Plant
    ) -> None:
        write_id = new_write_id()
        await records.put(data=b"ours", write_id=write_id)
        await plant(records.key(), version=2, data=b"theirs")
        assert (await records.put(data=b"ours", write_id=write_id)).version == 3

    async def test_the_last_version_is_readable_and_deletable(
        self, records: Records, plant: Plant
    ) -> None:
        for name in "ab":
            await plant(records.key(name), version=MAX_VERSION, data=b"x")
        found = await records.get("a")
        assert found.version == MAX_VERSION
        assert (await records.rows())[0] == found
        assert await records.delete("a", expected_version=MAX_VERSION) is True
        assert await records.delete("b", etag=found.etag) is True

    async def test_the_last_version_is_reached(self, records: Records, plant: Plant) -> None:
        for name in "ab":
            await plant(records.key(name), version=MAX_VERSION - 1, data=b"x")
        assert (await records.put("a")).version == MAX_VERSION
        written = await records.put_if_version("b", expected_version=MAX_VERSION - 1)
        assert written.version == MAX_VERSION
        assert [getattr(row, "version", None) for row in await records.rows()] == [MAX_VERSION] * 2

    async def test_the_last_version_cannot_grow(self, records: Records, plant: Plant) -> None:
        await plant(records.key(), version=MAX_VERSION, data=b"x")
        before = await records.get()
        with pytest.raises(RecordCorrupt):
            await records.put()
        with pytest.raises(RecordCorrupt):
            await records.put_if_version(expected_version=MAX_VERSION)
        with pytest.raises(VersionMismatch):
            await records.put_if_version(expected_version=MAX_VERSION - 1)
        with pytest.raises(RecordExists):
            await records.create()
        assert await records.get() == before

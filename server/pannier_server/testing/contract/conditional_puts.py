"""Writes over an expected version only, and creates."""
# ruff: noqa: D102

import pytest

from pannier_server.backends.contract import MAX_VERSION
from pannier_server.backends.errors import RecordExists, RecordNotFound, VersionMismatch
from pannier_server.backends.etags import format_etag
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records, new_write_id


class ConditionalPutContract(ContractBase):
    """What `put_if_version` owes where no retry and no expiry is in play."""

    async def test_create_writes_version_one_where_nothing_is(self, records: Records) -> None:
        written = await records.create(data=b"new")
        found = await records.get()
        assert (found.version, found.data, found.etag) == (1, b"new", written.etag)

    async def test_create_over_a_live_record_changes_nothing(self, records: Records) -> None:
        await records.put(data=b"old", expires_at=records.now + 60)
        before = await records.get()
        with pytest.raises(RecordExists):
            await records.create(data=b"new")
        assert await records.get() == before

    async def test_create_after_a_delete_starts_at_version_one(self, records: Records) -> None:
        await records.put()
        await records.put()
        await records.delete()
        assert (await records.create()).version == 1

    async def test_put_if_version_climbs_from_version_to_version(self, records: Records) -> None:
        written = await records.create(data=b"1")
        for version in range(1, 8):
            assert written.version == version
            written = await records.put_if_version(
                data=b"%d" % (version + 1), expected_version=version
            )
            found = await records.get()
            assert (found.version, found.etag) == (version + 1, written.etag)
            assert found.data == b"%d" % (version + 1)

    async def test_put_if_version_and_put_count_the_same_versions(self, records: Records) -> None:
        await records.put()
        await records.put_if_version(expected_version=1)
        assert (await records.put()).version == 3

    @pytest.mark.parametrize("expected_version", [1, 2, 4, 30, MAX_VERSION])
    async def test_another_version_conflicts_and_changes_nothing(
        self, records: Records, expected_version: int
    ) -> None:
        for _ in range(3):
            await records.put(expires_at=records.now + 60)
        before = await records.get()
        with pytest.raises(VersionMismatch):
            await records.put_if_version(data=b"new", expected_version=expected_version)
        assert await records.get() == before

    async def test_a_conflict_tells_the_expected_and_the_actual_version_and_etag(
        self, records: Records
    ) -> None:
        await records.put()
        written = await records.put()
        with pytest.raises(VersionMismatch) as conflict:
            await records.put_if_version(expected_version=1)
        assert conflict.value.expected_version == 1
        assert conflict.value.actual_version == 2
        assert conflict.value.actual_etag == written.etag

    async def test_the_facts_of_a_conflict_are_enough_to_write(self, records: Records) -> None:
        for _ in range(3):
            await records.put()
        with pytest.raises(VersionMismatch) as conflict:
            await records.put_if_version(expected_version=1)
        written = await records.put_if_version(
            expected_version=conflict.value.actual_version, etag=conflict.value.actual_etag
        )
        assert written.version == 4

    @pytest.mark.parametrize("expected_version", [1, 5, MAX_VERSION])
    async def test_a_version_expected_where_nothing_is_finds_no_record(
        self, records: Records, expected_version: int
    ) -> None:
        with pytest.raises(RecordNotFound):
            await records.put_if_version(expected_version=expected_version)
        with pytest.raises(RecordNotFound):
            await records.get()

    async def test_an_etag_expected_where_nothing_is_finds_no_record(
        self, records: Records
    ) -> None:
        with pytest.raises(RecordNotFound):
            await records.put_if_version(expected_version=1, etag=format_etag(1, new_write_id()))
        with pytest.raises(RecordNotFound):
            await records.get()

    async def test_a_version_expected_of_a_deleted_record_finds_no_record(
        self, records: Records
    ) -> None:
        written = await records.put()
        await records.delete()
        with pytest.raises(RecordNotFound):
            await records.put_if_version(expected_version=1)
        with pytest.raises(RecordNotFound):
            await records.put_if_version(expected_version=1, etag=written.etag)

    async def test_the_right_version_with_its_etag_writes(self, records: Records) -> None:
        written = await records.put()
        for version in range(2, 5):
            written = await records.put_if_version(
                expected_version=written.version, etag=written.etag
            )
            assert written.version == version

    @pytest.mark.parametrize("write_id", [new_write_id(), None], ids=["another write", "none"])
    async def test_the_right_version_with_another_etag_conflicts_and_changes_nothing(
        self, records: Records, write_id: str | None
    ) -> None:
        await records.put()
        before = await records.get()
        with pytest.raises(VersionMismatch) as conflict:
            await records.put_if_version(
                data=b"new", expected_version=1, etag=format_etag(1, write_id)
            )
        assert (conflict.value.expected_version, conflict.value.actual_version) == (1, 1)
        assert conflict.value.actual_etag == before.etag
        assert await records.get() == before

    async def test_a_stale_version_with_its_etag_conflicts(self, records: Records) -> None:
        stale = await records.put()
        current = await records.put()
        with pytest.raises(VersionMismatch) as conflict:
            await records.put_if_version(expected_version=1, etag=stale.etag)
        assert conflict.value.actual_version == 2
        assert conflict.value.actual_etag == current.etag

    async def test_an_etag_tells_a_record_that_was_deleted_and_created_again(
        self, records: Records
    ) -> None:
        earlier = await records.create(data=b"earlier")
        await records.delete()
        await records.create(data=b"later")
        before = await records.get()
        with pytest.raises(VersionMismatch):
            await records.put_if_version(expected_version=1, etag=earlier.etag)
        assert await records.get() == before

    async def test_a_version_alone_does_not_tell_it(self, records: Records) -> None:
        await records.create()
        await records.delete()
        await records.create()
        assert (await records.put_if_version(expected_version=1)).version == 2

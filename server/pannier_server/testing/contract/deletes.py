"""Deletes, unconditional and conditional."""
# ruff: noqa: D102

import pytest

from pannier_server.backends.contract import MAX_VERSION
from pannier_server.backends.errors import RecordNotFound, VersionMismatch
from pannier_server.backends.etags import format_etag
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records, new_write_id


class DeleteContract(ContractBase):
    """What `delete` owes."""

    async def test_delete_removes_a_live_record(self, records: Records) -> None:
        await records.put()
        assert await records.delete() is True
        assert await records.names() == []
        with pytest.raises(RecordNotFound):
            await records.get()

    async def test_delete_of_an_absent_record_is_no_error(self, records: Records) -> None:
        assert await records.delete() is False

    async def test_a_second_delete_finds_nothing(self, records: Records) -> None:
        await records.put()
        await records.delete()
        assert await records.delete() is False

    async def test_versions_start_again_after_a_delete(self, records: Records) -> None:
        await records.put()
        await records.put()
        await records.delete()
        assert (await records.put()).version == 1

    async def test_delete_leaves_records_with_similar_names(self, records: Records) -> None:
        await records.fill(["a", "a:", "a:b", "ab", "A"])
        assert await records.delete("a") is True
        assert await records.names() == ["A", "a:", "a:b", "ab"]

    async def test_delete_at_the_right_version_removes(self, records: Records) -> None:
        await records.put()
        await records.put()
        assert await records.delete(expected_version=2) is True
        with pytest.raises(RecordNotFound):
            await records.get()

    @pytest.mark.parametrize("expected_version", [1, 3, MAX_VERSION])
    async def test_delete_at_another_version_conflicts_and_changes_nothing(
        self, records: Records, expected_version: int
    ) -> None:
        await records.put()
        await records.put()
        before = await records.get()
        with pytest.raises(VersionMismatch) as conflict:
            await records.delete(expected_version=expected_version)
        assert conflict.value.expected_version == expected_version
        assert conflict.value.actual_version == 2
        assert conflict.value.actual_etag == before.etag
        assert await records.get() == before

    async def test_delete_at_the_right_etag_removes(self, records: Records) -> None:
        await records.put()
        written = await records.put()
        assert await records.delete(etag=written.etag) is True
        with pytest.raises(RecordNotFound):
            await records.get()

    async def test_delete_at_a_stale_etag_conflicts_and_changes_nothing(
        self, records: Records
    ) -> None:
        stale = await records.put()
        await records.put()
        before = await records.get()
        with pytest.raises(VersionMismatch) as conflict:
            await records.delete(etag=stale.etag)
        assert conflict.value.expected_version == 0
        assert conflict.value.actual_version == 2
        assert conflict.value.actual_etag == before.etag
        assert await records.get() == before

    async def test_delete_at_the_etag_of_another_write_conflicts_and_changes_nothing(
        self, records: Records
    ) -> None:
        await records.put()
        before = await records.get()
        with pytest.raises(VersionMismatch) as conflict:
            await records.delete(etag=format_etag(1, new_write_id()))
        assert (conflict.value.expected_version, conflict.value.actual_version) == (0, 1)
        assert conflict.value.actual_etag == before.etag
        assert await records.get() == before

    async def test_delete_at_the_right_version_and_etag_removes(self, records: Records) -> None:
        written = await records.put()
        assert await records.delete(expected_version=1, etag=written.etag) is True
        with pytest.raises(RecordNotFound):
            await records.get()

    async def test_delete_at_the_right_version_with_another_etag_conflicts(
        self, records: Records
    ) -> None:
        await records.put()
        before = await records.get()
        with pytest.raises(VersionMismatch) as conflict:
            await records.delete(expected_version=1, etag=format_etag(1, new_write_id()))
        assert (conflict.value.expected_version, conflict.value.actual_version) == (1, 1)
        assert await records.get() == before

    async def test_an_etag_keeps_a_delete_from_a_record_that_was_created_again(
        self, records: Records
    ) -> None:
        earlier = await records.create()
        await records.delete()
        later = await records.create(data=b"someone else's")
        with pytest.raises(VersionMismatch):
            await records.delete(etag=earlier.etag)
        with pytest.raises(VersionMismatch):
            await records.delete(expected_version=1, etag=earlier.etag)
        assert (await records.get()).etag == later.etag

    async def test_a_conditional_delete_of_an_absent_record_is_no_error(
        self, records: Records
    ) -> None:
        written = await records.put()
        await records.delete()
        assert await records.delete(expected_version=1) is False
        assert await records.delete(etag=written.etag) is False
        assert await records.delete(expected_version=1, etag=written.etag) is False

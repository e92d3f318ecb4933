"""Two instances on one store: each sees at once what the other was answered."""
# ruff: noqa: D102

import pytest

from pannier_server.backends.errors import (
    RecordExists,
    RecordNotFound,
    RequestIdReused,
    VersionMismatch,
)
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records, new_write_id


class InstanceContract(ContractBase):
    """What two processes on one store owe each other."""

    async def test_each_reads_what_the_other_wrote(
        self, records: Records, second_records: Records
    ) -> None:
        for version in range(1, 11):
            writer, reader = records, second_records
            if version % 2:
                writer, reader = reader, writer
            written = await writer.put(data=b"%d" % version)
            assert written.version == version
            found = await reader.get()
            assert (found.data, found.etag) == (b"%d" % version, written.etag)
            assert await reader.rows() == [found]

    async def test_each_misses_what_the_other_deleted(
        self, records: Records, second_records: Records
    ) -> None:
        await records.put()
        await second_records.get()
        assert await records.delete() is True
        with pytest.raises(RecordNotFound):
            await second_records.get()
        assert await second_records.names() == []
        assert await second_records.delete() is False

    async def test_each_conflicts_with_what_the_other_wrote(
        self, records: Records, second_records: Records
    ) -> None:
        await records.create()
        written = await second_records.put_if_version(expected_version=1)
        with pytest.raises(RecordExists):
            await second_records.create()
        with pytest.raises(VersionMismatch) as conflict:
            await records.put_if_version(expected_version=1)
        assert conflict.value.actual_etag == written.etag

    async def test_each_recognises_a_write_that_began_at_the_other(
        self, records: Records, second_records: Records
    ) -> None:
        write_id = new_write_id()
        first = await records.put(data=b"mine", write_id=write_id)
        assert await second_records.put(data=b"mine", write_id=write_id) == first
        await second_records.put(data=b"another's")
        assert await records.put(data=b"mine", write_id=write_id) == first
        with pytest.raises(RequestIdReused):
            await second_records.put_if_version(data=b"mine", expected_version=1, write_id=write_id)
        assert (await records.get()).version == 2

    async def test_a_list_goes_on_at_the_other(
        self, records: Records, second_records: Records
    ) -> None:
        await records.fill("abcd")
        page = await records.page(max_rows=1)
        listed = [row.key.name for row in page.rows]
        listed += await second_records.names(after=page.resume_after)
        assert listed == list("abcd")

    async def test_what_one_cleaned_up_the_other_need_not(
        self, records: Records, second_records: Records
    ) -> None:
        await records.fill("abc", expires_at=records.now)
        assert (await second_records.cleanup()).removed == 3
        assert (await records.cleanup()).removed == 0

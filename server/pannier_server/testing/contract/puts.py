"""Reads, and writes over whatever is there."""
# ruff: noqa: D102

import pytest

from pannier_server.backends.contract import Record, StorageBackend
from pannier_server.backends.errors import RecordNotFound
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records


class PutContract(ContractBase):
    """What `get` and `put` owe."""

    async def test_a_backend_that_answers_passes_its_check(self, records: Records) -> None:
        await records.backend.check(records.call())

    async def test_a_backend_says_what_it_is_and_how_much_it_holds(
        self, backend: StorageBackend
    ) -> None:
        assert backend.description
        assert backend.max_data_bytes >= 1

    async def test_get_of_a_record_that_was_never_written_finds_none(
        self, records: Records
    ) -> None:
        with pytest.raises(RecordNotFound):
            await records.get()

    async def test_get_answers_all_that_put_wrote(self, records: Records) -> None:
        expires_at = records.now + 60
        written = await records.put("a", b"first", expires_at=expires_at)
        assert await records.get("a") == Record(
            records.key("a"), b"first", written.version, written.etag, expires_at
        )

    async def test_a_first_put_makes_version_one(self, records: Records) -> None:
        assert (await records.put()).version == 1

    async def test_each_put_makes_the_next_version(self, records: Records) -> None:
        versions = [(await records.put(data=b"%d" % number)).version for number in range(10)]
        assert versions == list(range(1, 11))

    async def test_a_put_of_the_same_data_makes_the_next_version_too(
        self, records: Records
    ) -> None:
        await records.put(data=b"same")
        assert (await records.put(data=b"same")).version == 2

    async def test_put_replaces_the_data(self, records: Records) -> None:
        await records.put(data=b"a longer first value")
        await records.put(data=b"second")
        assert (await records.get()).data == b"second"

    async def test_each_put_makes_an_etag_of_its_own(self, records: Records) -> None:
        etags = [(await records.put()).etag for _ in range(5)]
        assert all(etags)
        assert len(set(etags)) == 5

    async def test_put_answers_the_etag_that_a_read_shows(self, records: Records) -> None:
        for _ in range(3):
            assert (await records.put()).etag == (await records.get()).etag

    async def test_reads_change_nothing(self, records: Records) -> None:
        await records.put(expires_at=records.now + 60)
        first = await records.get()
        await records.names()
        assert await records.get() == first

    async def test_each_record_counts_its_own_versions(self, records: Records) -> None:
        await records.put("a")
        await records.put("a")
        assert (await records.put("b")).version == 1
        assert (await records.get("a")).version == 2

    async def test_an_eventual_read_answers_a_version_that_was_written(
        self, records: Records
    ) -> None:
        written = [await records.put(data=b"%d" % number) for number in range(3)]
        try:
            found = await records.get(consistent=False)
        except RecordNotFound:
            return
        assert found.etag == written[found.version - 1].etag
        assert found.data == b"%d" % (found.version - 1)

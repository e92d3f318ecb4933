"""Retries: the same write sent again under the same write id."""
# ruff: noqa: D102

import asyncio

import pytest

from pannier_server.backends.contract import Written
from pannier_server.backends.errors import RecordExists, RecordNotFound, VersionMismatch
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records, new_write_id


class RetryContract(ContractBase):
    """What a write owes a caller who lost its answer and sends it again."""

    @pytest.mark.parametrize("data", [b"", b"text", b"\xff\x00"], ids=["empty", "text", "binary"])
    @pytest.mark.parametrize("lifetime", [None, 60], ids=["without expiry", "with expiry"])
    async def test_a_retried_put_is_not_written_twice(
        self, records: Records, data: bytes, lifetime: int | None
    ) -> None:
        await records.put()
        expires_at = None if lifetime is None else records.now + lifetime
        write_id = new_write_id()
        first = await records.put(data=data, expires_at=expires_at, write_id=write_id)
        before = await records.get()
        for _ in range(3):
            again = await records.put(data=data, expires_at=expires_at, write_id=write_id)
            assert again == first == Written(2, before.etag)
        assert await records.get() == before

    async def test_a_retried_first_put_is_not_written_twice(self, records: Records) -> None:
        write_id = new_write_id()
        first = await records.put(write_id=write_id)
        assert await records.put(write_id=write_id) == first
        assert (await records.get()).version == 1

    async def test_a_retried_put_is_recognised_after_one_other_write(
        self, records: Records
    ) -> None:
        write_id = new_write_id()
        first = await records.put(data=b"mine", write_id=write_id)
        await records.put(data=b"another's")
        before = await records.get()
        assert await records.put(data=b"mine", write_id=write_id) == first
        assert await records.get() == before

    async def test_a_retry_of_the_other_write_does_not_hide_the_first(
        self, records: Records
    ) -> None:
        mine, others = new_write_id(), new_write_id()
        first = await records.put(write_id=mine)
        second = await records.put(write_id=others)
        for _ in range(2):
            assert await records.put(write_id=others) == second
            assert await records.put(write_id=mine) == first

    async def test_a_retried_put_writes_again_after_two_other_writes(
        self, records: Records
    ) -> None:
        write_id = new_write_id()
        await records.put(data=b"mine", write_id=write_id)
        await records.put(data=b"another's")
        await records.put(data=b"a third one's")
        assert (await records.put(data=b"mine", write_id=write_id)).version == 4
        assert (await records.get()).data == b"mine"

    async def test_a_retried_create_is_not_told_that_the_record_exists(
        self, records: Records
    ) -> None:
        write_id = new_write_id()
        first = await records.create(data=b"mine", write_id=write_id)
        assert await records.create(data=b"mine", write_id=write_id) == first
        await records.put(data=b"another's")
        before = await records.get()
        assert await records.create(data=b"mine", write_id=write_id) == first
        assert await records.get() == before

    async def test_a_retried_create_is_told_after_two_other_writes(self, records: Records) -> None:
        write_id = new_write_id()
        await records.create(write_id=write_id)
        await records.put()
        await records.put()
        before = await records.get()
        with pytest.raises(RecordExists):
            await records.create(write_id=write_id)
        assert await records.get() == before

    @pytest.mark.parametrize("with_etag", [False, True], ids=["version", "version and etag"])
    async def test_a_retried_put_if_version_meets_no_false_conflict(
        self, records: Records, *, with_etag: bool
    ) -> None:
        await records.put()
        base = await records.put()
        etag = base.etag if with_etag else ""
        write_id = new_write_id()
        for attempt in range(4):
            written = await records.put_if_version(
                data=b"mine", expected_version=2, etag=etag, write_id=write_id
            )
            assert written.version == 3
            if attempt == 1:
                await records.put(data=b"another's")
        found = await records.get()
        assert (found.version, found.data) == (4, b"another's")

    async def test_a_retried_put_if_version_conflicts_after_two_other_writes(
        self, records: Records
    ) -> None:
        await records.put()
        write_id = new_write_id()
        await records.put_if_version(expected_version=1, write_id=write_id)
        await records.put()
        await records.put()
        before = await records.get()
        with pytest.raises(VersionMismatch) as conflict:
            await records.put_if_version(expected_version=1, write_id=write_id)
        assert conflict.value.expected_version == 1
        assert (conflict.value.actual_version, conflict.value.actual_etag) == (4, before.etag)
        assert await records.get() == before

    async def test_a_write_that_conflicted_can_be_sent_again_under_its_id(
        self, records: Records
    ) -> None:
        await records.put()
        write_id = new_write_id()
        with pytest.raises(VersionMismatch):
            await records.put_if_version(expected_version=2, write_id=write_id)
        await records.put()
        written = await records.put_if_version(expected_version=2, write_id=write_id)
        assert written.version == 3

    async def test_a_put_retried_after_a_delete_writes_again(self, records: Records) -> None:
        await records.put()
        write_id = new_write_id()
        await records.put(data=b"mine", write_id=write_id)
        await records.delete()
        assert (await records.put(data=b"mine", write_id=write_id)).version == 1
        assert (await records.get()).data == b"mine"

    async def test_a_put_if_version_retried_after_a_delete_finds_no_record(
        self, records: Records
    ) -> None:
        await records.put()
        write_id = new_write_id()
        await records.put_if_version(expected_version=1, write_id=write_id)
        await records.delete()
        with pytest.raises(RecordNotFound):
            await records.put_if_version(expected_version=1, write_id=write_id)
        with pytest.raises(RecordNotFound):
            await records.get()

    async def test_a_put_retried_after_others_deleted_and_created_writes_again(
        self, records: Records
    ) -> None:
        write_id = new_write_id()
        await records.put(data=b"mine", write_id=write_id)
        await records.delete()
        await records.create(data=b"another's")
        assert (await records.put(data=b"mine", write_id=write_id)).version == 2

    async def test_a_create_retried_after_others_deleted_and_created_is_told(
        self, records: Records
    ) -> None:
        write_id = new_write_id()
        await records.create(data=b"mine", write_id=write_id)
        await records.delete()
        await records.create(data=b"another's")
        with pytest.raises(RecordExists):
            await records.create(data=b"mine", write_id=write_id)
        assert (await records.get()).data == b"another's"

    async def test_a_retry_is_recognised_although_the_record_has_expired_since(
        self, records: Records
    ) -> None:
        await records.put()
        write_id = new_write_id()
        expires_at = records.now + 60
        first = await records.put_if_version(
            expected_version=1, expires_at=expires_at, write_id=write_id
        )
        again = await records.put_if_version(
            expected_version=1, expires_at=expires_at, write_id=write_id, at=expires_at
        )
        assert again == first
        with pytest.raises(RecordNotFound):
            await records.get(at=expires_at)

    async def test_a_put_retried_after_the_record_expired_is_not_written_twice(
        self, records: Records
    ) -> None:
        await records.put()
        write_id = new_write_id()
        expires_at = records.now + 60
        first = await records.put(expires_at=expires_at, write_id=write_id)
        again = await records.put(expires_at=expires_at, write_id=write_id, at=expires_at + 60)
        assert again == first

    async def test_a_retried_create_over_an_expired_record_is_not_written_twice(
        self, records: Records
    ) -> None:
        for _ in range(3):
            await records.put(expires_at=records.now - 60)
        write_id = new_write_id()
        first = await records.create(data=b"mine", write_id=write_id)
        before = await records.get()
        assert await records.create(data=b"mine", write_id=write_id) == first
        assert await records.get() == before
        await records.put()
        assert await records.create(data=b"mine", write_id=write_id) == first

    async def test_one_write_id_at_two_keys_is_two_writes(self, records: Records) -> None:
        write_id = new_write_id()
        await records.put("a", b"a", write_id=write_id)
        assert (await records.put("b", b"b", write_id=write_id)).version == 1
        assert (await records.get("b")).data == b"b"

    async def test_attempts_that_overlap_write_once(self, instances: list[Records]) -> None:
        write_id = new_write_id()
        await instances[0].put()
        attempts = [
            records.put(data=b"mine", write_id=write_id) for records in self.spread(instances)
        ]
        written = await asyncio.gather(*attempts)
        assert {answer.version for answer in written} == {2}
        assert (await instances[0].get()).version == 2

    async def test_conditional_attempts_that_overlap_write_once(
        self, instances: list[Records]
    ) -> None:
        write_id = new_write_id()
        attempts = [
            records.create(data=b"mine", write_id=write_id) for records in self.spread(instances)
        ]
        written = await asyncio.gather(*attempts)
        assert {answer.version for answer in written} == {1}
        assert (await instances[0].get()).version == 1

"""Expiry: from its second on, by the request's clock, a record is absent."""
# ruff: noqa: D102

import pytest

from pannier_server.backends.contract import MAX_EXPIRES_AT, MIN_EXPIRES_AT
from pannier_server.backends.errors import RecordExists, RecordNotFound
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records


class ExpiryContract(ContractBase):
    """What every method owes to ``expires_at`` and to ``call.now``."""

    async def test_a_record_is_there_until_the_second_of_its_expiry(self, records: Records) -> None:
        expires_at = records.now + 60
        await records.put(expires_at=expires_at)
        assert (await records.get(at=expires_at - 1)).expires_at == expires_at
        assert await records.names(at=expires_at - 1) == ["record"]
        for at in (expires_at, expires_at + 1):
            assert await records.names(at=at) == []
            with pytest.raises(RecordNotFound):
                await records.get(at=at)

    async def test_an_eventual_read_hides_an_expired_record_too(self, records: Records) -> None:
        await records.put(expires_at=records.now)
        with pytest.raises(RecordNotFound):
            await records.get(consistent=False)
        assert list((await records.page(consistent=False)).rows) == []

    async def test_a_record_without_expiry_stays(self, records: Records) -> None:
        await records.put()
        found = await records.get(at=MAX_EXPIRES_AT)
        assert found.expires_at is None
        assert await records.names(at=MAX_EXPIRES_AT) == ["record"]

    @pytest.mark.parametrize("age", [0, 1, 3_600])
    async def test_an_expiry_that_has_passed_is_accepted(self, records: Records, age: int) -> None:
        assert (await records.put("a", expires_at=records.now - age)).version == 1
        assert (await records.create("b", expires_at=records.now - age)).version == 1
        assert await records.names() == []
        for name in ("a", "b"):
            with pytest.raises(RecordNotFound):
                await records.get(name)

    @pytest.mark.parametrize("expires_at", [MIN_EXPIRES_AT, -1, 0, 1])
    async def test_an_expiry_in_the_distant_past_is_accepted(
        self, records: Records, expires_at: int
    ) -> None:
        await records.put(expires_at=expires_at)
        with pytest.raises(RecordNotFound):
            await records.get()

    async def test_the_last_second_of_the_year_9999_is_kept(self, records: Records) -> None:
        await records.put(expires_at=MAX_EXPIRES_AT)
        assert (await records.get()).expires_at == MAX_EXPIRES_AT

    async def test_put_replaces_the_expiry(self, records: Records) -> None:
        await records.put(expires_at=records.now + 60)
        await records.put(expires_at=records.now + 600)
        assert (await records.get(at=records.now + 60)).expires_at == records.now + 600
        await records.put()
        assert (await records.get(at=records.now + 600)).expires_at is None
        await records.put(expires_at=records.now + 60)
        assert (await records.get()).expires_at == records.now + 60

    async def test_put_if_version_replaces_the_expiry(self, records: Records) -> None:
        await records.create(expires_at=records.now + 60)
        await records.put_if_version(expected_version=1, expires_at=records.now + 600)
        assert (await records.get(at=records.now + 60)).expires_at == records.now + 600
        await records.put_if_version(expected_version=2)
        assert (await records.get(at=records.now + 600)).expires_at is None
        await records.put_if_version(expected_version=3, expires_at=records.now + 60)
        assert (await records.get()).expires_at == records.now + 60

    async def test_put_over_an_expired_record_makes_a_live_one(self, records: Records) -> None:
        await records.put(data=b"old", expires_at=records.now)
        earlier = await records.put(data=b"old", expires_at=records.now)
        written = await records.put(data=b"new")
        found = await records.get()
        assert (found.data, found.expires_at, found.etag) == (b"new", None, written.etag)
        # The versions may go on or, where the row was reaped, start again.
        assert found.version == written.version
        assert written.version in {1, earlier.version + 1}
        assert written.etag != earlier.etag

    async def test_create_over_an_expired_record_makes_a_live_one(self, records: Records) -> None:
        await records.put(data=b"old", expires_at=records.now)
        earlier = await records.put(data=b"old", expires_at=records.now)
        written = await records.create(data=b"new", expires_at=records.now + 60)
        found = await records.get()
        assert (found.data, found.expires_at) == (b"new", records.now + 60)
        assert (found.version, found.etag) == (written.version, written.etag)
        assert written.version in {1, earlier.version + 1}
        assert written.etag != earlier.etag

    async def test_create_before_the_expiry_is_refused_and_at_it_is_not(
        self, records: Records
    ) -> None:
        expires_at = records.now + 60
        await records.put(data=b"old", expires_at=expires_at)
        with pytest.raises(RecordExists):
            await records.create(data=b"new", at=expires_at - 1)
        await records.create(data=b"new", at=expires_at)
        assert (await records.get(at=expires_at)).data == b"new"

    @pytest.mark.parametrize("expected_version", [1, 2, 9])
    async def test_any_version_expected_of_an_expired_record_finds_none(
        self, records: Records, expected_version: int
    ) -> None:
        expires_at = records.now + 60
        await records.put(expires_at=expires_at)
        await records.put(expires_at=expires_at)
        with pytest.raises(RecordNotFound):
            await records.put_if_version(expected_version=expected_version, at=expires_at)
        with pytest.raises(RecordNotFound):
            await records.get(at=expires_at)

    async def test_the_right_etag_of_an_expired_record_finds_none(self, records: Records) -> None:
        written = await records.put(expires_at=records.now + 60)
        with pytest.raises(RecordNotFound):
            await records.put_if_version(expected_version=1, etag=written.etag, at=records.now + 60)

    async def test_put_if_version_a_second_before_the_expiry_keeps_a_record_alive(
        self, records: Records
    ) -> None:
        expires_at = records.now + 60
        await records.put(expires_at=expires_at)
        await records.put_if_version(
            expected_version=1, expires_at=expires_at + 60, at=expires_at - 1
        )
        assert (await records.get(at=expires_at)).version == 2

    async def test_delete_of_an_expired_record_deletes_nothing(self, records: Records) -> None:
        await records.put(expires_at=records.now)
        assert await records.delete() is False

    async def test_a_conditional_delete_of_an_expired_record_meets_no_conflict(
        self, records: Records
    ) -> None:
        for name in ("a", "b", "c", "d"):
            written = await records.put(name, expires_at=records.now)
        assert await records.delete("a", expected_version=1) is False
        assert await records.delete("b", expected_version=2) is False
        assert await records.delete("c", etag=written.etag) is False
        assert await records.delete("d", expected_version=1, etag=written.etag) is False

    async def test_delete_a_second_before_the_expiry_deletes(self, records: Records) -> None:
        await records.put(expires_at=records.now + 60)
        assert await records.delete(at=records.now + 59) is True

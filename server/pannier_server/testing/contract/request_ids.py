"""A write id that comes again with another write is refused."""
# ruff: noqa: D102

import pytest

from pannier_server.backends.errors import RequestIdReused
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records, new_write_id


class RequestIdContract(ContractBase):
    """What a write owes where its write id was used for another write to the key."""

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            pytest.param(b"one", b"two", id="text"),
            pytest.param(b"one", b"one ", id="longer"),
            pytest.param(b"one", b"", id="empty"),
            pytest.param(b"", b"\0", id="from empty"),
            pytest.param(b"\xff", b"\xfe", id="binary"),
            pytest.param("é".encode(), "é".encode("latin-1"), id="text and binary"),
        ],
    )
    async def test_other_data_under_a_used_id_is_refused(
        self, records: Records, first: bytes, second: bytes
    ) -> None:
        write_id = new_write_id()
        await records.put(data=first, write_id=write_id)
        before = await records.get()
        with pytest.raises(RequestIdReused):
            await records.put(data=second, write_id=write_id)
        with pytest.raises(RequestIdReused):
            await records.create(data=second, write_id=write_id)
        assert await records.get() == before

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            pytest.param(60, 61, id="another time"),
            pytest.param(60, None, id="none any more"),
            pytest.param(None, 60, id="one where none was"),
        ],
    )
    async def test_another_expiry_under_a_used_id_is_refused(
        self, records: Records, first: int | None, second: int | None
    ) -> None:
        def expiry(lifetime: int | None) -> int | None:
            return None if lifetime is None else records.now + lifetime

        write_id = new_write_id()
        await records.put(expires_at=expiry(first), write_id=write_id)
        before = await records.get()
        with pytest.raises(RequestIdReused):
            await records.put(expires_at=expiry(second), write_id=write_id)
        with pytest.raises(RequestIdReused):
            await records.create(expires_at=expiry(second), write_id=write_id)
        assert await records.get() == before

    @pytest.mark.parametrize("expected_version", [1, 3, 4])
    async def test_another_expected_version_under_a_used_id_is_refused(
        self, records: Records, expected_version: int
    ) -> None:
        await records.put()
        await records.put()
        write_id = new_write_id()
        await records.put_if_version(expected_version=2, write_id=write_id)
        before = await records.get()
        with pytest.raises(RequestIdReused):
            await records.put_if_version(expected_version=expected_version, write_id=write_id)
        assert await records.get() == before

    async def test_another_expected_version_is_refused_also_after_one_other_write(
        self, records: Records
    ) -> None:
        await records.put()
        write_id = new_write_id()
        await records.put_if_version(expected_version=1, write_id=write_id)
        await records.put()
        before = await records.get()
        for expected_version in (2, 3):
            with pytest.raises(RequestIdReused):
                await records.put_if_version(expected_version=expected_version, write_id=write_id)
        assert await records.get() == before

    async def test_a_used_id_is_refused_before_any_conflict_is_told(self, records: Records) -> None:
        write_id = new_write_id()
        await records.put(data=b"one", write_id=write_id)
        with pytest.raises(RequestIdReused):
            await records.put_if_version(data=b"two", expected_version=7, write_id=write_id)

    async def test_a_used_id_is_refused_also_where_the_record_has_expired(
        self, records: Records
    ) -> None:
        write_id = new_write_id()
        expires_at = records.now + 60
        await records.put(data=b"one", expires_at=expires_at, write_id=write_id)
        with pytest.raises(RequestIdReused):
            await records.put(data=b"two", expires_at=expires_at, write_id=write_id, at=expires_at)
        with pytest.raises(RequestIdReused):
            await records.create(
                data=b"two", expires_at=expires_at, write_id=write_id, at=expires_at
            )

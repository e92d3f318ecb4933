"""Keys: every name is a name of its own, and owners never see each other."""
# ruff: noqa: D102

import asyncio

import pytest

from pannier_server.backends.errors import RecordNotFound
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.contract.names import NAMES
from pannier_server.testing.records import LONGEST_NAME, Records


class KeyContract(ContractBase):
    """What every method owes to the owner and the name of a key."""

    async def test_names_that_look_alike_are_different_records(self, records: Records) -> None:
        await records.fill(NAMES)
        found = await asyncio.gather(*(records.get(name) for name in NAMES))
        assert [record.key for record in found] == [records.key(name) for name in NAMES]
        assert [record.data for record in found] == [name.encode() for name in NAMES]
        assert {record.version for record in found} == {1}

    async def test_each_name_is_updated_and_deleted_by_itself(self, records: Records) -> None:
        await records.fill(NAMES)
        for name in NAMES:
            assert (await records.put_if_version(name, b"", expected_version=1)).version == 2
        for count, name in enumerate(NAMES, start=1):
            assert await records.delete(name, expected_version=2) is True
            if count % 20 == 0:
                assert set(await records.names()) == set(NAMES[count:])
        assert await records.names() == []

    @pytest.mark.parametrize("letter", ["n", "é", "\U0001f600"])
    async def test_the_longest_owner_and_name_work_everywhere(
        self, records: Records, letter: str
    ) -> None:
        longest = letter * (LONGEST_NAME // len(letter.encode()))
        longest = longest.rjust(LONGEST_NAME - len(longest.encode()) + len(longest), "n")
        assert len(longest.encode()) == LONGEST_NAME
        most = records.of_longest_owner()
        written = await most.create(longest, b"1")
        await most.put_if_version(longest, b"2", expected_version=1, etag=written.etag)
        await most.put(longest, b"3")
        assert (await most.get(longest)).version == 3
        assert await most.names() == [longest]
        assert await most.names(longest, descending=True) == [longest]
        assert (await most.page(after=longest)).rows == []
        assert (await most.cleanup(longest)).removed == 0
        assert await most.delete(longest, expected_version=3) is True

    async def test_the_longest_names_are_told_apart_by_their_last_byte(
        self, records: Records
    ) -> None:
        stem = "n" * (LONGEST_NAME - 1)
        names = [stem + last for last in "abc"]
        await records.fill(names)
        assert await records.names(stem, max_rows=1) == names
        assert await records.names(stem, max_rows=1, descending=True) == names[::-1]
        assert await records.delete(names[1]) is True
        assert await records.names() == [names[0], names[2]]

    async def test_an_owner_whose_name_starts_another_sees_only_its_own(
        self, records: Records
    ) -> None:
        everyone = [records, *records.neighbours()]
        for owner in everyone:
            assert (await owner.put("a", owner.owner.encode())).version == 1
            await owner.put("b", owner.owner.encode())
        for owner in everyone:
            assert (await owner.get("a")).data == owner.owner.encode()
            for descending in (False, True):
                rows = await owner.rows(descending=descending, max_rows=1)
                expected = [await owner.get("a"), await owner.get("b")]
                assert rows == (expected[::-1] if descending else expected)

    async def test_deletes_and_clean_ups_stay_with_their_owner(self, records: Records) -> None:
        for owner in records.neighbours():
            await owner.put("live")
            await owner.put("expired", expires_at=records.now)
        assert await records.delete("live") is False
        assert (await records.cleanup()).removed == 0
        with pytest.raises(RecordNotFound):
            await records.get("live")
        for owner in records.neighbours():
            assert await owner.names() == ["live"]
            assert (await owner.cleanup()).removed == 1

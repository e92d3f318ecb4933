"""Clean-ups: expired records go, everything else stays."""
# ruff: noqa: D102

import asyncio

import pytest

from pannier_server.backends.contract import Cleaned
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import CLOCK_LEAD, Records


class CleanupContract(ContractBase):
    """What `cleanup_expired` owes."""

    async def test_a_clean_up_of_nothing_removes_nothing(self, records: Records) -> None:
        assert await records.cleanup() == Cleaned(0, more=False)

    async def test_a_clean_up_removes_the_expired_records_only(self, records: Records) -> None:
        await records.fill("abc", expires_at=records.now)
        await records.fill("de", expires_at=records.now + 1)
        await records.fill("fg")
        assert await records.cleanup() == Cleaned(3, more=False)
        assert await records.names() == ["d", "e", "f", "g"]
        # What was removed is not there for an earlier clock either.
        assert await records.names(at=records.now - 1) == ["d", "e", "f", "g"]

    async def test_a_second_clean_up_finds_nothing(self, records: Records) -> None:
        await records.fill("abc", expires_at=records.now)
        await records.cleanup()
        assert await records.cleanup() == Cleaned(0, more=False)

    async def test_a_clean_up_keeps_to_the_prefix(self, records: Records) -> None:
        inside = ["b", "b:", "ba", "b\U0010ffff"]
        outside = ["a", "B", "c", " b"]
        await records.fill([*inside, *outside], expires_at=records.now)
        assert (await records.cleanup("b")).removed == len(inside)
        assert (await records.cleanup("bb")).removed == 0
        assert (await records.cleanup()).removed == len(outside)

    @pytest.mark.parametrize("prefix", ["%", "_", "*", "[a-z]", "\U0010ffff", "\ud7ff", "\0"])
    async def test_a_clean_up_takes_its_prefix_literally(
        self, records: Records, prefix: str
    ) -> None:
        await records.fill([prefix, prefix + "x", "a", "b"], expires_at=records.now)
        assert (await records.cleanup(prefix)).removed == 2
        assert (await records.cleanup()).removed == 2

    async def test_a_clean_up_stops_at_its_limit_and_says_so(self, records: Records) -> None:
        await records.fill("abcde", expires_at=records.now)
        await records.fill("fg")
        assert await records.cleanup(limit=2) == Cleaned(2, more=True)
        assert await records.cleanup(limit=2) == Cleaned(2, more=True)
        last = await records.cleanup(limit=2)
        assert last == Cleaned(1, more=False)
        assert await records.names() == ["f", "g"]

    async def test_a_limit_that_just_fits_removes_everything(self, records: Records) -> None:
        await records.fill("abc", expires_at=records.now)
        assert (await records.cleanup(limit=3)).removed == 3
        assert await records.cleanup(limit=3) == Cleaned(0, more=False)

    async def test_live_records_do_not_count_against_the_limit(self, records: Records) -> None:
        await records.fill("abcdefgh")
        await records.fill("xyz", expires_at=records.now)
        removed, more = 0, True
        for _ in range(10):
            cleaned = await records.cleanup(limit=2)
            removed, more = removed + cleaned.removed, cleaned.more
            if not more:
                break
        assert (removed, more) == (3, False)

    async def test_a_record_that_was_written_again_stays(self, records: Records) -> None:
        await records.fill("abc", expires_at=records.now)
        await records.put("a", b"again")
        await records.create("b", b"again", expires_at=records.now + 60)
        assert (await records.cleanup()).removed == 1
        assert await records.names() == ["a", "b"]

    async def test_a_removed_record_starts_again_at_version_one(self, records: Records) -> None:
        await records.put(expires_at=records.now)
        await records.put(expires_at=records.now)
        assert (await records.cleanup()).removed == 1
        assert (await records.put()).version == 1

    async def test_a_clean_up_goes_by_the_clock_of_its_request(self, records: Records) -> None:
        await records.put(expires_at=records.now + 60)
        assert (await records.cleanup(at=records.now + 59)).removed == 0
        assert (await records.cleanup(at=records.now + 60)).removed == 1

    async def test_records_written_during_a_clean_up_stay(self, instances: list[Records]) -> None:
        names = [f"{number:02}" for number in range(24)]
        await instances[0].fill(names, expires_at=instances[0].now)
        await asyncio.gather(
            instances[0].cleanup(),
            *(instances[-1].put(name, b"again") for name in names),
            instances[0].cleanup(),
        )
        assert await instances[0].names() == names
        assert (await instances[0].cleanup()).removed == 0

    async def test_a_clean_up_of_the_whole_store_spares_live_records(
        self, records: Records
    ) -> None:
        today = records.now - CLOCK_LEAD
        await records.put("expired", expires_at=today - 1)
        await records.put("live", expires_at=today + 3_600)
        cleaned = await records.backend.cleanup_expired(None, limit=1_000, call=records.call(today))
        assert cleaned.removed >= 0
        assert await records.names(at=today) == ["live"]

    async def test_a_clean_up_of_the_whole_store_removes_expired_records(
        self, records: Records
    ) -> None:
        if self.expires_rows_by_itself:
            pytest.skip("this store expires rows by itself and answers 0 without a prefix")
        today = records.now - CLOCK_LEAD
        for owner in (records, *records.neighbours()):
            await owner.put("expired", expires_at=today - 1)
        more = True
        while more:
            cleaned = await records.backend.cleanup_expired(None, limit=3, call=records.call(today))
            assert cleaned.removed <= 3
            assert cleaned.removed or not cleaned.more
            more = cleaned.more
        for owner in (records, *records.neighbours()):
            assert (await owner.cleanup(at=today)).removed == 0

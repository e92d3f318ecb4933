"""Deadlines and callers who go away."""
# ruff: noqa: D102

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pannier_server.backends.contract import Call, Cleaned, PageRequest, Prefix, Write, Written
from pannier_server.backends.errors import DeadlineExceeded, WriteOutcome
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records, new_write_id

LATE = 1.0


class DeadlineContract(ContractBase):
    """What every method owes to ``call.deadline`` and to a cancelled caller."""

    @pytest.fixture
    def late(self, records: Records) -> Callable[[], Call]:
        """Return what makes calls whose deadline has passed."""
        if self.never_waits:
            pytest.skip("this backend never waits: no deadline passes within a call")

        def call() -> Call:
            return Call(now=records.now, deadline=asyncio.get_running_loop().time() - LATE)

        return call

    async def test_a_read_past_its_deadline_says_so(
        self, records: Records, late: Callable[[], Call]
    ) -> None:
        await records.put()
        request = PageRequest(
            Prefix(records.owner, ""),
            after=None,
            descending=False,
            max_rows=10,
            max_bytes=1_000,
            consistent=True,
        )
        with pytest.raises(DeadlineExceeded):
            await records.backend.get(records.key(), consistent=True, call=late())
        with pytest.raises(DeadlineExceeded):
            await records.backend.list_page(request, late())

    async def test_a_write_that_begins_past_its_deadline_is_not_applied(
        self, records: Records, late: Callable[[], Call]
    ) -> None:
        await records.put()
        before = await records.get()
        write = Write(b"late", None, new_write_id())
        backend, key = records.backend, records.key()
        writes: tuple[Awaitable[object], ...] = (
            backend.put(key, write, late()),
            backend.put_if_version(key, write, expected_version=1, etag="", call=late()),
            backend.delete(key, expected_version=None, etag="", call=late()),
        )
        for attempt in writes:
            with pytest.raises(DeadlineExceeded) as error:
                await attempt
            assert error.value.write_outcome is WriteOutcome.NOT_APPLIED
        assert await records.get() == before

    async def test_a_clean_up_past_its_deadline_says_that_more_may_wait(
        self, records: Records, late: Callable[[], Call]
    ) -> None:
        await records.fill("abc", expires_at=records.now)
        try:
            cleaned = await records.backend.cleanup_expired(
                Prefix(records.owner, ""), limit=10, call=late()
            )
        except DeadlineExceeded:
            cleaned = Cleaned(0, more=True)
        assert cleaned.more
        assert (await records.cleanup()).removed == 3 - cleaned.removed

    async def test_callers_who_go_away_do_not_disturb_the_others(self, records: Records) -> None:
        leaving = [asyncio.create_task(records.put("a")) for _ in range(self.callers)]
        staying = [asyncio.create_task(records.put("b")) for _ in range(self.callers)]
        # Let every call begin, and with it the waiting that cancellation interrupts.
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
        gone = await asyncio.gather(*leaving, return_exceptions=True)
        written = await asyncio.gather(*staying)
        assert sorted(answer.version for answer in written) == list(range(1, self.callers + 1))
        assert all(isinstance(end, Written | asyncio.CancelledError) for end in gone)
        answered = [end.version for end in gone if isinstance(end, Written)]
        assert len(set(answered)) == len(answered)

    async def test_a_record_works_on_after_its_writers_went_away(self, records: Records) -> None:
        leaving = [asyncio.create_task(records.put()) for _ in range(self.callers)]
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        written = await records.put()
        assert 1 <= written.version <= self.callers + 1
        assert (await records.get()).version >= written.version

    async def test_readers_who_go_away_do_not_disturb_the_others(self, records: Records) -> None:
        names = [f"{number:02}" for number in range(20)]
        await records.fill(names)
        leaving = [asyncio.create_task(records.names(max_rows=1)) for _ in range(8)]
        leaving += [asyncio.create_task(records.names()) for _ in range(8)]
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        assert await records.names(max_rows=7) == names

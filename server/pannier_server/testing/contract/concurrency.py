"""Races: the version is decided in the same atomic step as the write."""
# ruff: noqa: D102

import asyncio
from collections import Counter

from pannier_server.backends.contract import Written
from pannier_server.backends.errors import (
    RecordExists,
    RecordNotFound,
    StorageError,
    VersionMismatch,
)
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records


class ConcurrencyContract(ContractBase):
    """What writes owe each other, within one instance and over two."""

    async def test_concurrent_puts_get_each_version_once(self, instances: list[Records]) -> None:
        async def put_many(records: Records) -> list[int]:
            return [(await records.put()).version for _ in range(self.puts_per_caller)]

        callers = self.spread(instances)
        answers = await asyncio.gather(*(put_many(records) for records in callers))
        versions = sorted(version for answer in answers for version in answer)
        assert versions == list(range(1, self.callers * self.puts_per_caller + 1))
        assert all(answer == sorted(answer) for answer in answers)
        assert (await instances[0].get()).version == len(versions)

    async def test_of_concurrent_puts_the_one_with_the_last_version_stays(
        self, instances: list[Records]
    ) -> None:
        async def put(caller: int, records: Records) -> tuple[int, str, bytes]:
            data = b"caller %d" % caller
            written = await records.put(data=data)
            return written.version, written.etag, data

        callers = enumerate(self.spread(instances))
        answers = await asyncio.gather(*(put(caller, records) for caller, records in callers))
        found = await instances[0].get()
        assert (found.version, found.etag, found.data) == max(answers)

    async def test_of_concurrent_creates_one_wins(self, instances: list[Records]) -> None:
        creates = [
            records.create(data=b"%d" % caller)
            for caller, records in enumerate(self.spread(instances))
        ]
        answers = await asyncio.gather(*creates, return_exceptions=True)
        won = [caller for caller, end in enumerate(answers) if isinstance(end, Written)]
        lost = [end for end in answers if isinstance(end, RecordExists)]
        assert (len(won), len(lost)) == (1, self.callers - 1)
        found = await instances[0].get()
        assert (found.version, found.data) == (1, b"%d" % won[0])

    async def test_of_concurrent_creates_over_an_expired_record_one_wins(
        self, instances: list[Records]
    ) -> None:
        await instances[0].put(expires_at=instances[0].now)
        creates = [records.create() for records in self.spread(instances)]
        answers = await asyncio.gather(*creates, return_exceptions=True)
        kinds = Counter(type(answer) for answer in answers)
        assert kinds == {Written: 1, RecordExists: self.callers - 1}

    async def test_of_concurrent_updates_of_one_version_one_wins(
        self, instances: list[Records]
    ) -> None:
        await instances[0].put()
        updates = [records.put_if_version(expected_version=1) for records in self.spread(instances)]
        answers = await asyncio.gather(*updates, return_exceptions=True)
        won = [end for end in answers if isinstance(end, Written)]
        lost = [end for end in answers if isinstance(end, VersionMismatch)]
        assert (len(won), len(lost)) == (1, self.callers - 1)
        assert won[0].version == 2
        # Each loser was told what its own check saw.
        for conflict in lost:
            assert conflict.expected_version == 1
            assert (conflict.actual_version, conflict.actual_etag) == (2, won[0].etag)

    async def test_concurrent_increments_lose_nothing(self, instances: list[Records]) -> None:
        async def increment(records: Records) -> None:
            while True:
                found = await records.get()
                data = b"%d" % (int(found.data) + 1)
                try:
                    await records.put_if_version(
                        data=data, expected_version=found.version, etag=found.etag
                    )
                except VersionMismatch:
                    continue
                return

        await instances[0].create(data=b"0")
        await asyncio.gather(*(increment(records) for records in self.spread(instances)))
        found = await instances[0].get()
        assert (found.version, found.data) == (self.callers + 1, b"%d" % self.callers)

    async def test_of_concurrent_deletes_one_deletes(self, instances: list[Records]) -> None:
        await instances[0].put()
        answers = await asyncio.gather(*(records.delete() for records in self.spread(instances)))
        assert answers.count(True) == 1

    async def test_of_concurrent_conditional_deletes_one_deletes(
        self, instances: list[Records]
    ) -> None:
        written = await instances[0].put()
        deletes = [
            records.delete(expected_version=1, etag=written.etag)
            for records in self.spread(instances)
        ]
        answers = await asyncio.gather(*deletes)
        assert answers.count(True) == 1

    async def test_an_update_and_a_delete_of_one_version_do_not_both_succeed(
        self, instances: list[Records]
    ) -> None:
        for number in range(10):
            name = f"{number}"
            await instances[0].put(name)
            update, delete = await asyncio.gather(
                instances[0].put_if_version(name, b"updated", expected_version=1),
                instances[-1].delete(name, expected_version=1),
                return_exceptions=True,
            )
            if isinstance(update, Written):
                assert isinstance(delete, VersionMismatch)
                assert (await instances[0].get(name)).data == b"updated"
            else:
                assert isinstance(update, RecordNotFound)
                assert delete is True
                assert name not in await instances[0].names()

    async def test_creates_and_deletes_alternate(self, instances: list[Records]) -> None:
        async def churn(records: Records) -> int:
            balance = 0
            for _ in range(4):
                try:
                    await records.create()
                    balance += 1
                except RecordExists:
                    balance -= await records.delete()
            return balance

        balances = await asyncio.gather(*(churn(records) for records in self.spread(instances)))
        left = await instances[0].names()
        assert sum(balances) == len(left)

    async def test_writes_to_many_records_do_not_mix(self, instances: list[Records]) -> None:
        async def climb(number: int, records: Records) -> None:
            name = f"{number:02}"
            written = await records.create(name, name.encode())
            for version in (1, 2, 3):
                written = await records.put_if_version(
                    name, b"%s %d" % (name.encode(), version), expected_version=version
                )
            assert written.version == 4

        callers = enumerate(self.spread(instances))
        await asyncio.gather(*(climb(number, records) for number, records in callers))
        rows = await instances[-1].rows()
        assert [getattr(row, "data", None) for row in rows] == [
            b"%02d 3" % number for number in range(self.callers)
        ]

    async def test_reads_during_writes_see_whole_versions(self, instances: list[Records]) -> None:
        writers, readers = instances[0], instances[-1]
        await writers.put(data=b"1")

        async def write() -> None:
            for version in range(2, 30):
                await writers.put(data=b"%d" % version)

        async def read() -> None:
            seen = 0
            while seen < 29:
                found = await readers.get()
                assert found.data == b"%d" % found.version
                assert found.version >= seen
                seen = found.version
                await asyncio.sleep(0)

        await asyncio.gather(write(), read(), read())

    async def test_a_storm_of_all_writes_ends_in_typed_errors_only(
        self, instances: list[Records]
    ) -> None:
        storm = []
        for records in self.spread(instances):
            storm += [
                records.put(),
                records.create(),
                records.put_if_version(expected_version=2),
                records.delete(),
                records.cleanup(),
            ]
        answers = await asyncio.gather(*storm, return_exceptions=True)
        errors = [answer for answer in answers if isinstance(answer, BaseException)]
        expected = RecordExists | RecordNotFound | VersionMismatch
        assert all(isinstance(error, expected) for error in errors)
        assert all(isinstance(error, StorageError) for error in errors)

"""Copying records: what a backend owes that offers `pannier_server.backends.transfer`.

Subclass `TransferContract` beside `StorageBackendContract`, with the same fixtures. It reads
whole stores, so give it a small one.
"""
# ruff: noqa: D102

from collections.abc import Iterable, Sequence
from contextlib import aclosing

import pytest

from pannier_server.backends.contract import MAX_VERSION, Key, Prefix, StorageBackend, Unreadable
from pannier_server.backends.errors import RecordNotFound
from pannier_server.backends.transfer import (
    Outcome,
    RecordCopy,
    Replace,
    Restored,
    ScanPage,
    Transfer,
    TransferableBackend,
)
from pannier_server.testing.contract.base import ContractBase, Plant
from pannier_server.testing.contract.corrupt_rows import each_row
from pannier_server.testing.records import LONGEST_NAME, LONGEST_OWNER, Records, new_write_id

PATIENCE = 30.0

DATA = [b"", b"text", b"\xff\x00", b"\0", '\u2028"\\\n'.encode(), b"x" * 350 * 1024]
VERSIONS = [1, 2, 2**53 + 1, MAX_VERSION]


class TransferContract(ContractBase):
    """What `Transfer` owes."""

    @pytest.fixture
    def transfer(self, backend: StorageBackend) -> Transfer:
        """Return what copies the records of the backend."""
        assert isinstance(backend, TransferableBackend)
        return backend.transfer()

    async def test_a_scan_finds_every_record_as_it_is(
        self, records: Records, transfer: Transfer
    ) -> None:
        for number, data in enumerate(DATA):
            await records.put(f"{number}", data, expires_at=records.now + 1 + number)
        await records.put("never", b"expires")
        await records.put("never", b"expires, again")
        for other in (*records.neighbours(), records.of_longest_owner()):
            await other.put("n" * LONGEST_NAME, b"a neighbour's")
        found = await scanned(records, transfer, None)
        assert found == {
            **{
                records.key(f"{number}"): RecordCopy(
                    records.key(f"{number}"), data, 1, records.now + 1 + number
                )
                for number, data in enumerate(DATA)
            },
            records.key("never"): RecordCopy(records.key("never"), b"expires, again", 2, None),
            **{
                other.key("n" * LONGEST_NAME): RecordCopy(
                    other.key("n" * LONGEST_NAME), b"a neighbour's", 1, None
                )
                for other in (*records.neighbours(), records.of_longest_owner())
            },
        }

    async def test_a_scan_keeps_to_its_prefix(self, records: Records, transfer: Transfer) -> None:
        await records.fill(["a", "ab", "ab\U0010ffff", "abc", "b", "A"])
        await records.neighbours()[0].put("ab")
        whole = await scanned(records, transfer, Prefix(records.owner, ""))
        part = await scanned(records, transfer, Prefix(records.owner, "ab"))
        assert {key.name for key in whole} == {"a", "ab", "ab\U0010ffff", "abc", "b", "A"}
        assert {key.name for key in part} == {"ab", "ab\U0010ffff", "abc"}
        assert {key.owner for key in part} == {records.owner}

    async def test_a_scan_leaves_out_and_counts_what_has_expired(
        self, records: Records, transfer: Transfer
    ) -> None:
        await records.put("now", expires_at=records.now)
        await records.put("long ago", expires_at=records.now - 1_000)
        await records.put("soon", expires_at=records.now + 1)
        pages = await scan(records, transfer, Prefix(records.owner, ""))
        assert sum(page.expired for page in pages) == 2
        assert [row.key.name for page in pages for row in page.rows] == ["soon"]

    async def test_a_scan_names_rows_that_cannot_be_read(
        self, records: Records, transfer: Transfer, plant: Plant
    ) -> None:
        await records.put("readable")
        await plant(records.key("corrupt"), version="seven", data=b"x")
        for prefix in (Prefix(records.owner, ""), None):
            found = await scanned(records, transfer, prefix)
            corrupt = found[records.key("corrupt")]
            assert isinstance(corrupt, Unreadable)
            assert corrupt.problem
            assert isinstance(found[records.key("readable")], RecordCopy)

    async def test_a_scan_counts_rows_that_no_key_can_name(
        self, records: Records, transfer: Transfer, plant: Plant
    ) -> None:
        await plant(Key(f"{records.owner}:with a colon", "name"), version=1, data=b"x")
        await records.put()
        pages = await scan(records, transfer, None)
        assert sum(page.foreign for page in pages) >= 1
        assert all(":" not in row.key.owner for page in pages for row in page.rows)

    @pytest.mark.parametrize("of_owner", [True, False], ids=["owner", "whole store"])
    async def test_a_scan_goes_on_from_any_of_its_positions(
        self, records: Records, transfer: Transfer, *, of_owner: bool
    ) -> None:
        prefix = Prefix(records.owner, "") if of_owner else None
        # Some megabytes, so that there are pages.
        for number in range(12):
            await records.put(f"{number:02}", bytes([number]) * 200_000)
        pages = await scan(records, transfer, prefix)
        assert len(pages) > 1
        whole = {row.key for page in pages for row in page.rows}
        for index in {0, len(pages) // 2, len(pages) - 1}:
            page = pages[index]
            before = [row.key for each in pages[: index + 1] for row in each.rows]
            rest = await scan(records, transfer, prefix, position=page.position)
            after = [row.key for each in rest for row in each.rows]
            assert len(before) + len(after) == len(whole)
            assert {*before, *after} == whole

    async def test_a_scan_that_is_left_early_can_be_closed(
        self, records: Records, transfer: Transfer
    ) -> None:
        await records.fill("abc")
        pages = transfer.scan(None, now=records.now, position=None, patience=PATIENCE)
        async with aclosing(pages):
            assert await anext(pages)
        assert await records.names() == ["a", "b", "c"]

    async def test_a_copy_has_the_data_version_and_expiry_that_it_had(
        self, records: Records, transfer: Transfer
    ) -> None:
        copies = [
            RecordCopy(records.key(f"{version}-{index}-{expires_at}"), data, version, expires_at)
            for version in VERSIONS
            for index, data in enumerate(DATA[:5])
            for expires_at in (None, records.now + 1, 253_402_300_799)
        ]
        copies.append(RecordCopy(records.key("large"), DATA[-1], 7, None))
        answers = await restore(records, transfer, copies)
        assert [answer.outcome for answer in answers] == [Outcome.WRITTEN] * len(copies)
        found = await scanned(records, transfer, Prefix(records.owner, ""))
        assert found == {copy.key: copy for copy in copies}

    async def test_a_copy_is_a_record_like_any_other(
        self, records: Records, transfer: Transfer
    ) -> None:
        await restore(records, transfer, [RecordCopy(records.key(), b"copied", 7, None)])
        found = await records.get()
        assert (found.version, found.data) == (7, b"copied")
        assert found.etag
        written = await records.put_if_version(expected_version=7, etag=found.etag)
        assert written.version == 8

    async def test_a_write_from_before_a_copy_is_not_taken_for_the_one_that_it_follows(
        self, records: Records, transfer: Transfer
    ) -> None:
        earlier = new_write_id()
        await records.put(write_id=earlier)
        await records.put()
        copy = RecordCopy(records.key(), b"copied", 7, None)
        await restore(records, transfer, [copy], Replace.ANYTHING)
        assert (await records.put(write_id=earlier)).version == 8

    async def test_the_longest_key_can_be_restored(
        self, records: Records, transfer: Transfer
    ) -> None:
        longest = records.of_longest_owner()
        assert len(longest.owner) == LONGEST_OWNER
        copy = RecordCopy(longest.key("n" * LONGEST_NAME), b"x", 1, None)
        (answer,) = await restore(records, transfer, [copy])
        assert answer.outcome is Outcome.WRITTEN
        assert (await longest.get("n" * LONGEST_NAME)).data == b"x"

    @pytest.mark.parametrize("replace", Replace)
    async def test_restoring_twice_changes_nothing(
        self, records: Records, transfer: Transfer, replace: Replace
    ) -> None:
        copies = [
            RecordCopy(records.key(name), data, 3, expires_at)
            for name, data, expires_at in (
                ("text", b"text", None),
                ("bytes", b"\xff", records.now + 60),
                ("empty", b"", None),
            )
        ]
        await restore(records, transfer, copies)
        before = await records.rows()
        answers = await restore(records, transfer, copies, replace)
        assert [answer.outcome for answer in answers] == [Outcome.SAME] * 3
        assert await records.rows() == before

    @pytest.mark.parametrize(
        ("copied", "replace", "outcome"),
        [
            ((1, b"other", None), Replace.NOTHING, Outcome.CONFLICT),
            ((2, b"other", None), Replace.NOTHING, Outcome.CONFLICT),
            ((3, b"there", None), Replace.NOTHING, Outcome.CONFLICT),
            ((2, b"there", 60), Replace.NOTHING, Outcome.CONFLICT),
            ((1, b"there", None), Replace.OLDER, Outcome.NEWER),
            ((2, b"other", None), Replace.OLDER, Outcome.CONFLICT),
            ((2, b"there", 60), Replace.OLDER, Outcome.CONFLICT),
            ((3, b"there", None), Replace.OLDER, Outcome.WRITTEN),
            ((1, b"there", None), Replace.ANYTHING, Outcome.WRITTEN),
            ((2, b"other", None), Replace.ANYTHING, Outcome.WRITTEN),
            ((2, b"there", 60), Replace.ANYTHING, Outcome.WRITTEN),
            ((3, b"other", 60), Replace.ANYTHING, Outcome.WRITTEN),
        ],
    )
    async def test_a_copy_replaces_only_what_it_may(
        self,
        records: Records,
        transfer: Transfer,
        copied: tuple[int, bytes, int | None],
        replace: Replace,
        outcome: Outcome,
    ) -> None:
        await records.put(data=b"there")
        await records.put(data=b"there")
        before = await records.get()
        version, data, lifetime = copied
        expires_at = None if lifetime is None else records.now + lifetime
        copy = RecordCopy(records.key(), data, version, expires_at)
        for operation in (transfer.compare, transfer.restore):
            (answer,) = await operation([copy], replace=replace, now=records.now, patience=PATIENCE)
            assert answer.outcome is outcome
            assert bool(answer.problem) is (outcome is Outcome.CONFLICT)
            if outcome is not Outcome.WRITTEN or operation == transfer.compare:
                assert await records.get() == before
        after = await records.get()
        if outcome is Outcome.WRITTEN:
            assert (after.version, after.data, after.expires_at) == (version, data, expires_at)

    @pytest.mark.parametrize("replace", Replace)
    async def test_an_expired_record_is_in_nobodys_way(
        self, records: Records, transfer: Transfer, replace: Replace
    ) -> None:
        await records.put(data=b"expired", expires_at=records.now)
        await records.put(data=b"expired", expires_at=records.now)
        copy = RecordCopy(records.key(), b"live", 1, None)
        (answer,) = await restore(records, transfer, [copy], replace)
        assert answer.outcome is Outcome.WRITTEN
        found = await records.get()
        assert (found.version, found.data, found.expires_at) == (1, b"live", None)

    @pytest.mark.parametrize("replace", Replace)
    @each_row
    async def test_a_row_that_cannot_be_read_stays(
        self,
        records: Records,
        transfer: Transfer,
        plant: Plant,
        row: dict[str, object],
        replace: Replace,
    ) -> None:
        await plant(records.key(), **row)
        copy = RecordCopy(records.key(), b"x", 9, None)
        for operation in (transfer.compare, transfer.restore):
            (answer,) = await operation([copy], replace=replace, now=records.now, patience=PATIENCE)
            assert answer.outcome is Outcome.REFUSED
            assert answer.problem
        found = await scanned(records, transfer, Prefix(records.owner, ""))
        assert isinstance(found[records.key()], Unreadable)

    async def test_what_a_store_cannot_hold_is_refused_alone(
        self, records: Records, transfer: Transfer
    ) -> None:
        too_much = b"x" * (records.backend.max_data_bytes + 1)
        copies = [
            RecordCopy(records.key("a"), b"a", 1, None),
            RecordCopy(records.key("b"), too_much, 1, None),
            RecordCopy(records.key("c"), b"c", 1, None),
        ]
        answers = await restore(records, transfer, copies)
        assert [answer.outcome for answer in answers] == [
            Outcome.WRITTEN,
            Outcome.REFUSED,
            Outcome.WRITTEN,
        ]
        assert f"{len(too_much):,} bytes" in answers[1].problem
        assert await records.names() == ["a", "c"]

    async def test_comparing_writes_nothing(self, records: Records, transfer: Transfer) -> None:
        copies = [RecordCopy(records.key(name), b"x", 1, None) for name in "abc"]
        answers = await transfer.compare(
            copies, replace=Replace.ANYTHING, now=records.now, patience=PATIENCE
        )
        assert [answer.outcome for answer in answers] == [Outcome.WRITTEN] * 3
        with pytest.raises(RecordNotFound):
            await records.get("a")

    async def test_many_copies_are_answered_in_their_order(
        self, records: Records, transfer: Transfer
    ) -> None:
        copies = [RecordCopy(records.key(f"{n:03}"), b"%d" % n, n + 1, None) for n in range(200)]
        await restore(records, transfer, copies[::2])
        answers = await restore(records, transfer, copies)
        assert [answer.outcome for answer in answers] == [Outcome.SAME, Outcome.WRITTEN] * 100
        assert await restore(records, transfer, []) == []


async def scan(
    records: Records, transfer: Transfer, prefix: Prefix | None, *, position: str | None = None
) -> list[ScanPage]:
    """Read to the end."""
    pages = transfer.scan(prefix, now=records.now, position=position, patience=PATIENCE)
    return [page async for page in pages]


async def scanned(
    records: Records, transfer: Transfer, prefix: Prefix | None
) -> dict[Key, RecordCopy | Unreadable]:
    """Return what a scan finds of the test's owner and its neighbours, each seen once."""
    pages = await scan(records, transfer, prefix)
    found = [row for page in pages for row in page.rows if row.key.owner.startswith(records.owner)]
    by_key = {row.key: row for row in found}
    assert len(by_key) == len(found), "a row was seen twice"
    return by_key


async def restore(
    records: Records,
    transfer: Transfer,
    copies: Iterable[RecordCopy],
    replace: Replace = Replace.NOTHING,
) -> Sequence[Restored]:
    """Write copies."""
    return await transfer.restore(list(copies), replace=replace, now=records.now, patience=PATIENCE)

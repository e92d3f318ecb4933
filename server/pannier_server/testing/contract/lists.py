"""Lists: which records they hold, and in which order."""
# ruff: noqa: D102

from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.contract.names import NAMES, PREFIXES, in_byte_order
from pannier_server.testing.records import Records


class ListContract(ContractBase):
    """What `list_page` owes to order, prefix and position."""

    async def test_a_list_of_nothing_is_empty(self, records: Records) -> None:
        for descending in (False, True):
            assert await records.names(descending=descending) == []
            assert await records.names("a", descending=descending) == []

    async def test_a_list_answers_records_as_get_does(self, records: Records) -> None:
        await records.put("a", b"first")
        await records.put("a", b"second", expires_at=records.now + 60)
        await records.put("b", b"\xff")
        assert await records.rows() == [await records.get("a"), await records.get("b")]

    async def test_a_list_is_in_byte_order(self, records: Records) -> None:
        await records.fill(NAMES)
        assert await records.names() == in_byte_order(NAMES)

    async def test_a_descending_list_is_the_ascending_one_backwards(self, records: Records) -> None:
        await records.fill(NAMES)
        assert await records.names(descending=True) == in_byte_order(NAMES)[::-1]

    async def test_a_prefix_finds_just_the_names_that_start_with_it(self, records: Records) -> None:
        await records.fill(NAMES)
        for prefix in PREFIXES:
            expected = [name for name in in_byte_order(NAMES) if name.startswith(prefix)]
            assert await records.names(prefix) == expected

    async def test_a_prefix_finds_the_same_names_descending(self, records: Records) -> None:
        await records.fill(NAMES)
        for prefix in PREFIXES:
            expected = [name for name in in_byte_order(NAMES) if name.startswith(prefix)]
            assert await records.names(prefix, descending=True) == expected[::-1]

    async def test_a_list_goes_on_from_any_row(self, records: Records) -> None:
        await records.fill(NAMES)
        expected = in_byte_order(NAMES)
        for index, name in enumerate(expected):
            assert await records.names(after=name) == expected[index + 1 :]

    async def test_a_descending_list_goes_on_from_any_row(self, records: Records) -> None:
        await records.fill(NAMES)
        expected = in_byte_order(NAMES)[::-1]
        for index, name in enumerate(expected):
            assert await records.names(after=name, descending=True) == expected[index + 1 :]

    async def test_a_list_with_a_prefix_goes_on_from_any_row(self, records: Records) -> None:
        await records.fill(NAMES)
        for prefix in ("a", "a:", "\ud7ff", "\uffff", "\U0010ffff", "a\U0010ffff"):
            expected = [name for name in in_byte_order(NAMES) if name.startswith(prefix)]
            for index, name in enumerate(expected):
                assert await records.names(prefix, after=name) == expected[index + 1 :]
                backwards = await records.names(prefix, after=name, descending=True)
                assert backwards == expected[:index][::-1]

    async def test_a_list_goes_on_where_no_row_is(self, records: Records) -> None:
        await records.fill(["a", "c", "e"])
        assert await records.names(after="b") == ["c", "e"]
        assert await records.names(after="b", descending=True) == ["a"]
        assert await records.names(after="f") == []
        assert await records.names(after="!", descending=True) == []

    async def test_a_list_sees_each_write_that_was_answered(self, records: Records) -> None:
        for number in range(5):
            await records.put("a", b"%d" % number)
            await records.put(f"b{number}")
            rows = await records.rows()
            assert len(rows) == number + 2
            assert rows[0] == await records.get("a")

    async def test_an_eventual_list_answers_records_that_were_written(
        self, records: Records
    ) -> None:
        await records.fill(["a", "b", "c"])
        page = await records.page(consistent=False)
        assert {row.key.name for row in page.rows} <= {"a", "b", "c"}

    async def test_a_list_hides_expired_records(self, records: Records) -> None:
        await records.fill("bdf", expires_at=records.now)
        await records.fill("ace", expires_at=records.now + 1)
        for max_rows in (1, 2, 3, 100):
            assert await records.names(max_rows=max_rows) == ["a", "c", "e"]
            backwards = await records.names(max_rows=max_rows, descending=True)
            assert backwards == ["e", "c", "a"]

    async def test_expired_records_are_not_the_end_of_a_list(self, records: Records) -> None:
        await records.fill([f"b{number:02}" for number in range(40)], expires_at=records.now)
        await records.fill(["a", "c"])
        for descending in (False, True):
            for max_rows in (1, 2, 50):
                names = await records.names(max_rows=max_rows, descending=descending)
                assert sorted(names) == ["a", "c"]

    async def test_a_list_of_expired_records_is_empty(self, records: Records) -> None:
        await records.fill("abcde", expires_at=records.now)
        for descending in (False, True):
            assert await records.names(max_rows=2, descending=descending) == []

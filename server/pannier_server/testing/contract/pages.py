"""Pages: how much a list answers at once, and how it goes on from there."""
# ruff: noqa: D102

import pytest

from pannier_server.backends.contract import Page, Record
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records

NAMES = [f"name-{number:02}" for number in range(12)]


def names_of(page: Page) -> list[str]:
    """Return the names in a page."""
    return [row.key.name for row in page.rows]


def bytes_of(page: Page) -> list[int]:
    """Return the size of each record's data in a page."""
    return [len(row.data) for row in page.rows if isinstance(row, Record)]


async def read_rows(records: Records, names: str, *, descending: bool = False) -> str | None:
    """Read a list until it has answered these names, and return its position then."""
    position, found = None, ""
    while len(found) < len(names):
        page = await records.page(after=position, max_rows=1, descending=descending)
        found += "".join(names_of(page))
        position = page.resume_after
        assert position is not None
    assert found == names
    return position


class PageContract(ContractBase):
    """What `list_page` owes to the limits of a page, and to the next one."""

    @pytest.mark.parametrize("max_rows", [1, 2, 3, 5, 11, 12, 13, 1_000])
    @pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
    async def test_pages_of_any_size_make_the_whole_list(
        self, records: Records, max_rows: int, *, descending: bool
    ) -> None:
        await records.fill(NAMES)
        pages = await records.pages(max_rows=max_rows, descending=descending)
        assert all(len(page.rows) <= max_rows for page in pages)
        listed = [name for page in pages for name in names_of(page)]
        assert listed == (NAMES[::-1] if descending else NAMES)

    async def test_pages_keep_to_the_prefix(self, records: Records) -> None:
        await records.fill([*NAMES, "name", "name-", "name.", "nam", "o"])
        for descending in (False, True):
            names = await records.names("name-0", max_rows=3, descending=descending)
            assert sorted(names) == NAMES[:10]

    async def test_a_page_holds_a_row_or_says_that_more_follows(self, records: Records) -> None:
        await records.fill(NAMES)
        for descending in (False, True):
            page = await records.page(max_rows=1, descending=descending)
            assert page.rows or page.resume_after is not None

    async def test_a_list_that_just_fills_its_pages_ends(self, records: Records) -> None:
        await records.fill(NAMES)
        for max_rows in (4, 6, 12):
            pages = await records.pages(max_rows=max_rows)
            assert pages[-1].resume_after is None
            assert [name for page in pages for name in names_of(page)] == NAMES

    @pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
    async def test_a_page_stops_after_the_row_that_reaches_max_bytes(
        self, records: Records, *, descending: bool
    ) -> None:
        if not self.honours_max_bytes:
            pytest.skip("this backend cannot pass max_bytes on")
        for name in NAMES:
            await records.put(name, b"x" * 1_000)
        for max_bytes in (1, 1_000, 1_001, 2_500, 11_999, 1 << 20):
            pages = await records.pages(max_bytes=max_bytes, descending=descending)
            for page in pages:
                assert sum(bytes_of(page)[:-1]) < max_bytes
            assert sum(len(page.rows) for page in pages) == len(NAMES)

    async def test_one_record_that_is_larger_than_max_bytes_is_a_page(
        self, records: Records
    ) -> None:
        if not self.honours_max_bytes:
            pytest.skip("this backend cannot pass max_bytes on")
        await records.put("a", b"x" * 5_000)
        await records.put("b", b"x" * 5_000)
        pages = await records.pages(max_bytes=10)
        assert [names_of(page) for page in pages if page.rows] == [["a"], ["b"]]

    async def test_many_records_come_in_order(self, records: Records) -> None:
        names = [f"{number:03}" for number in range(200)]
        await records.fill(names)
        assert await records.names(max_rows=64) == names
        assert await records.names(max_rows=64, descending=True) == names[::-1]

    @pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
    async def test_large_records_all_come(self, records: Records, *, descending: bool) -> None:
        size = min(200_000, records.backend.max_data_bytes)
        names = NAMES[:8]
        for name in names:
            await records.put(name, name.encode().ljust(size, b"x"))
        rows = await records.rows(descending=descending)
        assert sorted(row.key.name for row in rows) == names
        for row in rows:
            assert isinstance(row, Record)
            assert row.data == row.key.name.encode().ljust(size, b"x")

    async def test_writes_between_pages_neither_repeat_nor_hide_other_rows(
        self, records: Records
    ) -> None:
        await records.fill("bdfhj")
        position = await read_rows(records, "bd")
        await records.fill("aeg")
        await records.delete("f")
        await records.put("b", b"again")
        assert await records.names(after=position, max_rows=2) == ["e", "g", "h", "j"]

    async def test_writes_between_descending_pages_neither_repeat_nor_hide_other_rows(
        self, records: Records
    ) -> None:
        await records.fill("bdfhj")
        position = await read_rows(records, "jh", descending=True)
        await records.fill("kge")
        await records.delete("f")
        await records.put("j", b"again")
        rest = await records.names(after=position, max_rows=2, descending=True)
        assert rest == ["g", "e", "d", "b"]

    @pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
    async def test_a_list_goes_on_where_the_row_that_ended_a_page_is_gone(
        self, records: Records, *, descending: bool
    ) -> None:
        await records.fill("abcd")
        read = "dc" if descending else "ab"
        position = await read_rows(records, read, descending=descending)
        for name in read:
            await records.delete(name)
        rest = await records.names(after=position, descending=descending)
        assert rest == (["b", "a"] if descending else ["c", "d"])

    async def test_each_page_has_its_own_clock_reading(self, records: Records) -> None:
        await records.fill("abc", expires_at=records.now + 60)
        await records.fill("d")
        position = await read_rows(records, "a")
        assert await records.names(after=position, at=records.now + 60) == ["d"]

"""Data comes back as it was written, whatever its bytes are."""
# ruff: noqa: D102

import asyncio
import os

import pytest

from pannier_server.backends.contract import Written
from pannier_server.backends.errors import DataTooLarge, RecordNotFound
from pannier_server.testing.contract.base import ContractBase
from pannier_server.testing.records import Records

LARGE = 350 * 1024
"""The largest data that the tests write where the backend takes more, in bytes."""

DATA = {
    "empty": b"",
    "one byte": b"x",
    "one NUL": b"\0",
    "NULs around text": b"\0a\0b\0",
    "ASCII": b"plain text",
    "digits": b"0123",
    "JSON": b'{"a": [1, 2.50, null]}',
    "white space": b" \t\r\n ",
    "CR LF": b"one\r\ntwo\n",
    "two-byte UTF-8": "é".encode(),
    "combining UTF-8": "e\u0301".encode(),
    "astral UTF-8": "\U0001f600\U0010ffff".encode(),
    "non-characters": "\ufffe\uffff".encode(),
    "byte order mark": "\ufefftext".encode(),
    "replacement character": "\ufffd".encode(),
    "one invalid byte": b"\xff",
    "truncated UTF-8": b"text \xe2\x82",
    "overlong UTF-8": b"\xc0\x80",
    "a surrogate's UTF-8": b"\xed\xa0\x80",
    "beyond U+10FFFF": b"\xf4\x90\x80\x80",
    "all bytes": bytes(range(256)),
    "base64 text": b"AAEC",
}


class DataContract(ContractBase):
    """What every method owes to the bytes of a record."""

    @pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())
    async def test_data_comes_back_byte_for_byte(self, records: Records, data: bytes) -> None:
        await records.put("put", data)
        await records.create("create", data)
        await records.put("update")
        await records.put_if_version("update", data, expected_version=1)
        for name in ("put", "create", "update"):
            assert (await records.get(name)).data == data
        listed = (await records.page()).rows
        assert [getattr(row, "data", None) for row in listed] == [data] * 3

    async def test_data_can_change_between_text_and_binary(self, records: Records) -> None:
        for version, data in enumerate([b"text", b"\xff", b"", b"\0", b"more text"], start=1):
            await records.put(data=data)
            found = await records.get()
            assert (found.version, found.data) == (version, data)

    @pytest.mark.parametrize("kind", ["text", "binary"])
    async def test_large_data_comes_back_byte_for_byte(self, records: Records, kind: str) -> None:
        size = min(LARGE, records.backend.max_data_bytes)
        data = b"x" * size if kind == "text" else b"\xff" + os.urandom(size - 1)
        await records.put(data=data)
        assert (await records.get()).data == data
        await records.put_if_version(data=data[::-1], expected_version=1)
        assert (await records.get()).data == data[::-1]

    async def test_more_data_than_fits_is_refused_with_both_sizes_or_kept_whole(
        self, records: Records
    ) -> None:
        limit = records.backend.max_data_bytes
        data = b"x" * (limit + 1)
        (answer,) = await asyncio.gather(records.put(data=data), return_exceptions=True)
        if isinstance(answer, Written):
            assert (await records.get()).data == data
            return
        assert isinstance(answer, DataTooLarge)
        assert (answer.actual_bytes, answer.limit_bytes) == (limit + 1, limit)
        with pytest.raises(RecordNotFound):
            await records.get()

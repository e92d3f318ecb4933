"""What is wrong with a row that someone edited."""

import pytest

from pannier_server.backends.rules import CorruptRow, Row
from pannier_server.backends.sqlite.rows import decode


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ((None, None, None, None, b""), "version is missing"),
        (("seven", None, None, None, b""), "version is a string, not a number"),
        ((b"7", None, None, None, b""), "version is bytes, not a number"),
        ((1.5, None, None, None, b""), "version is 1.5, not a whole number of 64 bits"),
        ((0, None, None, None, b""), "version is 0, not from 1 to 9223372036854775807"),
        ((-1, None, None, None, b""), "version is -1, not from 1 to 9223372036854775807"),
        ((1, None, None, None, None), "data is missing"),
        ((1, None, None, None, "{}"), "data is a string, not bytes"),
        ((1, None, None, None, 7), "data is a number, not bytes"),
        ((1, "soon", None, None, b""), "expires_at is a string, not a number"),
        ((1, b"1", None, None, b""), "expires_at is bytes, not a number"),
        ((1, 1.5, None, None, b""), "expires_at is 1.5, not a whole number of 64 bits"),
    ],
)
def test_the_problem_is_named(columns: tuple[object, ...], problem: str) -> None:
    assert decode(*columns) == CorruptRow(problem)


def test_write_ids_of_another_type_count_as_absent() -> None:
    assert decode(1, 2, b"w", 3, b"data") == Row(b"data", 1, 2, None, None)

"""``grpc-timeout``: 1 to 8 digits and a unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pannier_server.transport.h2.wire.timeouts import parse_timeout

UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}


@pytest.mark.parametrize(("unit", "seconds"), UNITS.items())
@pytest.mark.parametrize("number", ["0", "1", "00000007", "99999999"])
def test_each_unit_is_known(number: str, unit: str, seconds: float) -> None:
    assert parse_timeout((number + unit).encode()) == int(number) * seconds


@given(st.integers(0, 99_999_999), st.sampled_from(sorted(UNITS)))
def test_any_number_of_up_to_8_digits_is_a_timeout(number: int, unit: str) -> None:
    assert parse_timeout(f"{number}{unit}".encode()) == pytest.approx(number * UNITS[unit])


@pytest.mark.parametrize("value", [
    b"", b"1", b"S", b"123456789S", b"000000001S", b"1s", b"1h", b"1N", b"1U", b"1 S", b" 1S",
    b"1S ", b"1S\n", b"+1S", b"-1S", b"1.0S", b"1e3S", b"1SS", b"S1", b"\xb2S", "٣S".encode(),
    b"1_000S", b"0x1S",
])  # fmt: skip
def test_anything_else_is_none(value: bytes) -> None:
    assert parse_timeout(value) is None


@given(st.binary(max_size=12))
def test_any_bytes_are_a_timeout_or_none(value: bytes) -> None:
    seconds = parse_timeout(value)
    assert seconds is None or 0 <= seconds <= 99_999_999 * 3600

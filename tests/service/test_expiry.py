"""When a record expires: the request's word first, then its JSON data's where that is on."""

from datetime import UTC, datetime

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.memory import MemoryBackend
from pannier_server.service.expiry import (
    ExpiryRule,
    parse_expire_time,
    parse_rfc_3339,
    to_timestamp,
)
from tests.sidecars import SettableClock, sidecar_stub

NOON = 1_800_000_000
JSON_NOON = b'{"expiresAt": "2027-01-15T08:00:00Z", "status": "open"}'


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2027-01-15T08:00:00Z", NOON),
        ("2027-01-15t08:00:00z", NOON),
        ("2027-01-15T09:30:00+01:30", NOON),
        ("2027-01-15T00:00:00-08:00", NOON),
        ("2027-01-15T08:00:00.000Z", NOON),
        ("2027-01-15T08:00:00.0000000001Z", NOON + 1),
        ("2027-01-15T07:59:59.5Z", NOON),
        ("2016-12-31T23:59:60Z", 1_483_228_800),
        ("1969-12-31T23:59:59.5Z", 0),
        ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ],
)
def test_an_rfc_3339_time_is_read_in_whole_seconds_rounded_up(text: str, seconds: int) -> None:
    assert parse_rfc_3339(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2027-01-15",
        "2027-01-15T08:00:00",
        "2027-01-15 08:00:00Z",
        "2027-13-15T08:00:00Z",
        "2027-02-30T08:00:00Z",
        "2027-01-15T24:00:00Z",
        "2027-01-15T08:00:61Z",
        "2027-01-15T08:00:00+25:00",
        "2027-01-15T08:00:00+01:60",
        "2027-01-15T08:00:00.Z",
        "9999-12-31T23:59:59.5Z",
        "9999-12-31T23:59:59-01:00",
        "20270115T080000Z",
        "٢٠٢٧-01-15T08:00:00Z",
        "2027-01-15T08:00:00Z\n",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert parse_rfc_3339(text) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_each_time_that_python_writes_is_read_back(time: datetime) -> None:
    whole = (time.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    expected = int(whole) + (1 if time.microsecond else 0)
    assert parse_rfc_3339(time.isoformat()) == (expected if expected <= 253_402_300_799 else None)


@pytest.mark.parametrize(
    ("data", "expires_at"),
    [
        (JSON_NOON, NOON),
        (b' \n{"a": [1, {"expiresAt": "x"}], "expiresAt": "2027-01-15T08:00:00Z"}', NOON),
        (b'{"expiresAt": "soon"}', None),
        (b'{"expiresAt": 1800000000}', None),
        (b'{"expiresAt": null}', None),
        (b'{"inner": {"expiresAt": "2027-01-15T08:00:00Z"}}', None),
        (b'[{"expiresAt": "2027-01-15T08:00:00Z"}]', None),
        (b'"2027-01-15T08:00:00Z"', None),
        (b'{"expiresAt": "2027-01-15T08:00:00Z"', None),
        (b"\xff\xfe", None),
        (b"", None),
        (b"[" * 100_000, None),
    ],
)
def test_expiry_is_taken_from_a_top_level_json_string_only(
    data: bytes, expires_at: int | None
) -> None:
    assert ExpiryRule("expiresAt").resolve(pb.PutRequest(data=data)) == expires_at
    assert ExpiryRule(None).resolve(pb.PutRequest(data=data)) is None


def test_the_request_overrules_the_data() -> None:
    rule = ExpiryRule("expiresAt")
    request = pb.PutRequest(data=JSON_NOON, expire_time=Timestamp(seconds=5))
    assert rule.resolve(request) == 5
    assert rule.resolve(pb.PutRequest(data=JSON_NOON, never_expires=True)) is None
    assert rule.resolve(pb.PutRequest(data=JSON_NOON, never_expires=False)) == NOON


def test_a_fraction_of_a_second_rounds_up() -> None:
    assert parse_expire_time(Timestamp(seconds=7, nanos=0)) == 7
    assert parse_expire_time(Timestamp(seconds=7, nanos=1)) == 8
    assert parse_expire_time(Timestamp(seconds=-7, nanos=1)) == -6


async def test_the_store_url_turns_expiry_from_json_on() -> None:
    clock = SettableClock(NOON - 1)
    backend = MemoryBackend(expiry_json_field="expiresAt")
    async with sidecar_stub(backend, clock) as stub:
        put = await stub.Put(pb.PutRequest(key="o:n", data=JSON_NOON))
        assert put.expire_time.seconds == NOON
        assert (await stub.Get(pb.GetRequest(key="o:n"))).record.expire_time.seconds == NOON
        clock.time = NOON
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Get(pb.GetRequest(key="o:n"))
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


async def test_a_time_that_has_passed_is_accepted_and_the_record_is_absent_at_once() -> None:
    async with sidecar_stub(MemoryBackend()) as stub:
        past = Timestamp(seconds=5)
        assert (await stub.Put(pb.PutRequest(key="o:n", expire_time=past))).version == 1
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Get(pb.GetRequest(key="o:n"))


async def test_a_write_without_expiry_removes_an_earlier_one() -> None:
    async with sidecar_stub(MemoryBackend()) as stub:
        await stub.Put(pb.PutRequest(key="o:n", expire_time=Timestamp(seconds=2**33)))
        await stub.Put(pb.PutRequest(key="o:n"))
        record = (await stub.Get(pb.GetRequest(key="o:n"))).record
    assert not record.HasField("expire_time")


def test_a_stored_time_that_no_timestamp_can_hold_is_shown_as_the_nearest_one() -> None:
    assert to_timestamp(4_102_444_800_000) == Timestamp(seconds=253_402_300_799)
    assert to_timestamp(-(2**62)) == Timestamp(seconds=-62_135_596_800)
    assert to_timestamp(None) is None

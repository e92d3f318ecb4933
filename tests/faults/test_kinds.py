"""Each fault is what it says: what reaches the engine, and what comes back."""

import asyncio
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from zlib import crc32

import pytest

from tests.dynamodb.wire.http_server import Server
from tests.faults.conftest import BODY
from tests.faults.injections import SLOW_SECONDS
from tests.faults.kinds import CONNECTION_FAULTS, REQUEST_FAULTS, Fault
from tests.faults.messages import Answer, read_message
from tests.faults.proxy import FaultProxy
from tests.faults.schedules import Injection, Scripted

PARTS = [0.0, 0.3, 0.6, 0.999]

DONE = {
    Fault.LOST_ANSWER,
    Fault.LATE_REQUEST,
    Fault.FAILED_AFTER,
    Fault.RESET,
    Fault.TRUNCATED,
    Fault.CORRUPTED,
    Fault.SLOW,
}
"""The faults of requests that the engine does all the same."""


class Wire:
    """A plain connection to the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def ask(self, operation: str = "GetItem", token: str = "") -> None:
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.writer.write(
            f"POST / HTTP/1.1\r\nx-amz-target: DynamoDB_20120810.{operation}\r\n"
            f"x-amz-date: {date}\r\nx-amz-security-token: {token}\r\n"
            'content-length: 10\r\n\r\n{"Key":{}}'.encode()
        )

    async def all_bytes(self) -> bytes:
        """Return what comes until the connection ends, even by a reset."""
        data = b""
        with suppress(ConnectionResetError):
            while part := await self.reader.read(1000):
                data += part
        return data

    async def answer(self) -> Answer:
        message = await read_message(self.reader)
        assert message is not None
        return Answer(*message)


@pytest.fixture
async def wire(proxy: FaultProxy) -> Wire:
    port = int(proxy.endpoint.rpartition(":")[2])
    return Wire(*await asyncio.open_connection("127.0.0.1", port))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", sorted(REQUEST_FAULTS - {Fault.STALLED}))
async def test_the_engine_does_what_the_fault_lets_through(
    proxy: FaultProxy, engine: Server, wire: Wire, fault: Fault, part: float
) -> None:
    proxy.schedule = Scripted([Injection(fault, part)])
    wire.ask(token="token")
    wire.writer.write_eof()
    await wire.all_bytes()
    await proxy.background.finish()
    assert len(engine.requests) == (1 if fault in DONE else 0)
    (entry,) = proxy.journal.entries
    assert entry.fault is fault
    assert (entry.status == 200) == (fault in DONE)
    assert proxy.journal.injected == {fault: 1}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", [Fault.LOST_REQUEST, Fault.LOST_ANSWER, Fault.LATE_REQUEST])
async def test_what_is_lost_brings_no_byte(
    proxy: FaultProxy, wire: Wire, fault: Fault, part: float
) -> None:
    proxy.schedule = Scripted([Injection(fault, part)])
    wire.ask()
    assert await wire.all_bytes() == b""


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TRUNCATED])
async def test_half_an_answer_has_a_start_and_no_end(
    proxy: FaultProxy, wire: Wire, fault: Fault, part: float
) -> None:
    wire.ask()
    whole = bytes(await wire.answer())
    proxy.schedule = Scripted([Injection(fault, part)])
    wire.ask()
    some = await wire.all_bytes()
    assert some
    assert len(some) < len(whole)
    assert whole.startswith(some)


async def test_a_reset_is_one(proxy: FaultProxy, wire: Wire) -> None:
    proxy.schedule = Scripted([Fault.RESET])
    wire.ask()
    with pytest.raises(ConnectionResetError):
        await wire.reader.read()


@pytest.mark.parametrize("part", PARTS)
async def test_a_corrupted_answer_keeps_the_checksum_of_the_right_one(
    proxy: FaultProxy, wire: Wire, part: float
) -> None:
    proxy.schedule = Scripted([Injection(Fault.CORRUPTED, part)])
    wire.ask()
    answer = await wire.answer()
    assert answer.headers["x-amz-crc32"] == str(crc32(BODY))
    assert answer.body != BODY
    assert len(answer.body) == len(BODY)


async def test_a_slow_answer_is_whole_in_the_end(proxy: FaultProxy, wire: Wire) -> None:
    proxy.schedule = Scripted([Injection(Fault.SLOW, 0.2)])
    wire.ask()
    began = time.monotonic()
    assert (await wire.answer()).body == BODY
    assert time.monotonic() - began > 0.1 * SLOW_SECONDS


@pytest.mark.parametrize(("part", "done"), [(0.2, 1), (0.8, 0)])
async def test_a_stalled_request_is_done_or_not_and_never_answered(
    proxy: FaultProxy, engine: Server, wire: Wire, part: float, done: int
) -> None:
    proxy.schedule = Scripted([Injection(Fault.STALLED, part)])
    wire.ask()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wire.reader.read(1), 0.2)
    assert len(engine.requests) == done


@pytest.mark.parametrize(
    ("fault", "part", "status", "kind"),
    [
        (Fault.FAILED_BEFORE, 0.0, 500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
        (Fault.FAILED_AFTER, 0.0, 500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
        (Fault.UNAVAILABLE, 0.9, 503, "com.amazon.coral.availability#ServiceUnavailableException"),
        (
            Fault.THROTTLED_TABLE,
            0.0,
            400,
            "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        ),
        (Fault.THROTTLED_ACCOUNT, 0.0, 400, "com.amazon.coral.availability#ThrottlingException"),
        (
            Fault.THROTTLED_ACCOUNT,
            0.95,
            400,
            "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded",
        ),
        (Fault.EXPIRED, 0.0, 400, "com.amazon.coral.service#ExpiredTokenException"),
        (Fault.SKEWED, 0.0, 400, "com.amazon.coral.service#InvalidSignatureException"),
    ],
)
async def test_refusals_have_dynamodbs_own_shapes(
    proxy: FaultProxy, wire: Wire, fault: Fault, part: float, status: int, kind: str
) -> None:
    proxy.schedule = Scripted([Injection(fault, part)])
    wire.ask()
    answer = await wire.answer()
    assert answer.status == status
    assert f'"__type": "{kind}"'.encode() in answer.body
    assert answer.headers["x-amz-crc32"] == str(crc32(answer.body))


async def test_a_503_may_come_from_a_load_balancer(proxy: FaultProxy, wire: Wire) -> None:
    proxy.schedule = Scripted([Injection(Fault.UNAVAILABLE, 0.0)])
    wire.ask()
    answer = await wire.answer()
    assert (answer.status, answer.body) == (503, b"")


async def test_an_expired_token_stays_expired_and_others_do_not(
    proxy: FaultProxy, wire: Wire
) -> None:
    expired: list[str] = []
    proxy.front_end.on_expired = expired.append
    proxy.schedule = Scripted([Fault.EXPIRED])
    statuses = []
    for token in ("old", "old", "new"):
        wire.ask(token=token)
        statuses.append((await wire.answer()).status)
    assert statuses == [400, 400, 200]
    assert expired == ["old"]
    assert proxy.journal.injected == {Fault.EXPIRED: 2}


@pytest.mark.parametrize(
    ("offset", "says"), [(3600.0, "Signature expired"), (-3600.0, "Signature not yet current")]
)
async def test_a_signature_from_another_time_is_refused_and_told_the_right_one(
    proxy: FaultProxy, wire: Wire, offset: float, says: str
) -> None:
    proxy.front_end.clock_offset = offset
    wire.ask()
    answer = await wire.answer()
    assert says.encode() in answer.body
    told = parsedate_to_datetime(answer.headers["date"]).timestamp()
    assert abs(told - time.time() - offset) < 60
    assert proxy.journal.injected == {Fault.SKEWED: 1}


async def test_a_clock_that_was_moved_stays_there(proxy: FaultProxy, wire: Wire) -> None:
    proxy.schedule = Scripted([Fault.SKEWED])
    for _ in range(2):
        wire.ask()
        assert (await wire.answer()).status == 400
    assert proxy.journal.injected == {Fault.SKEWED: 2}


@pytest.mark.parametrize("fault", sorted(CONNECTION_FAULTS))
async def test_a_broken_connection_carries_nothing(
    proxy: FaultProxy, engine: Server, fault: Fault
) -> None:
    proxy.schedule = Scripted(connections=[fault])
    port = int(proxy.endpoint.rpartition(":")[2])
    wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
    wire.ask()
    assert await wire.all_bytes() == b""
    assert not engine.requests
    assert not proxy.journal.entries


async def test_a_connection_ends_after_so_many_requests_and_says_so(
    proxy: FaultProxy, wire: Wire
) -> None:
    proxy.requests_per_connection = 2
    wire.ask()
    assert "connection" not in (await wire.answer()).headers
    wire.ask()
    assert (await wire.answer()).headers["connection"] == "close"
    assert await wire.all_bytes() == b""

"""What is sent again, how often, how soon, and what is said about a write in the end."""

import asyncio
import time
from calendar import timegm
from email.utils import formatdate

import pytest

from pannier_server.backends.dynamodb.wire.credential_cache import CredentialCache, Loaded
from pannier_server.backends.dynamodb.wire.credentials import Credentials
from pannier_server.backends.dynamodb.wire.errors import (
    AttemptFailed,
    ConditionFailed,
    ItemTooLarge,
    ValidationFailed,
)
from pannier_server.backends.dynamodb.wire.failures import (
    Cure,
    Failure,
    Place,
    attempt_failure,
)
from pannier_server.backends.dynamodb.wire.retries import (
    THROTTLED,
    UNAVAILABLE,
    Attempts,
    Effect,
)
from pannier_server.backends.errors import (
    AccessDenied,
    DeadlineExceeded,
    StoreUnavailable,
    Throttled,
    WriteOutcome,
)
from tests.dynamodb.wire.calling import Caller, until
from tests.dynamodb.wire.conftest import Connect
from tests.dynamodb.wire.http_server import (
    Server,
    Step,
    answer,
    hang_up,
    refuse,
    serving,
    wait_for,
)

FAULT = refuse("InternalServerError", "oops", status=500)
THROTTLE = refuse("ProvisionedThroughputExceededException", "slow down")
CONDITION = refuse("ConditionalCheckFailedException", "no", Item={"PK": {"S": "a"}})


class Renewable:
    """A chain whose credentials are others with each look-up, up to the last."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)

    def load(self) -> Loaded:
        name = self.names.pop(0) if len(self.names) > 1 else self.names[0]
        return Loaded(Credentials(name, "secret", "token"))

    def refresh(self) -> Loaded:
        return self.load()


def with_chain(caller: Caller, *names: str) -> None:
    caller.client._credentials = CredentialCache(Renewable(*names))


@pytest.mark.parametrize(
    "failing",
    [
        THROTTLE,
        FAULT,
        refuse("ThrottlingException"),
        refuse("RequestLimitExceeded"),
        refuse("TransactionConflictException"),
        refuse("ReplicatedWriteConflictException", status=409),
        refuse("ServiceUnavailable", status=503),
        answer(b"<html>Bad gateway</html>", status=502),
        answer(b"", status=504),
        answer(b"", status=429),
    ],
)
async def test_a_read_that_failed_for_the_moment_succeeds_in_the_end(
    server: Server, connect: Connect, failing: Step
) -> None:
    caller = await connect(server.url)
    server.then(failing, failing, answer(b'{"Item":{}}'))
    assert await caller.read() == b'{"Item":{}}'
    assert caller.client.stats.retries == 2
    assert server.connections == 1


async def test_a_throttled_call_is_told_when_to_come_back(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.otherwise = THROTTLE
    with pytest.raises(Throttled, match="ProvisionedThroughputExceeded") as raised:
        await caller.write()
    assert raised.value.retry_delay == THROTTLED.longest
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
    assert len(server.requests) == THROTTLED.attempts
    assert caller.client.stats.throttles == THROTTLED.attempts


async def test_a_store_that_keeps_failing_is_told_soon(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.otherwise = FAULT
    with pytest.raises(StoreUnavailable, match=r"InternalServerError.*REQUEST1") as raised:
        await caller.write()
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    assert len(server.requests) == UNAVAILABLE.attempts


async def test_a_refused_connection_is_an_unavailable_store_that_changed_nothing(
    connect: Connect,
) -> None:
    async with serving() as gone:
        pass
    caller = await connect(gone.url)
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{gone.port}.*refuses") as raised:
        await caller.write()
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
    assert caller.client.stats.retries == UNAVAILABLE.attempts - 1
    assert time.monotonic() - started < 5


async def test_a_store_that_comes_up_meanwhile_is_reached(connect: Connect) -> None:
    async with serving() as gone:
        pass
    caller = await connect(gone.url)
    call = asyncio.create_task(caller.write_once())
    await until(lambda: caller.client.stats.retries > 0)
    async with serving(port=gone.port) as server:
        await call
        assert len(server.requests) == 1


@pytest.mark.parametrize("failing", [FAULT, hang_up(), answer(b"", status=503)])
async def test_a_write_that_must_not_be_repeated_is_sent_once_where_it_may_have_been_applied(
    server: Server, connect: Connect, failing: Step
) -> None:
    caller = await connect(server.url)
    server.then(failing)
    with pytest.raises(StoreUnavailable) as raised:
        await caller.write_once()
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    assert len(server.requests) == 1


async def test_a_write_that_must_not_be_repeated_is_not_sent_again_on_a_reused_connection_either(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(answer(), hang_up())
    await caller.read()
    with pytest.raises(StoreUnavailable) as raised:
        await caller.write_once()
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    assert len(server.requests) == 2


async def test_a_write_that_must_not_be_repeated_is_sent_again_where_it_was_not_applied(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(THROTTLE, refuse("TransactionConflictException"), answer())
    assert await caller.write_once() == b"{}"


async def test_a_failed_condition_brings_the_item_that_the_check_saw(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(CONDITION)
    with pytest.raises(ConditionFailed) as raised:
        await caller.write()
    assert raised.value.item == b'{"PK": {"S": "a"}}'
    assert not raised.value.earlier_attempt_unknown
    assert len(server.requests) == 1


@pytest.mark.parametrize("failing", [FAULT, hang_up()])
async def test_a_verdict_after_an_unknown_attempt_says_so(
    server: Server, connect: Connect, failing: Step
) -> None:
    caller = await connect(server.url)
    server.then(failing, refuse("ConditionalCheckFailedException"))
    with pytest.raises(ConditionFailed) as raised:
        await caller.write()
    assert raised.value.item is None
    assert raised.value.earlier_attempt_unknown
    server.then(failing, refuse("ValidationException", "Item size has exceeded the maximum"))
    with pytest.raises(ItemTooLarge) as too_large:
        await caller.write()
    assert too_large.value.earlier_attempt_unknown


async def test_a_deadline_that_passes_in_line_after_an_unknown_attempt_is_unknown_too(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url, max_connections=1)
    go_on, never = asyncio.Event(), asyncio.Event()
    server.then(wait_for(go_on, hang_up()), wait_for(never, answer()))
    write = asyncio.create_task(caller.write(seconds=1))
    await server.arrived.wait()
    other = asyncio.create_task(caller.read())
    await until(lambda: bool(caller.client._pool._waiters))
    go_on.set()
    with pytest.raises(DeadlineExceeded, match=r"busy; before that.*closed") as raised:
        await write
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    other.cancel()


async def test_a_throttled_attempt_before_a_verdict_is_not_unknown(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(THROTTLE, refuse("ValidationException", "wrong"))
    with pytest.raises(ValidationFailed, match="wrong") as raised:
        await caller.write()
    assert not raised.value.earlier_attempt_unknown


async def test_an_error_of_a_read_never_speaks_of_a_write(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.otherwise = FAULT
    with pytest.raises(StoreUnavailable) as raised:
        await caller.read()
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED


async def test_a_passed_deadline_tells_what_went_wrong_before(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(FAULT, wait_for(asyncio.Event(), answer()))
    with pytest.raises(DeadlineExceeded, match=r"before that.*InternalServerError") as raised:
        await caller.write(seconds=1)
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN


async def test_a_wait_between_attempts_can_be_cancelled(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.otherwise = THROTTLE
    call = asyncio.create_task(caller.read())
    await until(lambda: caller.client.stats.retries > 0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


@pytest.mark.parametrize("kind", ["ExpiredTokenException", "ExpiredToken"])
async def test_an_expired_token_is_replaced(server: Server, connect: Connect, kind: str) -> None:
    caller = await connect(server.url)
    with_chain(caller, "FIRST", "SECOND")
    server.then(refuse(kind), answer())
    await caller.write_once()
    signers = [request.headers["authorization"] for request in server.requests]
    assert "Credential=FIRST/" in signers[0]
    assert "Credential=SECOND/" in signers[1]


async def test_an_expired_token_without_another_is_refused(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    with_chain(caller, "ONLY")
    server.otherwise = refuse("ExpiredTokenException", "The security token is expired")
    with pytest.raises(AccessDenied, match="expired") as raised:
        await caller.write()
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
    assert len(server.requests) == 1


async def test_a_token_that_expires_again_at_once_is_refused(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    with_chain(caller, "FIRST", "SECOND", "THIRD")
    server.otherwise = refuse("ExpiredTokenException")
    with pytest.raises(AccessDenied, match="expired"):
        await caller.write()
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("InvalidSignatureException", "Signature expired: 20200101T000000Z is now earlier than"),
        ("InvalidSignatureException", "Signature not yet current: 20200101T000000Z is later"),
        ("RequestTimeTooSkewed", ""),
        ("RequestExpired", ""),
    ],
)
async def test_a_wrong_clock_is_corrected_by_the_servers(
    server: Server, connect: Connect, kind: str, message: str
) -> None:
    caller = await connect(server.url)
    date = formatdate(time.time() + 3600, usegmt=True)
    body = b'{"__type":"com.amazon.coral.service#%b","message":"%b"}'
    server.then(answer(body % (kind.encode(), message.encode()), 400, date=date), answer())
    await caller.write_once()
    await caller.read()
    early, *right = (request.headers["x-amz-date"] for request in server.requests)
    assert all(early < date for date in right)
    assert all(abs(seconds(date) - seconds(early) - 3600) < 60 for date in right)


async def test_a_clock_that_stays_wrong_is_refused(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.otherwise = refuse("RequestTimeTooSkewed")
    with pytest.raises(AccessDenied, match="clock"):
        await caller.read()
    assert len(server.requests) == 1
    date = formatdate(time.time() + 3600, usegmt=True)
    server.otherwise = answer(b'{"__type":"RequestTimeTooSkewed"}', 400, date=date)
    with pytest.raises(AccessDenied, match="clock"):
        await caller.read()
    assert len(server.requests) == 3


def seconds(date: str) -> float:
    return timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))


def attempts(effect: Effect = Effect.READ, jitter: float = 1.0) -> Attempts:
    return Attempts(effect, started=0, deadline=100, jitter=lambda: jitter)


def failure(cure: Cure) -> Failure:
    return Failure(StoreUnavailable("gone"), cure)


def test_waits_grow_to_their_ceilings() -> None:
    made = attempts()
    waits = [made.wait_after(failure(Cure.WAIT), now=0) for _ in range(4)]
    assert waits == [0.05, 0.1, 0.2, 0.4]
    with pytest.raises(StoreUnavailable):
        made.wait_after(failure(Cure.WAIT), now=0)


def test_waits_are_any_part_of_their_ceilings() -> None:
    assert attempts(jitter=0.0).wait_after(failure(Cure.WAIT), now=0) == 0
    assert attempts(jitter=0.5).wait_after(failure(Cure.WAIT), now=0) == 0.025


def test_throttles_get_more_and_longer_waits() -> None:
    made = attempts()
    waits = [made.wait_after(failure(Cure.WAIT_LONGER), now=0) for _ in range(7)]
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_slow_failures_are_tried_twice_but_not_for_long() -> None:
    made = attempts()
    assert made.wait_after(failure(Cure.WAIT), now=4) > 0
    with pytest.raises(StoreUnavailable):
        made.wait_after(failure(Cure.WAIT), now=8)


def test_the_last_error_is_raised_where_the_deadline_leaves_no_other_attempt() -> None:
    with pytest.raises(StoreUnavailable, match="gone"):
        attempts().wait_after(failure(Cure.WAIT), now=99.95)
    assert attempts().wait_after(failure(Cure.WAIT), now=99.9) == 0.05


def test_a_stale_connection_is_replaced_without_a_wait() -> None:
    stale = AttemptFailed("closed", maybe_applied=True, reused=True)
    found = attempt_failure(stale, Place("h:1", "r"), past_deadline=False)
    assert found.cure is Cure.NEW_CONNECTION
    assert attempts().wait_after(found, now=0) == 0


def test_a_stale_connection_is_one_that_was_reused_and_brought_nothing() -> None:
    assert AttemptFailed("closed", reused=True).stale_connection
    assert not AttemptFailed("closed").stale_connection
    assert not AttemptFailed("closed", reused=True, answer_started=True).stale_connection
    assert not AttemptFailed("closed", reused=True, timed_out=True).stale_connection

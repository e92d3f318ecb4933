"""A lost answer is neither a false conflict nor a second write, and doubt is said."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pannier_server.backends.contract import Call, Key, Write
from pannier_server.backends.dynamodb.backend import DynamoDBBackend
from pannier_server.backends.errors import (
    RecordExists,
    RecordNotFound,
    StorageError,
    StoreUnavailable,
    VersionMismatch,
    WriteOutcome,
)
from pannier_server.backends.registry import create_backend
from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table
from tests.faults.kinds import Fault
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.faults.schedules import Scripted

OWN = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
THIRD = "33333333-3333-4333-8333-333333333333"
OURS = Write(b"ours", None, OWN)
OTHERS = Write(b"others", None, OTHER)
LOST = [Fault.LOST_ANSWER, Fault.FAILED_AFTER]

pytestmark = pytest.mark.usefixtures("dynamodb_engine")


@pytest.fixture
async def proxy(dynamodb_engine: Engine) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(dynamodb_engine.endpoint) as running:
        yield running


@pytest.fixture
async def lossy(proxy: FaultProxy, dynamodb_table: Table) -> AsyncIterator[DynamoDBBackend]:
    """A backend whose requests go through the proxy."""
    url = f"dynamodb://{dynamodb_table.name}?region=us-east-1&endpoint={proxy.endpoint}"
    async with opened(url) as backend:
        yield backend


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[DynamoDBBackend]:
    backend = create_backend(url)
    assert isinstance(backend, DynamoDBBackend)
    await backend.open()
    yield backend
    await backend.close()


@pytest.fixture
def key(owner: str) -> Key:
    return Key(owner, "name")


@pytest.mark.parametrize("fate", LOST)
async def test_a_put_whose_answer_is_lost_is_applied_once(
    lossy: DynamoDBBackend, proxy: FaultProxy, key: Key, call: Call, fate: Fault
) -> None:
    proxy.schedule = Scripted([fate, fate])
    assert (await lossy.put(key, OURS, call)).version == 1
    assert len(proxy.journal.operations()) == 3
    assert (await lossy.get(key, consistent=True, call=call)).version == 1


@pytest.mark.parametrize("fate", LOST)
async def test_a_create_whose_answer_is_lost_is_no_conflict(
    lossy: DynamoDBBackend, proxy: FaultProxy, key: Key, call: Call, fate: Fault
) -> None:
    proxy.schedule = Scripted([fate])
    written = await lossy.put_if_version(key, OURS, expected_version=0, etag="", call=call)
    assert written.version == 1


@pytest.mark.parametrize("fate", LOST)
async def test_a_conditional_put_whose_answer_is_lost_is_no_conflict(
    lossy: DynamoDBBackend, proxy: FaultProxy, key: Key, call: Call, fate: Fault
) -> None:
    first = await lossy.put(key, OTHERS, call)
    proxy.schedule = Scripted([fate])
    written = await lossy.put_if_version(key, OURS, expected_version=1, etag=first.etag, call=call)
    assert written.version == 2
    assert (await lossy.get(key, consistent=True, call=call)).etag == written.etag


@pytest.mark.parametrize("fate", [*LOST, Fault.LOST_REQUEST])
async def test_an_unconditional_delete_is_not_sent_again_and_its_outcome_is_unknown(
    lossy: DynamoDBBackend, proxy: FaultProxy, key: Key, call: Call, fate: Fault
) -> None:
    await lossy.put(key, OURS, call)
    proxy.schedule = Scripted([fate])
    with pytest.raises(StoreUnavailable) as caught:
        await lossy.delete(key, expected_version=None, etag="", call=call)
    assert caught.value.write_outcome is WriteOutcome.UNKNOWN
    assert proxy.journal.operations().count("DeleteItem") == 1


async def test_a_delete_at_a_version_is_not_sent_again_either(
    lossy: DynamoDBBackend, proxy: FaultProxy, key: Key, call: Call
) -> None:
    await lossy.put(key, OURS, call)
    proxy.schedule = Scripted([Fault.LOST_ANSWER])
    with pytest.raises(StoreUnavailable) as caught:
        await lossy.delete(key, expected_version=1, etag="", call=call)
    assert caught.value.write_outcome is WriteOutcome.UNKNOWN
    assert proxy.journal.operations().count("DeleteItem") == 1


async def test_a_delete_with_an_etag_is_sent_again(
    lossy: DynamoDBBackend, proxy: FaultProxy, key: Key, call: Call
) -> None:
    written = await lossy.put(key, OURS, call)
    proxy.schedule = Scripted([Fault.LOST_ANSWER])
    # The first attempt deleted it, and the second finds nothing: that is documented.
    assert not await lossy.delete(key, expected_version=None, etag=written.etag, call=call)
    assert proxy.journal.operations().count("DeleteItem") == 2
    with pytest.raises(RecordNotFound):
        await lossy.get(key, consistent=True, call=call)


@pytest.fixture
async def others(dynamodb_table: Table) -> AsyncIterator[DynamoDBBackend]:
    """A backend of someone else, whose requests are never lost."""
    async with opened(dynamodb_table.store_url) as backend:
        yield backend


@pytest.mark.parametrize("fate", [Fault.LOST_ANSWER, Fault.FAILED_AFTER])
async def test_a_write_is_recognised_after_one_other_write_came_between(
    lossy: DynamoDBBackend,
    others: DynamoDBBackend,
    proxy: FaultProxy,
    key: Key,
    call: Call,
    fate: Fault,
) -> None:
    await others.put(key, Write(b"first", None, THIRD), call)
    proxy.schedule = Scripted([fate])
    proxy.meanwhile = lambda: others.put(key, OTHERS, call)
    written = await lossy.put_if_version(key, OURS, expected_version=1, etag="", call=call)
    assert (written.version, written.etag) == (2, f"2-{OWN}")
    assert (await others.get(key, consistent=True, call=call)).version == 3


async def conflict(
    lossy: DynamoDBBackend, key: Key, call: Call, *, expected_version: int, etag: str = ""
) -> StorageError:
    with pytest.raises((VersionMismatch, RecordExists, RecordNotFound)) as caught:
        await lossy.put_if_version(
            key, OURS, expected_version=expected_version, etag=etag, call=call
        )
    return caught.value


@pytest.mark.parametrize("fate", [Fault.LOST_REQUEST, Fault.LOST_ANSWER])
async def test_a_conflict_after_a_lost_attempt_is_not_certain(
    lossy: DynamoDBBackend,
    others: DynamoDBBackend,
    proxy: FaultProxy,
    key: Key,
    call: Call,
    fate: Fault,
) -> None:
    await others.put(key, Write(b"first", None, THIRD), call)
    proxy.schedule = Scripted([fate])

    async def put_twice() -> None:
        await others.put(key, Write(b"second", None, OTHER), call)
        await others.put(key, Write(b"third", None, THIRD), call)

    proxy.meanwhile = put_twice
    error = await conflict(lossy, key, call, expected_version=1)
    assert isinstance(error, VersionMismatch)
    assert error.write_outcome is WriteOutcome.UNKNOWN


async def test_a_row_can_prove_that_the_lost_attempt_was_not_applied(
    lossy: DynamoDBBackend,
    others: DynamoDBBackend,
    proxy: FaultProxy,
    key: Key,
    call: Call,
) -> None:
    first = await others.put(key, Write(b"first", None, THIRD), call)
    proxy.schedule = Scripted([Fault.LOST_REQUEST])
    proxy.meanwhile = lambda: others.put(key, OTHERS, call)
    error = await conflict(lossy, key, call, expected_version=1, etag=first.etag)
    assert isinstance(error, VersionMismatch)
    assert error.write_outcome is WriteOutcome.NOT_APPLIED


async def test_without_an_etag_the_same_row_proves_nothing(
    lossy: DynamoDBBackend,
    others: DynamoDBBackend,
    proxy: FaultProxy,
    key: Key,
    call: Call,
) -> None:
    await others.put(key, Write(b"first", None, THIRD), call)
    proxy.schedule = Scripted([Fault.LOST_REQUEST])
    proxy.meanwhile = lambda: others.put(key, OTHERS, call)
    error = await conflict(lossy, key, call, expected_version=1)
    assert error.write_outcome is WriteOutcome.UNKNOWN


@pytest.mark.parametrize("fate", [Fault.LOST_REQUEST, Fault.LOST_ANSWER])
async def test_not_found_after_a_lost_attempt_is_not_certain(
    lossy: DynamoDBBackend,
    others: DynamoDBBackend,
    proxy: FaultProxy,
    key: Key,
    call: Call,
    fate: Fault,
) -> None:
    await others.put(key, OTHERS, call)
    proxy.schedule = Scripted([fate])
    proxy.meanwhile = lambda: others.delete(key, expected_version=None, etag="", call=call)
    error = await conflict(lossy, key, call, expected_version=1)
    assert isinstance(error, RecordNotFound)
    assert error.write_outcome is WriteOutcome.UNKNOWN


async def test_a_conflict_at_the_first_attempt_is_certain(
    lossy: DynamoDBBackend, key: Key, call: Call
) -> None:
    await lossy.put(key, OTHERS, call)
    assert (await conflict(lossy, key, call, expected_version=0)).write_outcome is (
        WriteOutcome.NOT_APPLIED
    )


async def test_a_write_that_gets_no_answer_at_all_is_unknown(
    lossy: DynamoDBBackend, proxy: FaultProxy, key: Key, call: Call
) -> None:
    proxy.schedule = Scripted([Fault.LOST_ANSWER] * 20)
    with pytest.raises(StoreUnavailable) as caught:
        await lossy.put(key, OURS, call)
    assert caught.value.write_outcome is WriteOutcome.UNKNOWN
    assert 2 <= len(proxy.journal.operations()) <= 10


async def test_a_read_goes_on_after_lost_answers(
    lossy: DynamoDBBackend, proxy: FaultProxy, key: Key, call: Call
) -> None:
    await lossy.put(key, OURS, call)
    proxy.schedule = Scripted([Fault.LOST_ANSWER, Fault.LOST_REQUEST, Fault.FAILED_AFTER])
    assert (await lossy.get(key, consistent=True, call=call)).data == b"ours"

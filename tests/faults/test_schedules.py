"""Schedules can be replayed, the throttle keeps to its rate, and stale reads are allowed ones."""

import asyncio
import json
from collections import Counter

import pytest

from pannier_server.backends.errors import Throttled
from tests.dynamodb.wire.calling import Caller
from tests.faults.kinds import Fault
from tests.faults.messages import Request, answer
from tests.faults.proxy import FaultProxy
from tests.faults.schedules import Injection, Paced, Scripted, Seeded
from tests.faults.stale_reads import StaleReads
from tests.faults.throttle import Throttle

RATES = {Fault.LOST_ANSWER: 0.1, Fault.SLOW: 0.05, Fault.CONNECTION_CUT: 0.2}


def get_item(name: str = "a", *, consistent: bool = False) -> Request:
    body = json.dumps({"Key": {"SK": {"S": name}}, "ConsistentRead": consistent}).encode()
    return Request(b"POST / HTTP/1.1\r\nx-amz-target: DynamoDB_20120810.GetItem\r\n\r\n", body)


def drawn(seed: int, count: int = 500) -> list[Injection | None]:
    schedule = Seeded(seed, RATES)
    return [schedule.for_request(get_item()) for _ in range(count)]


def test_a_seed_gives_the_same_faults_again() -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_connections_do_not_shift_what_meets_requests() -> None:
    schedule = Seeded(1, RATES)
    mixed = []
    for _ in range(500):
        schedule.for_connection()
        mixed.append(schedule.for_request(get_item()))
    assert mixed == drawn(1)


def test_faults_come_at_their_rates_and_where_they_belong() -> None:
    schedule = Seeded(1, RATES)
    requests = Counter(each.fault for each in drawn(1, 10_000) if each)
    connections = Counter(each.fault for _ in range(10_000) if (each := schedule.for_connection()))
    assert set(requests) == {Fault.LOST_ANSWER, Fault.SLOW}
    assert set(connections) == {Fault.CONNECTION_CUT}
    assert 900 < requests[Fault.LOST_ANSWER] < 1100
    assert 1900 < connections[Fault.CONNECTION_CUT] < 2100


def test_a_journal_can_be_played_again() -> None:
    faults = [None if each is None else each.fault for each in drawn(1)]
    schedule = Scripted(faults)
    again = [schedule.for_request(get_item()) for _ in range(500)]
    assert [None if each is None else each.fault for each in again] == faults


def test_a_paced_fault_comes_only_so_often_and_the_others_as_before() -> None:
    now = [0.0]
    script = [Fault.EXPIRED, Fault.SLOW, Fault.EXPIRED, Fault.EXPIRED]
    paced = Paced(Scripted(script), Fault.EXPIRED, seconds=3, clock=lambda: now[0])
    made = []
    for _ in script:
        injection = paced.for_request(get_item())
        made.append(injection.fault if injection else None)
        now[0] += 1
    assert made == [Fault.EXPIRED, Fault.SLOW, None, Fault.EXPIRED]


def test_a_throttle_grants_its_rate_and_no_more() -> None:
    now = [0.0]
    throttle = Throttle(100, burst=10, clock=lambda: now[0])
    for _ in range(10_000):
        throttle.grants("UpdateItem")
        now[0] += 0.001
    assert 1_000 <= throttle.granted <= 1_010
    assert throttle.granted + throttle.refused == 10_000


def test_a_throttle_leaves_the_control_plane_alone() -> None:
    throttle = Throttle(0.001, clock=lambda: 0.0)
    assert throttle.grants("GetItem")
    assert not throttle.grants("GetItem")
    assert throttle.grants("DescribeTable")


async def test_beyond_the_throttle_the_sidecar_is_refused_and_waits(
    proxy: FaultProxy, caller: Caller
) -> None:
    proxy.throttle = Throttle(100, burst=5)
    await asyncio.gather(*(caller.read() for _ in range(20)))
    assert proxy.throttle.granted == 20
    assert proxy.journal.injected[Fault.THROTTLED_TABLE] == proxy.throttle.refused > 0


async def test_an_empty_throttle_ends_in_the_stores_own_error(
    proxy: FaultProxy, caller: Caller
) -> None:
    proxy.throttle = Throttle(0.001, burst=1)
    await caller.read()
    with pytest.raises(Throttled):
        await caller.write(seconds=1)


def test_a_read_that_asks_for_consistency_is_never_stale() -> None:
    stale = StaleReads()
    for number in range(100):
        assert stale.answer(get_item(consistent=True)) is None
        stale.remember(get_item(consistent=True), answer(200, b"%d" % number))


def test_a_read_that_does_not_may_see_what_was_there_before() -> None:
    stale = StaleReads()
    for number in range(3):
        stale.remember(get_item(consistent=True), answer(200, b"%d" % number))
    seen = {each.body for _ in range(100) if (each := stale.answer(get_item()))}
    assert seen == {b"0", b"1", b"2"}
    assert stale.answer(get_item("another")) is None

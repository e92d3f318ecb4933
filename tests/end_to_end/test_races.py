"""Concurrent callers over two sidecar processes on one store lose nothing.

No lock inside a process could make these hold: the callers of one key are spread over
two processes.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import uuid4

import pytest

import pannier
from tests.sidecars import sidecar_process

CALLERS = 32
PUTS = 100


@pytest.fixture
def stores(shared_store: str) -> Iterator[list[pannier.Store]]:
    """Return a client of each of two sidecar processes."""
    with ExitStack() as stack:
        sidecars = [stack.enter_context(sidecar_process(shared_store)) for _ in range(2)]
        yield [stack.enter_context(pannier.connect(s.address, timeout=60)) for s in sidecars]


def test_each_of_3200_puts_gets_a_version_of_its_own(stores: list[pannier.Store]) -> None:
    key = pannier.key(f"owner-{uuid4()}", "contended")

    def put_many(caller: int) -> list[int]:
        store = stores[caller % len(stores)]
        return [store.put(key, b"%d" % number).version for number in range(PUTS)]

    with ThreadPoolExecutor(CALLERS) as callers:
        versions = [v for made in callers.map(put_many, range(CALLERS)) for v in made]
    assert sorted(versions) == list(range(1, CALLERS * PUTS + 1))
    assert stores[0].get(key).version == CALLERS * PUTS


def test_no_increment_of_a_counter_is_lost(stores: list[pannier.Store]) -> None:
    key = pannier.key(f"owner-{uuid4()}", "counter")
    stores[0].create(key, json.dumps({"count": 0}).encode())

    def increment(data: bytes) -> bytes:
        return json.dumps({"count": json.loads(data)["count"] + 1}).encode()

    def increment_many(caller: int) -> None:
        for _ in range(5):
            stores[caller % len(stores)].update(key, increment, timeout=60)

    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(increment_many, range(CALLERS)))
    record = stores[1].get(key)
    assert json.loads(record.data) == {"count": CALLERS * 5}
    assert record.version == CALLERS * 5 + 1

"""A store that is closed: what it says, and what becomes of the calls that run."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from grpc import StatusCode

import pannier
from pannier.errors import WriteOutcome
from tests.client_python.conftest import Connect
from tests.client_python.scripted_sidecar import (
    ScriptedSidecar,
    fail,
    hang,
    page,
    pages,
    retry_after,
    when_received,
)


def error_of_closing(
    store: pannier.Store, call: Callable[[], Any], came: threading.Event
) -> pannier.StoreClosed:
    """Close the store once the sidecar has got a call, and return the call's error."""
    with ThreadPoolExecutor() as threads:
        running = threads.submit(call)
        came.wait()
        store.close()
        error = running.exception()
    assert isinstance(error, pannier.StoreClosed)
    return error


def test_a_closed_store_says_so(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    store.close()
    with pytest.raises(pannier.StoreClosed) as raised:
        store.put("o:n", b"")
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
    with pytest.raises(pannier.StoreClosed):
        list(store.list("o:"))
    assert sidecar.received == []


def test_a_store_may_be_closed_twice(store: pannier.Store) -> None:
    store.close()
    store.close()


def test_closing_ends_a_write_whose_outcome_is_then_unknown(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    came = when_received(sidecar, hang)
    error = error_of_closing(store, lambda: store.put("o:n", b""), came)
    assert error.write_outcome is WriteOutcome.UNKNOWN


def test_closing_ends_a_list(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    came = when_received(sidecar, pages(page("a", token="t"), then=hang))
    error_of_closing(store, lambda: list(store.list("o:")), came)


@pytest.fixture
def paused() -> Iterator[threading.Event]:
    """Tell when a call begins to wait for another attempt."""
    heard = threading.Event()

    class Hear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.set()

    logger, handler = logging.getLogger("pannier"), Hear()
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield heard
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_closing_ends_the_pause_between_attempts(
    connect: Connect, sidecar: ScriptedSidecar, paused: threading.Event
) -> None:
    details = [retry_after(3_600)]
    busy = fail(
        StatusCode.RESOURCE_EXHAUSTED, reason="THROTTLED", outcome="not_applied", details=details
    )
    sidecar.will(busy)
    store = connect(sidecar.address, timeout=9_000)
    error = error_of_closing(store, lambda: store.put("o:n", b""), paused)
    assert error.write_outcome is WriteOutcome.NOT_APPLIED


def test_closing_a_store_that_finds_no_sidecar_leaves_no_doubt(
    connect: Connect, paused: threading.Event
) -> None:
    # An attempt that runs while the store is closed is in doubt: it ends in a pause.
    slow = pannier.RetryPolicy(initial_backoff=3_600, max_backoff=3_600)
    store = connect("unix:/nowhere/p.sock", retries=slow, timeout=9_000)
    error = error_of_closing(store, lambda: store.put("o:n", b""), paused)
    assert error.write_outcome is WriteOutcome.NOT_APPLIED


def test_callers_that_race_with_the_end_of_a_store_get_an_answer_or_hear_of_it(
    connect: Connect, live_address: str, owner: str
) -> None:
    store = connect(live_address)
    store.put(f"{owner}:n", b"data")

    def read() -> int:
        count = 0
        while True:
            try:
                assert store.get(f"{owner}:n").data == b"data"
            except pannier.StoreClosed:
                return count
            count += 1
            if count == 20:
                started.release()

    started = threading.Semaphore(0)
    with ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(read) for _ in range(8)]
        for _ in readers:
            started.acquire()
        store.close()
        assert all(reader.result() >= 20 for reader in readers)

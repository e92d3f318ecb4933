"""Calls survive a sidecar that is killed and started again."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import pannier
from tests.client_python.conftest import Connect
from tests.sidecars import SidecarProcess, start_sidecar


@pytest.fixture
def start_again(tmp_path: Path) -> Iterator[Callable[[], SidecarProcess]]:
    """Start sidecars, one after the other, at the same place with the same records."""
    started: list[SidecarProcess] = []

    def start() -> SidecarProcess:
        store = f"sqlite://{tmp_path}/records.db"
        started.append(start_sidecar(store, f"--listen=unix:{tmp_path}/pannier.sock"))
        return started[-1]

    yield start
    for sidecar in started:
        sidecar.kill()
        assert sidecar.process.stdout is not None
        sidecar.process.stdout.close()


def test_every_call_gets_through_a_kill_and_a_restart(
    connect: Connect, start_again: Callable[[], SidecarProcess]
) -> None:
    sidecar = start_again()
    store = connect(sidecar.address, retries=pannier.RetryPolicy())
    for name in ("get", "put", "cas", "update", "delete", "listed:1", "listed:2"):
        store.put(f"o:{name}", b"before")
    records = store.list("o:listed:", page_size=1)
    next(records)
    sidecar.kill()
    with pytest.raises(pannier.Unavailable):
        # Until the channel has noticed, a delete might be sent and its outcome be unknown.
        store.get("o:get", timeout=0.05)
    calls = [
        lambda: store.get("o:get").version == 1,
        lambda: store.put("o:put", b"after").version == 2,
        lambda: store.put_if_version("o:cas", b"after", expected_version=1).version == 2,
        lambda: store.create("o:created", b"after").version == 1,
        lambda: store.update("o:update", lambda data: b"after").version == 2,
        lambda: store.delete("o:delete"),
        lambda: next(records).key == "o:listed:2",
    ]
    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(call) for call in calls]
        start_again()
        assert [call.result() for call in running] == [True] * len(calls)

"""A sidecar that is killed loses no write that it has acknowledged."""

import threading
from collections.abc import Callable
from pathlib import Path

import pannier
from tests.sidecars import sidecar_process, start_sidecar

WRITERS = 8
ENOUGH = 400


def test_every_acknowledged_write_is_there_after_kill_9(tmp_path: Path) -> None:
    store_url = f"sqlite://{tmp_path}/pannier.db"
    acknowledged: dict[str, int] = {}
    sidecar = start_sidecar(store_url)
    killed = threading.Event()

    def kill_when_busy() -> None:
        if len(acknowledged) >= ENOUGH and not killed.is_set():
            killed.set()
            sidecar.kill()

    writers = [
        threading.Thread(
            target=write_until_gone, args=(sidecar.address, number, acknowledged, kill_when_busy)
        )
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert killed.is_set()
    with sidecar_process(store_url) as restarted, pannier.connect(restarted.address) as store:
        found = {record.key: record.version for record in store.list("crash:")}
    assert {key: found.get(key) for key in acknowledged} == acknowledged


def write_until_gone(
    address: str, number: int, acknowledged: dict[str, int], written: Callable[[], None]
) -> None:
    """Write records, and note each that was answered, until the sidecar is gone."""
    with pannier.connect(address, timeout=1) as store:
        for index in range(100_000):
            key = pannier.key("crash", f"{number}-{index}")
            try:
                acknowledged[key] = store.put(key, b"x" * 500).version
            except pannier.PannierError:
                return
            written()

"""A sidecar that is killed loses no write that it has acknowledged, time after time."""

import os
import select
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from tests.end_to_end.callers import Caller, stored
from tests.sidecars import SidecarProcess, sidecar_process

CALLERS = 8
SEED = 20_251


@pytest.mark.parametrize(
    ("rounds", "flags"),
    [
        (3, ()),
        pytest.param(20, (), marks=pytest.mark.slow),
        pytest.param(6, ("--workers=2",), marks=pytest.mark.slow),
    ],
    ids=["few", "many", "with workers"],
)
@pytest.mark.timeout(300)
def test_every_acknowledged_write_is_there_after_kill_9(
    tmp_path: Path, transport: str, rounds: int, flags: tuple[str, ...]
) -> None:
    """And none that was refused. What had no answer is called again, and recognised."""
    random = Random(SEED)
    callers = [Caller(number, SEED) for number in range(CALLERS)]
    for _ in range(rounds):
        before = answers(callers)
        run_and_kill(tmp_path, transport, flags, callers, random.randint(0, 400))
        assert answers(callers) > before
    with sidecar_process(f"sqlite://{tmp_path}/pannier.db") as sidecar:
        found = stored(sidecar.address)
    for caller in callers:
        caller.find(found)


def run_and_kill(
    folder: Path, transport: str, flags: tuple[str, ...], callers: list[Caller], enough: int
) -> None:
    """Start a sidecar, check what it shows, and kill it after so many answers."""
    killed = threading.Event()
    store = f"sqlite://{folder}/pannier.db"
    with (
        sidecar_process(store, f"--transport={transport}", *flags) as sidecar,
        ThreadPoolExecutor(len(callers)) as threads,
    ):
        found = stored(sidecar.address)
        for caller in callers:
            caller.find(found)
        enough += answers(callers) + 1
        calls = [threads.submit(caller.call, sidecar.address, killed) for caller in callers]
        while answers(callers) < enough and not any(call.done() for call in calls):
            killed.wait(0.001)
        kill_with_workers(sidecar)
        killed.set()
        for call in calls:
            call.result()


def kill_with_workers(sidecar: SidecarProcess) -> None:
    """End all processes of a sidecar at once, and wait until the last is gone."""
    children = f"/proc/{sidecar.process.pid}/task/{sidecar.process.pid}/children"
    workers = [os.pidfd_open(int(pid)) for pid in Path(children).read_text().split()]
    sidecar.kill()
    for worker in workers:
        signal.pidfd_send_signal(worker, signal.SIGKILL)
    for worker in workers:
        select.select([worker], [], [])
        os.close(worker)


def answers(callers: list[Caller]) -> int:
    return sum(caller.answers for caller in callers)

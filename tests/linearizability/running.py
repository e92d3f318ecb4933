"""Runs a trial: sidecars over a store, clients, faults and kills, and the verdict."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from uuid import uuid4

import pannier
from tests.linearizability.calls import Call, Ending, Kind, Wish
from tests.linearizability.checker import check
from tests.linearizability.client import Client
from tests.linearizability.fleet import Sidecar
from tests.linearizability.grounds import prepared
from tests.linearizability.history import write_history
from tests.linearizability.trial import Result, Trial
from tests.linearizability.workload import Workload

CALL_SECONDS = 8.0
CLIENTS_OF_A_KEY = 2


async def run(trial: Trial, checker: Path, engine: str | None) -> Result:
    """Run a trial.

    Args:
        trial: Which.
        checker: The checker's program.
        engine: The endpoint of DynamoDB Local; needed by trials on it only.

    The folder with the sidecars' logs and the history is kept where the verdict is bad.
    """
    folder = Path(tempfile.mkdtemp(prefix="pannier-"))
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(prepared(trial, folder, engine))
        fleet = [Sidecar(ground.command, folder, number) for number in range(trial.sidecars)]
        for sidecar in fleet:
            stack.callback(sidecar.stop)
        await asyncio.gather(*(sidecar.start() for sidecar in fleet))
        clients = [
            Client(number, pannier.aio.connect(sidecar.address, timeout=CALL_SECONDS))
            for number, sidecar in zip(range(trial.clients), cycle(fleet), strict=False)
        ]
        for client in clients:
            stack.push_async_callback(client.close)
        owner = f"owner-{uuid4().hex}"
        keys = trial.clients // CLIENTS_OF_A_KEY
        workload = Workload(
            owner,
            trial.seed,
            trial.operations,
            keys,
            is_enough=lambda: ground.injected().total() >= trial.fewest_faults,
        )
        calls = await _make_calls(trial, clients, workload, fleet)
        await ground.end_faults()
        calls += await _read_all(workload.keys, clients)
    history = folder / "history.jsonl"
    write_history(calls, ground.journal, history)
    verdict = await asyncio.to_thread(check, checker, history)
    kills = sum(sidecar.kills for sidecar in fleet)
    result = Result(
        trial, calls, ground.injected(), kills, ground.stale_reads, ground.journal, verdict
    )
    if verdict.is_legal:
        shutil.rmtree(folder)
    return result


async def _make_calls(
    trial: Trial, clients: Sequence[Client], workload: Workload, fleet: Sequence[Sidecar]
) -> list[Call]:
    """Let all clients call until the workload ends, while sidecars are killed."""
    calls: list[Call] = []
    killer = _Killer(trial.kill_every, fleet)

    async def use(client: Client) -> None:
        while (chosen := workload.next()) is not None:
            contended, wish = chosen
            call = await client.make(wish)
            workload.note(contended, call)
            calls.append(call)
            killer.note(len(calls))

    killing = asyncio.create_task(killer.run())
    try:
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(use(client))
    finally:
        killer.end()
        await killing
    return calls


class _Killer:
    """Kills one sidecar after the other."""

    def __init__(self, every: int, fleet: Sequence[Sidecar]) -> None:
        self._every = every
        self._fleet = cycle(fleet)
        self._calls = 0
        self._next = every
        self._wake = asyncio.Event()
        self._ended = False

    def note(self, calls: int) -> None:
        """Take note of how many calls have ended."""
        self._calls = calls
        if self._every and calls >= self._next:
            self._wake.set()

    def end(self) -> None:
        """Kill no more."""
        self._ended = True
        self._wake.set()

    async def run(self) -> None:
        """Kill whenever enough calls have ended, and start again, until the end."""
        while True:
            await self._wake.wait()
            if self._ended:
                return
            await next(self._fleet).kill()
            self._next = self._calls + self._every
            if not self._ended:
                self._wake.clear()


async def _read_all(keys: Sequence[str], clients: Sequence[Client]) -> list[Call]:
    """Read what is left under each key, so that the last writes are looked at too."""
    waiting = iter(keys)

    async def read(client: Client) -> list[Call]:
        return [await client.make(Wish(Kind.GET, key)) for key in waiting]

    read_by_each = await asyncio.gather(*(read(client) for client in clients))
    calls = [call for each in read_by_each for call in each]
    assert all(call.ending is Ending.ANSWERED for call in calls)
    return calls

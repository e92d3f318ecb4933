"""What was answered outlives power cuts and dead processes at any moment.

Each seed is a store with up to three lives; `tests.sqlite.power_cuts` runs one by hand.
"""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial

import pytest

from pannier_server.backends.sqlite import session, worker
from pannier_server.backends.sqlite.operation import Operation
from tests.sqlite import power_cuts
from tests.sqlite.power_cuts import CHANGES, PowerCutFailed
from tests.sqlite.recording_vfs import Event

FEW = range(40)
MANY = range(1_000)
CHUNK = 100


@pytest.mark.parametrize("seed", FEW)
async def test_nothing_that_was_answered_is_lost(seed: int) -> None:
    await power_cuts.run(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FEW.stop, FEW.stop + len(MANY), CHUNK))
async def test_nothing_that_was_answered_is_lost_in_many_runs(first: int) -> None:
    assert await lost(range(first, first + CHUNK)) == []


async def test_a_seed_leads_to_the_same_work_on_files_again() -> None:
    first, second = [await power_cuts.run(7), await power_cuts.run(7)]
    assert outline(first) == outline(second)
    assert {event.kind for event in first} >= CHANGES - {"failed sync"}


def outline(events: Iterable[Event]) -> list[tuple[str, str, int, int]]:
    """Return what is not up to SQLite's own random numbers."""
    return [
        (event.kind, event.path.rpartition("/")[2], event.offset, event.size)
        for event in events
        if event.kind in CHANGES
    ]


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
async def test_without_full_synchronous_answered_writes_are_lost(
    monkeypatch: pytest.MonkeyPatch, synchronous: str
) -> None:
    monkeypatch.setattr(session, "SYNCHRONOUS", synchronous)
    assert len(await lost(FEW)) >= 2


async def test_without_synced_folders_answered_writes_are_lost() -> None:
    assert len(await lost(FEW, run=partial(power_cuts.run, unseen={"sync folder"}))) >= 2


async def test_answers_before_the_commit_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    deliver = worker._deliver
    run_operation = Operation.run

    def answer_at_once(operation: Operation[object], connection: object) -> None:
        run_operation(operation, connection)  # type: ignore[arg-type]
        operation._loop.call_soon_threadsafe(partial(deliver, [operation]))

    monkeypatch.setattr(Operation, "run", answer_at_once)
    assert len(await lost(FEW)) >= 2


async def lost(
    seeds: Iterable[int], run: Callable[[int], Awaitable[object]] = power_cuts.run
) -> list[str]:
    """Return what went wrong with each of the seeds where something did."""
    failures: list[str] = []
    for seed in seeds:
        try:
            await run(seed)
        except PowerCutFailed as failure:
            failures.append(str(failure))
    return failures

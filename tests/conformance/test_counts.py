"""Increments by ``update`` are exact, however often connections are cut."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from pannier.v1 import storage_pb2 as pb
from pannier.v1 import storage_pb2_grpc
from tests.clients.languages import LANGUAGES, ROOT
from tests.conformance.conftest import Runner
from tests.conformance.stage.places import Place
from tests.conformance.stage.relay import Relay
from tests.sidecars import SidecarProcess, sidecar_process

OWNER = "o-count"
KEYS = 4
PATIENCE = pytest.mark.timeout(600)


class Chance:
    """Strikes at a part of all events, by chance; the same ones for the same seed."""

    def __init__(self, part: float, seed: int) -> None:
        self._part = part
        self._random = random.Random(seed)

    def strikes(self) -> bool:
        """Tell whether this one is lost."""
        return self._random.random() < self._part


@dataclass(frozen=True, slots=True)
class Count:
    """What a runner said, and what the records say.

    Attributes:
        said: The runner's own counts.
        total: The sum of all numbers in the records.
        lost: How many calls and answers the relay has lost.
    """

    said: Mapping[str, Any]
    total: int
    lost: int


@pytest.mark.parametrize("language", LANGUAGES)
@PATIENCE
async def test_some_increments_are_exact(language: str, runner: Runner, tmp_path: Path) -> None:
    await assert_exact(runner(language), tmp_path, increments=600)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@PATIENCE
async def test_ten_thousand_increments_are_exact(
    language: str, runner: Runner, tmp_path: Path
) -> None:
    await assert_exact(runner(language), tmp_path, increments=10_000)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@PATIENCE
async def test_eight_writers_of_a_key_leave_no_more_than_what_they_may_have_written(
    language: str, runner: Runner, tmp_path: Path
) -> None:
    count = await counted(runner(language), tmp_path, writers=8, increments=2_000)
    known = count.said["succeeded"]
    assert known <= count.total <= known + count.said["unknown"]


async def assert_exact(runner: Sequence[str], folder: Path, *, increments: int) -> None:
    count = await counted(runner, folder, writers=2, increments=increments)
    said = count.said
    assert count.total == increments
    assert said["succeeded"] + said["settled_applied"] == increments
    assert said["settled_applied"] + said["settled_not_applied"] == said["unknown"]
    assert count.lost > increments // 50


async def counted(runner: Sequence[str], folder: Path, *, writers: int, increments: int) -> Count:
    """Let a runner count through a relay that loses calls and answers."""
    with sidecar_process(f"sqlite://{folder}/records.db") as sidecar:
        relay = Relay(Place(), Place.parse(sidecar.address))
        await relay.open()
        relay.calls, relay.answers = Chance(0.02, seed=1), Chance(0.02, seed=2)
        try:
            said = await _run(runner, relay.address, writers, increments)
        finally:
            await relay.close()
        lost = relay.losses.lost_answers + relay.losses.lost_requests
        return Count(said, await _total(sidecar), lost)


async def _run(
    runner: Sequence[str], address: str, writers: int, increments: int
) -> Mapping[str, Any]:
    numbers = {"keys": KEYS, "writers": writers, "increments": increments}
    options = [text for name, number in numbers.items() for text in (f"--{name}", str(number))]
    process = await asyncio.create_subprocess_exec(
        *runner, "count", address, "--owner", OWNER, *options, cwd=ROOT, stdout=-1
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode(errors="replace")
    said: Mapping[str, Any] = json.loads(output.splitlines()[-1])
    return said


async def _total(sidecar: SidecarProcess) -> int:
    async with grpc.aio.insecure_channel(sidecar.address) as channel:
        stub: Any = storage_pb2_grpc.StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        pages = stub.ListByPrefix(pb.ListByPrefixRequest(prefix=f"{OWNER}:"))
        records = [record.data async for page in pages for record in page.records]
    assert len(records) == KEYS
    return sum(int(number) for data in records for number in data.split())

"""Several processes on one file, and one that dies."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from pannier_server.testing.records import Records
from tests.sqlite.stores import opened_store
from tests.sqlite.writing_process import OWNER

ROOT = Path(__file__).parents[2]


async def start_writing(path: Path, *arguments: object) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.sqlite.writing_process",
        str(path),
        *map(str, arguments),
        cwd=ROOT,
        stdout=PIPE,
    )


async def test_two_processes_count_one_record_up_without_a_gap(path: Path) -> None:
    """They also make the file, at the same time."""
    processes = [await start_writing(path, 16, 50, "counter") for _ in range(2)]
    outputs = [output for output, _ in [await each.communicate() for each in processes]]
    assert [each.returncode for each in processes] == [0, 0]
    versions = [int(line.split()[1]) for output in outputs for line in output.splitlines()]
    assert sorted(versions) == list(range(1, 2 * 16 * 50 + 1))


async def test_every_answered_write_outlives_a_killed_process(path: Path) -> None:
    process = await start_writing(path, 32, 1_000_000)
    assert process.stdout is not None
    answered = [await process.stdout.readline() for _ in range(2_000)]
    process.kill()
    # What it wrote into the pipe before it died, but for a line cut short.
    answered += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    names = {line.split()[0].decode() for line in answered if line.endswith(b"\n")}
    async with opened_store(path) as backend:
        found = await Records(backend, OWNER).rows()
    assert names <= {row.key.name for row in found}
    assert len(names) >= 2_000


async def test_a_file_that_a_dead_process_left_can_be_written_at_once(path: Path) -> None:
    process = await start_writing(path, 4, 1_000_000)
    assert process.stdout is not None
    await process.stdout.readline()
    process.kill()
    await process.wait()
    async with opened_store(path) as backend:
        assert (await Records(backend, OWNER).put("new")).version == 1


async def test_stores_that_make_one_file_at_the_same_time_share_it(path: Path) -> None:
    async def put() -> int:
        async with opened_store(path) as backend:
            return (await Records(backend, OWNER).put()).version

    assert sorted(await asyncio.gather(*(put() for _ in range(8)))) == list(range(1, 9))

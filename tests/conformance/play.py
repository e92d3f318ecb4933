"""Carrying scenarios out in one language, on one store, over one transport."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clients.languages import ROOT
from tests.conformance.stage.control import control
from tests.conformance.stage.stage import Stage
from tests.conformance.stage.stores import Store

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.json"))

_LAST_LINE = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a runner said.

    Attributes:
        output: All of it.
        exit_code: Of its process.
        passed: How many scenarios passed, by its last line; -1 where that is absent.
        failed: How many failed.
    """

    output: str
    exit_code: int
    passed: int
    failed: int


async def play(
    runner: Sequence[str],
    store: Store,
    transport: str,
    *,
    listen: str = "unix",
    only: str = "",
    files: Sequence[Path] = SCENARIOS,
) -> Outcome:
    """Run scenarios with a language's runner.

    Args:
        runner: Its command.
        store: What the sidecar keeps its records in.
        transport: The sidecar's.
        listen: Where clients connect: ``unix`` or ``tcp``.
        only: A text that the scenarios' names hold; empty for all of them.
        files: With the scenarios.
    """
    stage = Stage(store, transport, listen)
    await stage.start()
    try:
        async with control(stage) as address:
            chosen = ["--only", only] if only else []
            command = [*runner, "scenarios", address, *map(str, files), *chosen]
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            try:
                output, _ = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    finally:
        await stage.stop()
    return _outcome(output.decode(errors="replace"), process.returncode or 0)


def _outcome(output: str, exit_code: int) -> Outcome:
    lines = _LAST_LINE.findall(output)
    passed, failed = lines[-1] if lines else (-1, -1)
    return Outcome(output, exit_code, int(passed), int(failed))

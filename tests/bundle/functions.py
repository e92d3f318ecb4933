"""Functions as Lambda's runtimes run them: a process that has loaded a handler, and waits."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SECONDS = 60

# Each loads the handler of the file in its arguments, and answers a line with a line.
_NODE = """
import { createInterface } from "node:readline";
const { handler } = await import(process.argv[1]);
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await handler(JSON.parse(line), {})));
process.exit();
"""
_PYTHON = """
import importlib, json, pathlib, sys
file = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(file.parent))
handler = importlib.import_module(file.stem).handler
for line in sys.stdin:
    print(json.dumps(handler(json.loads(line), None)), flush=True)
"""


@dataclass
class Function:
    """A function whose handler is loaded."""

    process: asyncio.subprocess.Process

    async def invoke(self, event: Mapping[str, Any]) -> Any:
        """Return what the handler answers to an event."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(event).encode() + b"\n")
        async with asyncio.timeout(_SECONDS):
            answer = await self.process.stdout.readline()
        assert answer, "the function has ended: see its standard error"
        return json.loads(answer)

    def freeze(self) -> None:
        """Stop it, and wait until it stands still."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def function(file: Path, temporary: Path) -> AsyncIterator[Function]:
    """Load a handler for the body of an ``async with``.

    Args:
        file: The file that has it. What it imports has to be beside it.
        temporary: The sandbox's folder for temporary files.
    """
    process = await asyncio.create_subprocess_exec(
        *_runtime(file),
        env={"PATH": os.environ["PATH"], "TMPDIR": str(temporary)},
        cwd=file.parent,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Function(process)
    finally:
        process.kill()
        await process.wait()


def _runtime(file: Path) -> Sequence[str | Path]:
    if file.suffix == ".mjs":
        return ["node", "--input-type=module", "--eval", _NODE, file]
    # Of this interpreter's packages, a function sees none.
    return [Path(sys.base_prefix, "bin", "python3"), "-I", "-S", "-c", _PYTHON, file]

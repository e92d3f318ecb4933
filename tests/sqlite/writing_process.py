"""A process that puts records, for tests of several processes and of sudden deaths.

    python -m tests.sqlite.writing_process PATH CALLERS PUTS [NAME]

Each caller puts so many times: on NAME, else on names of its own. Each answer is a line
``NAME VERSION`` on standard output, written before the caller goes on.
"""

import asyncio
import os
import sys
from pathlib import Path

from pannier_server.testing.records import Records
from tests.sqlite.stores import opened_store

OWNER = "owner"


async def run(path: Path, callers: int, puts: int, name: str | None) -> None:
    async with opened_store(path) as backend:
        records = Records(backend, OWNER)

        async def put_many(caller: int) -> None:
            for number in range(puts):
                target = name or f"{caller:03}-{number:06}"
                written = await records.put(target, target.encode())
                os.write(sys.stdout.fileno(), f"{target} {written.version}\n".encode())

        await asyncio.gather(*(put_many(caller) for caller in range(callers)))


if __name__ == "__main__":
    path, callers, puts, *name = sys.argv[1:]
    asyncio.run(run(Path(path), int(callers), int(puts), name[0] if name else None))

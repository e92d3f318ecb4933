"""The line by which a runner tells the stage what to do: one JSON object a line."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.conformance.stage.stage import CommandRefused, Stage


@asynccontextmanager
async def control(stage: Stage) -> AsyncIterator[str]:
    """Obey runners for the body of the ``with``; yields the address where they connect."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await _answer(stage, line)).encode() + b"\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=16 * 1024 * 1024)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


async def _answer(stage: Stage, line: bytes) -> Mapping[str, Any]:
    try:
        return await stage.obey(json.loads(line))
    except CommandRefused as refusal:
        return {"error": str(refusal)}
    except Exception as error:  # noqa: BLE001 (whatever it is, the scenario has failed by it)
        return {"error": repr(error)}

"""What stands before a DynamoDB engine and answers in AWS's words where a test says so."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

from tests.faults.engine import EngineConnection, EngineGone
from tests.faults.messages import Answer, Request, answer, read_message

_USER = "User: arn:aws:sts::123456789012:assumed-role/app/task"


@dataclass
class StandIn:
    """A running stand-in.

    Attributes:
        engine: The endpoint of what answers the rest.
        endpoint: Where it listens.
        answers: What it answers itself, by operation.
        asked: The operations that came.
    """

    engine: str
    endpoint: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        engine = EngineConnection(self.engine)
        self.writers.add(writer)
        try:
            while (message := await read_message(reader)) is not None:
                request = Request(*message)
                self.asked.append(request.operation)
                own = self.answers.get(request.operation)
                writer.write(bytes(own or await engine.ask(request)))
        except (EngineGone, OSError):
            pass
        finally:
            engine.close()
            self.writers.discard(writer)
            writer.close()


@asynccontextmanager
async def stand_in(engine: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[StandIn]:
    """Run a stand-in on loopback for the body of an ``async with``."""
    running = StandIn(engine)
    listening = await asyncio.start_server(running.serve, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    running.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield running
    finally:
        listening.close()
        for writer in tuple(running.writers):
            writer.transport.abort()


def refusal(kind: str, message: str, status: int = 400) -> Answer:
    """Return one of DynamoDB's errors."""
    body = {"__type": f"com.amazon.coral.service#{kind}", "message": message}
    return answer(status, json.dumps(body).encode())


def denied(action: str) -> Answer:
    """Return what AWS answers where no policy allows an action."""
    return refusal(
        "AccessDeniedException",
        f"{_USER} is not authorized to perform: dynamodb:{action} because no identity-based "
        f"policy allows the dynamodb:{action} action",
    )


def told(body: Mapping[str, object]) -> Answer:
    """Return an answer that is a success."""
    return answer(200, json.dumps(body).encode())


def dated(seconds: float) -> Answer:
    """Return a refusal whose Date header tells a time."""
    body = b'{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException"}'
    return answer(400, body, {"date": formatdate(seconds, usegmt=True)})

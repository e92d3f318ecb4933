"""Starting, stopping and restarting a DynamoDB engine on this machine."""

import http.client
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from tests.engines import ministack, npm_package
from tests.engines.errors import EngineUnavailable
from tests.engines.process import ServerProcess, free_port

START_SECONDS = 60


class Kind(StrEnum):
    """Which engine it is, with its version."""

    DYNAMODB_LOCAL = npm_package.NAME
    MINISTACK = ministack.NAME


class Engine:
    """A running DynamoDB engine. It keeps its tables in memory: a restart loses them."""

    def __init__(self, kind: Kind, port: int) -> None:
        """Start the engine on ``port`` and wait until it answers.

        Raises:
            EngineUnavailable: it cannot be fetched, or does not answer within 60 seconds.
        """
        self.kind = kind
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self._process = self._start()

    @property
    def pid(self) -> int:
        """The engine's process id, another one after each `start_again`."""
        return self._process.pid

    def stop(self) -> None:
        """End the engine; its port refuses connections from then on."""
        self._process.stop()

    def start_again(self) -> None:
        """Start the stopped engine on the same port, empty, and wait until it answers."""
        self._process.stop()
        self._process = self._start()

    def _start(self) -> ServerProcess:
        if self.kind is Kind.DYNAMODB_LOCAL:
            command = npm_package.command(self.port)
            process = ServerProcess(command, cwd=npm_package.folder())
        else:
            variables = ministack.environment(self.port)
            process = ServerProcess(ministack.command(), environment=variables)
        try:
            self._wait_until_it_answers(process)
        except BaseException:
            process.stop()
            raise
        return process

    def _wait_until_it_answers(self, process: ServerProcess) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.port):
            exited = process.wait(0.05)
            if exited is not None:
                raise EngineUnavailable(f"{self.kind} exited ({exited}):\n{process.log_tail()}")
            if time.monotonic() > deadline:
                raise EngineUnavailable(f"{self.kind} does not answer:\n{process.log_tail()}")


@contextmanager
def running_engine(kind: Kind | None = None) -> Iterator[Engine]:
    """Run an engine on a free port while the block lasts, the best one that can run here.

    Raises:
        EngineUnavailable: none can be had, or tools are required (`tools_are_required`)
            and DynamoDB Local cannot run.
    """
    engine = Engine(kind or best_kind(), free_port())
    try:
        yield engine
    finally:
        engine.stop()


def best_kind(environment: Mapping[str, str] = os.environ) -> Kind:
    """Return the engine to use on this machine.

    Raises:
        EngineUnavailable: DynamoDB Local cannot run and no substitute is wanted.
    """
    problem = npm_package.problem()
    if problem is None:
        return Kind.DYNAMODB_LOCAL
    if tools_are_required(environment):
        raise EngineUnavailable(
            f"{problem}, but DynamoDB Local needs npm and Java {npm_package.OLDEST_JAVA} or newer"
        )
    return Kind.MINISTACK


def tools_are_required(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a missing tool is a failure, as in CI, instead of a reason to go without."""
    return any(
        environment.get(name, "").lower() in {"1", "true"}
        for name in ("CI", "PANNIER_REQUIRE_TOOLS")
    )


def answers(port: int) -> bool:
    """Return whether a DynamoDB on ``port`` of 127.0.0.1 answers a ListTables."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/dynamodb/"
        "aws4_request, SignedHeaders=host, Signature=0",
    }
    try:
        connection.request("POST", "/", b"{}", headers)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

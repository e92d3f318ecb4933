"""A stand-in of Lambda's Extensions API for one external extension.

It answers as AWS's own emulator does, with its codes and types of errors, keeps to Lambda's
order of things, and fails the test that breaks it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

SHUTDOWN_SECONDS = 2.0
"""After which Lambda kills an extension that was told of the shutdown."""

_PREFIX = "/2020-01-01/extension"


@dataclass(frozen=True)
class Reported:
    """An error that the extension has reported."""

    path: str
    kind: str
    body: Mapping[str, Any]


@dataclass
class RuntimeApi:
    """The stand-in, and what it has seen.

    Attributes:
        name: The name of the extension's file, which it has to register with.
        calls: The paths that were asked for, in order, without their common start.
        events: What the extension has registered for.
        registered: Set when it has.
        waiting: Set while it waits for the next event.
        errors: What it has reported.
        refusals: What it was refused.
    """

    name: str = "pannier"
    calls: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    registered: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    errors: list[Reported] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    address: str = ""
    refuse: Mapping[str, int] = field(default_factory=dict)
    _identifier: str = field(default_factory=lambda: str(uuid4()))
    _next: "asyncio.Future[dict[str, Any]] | None" = None

    async def ready(self) -> None:
        """Wait until the extension has started: Lambda makes no invocation before."""
        async with asyncio.timeout(60):
            await self.waiting.wait()

    def shut_down(self, reason: str = "spindown") -> None:
        """Tell the extension that the sandbox ends; it has `SHUTDOWN_SECONDS`."""
        deadline = round((time.time() + SHUTDOWN_SECONDS) * 1000)
        self.send({"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline})

    def send(self, event: dict[str, Any]) -> None:
        """Answer the extension that waits for an event."""
        assert self._next is not None, "the extension does not wait for an event"
        self.waiting.clear()
        self._next.set_result(event)

    async def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> "Reply":
        """Return what Lambda answers to a request."""
        call = path.removeprefix(_PREFIX)
        self.calls.append(call)
        if call in self.refuse:
            return Reply(self.refuse[call], {"errorType": "Container.Error", "errorMessage": "no"})
        if (method, call) == ("POST", "/register"):
            return self._register(headers, body)
        if headers.get("lambda-extension-identifier") != self._identifier:
            return self._refusal("Extension.UnknownExtensionIdentifier", "Unknown extension")
        if (method, call) == ("GET", "/event/next"):
            return await self._wait_for_event()
        if (method, call) in {("POST", "/init/error"), ("POST", "/exit/error")}:
            return self._report(call, headers, body)
        return self._refusal("InvalidRequest", f"{method} {path}")

    def _register(self, headers: Mapping[str, str], body: bytes) -> "Reply":
        if headers.get("lambda-extension-name") != self.name:
            return self._refusal("Extension.InvalidExtensionName", "Empty or unknown name")
        if self.registered.is_set():
            return self._refusal("Extension.InvalidExtensionState", "registered already")
        events = json.loads(body)["events"]
        if not set(events) <= {"INVOKE", "SHUTDOWN"}:
            return self._refusal("Extension.InvalidEventType", str(events))
        self.events = events
        self.registered.set()
        about = {"functionName": "tasks", "functionVersion": "$LATEST", "handler": "bootstrap"}
        return Reply(200, about, {"Lambda-Extension-Identifier": self._identifier})

    async def _wait_for_event(self) -> "Reply":
        if self.errors:
            return self._refusal("Extension.InvalidExtensionState", "it has failed")
        self._next = asyncio.get_running_loop().create_future()
        self.waiting.set()
        event = await self._next
        return Reply(200, event, {"Lambda-Extension-Event-Identifier": str(uuid4())})

    def _report(self, call: str, headers: Mapping[str, str], body: bytes) -> "Reply":
        kind = headers.get("lambda-extension-function-error-type")
        if not kind:
            return self._refusal("Extension.MissingHeader", "no type of error")
        has_started = "/event/next" in self.calls
        if (call == "/init/error") == has_started:
            return self._refusal("Extension.InvalidExtensionState", call)
        self.errors.append(Reported(call, kind, json.loads(body)))
        return Reply(202, {"status": "OK"})

    def _refusal(self, kind: str, message: str) -> "Reply":
        self.refusals.append(f"{kind}: {message}")
        return Reply(403, {"errorType": kind, "errorMessage": message})


@dataclass(frozen=True)
class Reply:
    """A status, a body that becomes JSON, and headers."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def __bytes__(self) -> bytes:
        body = json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} Status", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def runtime_api(**options: Any) -> AsyncIterator[RuntimeApi]:
    """Run a stand-in on loopback; at the end nothing may have been refused."""
    api = RuntimeApi(**options)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.write(bytes(await api.answer(*await _read(reader))))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    api.address = f"{host}:{port}"
    try:
        yield api
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert api.refusals == []


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return method, path, headers, body

"""A sidecar and what stands before it, for one scenario after the other."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import trustme

from pannier.v1 import storage_pb2 as pb
from pannier.v1 import storage_pb2_grpc
from tests.conformance.stage.places import Place
from tests.conformance.stage.relay import Countdown, Relay
from tests.conformance.stage.scripted import ScriptedSidecar
from tests.conformance.stage.stores import Store
from tests.sidecars import SidecarProcess, start_sidecar

Command = Mapping[str, Any]
Answer = Mapping[str, Any]


class CommandRefused(Exception):
    """A command of the runner makes no sense here; the message says why."""


class Stage:
    """Runs a sidecar, and does to its connections what a scenario asks for."""

    def __init__(self, store: Store, transport: str, listen: str) -> None:
        """Take a store, a transport, and ``unix`` or ``tcp``: where clients connect."""
        self._store = store
        self._transport = transport
        self._listen = listen
        # Not in a test's own folder: a socket's path has at most 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="pannier-"))
        self._sidecar: SidecarProcess | None = None
        self._channel: Any = grpc.aio.insecure_channel(f"unix:{self._socket}")
        self._stub: Any = storage_pb2_grpc.StorageBackendStub(self._channel)  # type: ignore[no-untyped-call]
        self._relay: Relay | None = None
        self._scripted: ScriptedSidecar | None = None
        self._events: set[asyncio.Task[None]] = set()
        self._commands: Mapping[str, Callable[[Command], Awaitable[Answer]]] = {
            "begin": self._begin,
            "end": self._end,
            "lose_answers": self._lose_answers,
            "lose_requests": self._lose_requests,
            "cut_after_data": self._cut_after_data,
            "hold_answers": self._hold_answers,
            "refuse": self._refuse,
            "restart": self._restart,
            "losses": self._losses,
            "put": self._put,
            "delete": self._delete,
            "get": self._get,
            "corrupt": self._corrupt,
            "script": self._script,
            "seen": self._seen,
            "await_calls": self._await_calls,
        }

    async def start(self) -> None:
        """Start the sidecar."""
        self._sidecar = await asyncio.to_thread(
            start_sidecar,
            self._store.url,
            f"--transport={self._transport}",
            f"--listen=unix:{self._socket}",
        )

    async def stop(self) -> None:
        """End everything."""
        await self._end({})
        await self._channel.close()
        self._kill()
        shutil.rmtree(self._folder)

    async def obey(self, command: Command) -> Answer:
        """Carry a command out.

        Raises:
            CommandRefused: There is no such command, or not now.
        """
        do = self._commands.get(str(command.get("do")))
        if do is None:
            raise CommandRefused(f"there is no command {command.get('do')!r}")
        return await do(command)

    @property
    def _socket(self) -> Path:
        return self._folder / "sidecar.sock"

    def _kill(self) -> None:
        if self._sidecar is not None:
            self._sidecar.kill()
            assert self._sidecar.process.stdout is not None
            self._sidecar.process.stdout.close()
            self._sidecar = None

    def _later(self, event: Coroutine[Any, Any, None]) -> None:
        """Let something happen while the scenario goes on."""
        task = asyncio.create_task(event)
        self._events.add(task)

    # -- one scenario

    async def _begin(self, command: Command) -> Answer:
        await self._end({})
        wanted = command.get("stage", {})
        upstream, ca_file = Place(path=self._socket), None
        if wanted.get("scripted") or wanted.get("tls"):
            credentials, ca_file = self._certificate() if wanted.get("tls") else (None, None)
            self._scripted = ScriptedSidecar(f"unix:{self._socket}", credentials)
            upstream = Place.parse(await self._scripted.start())
        self._relay = Relay(self._place(wanted.get("address", self._listen)), upstream)
        if wanted.get("tls"):
            # The relay reads frames, and these are encrypted.
            address = str(upstream)
        else:
            await self._relay.open()
            address = self._relay.address
        if wanted.get("absent"):
            await self._relay.close()
        owner = f"o-{uuid.uuid4().hex[:12]}"
        return {"address": address, "owner": owner, "ca_file": ca_file}

    async def _end(self, _: Command) -> Answer:
        events, self._events = self._events, set()
        await asyncio.gather(*events)
        if self._relay is not None:
            await self._relay.close()
            self._relay = None
        if self._scripted is not None:
            await self._scripted.stop()
            self._scripted = None
        return {}

    def _place(self, kind: str) -> Place:
        if kind == "tcp":
            return Place()
        return Place(path=self._folder / f"{uuid.uuid4().hex[:8]}.sock")

    def _certificate(self) -> tuple[grpc.ServerCredentials, str]:
        authority = trustme.CA()
        server = authority.issue_cert("localhost", "127.0.0.1")
        chain = b"".join(pem.bytes() for pem in server.cert_chain_pems)
        ca_file = self._folder / "ca.pem"
        ca_file.write_bytes(authority.cert_pem.bytes())
        pair = (server.private_key_pem.bytes(), chain)
        return grpc.ssl_server_credentials([pair]), str(ca_file)

    @property
    def _between(self) -> Relay:
        if self._relay is None:
            raise CommandRefused("no scenario has begun")
        return self._relay

    @property
    def _script_of_calls(self) -> ScriptedSidecar:
        if self._scripted is None:
            raise CommandRefused('the scenario\'s stage has no "scripted": true')
        return self._scripted

    # -- losses

    async def _lose_answers(self, command: Command) -> Answer:
        self._between.answers = Countdown(command.get("count", 1), command.get("after", 0))
        return {}

    async def _lose_requests(self, command: Command) -> Answer:
        self._between.calls = Countdown(command.get("count", 1), command.get("after", 0))
        return {}

    async def _cut_after_data(self, command: Command) -> Answer:
        self._between.data_frames = Countdown(1, command["frames"])
        return {}

    async def _hold_answers(self, command: Command) -> Answer:
        self._later(self._between.hold_answers(command["seconds"]))
        return {}

    async def _refuse(self, command: Command) -> Answer:
        relay = self._between
        await relay.close()

        async def return_later() -> None:
            await asyncio.sleep(command["seconds"])
            await relay.open()

        self._later(return_later())
        return {}

    async def _restart(self, command: Command) -> Answer:
        relay = self._between
        self._kill()
        await relay.close()

        async def return_later() -> None:
            await asyncio.sleep(command.get("after_seconds", 0))
            await self.start()
            await relay.open()

        self._later(return_later())
        return {}

    async def _losses(self, _: Command) -> Answer:
        return asdict(self._between.losses)

    # -- someone else's calls

    async def _put(self, command: Command) -> Answer:
        request = pb.PutRequest(key=command["key"], data=command.get("data", "").encode())
        answer = await self._stub.Put(request, wait_for_ready=True)
        return {"version": answer.version, "etag": answer.etag}

    async def _delete(self, command: Command) -> Answer:
        answer = await self._stub.Delete(pb.DeleteRequest(key=command["key"]), wait_for_ready=True)
        return {"deleted": answer.deleted}

    async def _get(self, command: Command) -> Answer:
        try:
            answer = await self._stub.Get(pb.GetRequest(key=command["key"]), wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            return {"found": False}
        record = answer.record
        data = record.data.decode(errors="replace")
        return {"found": True, "version": record.version, "data": data}

    async def _corrupt(self, command: Command) -> Answer:
        owner, _, name = command["key"].partition(":")
        await asyncio.to_thread(self._store.corrupt, owner, name)
        return {}

    # -- the scripted sidecar

    async def _script(self, command: Command) -> Answer:
        self._script_of_calls.will(command["answers"])
        return {}

    async def _await_calls(self, command: Command) -> Answer:
        await self._script_of_calls.seen.wait_for(command["count"])
        return {}

    async def _seen(self, _: Command) -> Answer:
        seen = self._script_of_calls.seen
        return {"calls": len(seen.methods), **seen.as_json()}

"""The sidecar's own certificate and its clients' authorities change while it runs."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
import pytest
import trustme

from pannier_server.app import Sidecar, running_sidecar
from pannier_server.config import Settings
from tests.security.calls import SECONDS, call, request_to, storage_path
from tests.security.client_certificates import credentials, issue
from tests.sidecars import LOOPBACK, channel_to, eventually
from tests.transport.certificates import joined

PUT = request_to("Put", "o").SerializeToString()
OK = grpc.StatusCode.OK
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


@dataclass(slots=True)
class Files:
    """The TLS files of a sidecar."""

    folder: Path
    authority: trustme.CA

    @property
    def cert(self) -> Path:
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def client_ca(self) -> Path:
        return self.folder / "clients.pem"

    def renew(self) -> str:
        """Put another certificate in place, file by file, and return its fingerprint."""
        issued = self.authority.issue_cert("127.0.0.1")
        replace_file(self.key, issued.private_key_pem.bytes())
        replace_file(self.cert, joined(issued.cert_chain_pems))
        der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
        return hashlib.sha256(der).hexdigest()

    def trust(self, *authorities: trustme.CA) -> None:
        replace_file(self.client_ca, joined(authority.cert_pem for authority in authorities))

    @property
    def server_ca(self) -> bytes:
        return self.authority.cert_pem.bytes()


def replace_file(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    files = Files(tmp_path, trustme.CA())
    files.renew()
    return files


@pytest.fixture
def settings(transport: str, files: Files) -> Settings:
    return Settings(
        store="memory:",
        listen=LOOPBACK,
        grace=1.0,
        transport=transport,
        tls_cert=str(files.cert),
        tls_key=str(files.key),
    )


async def shown_by(sidecar: Sidecar, files: Files) -> str:
    """Return the fingerprint of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cadata=files.server_ca.decode())
    context.set_alpn_protocols(["h2"])
    host, _, port = str(sidecar.addresses[0]).rpartition(":")
    async with asyncio.timeout(SECONDS):
        _, writer = await asyncio.open_connection(host, int(port), ssl=context)
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
    return hashlib.sha256(der).hexdigest()


async def put(channel: grpc.aio.Channel) -> grpc.StatusCode:
    return (await call(channel, storage_path("Put"), PUT)).code


@asynccontextmanager
async def load(sidecar: Sidecar, shown: grpc.ChannelCredentials) -> AsyncIterator[list[str]]:
    """Call all the while, on a connection that stays and on new ones; yield what failed."""
    failed: list[str] = []
    done = asyncio.Event()

    async def note(channel: grpc.aio.Channel, which: str) -> None:
        answer = await call(channel, storage_path("Put"), PUT)
        if answer.code is not OK:
            failed.append(f"{which}: {answer.error}")

    async def on_new_connections() -> None:
        while not done.is_set():
            async with channel_to(sidecar, shown) as channel:
                await note(channel, "a new connection")

    async def on_one_connection() -> None:
        async with channel_to(sidecar, shown) as channel:
            while not done.is_set():
                await note(channel, "the old connection")

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(on_new_connections())
        group.create_task(on_one_connection())
        try:
            yield failed
        finally:
            done.set()


@pytest.mark.parametrize("asked", [True, False], ids=["asked to", "by itself"])
async def test_a_new_certificate_is_shown_without_a_failed_call(
    settings: Settings, files: Files, *, asked: bool
) -> None:
    async with running_sidecar(settings) as sidecar:
        async with load(sidecar, credentials(files.server_ca, None)) as failed:
            for _ in range(3 if asked else 1):
                renewed = files.renew()
                if asked:
                    sidecar.reloader.ask()

                async def is_shown(fingerprint: str = renewed) -> bool:
                    return await shown_by(sidecar, files) == fingerprint

                await eventually(is_shown)
        assert failed == []


async def test_every_port_shows_the_new_certificate(settings: Settings, files: Files) -> None:
    two = replace(settings, listen=(*LOOPBACK, *LOOPBACK))
    async with running_sidecar(two) as sidecar:
        second = replace(sidecar, addresses=sidecar.addresses[1:])
        old = await shown_by(sidecar, files)
        assert await shown_by(second, files) == old
        renewed = files.renew()
        sidecar.reloader.ask()
        for each in (sidecar, second):

            async def is_shown(each: Sidecar = each) -> bool:
                return await shown_by(each, files) == renewed

            await eventually(is_shown)


async def test_a_broken_certificate_leaves_the_old_one_in_use(
    settings: Settings, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_sidecar(settings) as sidecar:
        old = await shown_by(sidecar, files)
        replace_file(files.key, trustme.CA().issue_cert("x").private_key_pem.bytes())
        sidecar.reloader.ask()

        async def is_said() -> bool:
            return any("stays in force" in one.getMessage() for one in caplog.records)

        await eventually(is_said)
        (said,) = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
        assert "is not the key of the first certificate" in said
        assert await shown_by(sidecar, files) == old


async def test_clients_change_their_authority_without_a_failed_call(
    settings: Settings, files: Files
) -> None:
    old, new = trustme.CA(), trustme.CA()
    files.trust(old)
    settings = replace(settings, tls_client_ca=str(files.client_ca))
    shown = {ca: credentials(files.server_ca, issue(ca, "dns:client")) for ca in (old, new)}

    async def code_of(ca: trustme.CA) -> grpc.StatusCode:
        async with channel_to(sidecar, shown[ca]) as channel:
            return await put(channel)

    async def becomes(ca: trustme.CA, code: grpc.StatusCode) -> None:
        async def has_become() -> bool:
            return await code_of(ca) is code

        sidecar.reloader.ask()
        await eventually(has_become)

    async with running_sidecar(settings) as sidecar:
        assert await code_of(new) is UNAVAILABLE
        async with load(sidecar, shown[old]) as failed:
            files.trust(old, new)
            await becomes(new, OK)
        assert failed == []

        async with channel_to(sidecar, shown[old]) as established, load(sidecar, shown[new]) as bad:
            assert await put(established) is OK
            files.trust(new)
            await becomes(old, UNAVAILABLE)
            # Connections stay as they are.
            assert await put(established) is OK
        assert bad == []

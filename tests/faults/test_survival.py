"""The sidecar's wire gets over each fault, or says truthfully what it knows."""

import socket
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme

from pannier_server.backends.dynamodb.wire.connector import Connector
from pannier_server.backends.errors import (
    AccessDenied,
    StorageError,
    StoreUnavailable,
    Throttled,
    WriteOutcome,
)
from tests.dynamodb.wire.calling import Caller
from tests.dynamodb.wire.http_server import Server
from tests.faults.conftest import BODY, Connect
from tests.faults.kinds import REQUEST_FAULTS, THROTTLES, Fault
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.faults.schedules import Injection, Scripted, Seeded

PASSING = REQUEST_FAULTS - {Fault.EXPIRED}
"""Faults that another attempt gets over, whatever the credentials."""

LEAVES_NO_DOUBT = THROTTLES | {Fault.SKEWED, Fault.SLOW}
"""Those that show that nothing was done, or bring the whole answer."""

PARTS = [0.0, 0.6, 0.999]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", sorted(PASSING))
async def test_a_read_survives(
    proxy: FaultProxy, caller: Caller, fault: Fault, part: float
) -> None:
    proxy.schedule = Scripted([Injection(fault, part)])
    assert await caller.read() == BODY


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", sorted(PASSING))
async def test_a_write_that_its_condition_guards_survives(
    proxy: FaultProxy, caller: Caller, fault: Fault, part: float
) -> None:
    proxy.schedule = Scripted([Injection(fault, part)])
    assert await caller.write() == BODY


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", sorted(PASSING - LEAVES_NO_DOUBT - {Fault.STALLED}))
async def test_a_write_that_nothing_guards_is_sent_once_and_is_unknown(
    proxy: FaultProxy, caller: Caller, fault: Fault, part: float
) -> None:
    proxy.schedule = Scripted([Injection(fault, part)])
    with pytest.raises(StoreUnavailable) as raised:
        await caller.write_once()
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    assert len(proxy.journal.entries) == 1


@pytest.mark.parametrize("fault", sorted(LEAVES_NO_DOUBT))
async def test_such_a_write_survives_what_leaves_no_doubt(
    proxy: FaultProxy, engine: Server, caller: Caller, fault: Fault
) -> None:
    proxy.schedule = Scripted([fault])
    assert await caller.write_once() == BODY
    assert len(engine.requests) == 1


@pytest.mark.parametrize("fault", sorted(PASSING - {Fault.SLOW, Fault.SKEWED, Fault.STALLED}))
async def test_a_fault_that_stays_is_told_with_its_outcome(
    proxy: FaultProxy, caller: Caller, fault: Fault
) -> None:
    proxy.schedule = Seeded(1, {fault: 1.0})
    with pytest.raises(StorageError) as raised:
        await caller.write()
    certain = fault in THROTTLES
    assert isinstance(raised.value, Throttled if certain else StoreUnavailable)
    assert raised.value.write_outcome is (
        WriteOutcome.NOT_APPLIED if certain else WriteOutcome.UNKNOWN
    )


async def test_the_clock_is_corrected_from_the_refusal_and_stays_right(
    proxy: FaultProxy, caller: Caller
) -> None:
    for part in (0.1, 0.9, 0.5):
        proxy.schedule = Scripted([Injection(Fault.SKEWED, part)])
        assert await caller.write_once() == BODY
        assert await caller.read() == BODY
    assert proxy.journal.injected == {Fault.SKEWED: 3}


async def test_credentials_that_expire_are_looked_up_again(
    proxy: FaultProxy, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials"

    def renew(token: str) -> None:
        keys = "[default]\naws_access_key_id = a\naws_secret_access_key = s\n"
        file.write_text(f"{keys}aws_session_token = {token}x\n")

    renew("first")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    proxy.front_end.on_expired = renew
    caller = await connect(proxy.endpoint, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
    proxy.schedule = Scripted([None, Fault.EXPIRED])
    assert await caller.write_once() == BODY
    assert await caller.write_once() == BODY
    assert proxy.journal.injected == {Fault.EXPIRED: 1}


async def test_credentials_that_cannot_be_renewed_are_named_and_nothing_is_written(
    proxy: FaultProxy, caller: Caller
) -> None:
    proxy.schedule = Scripted([Fault.EXPIRED])
    with pytest.raises(AccessDenied, match=r"expired.*renew the credentials") as raised:
        await caller.write()
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED


@pytest.mark.parametrize("part", [0.0, 0.9])
async def test_a_broken_handshake_is_tried_again(
    engine: Server, connect: Connect, tmp_path: Path, part: float
) -> None:
    async with AsyncExitStack() as stack:
        proxy, environ = await _tls_proxy(stack, engine, tmp_path)
        proxy.schedule = Scripted(connections=[Injection(Fault.TLS_BROKEN, part)])
        caller = await connect(proxy.endpoint, environ)
        assert await caller.write_once() == BODY
        assert proxy.journal.injected == {Fault.TLS_BROKEN: 1}


async def test_handshakes_that_stay_broken_wrote_nothing(
    engine: Server, connect: Connect, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        proxy, environ = await _tls_proxy(stack, engine, tmp_path)
        proxy.schedule = Seeded(1, {Fault.TLS_BROKEN: 1.0})
        caller = await connect(proxy.endpoint, environ)
        with pytest.raises(StoreUnavailable) as raised:
            await caller.write()
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED


async def _tls_proxy(
    stack: AsyncExitStack, engine: Server, folder: Path
) -> tuple[FaultProxy, dict[str, str]]:
    authority = trustme.CA()
    bundle = folder / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    proxy = await stack.enter_async_context(fault_proxy(engine.url, tls=context))
    return proxy, {"AWS_CA_BUNDLE": str(bundle)}


async def test_a_connection_that_is_cut_at_once_is_replaced(
    proxy: FaultProxy, engine: Server, caller: Caller
) -> None:
    proxy.schedule = Scripted(connections=[Fault.CONNECTION_CUT])
    assert await caller.write() == BODY
    assert len(engine.requests) == 1


async def test_a_name_that_is_not_resolved_for_a_while_wrote_nothing(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = Connector._connect
    failures = [socket.gaierror(socket.EAI_AGAIN, "try again")] * 2

    async def failing(self: Connector, loop: object) -> object:
        if failures:
            raise failures.pop()
        return await connect(self, loop)  # type: ignore[arg-type]

    monkeypatch.setattr(Connector, "_connect", failing)
    assert await caller.write_once() == BODY
    assert not failures


async def test_a_name_that_does_not_exist_is_said(connect: Connect) -> None:
    caller = await connect("http://pannier.invalid:8000")
    with pytest.raises(StoreUnavailable, match="name cannot be resolved") as raised:
        await caller.write()
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED

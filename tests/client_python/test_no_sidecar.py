"""Where nobody listens nothing is sent, and the error says why."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import StatusCode

import pannier
from pannier._status import may_have_been_sent
from pannier.errors import WriteOutcome
from tests.client_python.conftest import Connect
from tests.client_python.scripted_sidecar import ScriptedSidecar, fail, hang, written

NOWHERE = "unix:/nowhere/p.sock"
PROBLEM = f"no answer from the sidecar at {NOWHERE}; is it running there.*No such file"

WRITES: dict[str, Callable[[Any], Any]] = {
    "put": lambda store: store.put("o:n", b"", timeout=0.2),
    "create": lambda store: store.create("o:n", b"", timeout=0.2),
    "delete": lambda store: store.delete("o:n", timeout=0.2),
    "update": lambda store: store.update("o:n", bytes.upper, timeout=0.2),
}


def test_a_read_fails_with_the_reason(connect: Connect) -> None:
    with pytest.raises(pannier.Unavailable, match=PROBLEM) as raised:
        connect(NOWHERE).get("o:n", timeout=0.2)
    assert raised.value.write_outcome is None


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_fails_with_the_reason_and_was_not_applied(
    connect: Connect, write: Callable[[Any], Any]
) -> None:
    with pytest.raises(pannier.Unavailable, match=PROBLEM) as raised:
        write(connect(NOWHERE))
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
    assert raised.value.reason == ""


def test_a_write_waits_for_the_sidecar_also_without_retries(
    connect: Connect, sidecar: ScriptedSidecar
) -> None:
    store = connect(sidecar.address, retries=pannier.NO_RETRIES)
    sidecar.stop()
    sidecar.will(written())
    back = threading.Timer(0.3, sidecar.start_again)
    back.start()
    assert store.put("o:n", b"").version == 2
    back.join()


def test_a_read_does_not_wait_without_retries(connect: Connect) -> None:
    with pytest.raises(pannier.Unavailable):
        connect(NOWHERE, retries=pannier.NO_RETRIES).get("o:n", timeout=3600)


def test_an_attempt_that_was_not_sent_does_not_clear_the_doubt_of_one_that_was(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    def break_for_good(request: Any, context: grpc.ServicerContext) -> Any:
        threading.Thread(target=sidecar.stop).start()
        return hang(request, context)

    sidecar.will(break_for_good)
    with pytest.raises(pannier.Unavailable, match="is it running there") as raised:
        store.put("o:n", b"", timeout=1)
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN


LIES = {
    "no connection": "failed to connect to all addresses; last error: UNKNOWN: unix:/a.sock: no",
    "no connection at all": "failed to connect to all addresses",
    "no name": "DNS resolution failed for proxy.example: no such name",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_the_other_sides_word_for_it_is_no_proof(
    connect: Connect, sidecar: ScriptedSidecar, lie: str
) -> None:
    sidecar.will(fail(StatusCode.UNAVAILABLE, lie))
    with pytest.raises(pannier.Unavailable) as raised:
        connect(sidecar.address, retries=pannier.NO_RETRIES).put("o:n", b"")
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN


def test_a_server_that_does_not_speak_tls_gets_no_write(
    connect: Connect, sidecar: ScriptedSidecar
) -> None:
    store = connect(sidecar.address, credentials=grpc.ssl_channel_credentials())
    with pytest.raises(pannier.Unavailable, match=r"(?i)handshake") as raised:
        store.put("o:n", b"", timeout=0.5)
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED


@pytest.mark.parametrize("address", ["localhost:1", "127.0.0.1:1", "[::1]:1"])
def test_so_it_is_over_tcp(connect: Connect, address: str) -> None:
    with pytest.raises(pannier.Unavailable, match=r"refused|address") as raised:
        connect(address).put("o:n", b"", timeout=0.5)
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED


def test_so_it_is_whatever_the_sockets_name(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(pannier.Unavailable, match="No such file") as raised:
        connect(f"unix:{tmp_path}/a %20:ü#?.sock").put("o:n", b"", timeout=0.2)
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED


def error_of(text: str) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(StatusCode.UNAVAILABLE, None, None, text)


def test_a_name_that_is_not_found_sends_nothing() -> None:
    text = "errors resolving sidecar.example:50051: [address lookup failed]"
    assert not may_have_been_sent(error_of(text), "dns:///sidecar.example:50051")
    assert may_have_been_sent(error_of(text), "dns:///other.example:50051")
    assert may_have_been_sent(error_of("Socket closed"), "dns:///sidecar.example:50051")

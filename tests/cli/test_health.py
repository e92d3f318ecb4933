"""`pannier health` answers a container runtime with its exit code: 0 serving, 1 not."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
import trustme
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from pannier_server.health_call import call_health
from pannier_server.transport.h2.hpack import Decoder, encode_fields
from pannier_server.transport.h2.http2.frames import (
    CONTINUATION,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    frame,
)
from tests.cli.conftest import Pannier
from tests.cli.one_answer import OneAnswer
from tests.security.client_certificates import issue
from tests.sidecars import TRANSPORTS, sidecar_process
from tests.transport.certificates import Certificates

SERVICE = "pannier.v1.StorageBackend"
Status = health_pb2.HealthCheckResponse

SETTINGS = bytes.fromhex("000000 04 00 00000000")
NOT_SERVING = bytes.fromhex("000007 00 01 00000001 00 00000002 0802")


@pytest.fixture
def service(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[health.HealthServicer]:
    """Run only a health service, whose answers a test sets."""
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    place = f"unix:{tmp_path}/health.sock"
    server.add_insecure_port(place)
    server.start()
    monkeypatch.setenv("PANNIER_ADDRESS", place)
    yield servicer
    server.stop(None).wait()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_running_sidecar_is_serving(pannier: Pannier, transport: str) -> None:
    with sidecar_process("memory:", f"--transport={transport}") as sidecar:
        answer = pannier("health", "--address", sidecar.address)
        alive = pannier("health", "--address", sidecar.address, "--service", "")

    assert (answer.code, answer.text) == (0, "SERVING\n")
    assert (alive.code, alive.text) == (0, "SERVING\n")


def test_a_sidecar_without_its_store_lives_but_does_not_serve(
    pannier: Pannier, service: health.HealthServicer
) -> None:
    service.set("", Status.SERVING)
    service.set(SERVICE, Status.NOT_SERVING)

    assert pannier("health", "--service", "").code == 0
    ready = pannier("health", "--json")

    assert ready.json == {"service": SERVICE, "status": "NOT_SERVING"}
    assert ready.code == 1


def test_a_service_that_is_not_there_is_named(
    pannier: Pannier, service: health.HealthServicer
) -> None:
    answer = pannier("health", "--service", "other")

    assert answer.code == 1
    assert answer.error.endswith("health.sock has no service 'other'")


def test_long_names_are_sent_as_they_are(pannier: Pannier, service: health.HealthServicer) -> None:
    name = "é" * 200
    service.set(name, Status.SERVING)

    assert pannier("health", "--service", name).code == 0


def test_a_server_without_health_is_named_with_what_it_answers(
    pannier: Pannier, tmp_path: Path
) -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    address = f"unix:{tmp_path}/other.sock"
    server.add_insecure_port(address)
    server.start()
    answer = pannier("health", "--address", address)
    server.stop(None).wait()

    assert answer.code == 1
    assert answer.error == f"pannier: {address} answers gRPC status 12: Method not found!"


def test_where_nothing_listens_it_is_not_serving(pannier: Pannier, tmp_path: Path) -> None:
    answer = pannier("health", "--address", f"unix:{tmp_path}/absent.sock")

    assert answer.code == 1
    assert "nothing listens at unix:" in answer.error


@pytest.mark.parametrize("address", ["localhost", "localhost:70000", "unix:", "unix://x/y", ":1"])
def test_an_address_that_is_none_is_a_wrong_command_line(pannier: Pannier, address: str) -> None:
    assert pannier("health", "--address", address).code == 2


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak gRPC"),
        (b"SSH-2.0-server\r\n", "does not speak gRPC"),
        (b"", "the connection was closed without an answer"),
        (SETTINGS, "the connection was closed without an answer"),
        (SETTINGS + NOT_SERVING[:12], "the connection was closed without an answer"),
        (SETTINGS + bytes.fromhex("000008 07 00 00000000 00000000 00000000"), "takes no calls"),
        (SETTINGS + bytes.fromhex("000004 03 00 00000001 00000008"), "has cut the call off"),
        (SETTINGS + bytes.fromhex("000001 01 05 00000001 88"), "does not speak gRPC"),
        (SETTINGS + bytes.fromhex("000001 01 05 00000001 ff"), "does not speak gRPC"),
        (SETTINGS + bytes.fromhex("000005 00 01 00000001 00 00000000"), "does not speak gRPC"),
        (SETTINGS + bytes.fromhex("000007 00 01 00000001 01 00000002 0801"), "does not speak gRPC"),
        (SETTINGS + bytes.fromhex("000007 00 01 00000001 00 00000002 0809"), "does not speak gRPC"),
    ],
)
def test_what_is_no_healthy_answer_is_not_serving(pannier: Pannier, sent: bytes, said: str) -> None:
    with OneAnswer(sent) as server:
        answer = pannier("health", "--address", server.address)

    assert answer.code == 1
    assert said in answer.error


def test_the_answer_counts_in_whatever_pieces_and_between_whatever_else(pannier: Pannier) -> None:
    ping = bytes.fromhex("000008 06 00 00000000 0102030405060708")
    window = bytes.fromhex("000004 08 00 00000000 00001000")
    heads = bytes.fromhex("000002 01 08 00000001 0088") + bytes.fromhex("000000 09 04 00000001")
    padded = bytes.fromhex("00000a 00 09 00000001 02 00 00000002 0802 0000")
    with OneAnswer(SETTINGS + ping + window + heads + padded, pieces=True) as server:
        answer = pannier("health", "--address", server.address)

    assert (answer.code, answer.text) == (1, "NOT_SERVING\n")
    # The settings and the ping were acknowledged.
    assert bytes.fromhex("000000 04 01 00000000") in server.received
    assert ping.replace(b"\x06\x00", b"\x06\x01", 1) in server.received


def test_heads_in_two_frames_are_read_as_one(pannier: Pannier) -> None:
    block = encode_fields([(b":status", b"200"), (b"grpc-status", b"5")])
    heads = frame(HEADERS, END_STREAM, 1, block[:4]) + frame(
        CONTINUATION, END_HEADERS, 1, block[4:]
    )
    with OneAnswer(SETTINGS + heads) as server:
        answer = pannier("health", "--address", server.address, "--service", "other")

    assert answer.error.endswith("has no service 'other'")


def test_the_heads_that_it_sends_are_those_of_a_grpc_call() -> None:
    ours, theirs = socket.socketpair()
    authority = "a" * 200 + ".internal:50051"
    with ours, theirs:
        theirs.sendall(SETTINGS + NOT_SERVING)
        call_health(ours, "s", authority=authority, timeout=2.5, scheme="https")
        sent = theirs.recv(65_536)[len(PREFACE) + len(SETTINGS) :]
    block = sent[9 : 9 + int.from_bytes(sent[:3], "big")]

    assert dict(Decoder(max_list_bytes=10_000).decode(block).fields) == {
        b":method": b"POST",
        b":scheme": b"https",
        b":path": b"/grpc.health.v1.Health/Check",
        b":authority": authority.encode(),
        b"content-type": b"application/grpc",
        b"te": b"trailers",
        b"grpc-timeout": b"2500m",
    }


def test_a_server_that_is_silent_is_waited_for_no_longer_than_told(pannier: Pannier) -> None:
    with OneAnswer(SETTINGS, stay=True) as server:
        answer = pannier("health", "--address", server.address, "--timeout", "0.2s")

    assert answer.code == 1
    assert answer.error == f"pannier: no answer from {server.address} in time"


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_it_speaks_tls_and_shows_its_certificate(
    pannier: Pannier, certificates: Certificates, tmp_path: Path, transport: str
) -> None:
    clients = trustme.CA()
    client_ca = certificates.write("clients.pem", clients.cert_pem.bytes())
    key, cert = issue(clients, "dns:probe.internal")
    shown = (
        f"--tls-cert={certificates.write('probe.pem', cert)}",
        f"--tls-key={certificates.write('probe.key', key)}",
    )
    flags = (
        f"--transport={transport}",
        f"--tls-cert={certificates.cert}",
        f"--tls-key={certificates.key}",
        f"--tls-client-ca={client_ca}",
    )
    with sidecar_process("memory:", *flags) as sidecar:
        call = ("health", "--address", sidecar.address)
        ca = ("--tls-ca", certificates.server_ca)
        known = pannier(*call, *ca, *shown)
        unknown = pannier(*call, *ca)
        distrusting = pannier(*call, "--tls-ca", client_ca)
        absent = pannier(*call, "--tls-ca", f"{tmp_path}/absent.pem")
        unreadable = pannier(*call, "--tls-ca", certificates.key)

    assert (known.code, known.text) == (0, "SERVING\n")
    assert unknown.code == 1
    assert distrusting.code == 1
    assert "is not trusted" in distrusting.error
    assert (absent.code, absent.error) == (
        1,
        "pannier: cannot read a file of TLS: No such file or directory",
    )
    assert unreadable.code == 1
    assert "a file of TLS cannot be used" in unreadable.error


def test_it_loads_neither_grpc_nor_the_client(address: str) -> None:
    code = "import sys; from pannier_server.cli import main; main(['health']); print(*sys.modules)"

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert loaded[0] == "SERVING"
    assert not {"grpc", "google", "pannier", "asyncio", "ssl", "json"} & set(loaded)

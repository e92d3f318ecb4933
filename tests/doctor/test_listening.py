"""Addresses to listen on: free, taken, or not to be had; and a sidecar that runs already."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from pannier_server import __version__
from pannier_server.doctor import Status
from tests.doctor.conftest import Diagnose
from tests.engines.process import free_port
from tests.sidecars import SidecarProcess, sidecar_process
from tests.transport.certificates import Certificates


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SidecarProcess]:
    """A sidecar on a Unix socket and on TCP, with records in memory."""
    path = tmp_path_factory.mktemp("sidecar") / "p.sock"
    with sidecar_process("memory:", f"--listen=unix:{path}", "--listen=127.0.0.1:0") as running:
        yield running


async def test_free_addresses_are_fine_and_left_as_they_were(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    path, port = tmp_path / "new" / "p.sock", free_port()

    found = (await diagnose(listen=[f"unix:{path}", f"127.0.0.1:{port}"]))["listen.addresses"]

    assert found.status is Status.OK
    assert f"127.0.0.1:{port} is free" in found.summary
    assert not path.parent.exists()


async def test_a_sidecar_that_is_there_already_is_fine(
    diagnose: Diagnose, sidecar: SidecarProcess
) -> None:
    found = await diagnose(listen=sidecar.addresses)

    assert found["listen.addresses"].status is Status.OK
    assert found["listen.addresses"].summary.count("is served by a sidecar already") == 2


async def test_a_port_that_another_program_has_fails(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pannier_server.doctor.answering.TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"

        found = (await diagnose(listen=[address]))["listen.addresses"]

    assert found.status is Status.FAILED
    assert found.summary.startswith(f"{address} is taken by another process")
    assert found.fix == "stop it, or choose another address"


async def test_a_host_that_is_not_this_machine_fails(
    diagnose: Diagnose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody is to be looked for there.
    monkeypatch.setenv("PANNIER_ADDRESS", f"unix:{tmp_path}/p.sock")
    found = (await diagnose(listen=["192.0.2.1:50051"], allow_insecure=True))["listen.addresses"]

    assert found.status is Status.FAILED
    assert "is no address of this machine" in found.summary
    assert found.fix.startswith("choose another")


async def test_a_file_that_is_no_socket_fails(diagnose: Diagnose, tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    path.write_text("mine")

    found = (await diagnose(listen=[f"unix:{path}"]))["listen.addresses"]

    assert found.status is Status.FAILED
    assert "no socket" in found.summary
    assert found.fix.startswith("remove it")
    assert path.read_text() == "mine"


async def test_a_socket_that_a_dead_process_left_is_free(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "p.sock"))

    found = (await diagnose(listen=[f"unix:{tmp_path}/p.sock"]))["listen.addresses"]

    assert found.status is Status.OK


async def test_a_folder_that_cannot_be_made_fails(diagnose: Diagnose, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"

    found = (await diagnose(listen=[f"unix:{folder}/p.sock"]))["listen.addresses"]

    assert found.status is Status.FAILED
    assert f"mkdir -p {folder}" in found.fix


async def test_a_folder_that_this_user_may_not_write_fails(
    diagnose: Diagnose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o500)
    if os.geteuid() == 0:
        # Root may write everywhere; say what another user would be told.
        monkeypatch.setattr(os, "access", lambda place, _: place != theirs)

    found = (await diagnose(listen=[f"unix:{tmp_path}/theirs/p.sock"]))["listen.addresses"]

    assert found.status is Status.FAILED
    assert "may not write" in found.summary
    assert "chown" in found.fix


async def test_the_worst_address_counts_and_all_are_in_the_facts(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    good, bad = f"unix:{tmp_path}/p.sock", f"unix:{tmp_path}/file"

    found = (await diagnose(listen=[good, bad]))["listen.addresses"]

    assert found.status is Status.FAILED
    by_address: dict[str, Any] = dict(found.facts)
    assert [by_address[each]["status"] for each in (good, bad)] == ["ok", "failed"]


async def test_a_group_that_there_is_not_fails_and_what_needs_it_is_skipped(
    diagnose: Diagnose,
) -> None:
    found = await diagnose(socket_group="no-such-group")

    assert found["listen.access"].status is Status.FAILED
    assert "no-such-group" in found["listen.access"].summary
    assert found["listen.access"].fix
    assert found["listen.addresses"].status is Status.SKIPPED


async def test_a_running_sidecar_tells_its_health_version_and_transport(
    diagnose: Diagnose, sidecar: SidecarProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNIER_ADDRESS", sidecar.addresses[1])

    found = (await diagnose())["sidecar.health"]

    assert found.status is Status.OK
    assert found.facts["health"] == "SERVING"
    assert (found.facts["version"], found.facts["transport"]) == (__version__, "h2")


async def test_grpcio_tells_it_too(diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch) -> None:
    with sidecar_process("memory:", "--transport=grpcio") as running:
        monkeypatch.setenv("PANNIER_ADDRESS", running.address)

        found = (await diagnose())["sidecar.health"]

    assert (found.facts["version"], found.facts["transport"]) == (__version__, "grpcio")


async def test_without_a_variable_the_settings_say_where_it_would_be(
    diagnose: Diagnose, sidecar: SidecarProcess
) -> None:
    found = (await diagnose(listen=sidecar.addresses))["sidecar.health"]

    assert found.status is Status.OK
    assert found.facts["address"] == sidecar.address


async def test_no_sidecar_is_nothing_to_complain_about(diagnose: Diagnose, tmp_path: Path) -> None:
    found = (await diagnose())["sidecar.health"]

    assert found.status is Status.SKIPPED
    assert found.summary == f"none runs at unix:{tmp_path}/p.sock"


async def test_no_sidecar_where_clients_are_sent_is_a_warning(
    diagnose: Diagnose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNIER_ADDRESS", f"unix:{tmp_path}/other.sock")

    found = (await diagnose())["sidecar.health"]

    assert found.status is Status.WARNING
    assert "'pannier serve'" in found.fix
    assert "PANNIER_ADDRESS" in found.fix


async def test_an_address_that_is_none_fails(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNIER_ADDRESS", "localhost")

    found = (await diagnose())["sidecar.health"]

    assert found.status is Status.FAILED
    assert found.fix.startswith("correct PANNIER_ADDRESS")


async def test_a_sidecar_without_its_store_fails(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = f"dynamodb://tasks?region=eu-west-1&endpoint=http://127.0.0.1:{free_port()}"
    with sidecar_process(store) as running:
        monkeypatch.setenv("PANNIER_ADDRESS", running.address)

        found = (await diagnose())["sidecar.health"]

    assert found.status is Status.FAILED
    assert "NOT_SERVING" in found.summary
    assert "log" in found.fix


async def test_what_listens_and_is_no_sidecar_fails(
    diagnose: Diagnose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "other.sock"))
        other.listen()
        monkeypatch.setenv("PANNIER_ADDRESS", f"unix:{tmp_path}/other.sock")
        monkeypatch.setattr("pannier_server.doctor.answering.TIMEOUT", 0.3)

        found = (await diagnose())["sidecar.health"]

    assert found.status is Status.FAILED
    assert "when asked for its health" in found.summary
    assert found.fix.startswith("stop it if it is no sidecar")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"SSH-2.0-server\r\n", "does not speak gRPC when asked for its health"),
        (b"", "breaks the connection off when asked for its health"),
    ],
)
async def test_what_a_stranger_does_instead_is_told(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch, answer: bytes, said: str
) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        address = "127.0.0.1:{1}".format(*server.sockets[0].getsockname())
        monkeypatch.setenv("PANNIER_ADDRESS", address)

        found = (await diagnose())["sidecar.health"]

    assert found.status is Status.FAILED
    assert found.summary == f"what listens at {address} {said}"


async def test_a_server_without_health_is_told_by_the_status_that_it_answers(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = grpc.aio.server()
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    monkeypatch.setenv("PANNIER_ADDRESS", address)

    found = (await diagnose())["sidecar.health"]
    await server.stop(None)

    assert found.status is Status.FAILED
    assert "answers UNIMPLEMENTED when asked" in found.summary


async def test_the_address_of_metrics_is_looked_at_too(diagnose: Diagnose, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    off = (await diagnose())["listen.metrics"]
    free = (await diagnose(metrics=f"unix:{tmp_path}/m.sock"))["listen.metrics"]
    taken = (await diagnose(metrics=f"unix:{tmp_path}/file"))["listen.metrics"]

    assert [each.status for each in (off, free, taken)] == [Status.OK, Status.OK, Status.FAILED]
    assert taken.fix.startswith("remove it")


async def test_metrics_of_a_sidecar_that_is_there_already_are_fine(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    metrics = f"unix:{tmp_path}/m.sock"
    with sidecar_process("memory:", f"--metrics={metrics}") as running:
        found = (await diagnose(listen=running.addresses, metrics=metrics))["listen.metrics"]

    assert found.status is Status.OK
    assert "already" in found.summary


async def test_a_sidecar_with_tls_is_known_by_the_certificate_of_the_settings(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    files = Certificates(tmp_path)
    flags = (f"--tls-cert={files.cert}", f"--tls-key={files.key}", "--listen=127.0.0.1:0")
    with sidecar_process("memory:", *flags) as running:
        found = await diagnose(listen=running.addresses, tls_cert=files.cert, tls_key=files.key)

    assert found["listen.addresses"].status is Status.OK
    assert found["sidecar.health"].status is Status.OK
    assert "shows the certificate of these settings" in found["sidecar.health"].summary


async def test_a_server_with_another_certificate_is_a_stranger(
    diagnose: Diagnose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pannier_server.doctor.answering.TIMEOUT", 0.3)
    (tmp_path / "other").mkdir()
    theirs, own = Certificates(tmp_path / "other"), Certificates(tmp_path)
    flags = (f"--tls-cert={theirs.cert}", f"--tls-key={theirs.key}", "--listen=127.0.0.1:0")
    with sidecar_process("memory:", *flags) as running:
        found = await diagnose(listen=running.addresses, tls_cert=own.cert, tls_key=own.key)

    assert found["listen.addresses"].status is Status.FAILED
    assert found["sidecar.health"].status is Status.FAILED

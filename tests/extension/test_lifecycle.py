"""The life of an extension: registration, the first invocation, the shutdown, and failures."""

import re
import socket
import subprocess
from pathlib import Path

import grpc
import pytest

from pannier.v1 import storage_pb2 as pb
from pannier_server.extension.runtime_api import RuntimeApi as Side
from pannier_server.extension.runtime_api import RuntimeApiError
from tests.extension.conftest import connected
from tests.extension.invocations import Function
from tests.extension.processes import FROM_SOURCE, FUNCTION, extension
from tests.extension.runtime_api import RuntimeApi, runtime_api
from tests.faults.kinds import Fault
from tests.faults.proxy import FaultProxy
from tests.faults.schedules import Scripted
from tests.sidecars import eventually

MEMORY = {"PANNIER_STORE": "memory:"}


async def test_it_registers_serves_and_ends_with_the_sandbox(
    tmp_path: Path, api: RuntimeApi
) -> None:
    with extension(tmp_path, api.address, MEMORY) as running:
        await api.ready()
        async with connected(tmp_path / "pannier.sock") as stub:
            await Function(stub).invoke()
        api.shut_down()
        assert await running.ended() == 0
        assert "interpreter" in running.said()
    assert api.calls == ["/register", "/event/next"]
    assert not (tmp_path / "pannier.sock").exists()


async def test_invocations_do_not_wait_for_it(tmp_path: Path, api: RuntimeApi) -> None:
    with extension(tmp_path, api.address, MEMORY):
        await api.ready()
    assert api.events == ["SHUTDOWN"]


async def test_connections_are_taken_as_soon_as_the_function_starts(
    tmp_path: Path, api: RuntimeApi
) -> None:
    with extension(tmp_path, api.address, MEMORY):
        await api.registered.wait()
        with socket.socket(socket.AF_UNIX) as function:
            function.connect(str(tmp_path / "pannier.sock"))


async def test_the_store_was_asked_before_the_first_invocation(
    tmp_path: Path, api: RuntimeApi, proxy: FaultProxy, store: str
) -> None:
    with extension(tmp_path, api.address, {"PANNIER_STORE": store}):
        await api.ready()
        assert proxy.journal.operations()[0] == "DescribeTable"
        before = len(proxy.journal.entries)
        async with connected(tmp_path / "pannier.sock") as stub:
            await stub.Put(pb.PutRequest(key="lambda:a", data=b"x"))
        assert proxy.journal.operations()[before:] == ["UpdateItem"]


async def test_a_functions_own_credentials_and_region_need_no_sdk(
    tmp_path: Path, api: RuntimeApi, store: str
) -> None:
    variables = {"PANNIER_STORE": store, "PYTHONPROFILEIMPORTTIME": "1"}
    with extension(tmp_path, api.address, variables) as running:
        await api.ready()
        imported = running.said()
    assert "pannier_server.app" in imported
    assert not re.search(r"\| +botocore", imported)


async def test_a_store_that_does_not_answer_does_not_keep_the_function_from_starting(
    tmp_path: Path, api: RuntimeApi, proxy: FaultProxy, store: str
) -> None:
    proxy.schedule = Scripted([Fault.STALLED] * 100)
    with extension(tmp_path, api.address, {"PANNIER_STORE": store}):
        await api.ready()


async def test_a_call_that_never_ends_does_not_outlive_the_sandbox(
    tmp_path: Path, api: RuntimeApi, proxy: FaultProxy, store: str
) -> None:
    with extension(tmp_path, api.address, {"PANNIER_STORE": store}) as running:
        await api.ready()
        async with connected(tmp_path / "pannier.sock") as stub:
            proxy.schedule = Scripted([Fault.STALLED] * 100)
            call = stub.Get(pb.GetRequest(key="lambda:a"))

            async def asked() -> bool:
                return "GetItem" in proxy.journal.operations()

            await eventually(asked)
            api.shut_down("timeout")
            assert await running.ended() == 0
            assert await call.code() is not grpc.StatusCode.OK
        assert "timeout" in running.said()


@pytest.mark.parametrize(
    ("variables", "kind", "named"),
    [
        ({}, "Extension.ConfigInvalid", "PANNIER_STORE"),
        ({"PANNIER_STORE": "tasks"}, "Extension.ConfigInvalid", "PANNIER_STORE"),
        (
            MEMORY | {"PANNIER_LISTEN": "unix:/nowhere/at/all/s"},
            "Extension.ListenFailed",
            "--listen",
        ),
        (
            {"PANNIER_STORE": "dynamodb://tasks", "AWS_REGION": ""},
            "Extension.StoreUnusable",
            "region",
        ),
    ],
)
async def test_a_start_that_cannot_work_is_reported(
    tmp_path: Path, api: RuntimeApi, variables: dict[str, str], kind: str, named: str
) -> None:
    with extension(tmp_path, api.address, variables) as running:
        assert await running.ended() == 1
        assert named in running.said()
    (reported,) = api.errors
    assert (reported.path, reported.kind) == ("/init/error", kind)
    assert reported.body["errorType"] == kind
    assert named in reported.body["errorMessage"]
    assert api.calls == ["/register", "/init/error"]


async def test_an_extension_that_hears_of_no_events_says_so_and_ends(tmp_path: Path) -> None:
    async with runtime_api(refuse={"/event/next": 500}) as api:
        with extension(tmp_path, api.address, MEMORY) as running:
            assert await running.ended() == 1
    (reported,) = api.errors
    assert (reported.path, reported.kind) == ("/exit/error", "Extension.EventsFailed")


async def test_one_under_another_name_is_told_which_option_names_it(tmp_path: Path) -> None:
    async with runtime_api(name="storage", refuse={"/register": 403}) as api:
        with extension(tmp_path, api.address, MEMORY) as running:
            assert await running.ended() == 1
            assert "--name" in running.said()


async def test_it_registers_under_the_name_that_it_is_given(tmp_path: Path) -> None:
    async with runtime_api(name="storage") as api:
        command = (*FROM_SOURCE, "--name", "storage")
        with extension(tmp_path, api.address, MEMORY, command=command):
            await api.ready()


def test_only_the_next_event_may_take_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float | None] = []

    def no_answer(_api: Side, _request: bytes, timeout: float | None) -> None:
        limits.append(timeout)
        raise ConnectionRefusedError

    monkeypatch.setattr(Side, "_exchange", no_answer)
    side = Side("127.0.0.1:9001", "pannier")
    for ask in (side.register, side.next_event, lambda: side.report("Extension.Bug", "why")):
        with pytest.raises(RuntimeApiError, match="no answer from Lambda"):
            ask()
    registering, waiting, reporting = limits
    assert waiting is None
    assert registering == reporting
    assert 0 < (registering or 0) < 10


def test_without_lambda_it_says_what_to_run() -> None:
    ended = subprocess.run(
        FROM_SOURCE, env=FUNCTION | MEMORY, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "AWS_LAMBDA_RUNTIME_API" in ended.stderr
    assert "pannier serve" in ended.stderr

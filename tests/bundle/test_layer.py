"""The layer runs where there is a C library and nothing else."""

import json
import os
import re
import shutil
import ssl
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.bundle.sandbox import PROGRAM, Sandbox, require
from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table
from tests.extension.conftest import connected
from tests.extension.invocations import Function
from tests.extension.processes import Extension, extension, within_root
from tests.extension.runtime_api import RuntimeApi
from tests.extension.test_freeze import freeze_and_thaw
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.sidecars import memory_in_use

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NEWEST = (2, 34)
MEGABYTE = 10**6


@contextmanager
def started(
    sandbox: Sandbox, api: RuntimeApi, folder: Path, table: Table, endpoint: str, **variables: str
) -> Iterator[Extension]:
    """Run the layer's program as Lambda does."""
    with extension(
        folder,
        api.address,
        {
            "PANNIER_STORE": f"dynamodb://{table.name}?endpoint={endpoint}",
            "PANNIER_LISTEN": "unix:/tmp/pannier.sock",
            "TMPDIR": "",
            **variables,
        },
        command=[PROGRAM],
        within=sandbox.root,
    ) as running:
        yield running


async def test_it_outlives_a_thousand_freezes(
    tmp_path: Path, sandbox: Sandbox, api: RuntimeApi, proxy: FaultProxy, dynamodb_table: Table
) -> None:
    with started(sandbox, api, tmp_path, dynamodb_table, proxy.endpoint) as running:
        await api.ready()
        assert memory_in_use(running.process.pid) < 60 * MEGABYTE
        async with connected(sandbox.tmp / "pannier.sock") as stub:
            function = Function(stub)
            await freeze_and_thaw(running, proxy, function, 1000)
            assert await function.counted() == 250
        api.shut_down()
        assert await running.ended() == 0


async def test_it_finds_credentials_that_only_the_sdk_knows(
    tmp_path: Path,
    sandbox: Sandbox,
    api: RuntimeApi,
    dynamodb_engine: Engine,
    dynamodb_table: Table,
) -> None:
    (sandbox.tmp / "credentials").write_text(
        "[other]\naws_access_key_id = test\naws_secret_access_key = test\n"
    )
    variables = {"AWS_PROFILE": "other", "AWS_SHARED_CREDENTIALS_FILE": "/tmp/credentials"}
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
    with started(
        sandbox, api, tmp_path, dynamodb_table, dynamodb_engine.endpoint, **none, **variables
    ):
        await api.ready()
        async with connected(sandbox.tmp / "pannier.sock") as stub:
            await Function(stub).invoke()


async def test_it_speaks_tls(
    tmp_path: Path,
    sandbox: Sandbox,
    api: RuntimeApi,
    dynamodb_engine: Engine,
    dynamodb_table: Table,
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(sandbox.tmp / "ca.pem")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    async with fault_proxy(dynamodb_engine.endpoint, tls=server) as proxy:
        variables = {"AWS_CA_BUNDLE": "/tmp/ca.pem"}
        with started(sandbox, api, tmp_path, dynamodb_table, proxy.endpoint, **variables):
            await api.ready()
            async with connected(sandbox.tmp / "pannier.sock") as stub:
                await Function(stub).invoke()


def test_it_serves_outside_of_lambda_too(sandbox: Sandbox) -> None:
    store = "--store=sqlite:///tmp/records.db"
    serving = subprocess.Popen(
        [*within_root(sandbox.root), PROGRAM, "serve", store, "--listen=unix:/tmp/all.sock",
         "--workers=2"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert serving.stdout is not None
        assert "with 2 workers" in serving.stdout.readline()
        health = sandbox.run("health", "--address=unix:/tmp/all.sock")
        assert (health.stdout, health.stderr) == ("SERVING\n", "")
    finally:
        serving.terminate()
        serving.wait()


def test_nothing_in_it_needs_a_newer_c_library_than_lambdas(sandbox: Sandbox) -> None:
    require(shutil.which("readelf") is not None, "readelf is missing: install binutils")
    programs = [path for path in (sandbox.root / "opt").rglob("*") if is_program(path)]
    assert len(programs) > 10
    needed = {path.name: max(versions(path), default=()) for path in programs}
    assert {name: version for name, version in needed.items() if version > NEWEST} == {}


def is_program(path: Path) -> bool:
    return path.is_file() and path.read_bytes()[:4] == b"\x7fELF"


def versions(path: Path) -> set[tuple[int, ...]]:
    """Return the versions of the C library's symbols that a file needs."""
    shown = subprocess.run(
        ["readelf", "--version-info", "--wide", path], capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(r"Name: GLIBC_([\d.]+)", shown)
    return {tuple(map(int, version.split("."))) for version in found}


def test_every_library_that_is_needed_is_there(sandbox: Sandbox) -> None:
    folders = [folder for folder in sandbox.root.iterdir() if folder.name != "proc"]
    files = {path.name for folder in folders for path in folder.rglob("*") if path.is_file()}
    for path in (sandbox.root / "opt").rglob("*"):
        if is_program(path):
            shown = subprocess.run(
                ["readelf", "--dynamic", "--wide", path], capture_output=True, text=True, check=True
            ).stdout
            assert set(re.findall(r"\(NEEDED\).*\[(.+)\]", shown)) <= files


def test_it_has_the_authorities_of_aws_certificates_and_all_licences(layer: Path) -> None:
    names = set(zipfile.ZipFile(layer).namelist())
    assert "extensions/pannier-lib/botocore/cacert.pem" in names
    assert "extensions/pannier-lib/LICENSE" in names
    licensed = {name.split("/")[3] for name in names if "/licenses/" in name}
    assert {"python", "protobuf", "uvloop", "botocore"} <= licensed


def test_lambda_finds_one_program_to_start(layer: Path) -> None:
    names = zipfile.ZipFile(layer).namelist()
    assert [name for name in names if name.count("/") == 1] == ["extensions/pannier"]


@pytest.mark.parametrize("arguments", [["get", "demo:a"], ["serve", "--transport", "grpcio"]])
def test_what_needs_grpcio_is_refused_and_says_what_has_it(
    sandbox: Sandbox, arguments: list[str]
) -> None:
    ended = sandbox.run(*arguments)
    assert ended.returncode == 2
    assert ended.stderr.startswith("pannier: ")
    assert "pannier-server" in ended.stderr


def test_what_looks_at_a_table_works_in_it(sandbox: Sandbox, dynamodb_table: Table) -> None:
    checked = sandbox.run("table", "check", f"--store={dynamodb_table.store_url}", **os.environ)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_doctor_works_in_it(sandbox: Sandbox, dynamodb_table: Table) -> None:
    settings = (f"--store={dynamodb_table.store_url}", "--listen=unix:/tmp/examined.sock")
    serving = subprocess.Popen(
        [*within_root(sandbox.root), PROGRAM, "serve", *settings],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert serving.stdout is not None
        assert " serves " in serving.stdout.readline()
        examined = sandbox.run("doctor", *settings, "--json", **os.environ)
        assert examined.stderr == ""
    finally:
        serving.terminate()
        serving.wait()
    found = {check["id"]: check for check in json.loads(examined.stdout)["checks"]}
    assert {check["status"] for check in found.values()} <= {"ok", "warning", "skipped"}
    assert examined.returncode == 0
    for looked_at in ("sidecar.health", "machine.python", "dynamodb.permission.UpdateItem"):
        assert found[looked_at]["status"] == "ok"


def test_traces_are_refused_and_it_says_what_has_them(sandbox: Sandbox) -> None:
    ended = sandbox.run("serve", "--store=memory:", "--traces")
    assert ended.returncode == 2
    assert "--traces: traces need OpenTelemetry" in ended.stderr
    assert "the image or the package `pannier-server[otel]`" in ended.stderr


async def test_lambda_hears_that_traces_are_refused(
    tmp_path: Path,
    sandbox: Sandbox,
    api: RuntimeApi,
    dynamodb_engine: Engine,
    dynamodb_table: Table,
) -> None:
    with started(
        sandbox, api, tmp_path, dynamodb_table, dynamodb_engine.endpoint, PANNIER_TRACES="true"
    ) as running:
        assert await running.ended() != 0
    (reported,) = api.errors
    assert (reported.path, reported.kind) == ("/init/error", "Extension.ConfigInvalid")
    assert "PANNIER_TRACES: traces need OpenTelemetry" in reported.body["errorMessage"]

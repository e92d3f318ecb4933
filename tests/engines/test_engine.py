"""A local engine starts, stops, comes back and never outlives the tests."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.engines import npm_package
from tests.engines.cache import CHECKOUT, installed
from tests.engines.dynamodb_local import Engine, Kind, answers, best_kind, running_engine
from tests.engines.errors import EngineUnavailable
from tests.engines.process import ServerProcess
from tests.engines.table import Table, create_table

START_AND_WAIT = """
import sys, time
from tests.engines.process import ServerProcess
print(ServerProcess([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
sys.stdin.read()
"""


def test_the_shared_table_has_the_layout_of_task_stores(dynamodb_table: Table) -> None:
    client = dynamodb_table.client()
    keys = client.describe_table(TableName=dynamodb_table.name)["Table"]["KeySchema"]
    assert [key["AttributeName"] for key in keys] == ["PK", "SK"]
    ttl = client.describe_time_to_live(TableName=dynamodb_table.name)["TimeToLiveDescription"]
    assert ttl["AttributeName"] == "expires_at"


def test_a_stopped_engine_comes_back_empty_on_the_same_port() -> None:
    with running_engine() as engine:
        _assert_comes_back_empty(engine)
    assert not answers(engine.port)


@pytest.mark.slow
def test_ministack_stands_in_for_dynamodb_local() -> None:
    with running_engine(Kind.MINISTACK) as engine:
        _assert_comes_back_empty(engine)
    assert not answers(engine.port)


def _assert_comes_back_empty(engine: Engine) -> None:
    table = create_table(Table("lost_with_the_engine", endpoint=engine.endpoint))
    engine.stop()
    assert not answers(engine.port)
    engine.start_again()
    assert answers(engine.port)
    assert table.client().list_tables()["TableNames"] == []


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process by Linux's pidfd")
def test_a_server_dies_with_the_test_run_that_was_killed() -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with starter:
        assert starter.stdout is not None
        server = os.pidfd_open(int(starter.stdout.readline()))
        starter.send_signal(signal.SIGKILL)
        ended, _, _ = select.select([server], [], [], 30)
    os.close(server)
    assert ended


def test_a_server_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.engines.process.STOP_SECONDS", 0.1)
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ignoring')"
    server = ServerProcess([sys.executable, "-uc", f"{ignore}; signal.pause()"])
    while server.log_tail() != "ignoring\n":
        assert server.wait(0.01) is None
    server.stop()
    assert server.wait(0) == -signal.SIGKILL


def test_what_a_server_printed_can_be_shown() -> None:
    server = ServerProcess([sys.executable, "-c", "print('cannot bind')"])
    server.wait(30)
    server.stop()
    assert server.log_tail() == "cannot bind\n"


def test_two_runs_that_need_the_same_engine_install_it_once(tmp_path: Path) -> None:
    installs: list[Path] = []
    both_install = threading.Barrier(2)

    def install(folder: Path) -> None:
        installs.append(folder)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_install.wait(0.3)

    runs = [threading.Thread(target=installed, args=("engine", install, tmp_path)) for _ in "ab"]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert installs == [tmp_path / "engine"]


def test_an_interrupted_installation_is_made_again(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        installed("engine", interrupted, tmp_path)
    folder = installed("engine", lambda folder: (folder / "whole").touch(), tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [".complete", "whole"]


def test_a_download_with_another_checksum_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "engine.tgz"
    archive.write_bytes(b"something else")
    with pytest.raises(EngineUnavailable, match=r"engine\.tgz is not the file that we know"):
        npm_package.verify(archive, npm_package.SHA256)


@pytest.fixture
def without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npm_package, "problem", lambda: "Java is not installed")


@pytest.mark.usefixtures("without_java")
def test_without_java_a_person_gets_ministack() -> None:
    assert best_kind({}) is Kind.MINISTACK


@pytest.mark.usefixtures("without_java")
@pytest.mark.parametrize("variable", ["CI", "PANNIER_REQUIRE_TOOLS"])
def test_without_java_ci_fails(variable: str) -> None:
    with pytest.raises(EngineUnavailable, match="Java is not installed, but"):
        best_kind({variable: "true"})

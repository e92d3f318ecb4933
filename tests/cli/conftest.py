"""The command, run in this process, and sidecars for it to talk to."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client_python.scripted_sidecar import ScriptedSidecar
from tests.commands import Outcome, run_command
from tests.sidecars import sidecar_process

Pannier = Callable[..., Outcome]


@pytest.fixture(scope="session")
def live_address() -> Iterator[str]:
    """Run a real sidecar with its records in memory."""
    with sidecar_process("memory:") as process:
        yield process.address


@pytest.fixture
def address(live_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let commands find the sidecar as people do: by PANNIER_ADDRESS."""
    monkeypatch.setenv("PANNIER_ADDRESS", live_address)
    return live_address


@pytest.fixture
def scripted(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScriptedSidecar]:
    """Let commands find a sidecar that follows a script instead."""
    sidecar = ScriptedSidecar(tmp_path / "scripted.sock")
    monkeypatch.setenv("PANNIER_ADDRESS", sidecar.address)
    yield sidecar
    sidecar.stop()


@pytest.fixture
def pannier(
    address: str,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Pannier:
    """Run ``pannier`` with arguments, and with ``stdin`` as its standard input."""

    def run(*arguments: str, stdin: bytes = b"") -> Outcome:
        return run_command(arguments, stdin=stdin, capfdbinary=capfdbinary, monkeypatch=monkeypatch)

    return run


@pytest.fixture
def owner() -> str:
    """Name an owner that nobody else has."""
    return f"o{uuid.uuid4().hex}"

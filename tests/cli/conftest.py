"""The command, run in this process, and sidecars for it to talk to."""

import io
import json
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pannier_server.cli import main
from tests.client_python.scripted_sidecar import ScriptedSidecar
from tests.sidecars import sidecar_process


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: its exit code and what it printed."""

    code: int
    data: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def error(self) -> str:
        """The one line that explains a failure."""
        assert self.errors.count("\n") == 1
        return self.errors.rstrip("\n")


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
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = capfdbinary.readouterr()
        return Outcome(int(code), printed.out, printed.err.decode())

    return run


@pytest.fixture
def owner() -> str:
    """Name an owner that nobody else has."""
    return f"o{uuid.uuid4().hex}"

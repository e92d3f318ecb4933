"""The command as a process: pipes that close, terminals, signals, what it loads."""

import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import grpc
import pytest

import pannier as client
from pannier_server.cli.exit_codes import ExitCode
from tests.client_python.scripted_sidecar import ScriptedSidecar, hang

COMMAND = (sys.executable, "-m", "pannier_server")
SECONDS = 30


@pytest.fixture
def store(address: str) -> Iterator[client.Store]:
    with client.connect(address) as store:
        yield store


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )


# The call's number, on x86-64 and on ARM, and its first argument; see proc(5).
READS_INPUT = ("0 0x0 ", "63 0x0 ")


@dataclass(slots=True)
class Terminal:
    """A process on a terminal of its own, and what it printed there so far."""

    process: subprocess.Popen[bytes]
    controller: int
    shown: bytes = b""

    def read_until(self, text: bytes) -> None:
        deadline = time.monotonic() + SECONDS
        while text not in self.shown and time.monotonic() < deadline:
            self.shown += os.read(self.controller, 4096)

    def wait_until_it_reads(self) -> None:
        """Wait until the process waits for input: a signal just before is seen after it."""
        # Not whether it sleeps: it may also do so while it writes.
        syscall = Path(f"/proc/{self.process.pid}/syscall")
        while not syscall.read_text().startswith(READS_INPUT):
            os.sched_yield()

    def read_to_the_end(self) -> bytes:
        try:
            while piece := os.read(self.controller, 4096):
                self.shown += piece
        except OSError:
            # Linux says so when the other side has closed.
            pass
        return self.shown


@contextmanager
def on_terminal(*arguments: str) -> Iterator[Terminal]:
    controller, side = pty.openpty()
    process = subprocess.Popen([*COMMAND, *arguments], stdin=side, stdout=side, stderr=side)
    os.close(side)
    try:
        yield Terminal(process, controller)
    finally:
        process.kill()
        process.wait()
        os.close(controller)


def test_the_installed_command_and_the_module_are_the_same() -> None:
    installed = Path(sys.executable).with_name("pannier")

    assert subprocess.check_output([installed, "--version"]) == run("--version").stdout


@pytest.mark.parametrize("shape", ["--keys-only", "--json", "--long"])
def test_a_reader_that_goes_away_ends_a_list_quietly(
    store: client.Store, owner: str, shape: str
) -> None:
    for number in range(1000):
        store.put(f"{owner}:{number:04}{'n' * 200}", b"x")

    with subprocess.Popen(
        [*COMMAND, "ls", f"{owner}:", shape], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()

    assert errors == b""
    assert process.returncode == ExitCode.BROKEN_PIPE


def test_without_standard_output_nothing_breaks(address: str, owner: str) -> None:
    script = f"{shlex.join(COMMAND)} put {owner}:a --data x >&-"

    ended = subprocess.run(["sh", "-c", script], capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_terminal_that_lacks_a_character_gets_it_escaped(store: client.Store, owner: str) -> None:
    store.put(f"{owner}:\u00e5", b"x")

    listed = run("ls", f"{owner}:", "-k", PYTHONIOENCODING="ascii")

    assert (listed.stdout, listed.stderr) == (f"{owner}:\\xe5\n".encode(), b"")


def test_on_a_terminal_data_ends_with_a_line_break(store: client.Store, owner: str) -> None:
    store.put(f"{owner}:without", b"data")
    store.put(f"{owner}:with", b"data\n")

    for name in ("without", "with"):
        with on_terminal("get", f"{owner}:{name}") as terminal:
            assert terminal.read_to_the_end() == b"data\r\n"


def test_data_can_be_typed_into_a_terminal(store: client.Store, owner: str) -> None:
    with on_terminal("put", f"{owner}:a") as terminal:
        terminal.read_until(b"end it with Ctrl-D\r\n")
        os.write(terminal.controller, b"typed\n\x04")
        assert b"is at version 1" in terminal.read_to_the_end()

    assert store.get(f"{owner}:a").data == b"typed\n"


def test_ctrl_c_ends_a_command_quietly(address: str, owner: str) -> None:
    with on_terminal("put", f"{owner}:a") as terminal:
        terminal.read_until(b"end it with Ctrl-D\r\n")
        terminal.wait_until_it_reads()
        terminal.process.send_signal(signal.SIGINT)
        shown = terminal.read_to_the_end()
        code = terminal.process.wait(SECONDS)

    assert code == ExitCode.INTERRUPTED
    assert shown == b"reading the data from the terminal; end it with Ctrl-D\r\n"


def test_ctrl_c_ends_a_call_that_waits(scripted: ScriptedSidecar) -> None:
    asked = Event()

    def hang_once_asked(request: Any, context: grpc.ServicerContext) -> Any:
        asked.set()
        return hang(request, context)

    scripted.will(hang_once_asked)
    with on_terminal("get", "o:n") as terminal:
        assert asked.wait(SECONDS)
        terminal.process.send_signal(signal.SIGINT)
        shown = terminal.read_to_the_end()
        code = terminal.process.wait(SECONDS)

    assert (code, shown) == (ExitCode.INTERRUPTED, b"")


HEAVY = ("boto3", "botocore", "uvloop", "msgspec", "httptools", "tomllib")
OURS = ("pannier_server.app", "pannier_server.config", "pannier_server.backends")


def test_a_command_about_records_loads_only_what_it_needs(store: client.Store, owner: str) -> None:
    store.put(f"{owner}:a", b"")
    code = (
        "import sys; from pannier_server.cli import main; "
        f"main(['get', '{owner}:a']); print(*sys.modules)"
    )

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert "pannier" in loaded
    assert not {*HEAVY, *OURS} & set(loaded)

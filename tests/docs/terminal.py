"""What a reader of a page does: types its commands, saves its files, leaves servers running."""

import contextlib
import itertools
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from tests.docs.command_lines import lines
from tests.docs.pages import OUTPUT, Block
from tests.engines.process import ServerProcess

SERVING = re.compile(r"^(exec )?(make (serve|dynamodb)|(\S*/)?pannier serve)\b")
READY = re.compile(r" serves .*\bon\b", re.MULTILINE)
_START_SECONDS = 300


class PageFailed(AssertionError):
    """A page does not do what it says; the message says where."""


class Machine(Protocol):
    """Where a page is followed."""

    @property
    def shell(self) -> Sequence[str]:
        """The command of a shell in a new terminal, in the checkout's folder."""

    def shell_for(self, command: str) -> Sequence[str]:
        """The same for a command that serves, which may have to listen elsewhere here."""

    def adapt(self, text: str) -> str:
        """Return a page's text as it is to be used here, with other ports perhaps."""

    def save(self, text: str) -> str:
        """Keep a text as a file, and return the path that a shell knows it by."""


class Terminal:
    """One shell, which keeps its folder and its variables from block to block."""

    def __init__(self, machine: Machine) -> None:
        """Open it."""
        self._machine = machine
        self._numbers = itertools.count()
        self._shell = subprocess.Popen(
            [*machine.shell, "bash", "--norc", "-eu", "-o", "pipefail"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, text: str) -> str:
        """Run commands, and return what they print.

        Raises:
            PageFailed: One of them failed.
        """
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        script = self._machine.save(text)
        end = f"--- end of block {next(self._numbers)} ---"
        self._shell.stdin.write(f". {shlex.quote(script)} </dev/null\necho; echo '{end}'\n")
        self._shell.stdin.flush()
        printed: list[str] = []
        for line in self._shell.stdout:
            if line.rstrip("\n") == end:
                return "".join(printed).removesuffix("\n")
            printed.append(line)
        raise PageFailed(f"a command failed ({self._shell.wait()}):\n{''.join(printed)}")

    def close(self) -> None:
        """Close it; what still runs in it ends."""
        self._shell.kill()
        self._shell.communicate()


class Reader:
    """Someone who follows a page from top to bottom."""

    def __init__(self, machine: Machine) -> None:
        """Open the first terminal."""
        self._machine = machine
        self._terminal = Terminal(machine)
        self._servers: dict[str, ServerProcess] = {}
        self._printed: str | None = None

    def follow(self, block: Block) -> None:
        """Do what a block says, or compare it with what the one before has printed.

        Raises:
            PageFailed: It does not work.
        """
        text = self._machine.adapt(block.text)
        try:
            if block.is_commands and not block.not_run:
                self._printed = self._run(text)
            elif block.title:
                self._save(block.title, text)
                self._printed = None
            elif block.language == OUTPUT and self._printed is not None:
                compare(text, self._printed)
                self._printed = None
        except PageFailed as problem:
            raise PageFailed(f"{block.place}: {problem}") from None

    def pass_over(self) -> None:
        """Leave a block out; nothing was printed that the next one could show."""
        self._printed = None

    def close(self) -> None:
        """Stop what runs, the last first."""
        self._terminal.close()
        for server in reversed(self._servers.values()):
            server.stop()

    def _run(self, text: str) -> str:
        *before, last = lines(text)
        if not SERVING.match(last):
            return self._terminal.type(text)
        # A server takes its terminal, so that the reader goes on in another one.
        self._serve("\n".join([*before, f"exec {last.removeprefix('exec ')}"]), last)
        return ""

    def _save(self, name: str, text: str) -> None:
        self._terminal.type(f"cp {shlex.quote(self._machine.save(text))} {shlex.quote(name)}")

    def _serve(self, script: str, command: str) -> None:
        kind = "engine" if "dynamodb" in command.split()[:2] else "sidecar"
        if kind in self._servers:
            self._servers.pop(kind).stop()
        shell = [*self._machine.shell_for(command), "bash", "-eu", self._machine.save(script)]
        server = ServerProcess(shell)
        self._servers[kind] = server
        for _ in range(_START_SECONDS * 20):
            if READY.search(server.log_tail()):
                return
            if server.wait(0.05) is not None:
                break
        raise PageFailed(f"{command}: it does not serve:\n{server.log_tail()}")


def compare(shown: str, printed: str) -> None:
    """Raise where a page shows other output than there is; … stands for anything."""
    expected = [re.escape(line.strip()).replace("…", ".*") for line in shown.strip().splitlines()]
    actual = "\n".join(line.strip() for line in printed.strip().splitlines())
    if not re.fullmatch("\n".join(expected), actual, re.DOTALL):
        raise PageFailed(f"it shows\n{shown}\nand there is\n{printed}")


class ThisMachine:
    """A folder on this machine that looks like a fresh checkout, with ports of its own.

    Attributes:
        folder: Where the checkout lies, and what pages put beside it.
    """

    def __init__(
        self,
        folder: Path,
        checkout: Path,
        environment: Mapping[str, str],
        ports: Mapping[str, str],
        listen: str,
    ) -> None:
        """Take where files can be saved, and what a new terminal has.

        Args:
            folder: Where the checkout lies and texts are kept.
            checkout: The folder in which a terminal begins.
            environment: All of a terminal's variables.
            ports: Which port stands here for one that the pages name.
            listen: Where a sidecar listens that is told nothing.
        """
        self.folder = folder
        self._checkout = checkout
        self._environment = environment
        self._ports = ports
        self._listen = listen
        self._numbers = itertools.count()

    @property
    def shell(self) -> Sequence[str]:
        """A shell with the environment alone."""
        pairs = [f"{name}={value}" for name, value in self._environment.items()]
        return ["env", "-i", "-C", str(self._checkout), *pairs]

    def shell_for(self, command: str) -> Sequence[str]:
        """One whose sidecar keeps off the default port, which others may use meanwhile."""
        # The environment would count before a file of settings.
        if "--config" in command:
            return self.shell
        return [*self.shell, f"PANNIER_LISTEN={self._listen}"]

    def adapt(self, text: str) -> str:
        """Return the text with this machine's ports."""
        for theirs, ours in self._ports.items():
            text = re.sub(rf"\b{theirs}\b", ours, text)
        return text

    def save(self, text: str) -> str:
        """Keep a text in a file of the folder."""
        path = self.folder / f"saved-{next(self._numbers)}"
        path.write_text(text)
        return str(path)


@contextlib.contextmanager
def reader_of(machine: Machine) -> Iterator[Reader]:
    """Read a page for the body of a ``with``."""
    reader = Reader(machine)
    try:
        yield reader
    finally:
        reader.close()


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder whose path leaves room for a Unix socket's."""
    with TemporaryDirectory(prefix="pannier-docs-") as folder:
        yield Path(folder)

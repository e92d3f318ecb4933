"""The languages that have a client, what they need, and the commands that they offer."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.engines.dynamodb_local import tools_are_required

ROOT = Path(__file__).resolve().parents[2]
_ENOUGH_SECONDS = 900
# What the make that runs this was told is its own business.
_MAKES_OWN = {"ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}


class ToolsAbsent(Exception):
    """This machine lacks what a language needs; the message names it."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A client or an example in a language of its own, with a Makefile.

    Attributes:
        path: Where it is in the checkout.
        title: What people call the language.
        tools: The commands that it needs.
    """

    path: str
    title: str
    tools: Sequence[str]

    @property
    def is_client(self) -> bool:
        """Whether it is a client, with a runner of scenarios, and no example."""
        return self.path.startswith("client/")

    def check_tools(self) -> None:
        """Return where the machine has what the language needs.

        Raises:
            ToolsAbsent: It has not.
        """
        absent = [tool for tool in self.tools if shutil.which(tool) is None]
        if absent:
            raise ToolsAbsent(f"{self.path} ({self.title}) needs {' and '.join(absent)}")

    def make(
        self, target: str, environment: Mapping[str, str] | None = None, *, nice: bool = False
    ) -> str:
        """Make a target of its Makefile, and return what it printed.

        Args:
            target: What to make.
            environment: What its commands get beside this process's own.
            nice: Let everything else on the machine go first.

        Raises:
            ToolsAbsent: The machine cannot do it.
            subprocess.CalledProcessError: It failed; what it printed is in ``output``.
        """
        self.check_tools()
        inherited = {name: text for name, text in os.environ.items() if name not in _MAKES_OWN}
        command = ["nice", "-n", "10"] if nice else []
        done = subprocess.run(
            [*command, "make", "--no-print-directory", "-C", str(ROOT / self.path), target],
            env={**inherited, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_ENOUGH_SECONDS,
            check=True,
        )
        return done.stdout


GO = Folder("client/go", "Go", ("go",))
TYPESCRIPT = Folder("client/typescript", "TypeScript", ("node", "npm"))
JAVA = Folder("client/java", "Java", ("javac", "mvn"))
RUST = Folder("client/rust", "Rust", ("cargo",))
APPROVALS = Folder("examples/approvals", "Go", ("go",))
TASKS = Folder("examples/tasks", "Rust", ("cargo",))

FOLDERS = (GO, TYPESCRIPT, JAVA, RUST, APPROVALS, TASKS)


@dataclass(frozen=True, slots=True)
class Language:
    """A client that plays the conformance scenarios.

    Attributes:
        title: What people call it.
        folder: Where it is; None for the Python ones.
        options: What their runner gets besides.
    """

    title: str
    folder: Folder | None = None
    options: Sequence[str] = ()

    def runner(self) -> Sequence[str]:
        """Return the command of its runner, built if need be.

        Raises:
            ToolsAbsent: The machine cannot build it.
            subprocess.CalledProcessError: It is not to be built as it stands.
        """
        if self.folder is None:
            return [sys.executable, "-m", "tests.conformance.python_runner", *self.options]
        self.folder.make("runner")
        name = Path(self.folder.path).name
        return [str(ROOT / ".cache" / "clients" / name / "runner")]


LANGUAGES = {
    "python": Language("Python"),
    "python-aio": Language("Python (asyncio)", options=("--aio",)),
    "go": Language("Go", GO),
    "typescript": Language("TypeScript", TYPESCRIPT),
    "java": Language("Java", JAVA),
    "rust": Language("Rust", RUST),
}


def absence_is_a_failure() -> bool:
    """Tell whether a language whose tools are absent fails instead of being skipped: in CI."""
    return tools_are_required()

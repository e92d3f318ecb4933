"""Builds the clients in other languages while the tests that need none of them run.

Cold builds take some minutes, mostly of one core, and many tests wait for something. So
the tests of the clients come last, and what they need is set up meanwhile.
"""

import contextlib
import subprocess
import threading
from collections.abc import Sequence

import pytest

from tests.clients.languages import FOLDERS, Folder, ToolsAbsent

# Slow ones first.
_IN_TURN = sorted(FOLDERS, key=lambda folder: ("Rust", "Java").count(folder.title), reverse=True)
_NEED_CLIENTS = ("tests/clients/", "tests/conformance/")


class Builds:
    """Set-ups that run one after the other in a thread of their own."""

    def __init__(self, folders: Sequence[Folder]) -> None:
        """Take what is to be set up; nothing is done before `start`."""
        self._folders = folders
        self._done = {folder.path: threading.Event() for folder in folders}
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, folder: Folder) -> None:
        """Return once a folder is set up, or could not be: who uses it will see why."""
        if folder.path in self._done and self._thread.ident is not None:
            self._done[folder.path].wait()

    def _run(self) -> None:
        for folder in self._folders:
            with contextlib.suppress(
                ToolsAbsent, subprocess.CalledProcessError, subprocess.TimeoutExpired
            ):
                folder.make("setup", nice=True)
                if folder.is_client:
                    folder.make("runner", nice=True)
            self._done[folder.path].set()


_BUILDS = Builds(_IN_TURN)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of the clients come last."""
    items.sort(key=_needs_clients)


def pytest_runtestloop(session: pytest.Session) -> None:
    """Begin to build, where a test needs it."""
    if not session.config.option.collectonly and any(map(_needs_clients, session.items)):
        _BUILDS.start()


@pytest.fixture(scope="session")
def builds() -> Builds:
    """The set-ups that run in the background."""
    return _BUILDS


def _needs_clients(item: pytest.Item) -> bool:
    return item.nodeid.startswith(_NEED_CLIENTS) and "[python" not in item.nodeid

"""A newcomer gets from the README to a record in DynamoDB Local within five minutes.

Each command of the README is typed as it stands, by a user of a fresh Debian who has nothing
but what the quick start asks for. Then the program in another language takes its turn.
"""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.fresh_root import RELEASE, FreshRoot
from tests.docs.pages import ROOT, Block, blocks
from tests.docs.terminal import reader_of
from tests.engines.dynamodb_local import tools_are_required

SECONDS = 300
_PORTS = (50051, 8000)
_ANOTHER_LANGUAGE = ("node", "npm")


def _obstacle() -> str:
    """Return what keeps the test from running here; empty for nothing."""
    if os.getuid() != 0:
        return "only root can change into another root"
    absent = [tool for tool in ("debootstrap", "unshare", "git") if shutil.which(tool) is None]
    if absent:
        return f"install {' and '.join(absent)} (Debian and Ubuntu: apt install)"
    taken = [port for port in _PORTS if _is_taken(port)]
    if taken:
        return f"the README's ports are taken: {', '.join(map(str, taken))}"
    return ""


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def newcomer() -> Iterator[FreshRoot]:
    obstacle = _obstacle()
    if obstacle:
        (pytest.fail if tools_are_required() else pytest.skip)(obstacle)
    with tempfile.TemporaryDirectory(prefix="pannier-root-") as folder:
        yield FreshRoot(Path(folder) / "root")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_newcomer_reads_a_record_in_five_minutes(
    newcomer: FreshRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = [block for block in blocks(ROOT / "README.md") if not block.not_run]
    quick_start = blocks(ROOT / "docs" / "quick-start.md")
    another = [block for block in quick_start if tuple(block.needs) == _ANOTHER_LANGUAGE]
    assert another
    times: list[tuple[float, Block]] = []
    with reader_of(newcomer) as reader:
        for block in (*readme, *another):
            started = time.monotonic()
            reader.follow(block)
            times.append((time.monotonic() - started, block))
    with capsys.disabled():
        print(f"\n\nA newcomer on a fresh {RELEASE}:")
        for seconds, block in times:
            print(f"  {seconds:6.1f} s  {block.place:26} {block.text.splitlines()[0]}")
    assert sum(seconds for seconds, _ in times) < SECONDS

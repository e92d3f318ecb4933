"""Functions that are made as the pages say find the layer's sidecar, and get over a freeze."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from tests.bundle.functions import function
from tests.bundle.sandbox import PROGRAM, Sandbox, require
from tests.docs.conftest import machine
from tests.docs.pages import ROOT, blocks
from tests.docs.reasons import is_run
from tests.docs.terminal import ThisMachine, reader_of
from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table, create_table
from tests.extension.processes import extension
from tests.extension.runtime_api import RuntimeApi
from tests.faults.proxy import fault_proxy

__all__ = ["machine"]
"""A fixture that the tests of the pages have too."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# What the pages' functions run on, and what there is here.
THEIRS, OURS = "3.13", f"{sys.version_info[0]}.{sys.version_info[1]}"

ORDER = {"id": "7"}
FUNCTIONS = {
    "node/index.mjs": (ORDER, [{"version": 1}, {"version": 2}]),
    "python/handler.py": (ORDER, [{"version": 3}, {"version": 4}]),
    "python/counter.py": (
        {},
        [{"invocations": 1, "version": 2}, {"invocations": 2, "version": 3}],
    ),
}
"""What each function is given, and what it answers before and after the freeze.

Two of them write the same record, and so go on with each other's versions.
"""


@pytest.fixture
def folder(machine: ThisMachine, tmp_path: Path) -> Path:
    """What the page on Lambda makes; the function of the SAM example has the same packages.

    It is somewhere else then, as in Lambda: what only links to the checkout has not come along.
    """
    follow("docs/lambda.md", machine, on_ours)
    task = tmp_path / "task"
    shutil.copytree(machine.folder / "orders", task, symlinks=True)
    shutil.copy(ROOT / "deploy" / "sam" / "function" / "counter.py", task / "python")
    return task


def follow(page: str, machine: ThisMachine, adapt: Callable[[str], str] = str) -> None:
    """Do what a page says, but for what is marked."""
    with reader_of(machine) as reader:
        for block in blocks(ROOT / page):
            missing = [tool for tool in block.needs if shutil.which(tool) is None]
            require(not missing, f"{block.place} needs {' and '.join(missing)}")
            if is_run(block) or block.title:
                reader.follow(replace(block, text=adapt(block.text)))


def on_ours(text: str) -> str:
    """Take packages for the Python and the processor that are here."""
    text = text.replace(f"--python-version {THEIRS}", f"--python-version {OURS}")
    return text.replace("x86_64", platform.machine())


async def test_each_finds_the_sidecar_and_gets_over_a_freeze(
    tmp_path: Path, sandbox: Sandbox, api: RuntimeApi, dynamodb_engine: Engine, folder: Path
) -> None:
    table = create_table(Table(f"functions_{uuid4().hex}", endpoint=dynamodb_engine.endpoint))
    socket = default_socket_in(sandbox)
    async with fault_proxy(dynamodb_engine.endpoint) as proxy:
        store = f"dynamodb://{table.name}?endpoint={proxy.endpoint}"
        variables = {"PANNIER_STORE": store, "PANNIER_LISTEN": f"unix:{socket}", "TMPDIR": ""}
        with extension(
            tmp_path, api.address, variables, command=[PROGRAM], within=sandbox.root
        ) as running:
            await api.ready()
            for file, (event, answers) in FUNCTIONS.items():
                async with function(folder / file, sandbox.tmp) as invoked:
                    assert await invoked.invoke(event) == answers[0]
                    invoked.freeze()
                    running.freeze()
                    await proxy.drop_connections()
                    running.thaw()
                    invoked.thaw()
                    assert await invoked.invoke(event) == answers[1]


def default_socket_in(sandbox: Sandbox) -> str:
    """Return where the clients look; the default port, which others may use here, is left out."""
    name = f"pannier-{os.getuid()}"
    (sandbox.tmp / name).mkdir(mode=0o700, exist_ok=True)
    return f"/tmp/{name}/pannier.sock"


def test_the_steps_of_the_sam_example_make_what_its_template_uploads(
    layer: Path, machine: ThisMachine
) -> None:
    assert layer.exists()
    follow("deploy/sam/README.md", machine)
    checkout = machine.folder / "pannier"
    template = (ROOT / "deploy" / "sam" / "template.yaml").read_text()
    uploads = {
        checkout / path for path in re.findall(r"(?:Content|Code)Uri: \.\./\.\./(\S+)", template)
    }
    assert len(uploads) == 2
    assert {path for path in uploads if not path.exists()} == set()
    made = checkout / "build" / "sam-function"
    assert made in uploads
    assert (made / "counter.py").exists()
    compiled = {path.name.split(".")[1] for path in (made / "grpc").rglob("*.so")}
    assert compiled == {f"cpython-{THEIRS.replace('.', '')}-x86_64-linux-gnu"}


def test_what_the_page_takes_from_dist_is_built(layer: Path) -> None:
    taken = set(re.findall(r"dist/[\w.-]+", on_ours((ROOT / "docs" / "lambda.md").read_text())))
    assert len(taken) == 2
    assert {name for name in taken if not (layer.parents[1] / name).exists()} == set()

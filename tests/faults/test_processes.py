"""The proxy as a process of its own, and a sidecar whose DNS fails at times."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from pannier_server.backends.errors import StoreUnavailable
from tests.dynamodb.wire.http_server import Server
from tests.engines.cache import CHECKOUT
from tests.faults.conftest import Connect


async def test_the_proxy_runs_by_itself_and_counts_what_it_did(
    engine: Server, connect: Connect
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults", engine.url, "--fault=lost_answer=1"),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    endpoint = (await process.stdout.readline()).decode().removeprefix("listening on ").strip()
    caller = await connect(endpoint)
    with pytest.raises(StoreUnavailable):
        await caller.read()
    process.send_signal(signal.SIGTERM)
    told = (await process.stdout.read()).decode()
    assert "answer lost after the request was done" in told
    assert await process.wait() == 0
    assert engine.requests


async def test_a_sidecar_whose_dns_fails_says_so_and_counts(tmp_path: Path) -> None:
    journal = tmp_path / "failed"
    store = "dynamodb://t_t?region=us-east-1&endpoint=http://127.0.0.1:1"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.failing_resolver", "1", str(journal)),
        *("serve", f"--store={store}", f"--listen=unix:{tmp_path}/s", "--health-interval=100ms"),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    while b"name cannot be resolved" not in await process.stderr.readline():
        pass
    process.terminate()
    await process.communicate()
    assert journal.stat().st_size > 0

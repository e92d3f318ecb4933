"""A sandbox is frozen between two invocations, while DynamoDB closes idle connections."""

import asyncio
from pathlib import Path

import pytest

from tests.extension.conftest import connected
from tests.extension.invocations import Function
from tests.extension.processes import Extension, extension
from tests.extension.runtime_api import RuntimeApi
from tests.faults.proxy import FaultProxy

# For a call of a frozen extension to reach its socket.
_ON_ITS_WAY = 0.003


async def freeze_and_thaw(
    running: Extension, proxy: FaultProxy, function: Function, cycles: int
) -> None:
    """Invoke a function that often, each time after a freeze in which connections were closed.

    Every second time the call is there already when the extension wakes up, as its loop then
    hears of the call and of the closed connections at once.
    """
    for cycle in range(cycles):
        running.freeze()
        await proxy.drop_connections()
        if cycle % 2:
            invocation = asyncio.create_task(function.invoke())
            await asyncio.sleep(_ON_ITS_WAY)
            running.thaw()
            await invocation
        else:
            running.thaw()
            await function.invoke()


@pytest.mark.parametrize("cycles", [40, pytest.param(1000, marks=pytest.mark.slow)])
async def test_no_call_fails_after_a_thaw(
    tmp_path: Path, api: RuntimeApi, proxy: FaultProxy, store: str, cycles: int
) -> None:
    with extension(tmp_path, api.address, {"PANNIER_STORE": store}) as running:
        await api.ready()
        async with connected(tmp_path / "pannier.sock") as stub:
            function = Function(stub)
            await freeze_and_thaw(running, proxy, function, cycles)
            assert await function.counted() == cycles // 4
        assert running.process.poll() is None
    assert api.calls == ["/register", "/event/next"]
    # None died on its way: those that were closed were not used.
    assert proxy.journal.operations().count("DeleteItem") == cycles // 4


async def test_an_extension_that_is_frozen_in_its_start_starts_all_the_same(
    tmp_path: Path, api: RuntimeApi, proxy: FaultProxy, store: str
) -> None:
    with extension(tmp_path, api.address, {"PANNIER_STORE": store}) as running:
        await api.registered.wait()
        running.freeze()
        await proxy.drop_connections()
        running.thaw()
        await api.ready()
        async with connected(tmp_path / "pannier.sock") as stub:
            await Function(stub).invoke()

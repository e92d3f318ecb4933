from collections.abc import AsyncIterator
from typing import Any

import pytest

from pannier_server.backends.contract import Key, StorageBackend
from pannier_server.backends.memory import MemoryBackend, _Owner
from pannier_server.backends.rules import Row
from pannier_server.testing.contract import Plant, StorageBackendContract
from pannier_server.testing.stateful import opened, run_stateful
from tests.backends.over_grpc import Shared, over_grpc
from tests.sidecars import TRANSPORTS

# Where it fails, Hypothesis takes up to five minutes to find the shortest sequence.
SHRINKING = pytest.mark.timeout(600)


class TestMemory(StorageBackendContract):
    never_waits = True
    puts_per_caller = 100

    @pytest.fixture
    def memory(self) -> MemoryBackend:
        return MemoryBackend()

    @pytest.fixture
    async def backend(self, memory: MemoryBackend) -> AsyncIterator[StorageBackend]:
        await memory.open()
        yield memory
        await memory.close()

    @pytest.fixture
    def plant(self, memory: MemoryBackend) -> Plant:
        async def plant(key: Key, **attributes: Any) -> None:
            if not is_readable(attributes):
                pytest.skip("memory holds only rows that it wrote: none can be corrupt")
            row = Row(
                data=attributes["data"],
                version=attributes["version"],
                expires_at=attributes.get("expires_at"),
                write_id=attributes.get("write_id"),
                previous_write_id=attributes.get("previous_write_id"),
            )
            memory._owners.setdefault(key.owner, _Owner()).write(key.name, row)

        return plant


class TestMemoryOverGrpc(TestMemory):
    never_waits = False
    honours_max_bytes = False

    @pytest.fixture
    async def backend(self, memory: MemoryBackend, shared: Shared) -> AsyncIterator[StorageBackend]:
        async with over_grpc(memory, shared) as remote:
            yield remote

    @pytest.fixture
    async def second_backend(
        self, memory: MemoryBackend, shared: Shared
    ) -> AsyncIterator[StorageBackend]:
        async with over_grpc(memory, shared) as remote:
            yield remote


def is_readable(attributes: dict[str, Any]) -> bool:
    version, data = attributes.get("version"), attributes.get("data")
    return (
        isinstance(version, int)
        and 1 <= version <= 2**63 - 1
        and isinstance(data, bytes)
        and isinstance(attributes.get("expires_at"), int | None)
        and isinstance(attributes.get("write_id"), str | None)
    )


@SHRINKING
def test_memory_behaves_like_the_model() -> None:
    run_stateful(lambda: opened(MemoryBackend()))


@SHRINKING
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_memory_behaves_like_the_model_over_grpc(transport: str) -> None:
    run_stateful(lambda: over_grpc(MemoryBackend(), Shared(transport)), max_examples=15)

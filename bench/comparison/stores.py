"""The stores behind the servers, and the records in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench import ghz_runs, usage
from bench.comparison import requests
from bench.comparison.entries import Call, Engine
from bench.ghz_runs import Load
from bench.servers import Server, ServerFailed, program, sidecar
from tests.engines.dynamodb_local import running_engine
from tests.engines.table import Table, create_table

TABLE = "bench"
RECORD_BYTES = 1024
SEED_CALLERS = 16
SEED_CONNECTIONS = 4


@dataclass(frozen=True)
class Store:
    """A running engine.

    Attributes:
        engine: Which.
        url: The sidecar's ``--store``.
        endpoint: Its URL for boto3; empty for memory.
        pid: Its process; None where it is the server's own.
        seeder: A sidecar that writes records for others to read; None where all records
            are there already, or each server has its own.
    """

    engine: Engine
    url: str
    endpoint: str = ""
    pid: int | None = None
    seeder: Server | None = None

    def cpu_seconds(self) -> float | None:
        """Return what the engine has used so far; None where it is the server's own."""
        return None if self.pid is None else usage.cpu_seconds(self.pid)


NO_STORE = Store(Engine.NONE, "")
MEMORY = Store(Engine.MEMORY, "memory:")


@contextmanager
def fixed_responder() -> Iterator[Store]:
    """Run the responder with fixed answers; it has every record."""
    with program("fixed-responder", "-page-records", str(requests.PAGE_RECORDS)) as server:
        endpoint = f"http://{server.address}"
        table = Table(TABLE, endpoint=endpoint)
        yield Store(Engine.FIXED, table.store_url, endpoint, server.process.pid)


@contextmanager
def dynamodb_local(folder: Path) -> Iterator[Store]:
    """Run DynamoDB Local with a table that has all records."""
    with running_engine() as engine:
        table = create_table(Table(TABLE, endpoint=engine.endpoint))
        with sidecar(table.store_url) as seeder:
            seed(seeder, folder)
            yield Store(Engine.DYNAMODB, table.store_url, engine.endpoint, engine.pid, seeder)


_labels = (f"run-{number}-" for number in count(1))


def seed(server: Server, folder: Path, label: str = "") -> None:
    """Write all records through a sidecar, or those of a labelled PutIfVersion.

    Raises:
        ServerFailed: A write failed.
    """
    load = Load(
        proto=requests.proto(Call.PUT),
        method=requests.method(Call.PUT),
        requests=requests.write_seeds(folder / "seeds.bin", RECORD_BYTES, label),
        calls=requests.RECORDS,
        callers=SEED_CALLERS,
        connections=SEED_CONNECTIONS,
    )
    if errors := ghz_runs.run_load(server.address, load, server.authority).errors:
        raise ServerFailed(f"records cannot be written: {errors}\n{server.process.log_tail()}")


def seed_versions(store: Store, folder: Path) -> str:
    """Make new records at version 1 for a PutIfVersion, and return the label of their keys."""
    assert store.seeder is not None, "only a real engine checks versions"
    label = next(_labels)
    seed(store.seeder, folder, label)
    return label

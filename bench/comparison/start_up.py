"""How long a server takes from the start of its process to its first answer."""

import time
from pathlib import Path

import grpc

from bench import usage
from bench.comparison.entries import Call, Contender, Entry, Kind
from bench.comparison.programs import running_program
from bench.comparison.samples import Start
from bench.comparison.starting import process
from bench.comparison.stores import Store
from bench.servers import Server, ServerFailed, channel
from pannier.v1.storage_pb2 import GetRequest
from pannier.v1.storage_pb2_grpc import StorageBackendStub

CALL_SECONDS = 10


def start_once(contender: Contender, store: Store, folder: Path) -> Start:
    """Start a contender, ask it for a record as soon as it accepts connections, and end it."""
    began = time.perf_counter()
    if contender.kind is Kind.BOTO3:
        return _start_program(contender, store, began)
    with process(contender, store, folder, wait=False) as server:
        _get(server)
        return Start(time.perf_counter() - began, usage.resident_bytes(server.process.pid))


def _start_program(contender: Contender, store: Store, began: float) -> Start:
    """Start a program that makes its own calls."""
    entry = Entry(contender.kind, Call.GET, contender.engine, callers=1)
    with running_program(entry, store.endpoint, 0, warm_up=0) as program:
        program.wait_until_ready()
        return Start(time.perf_counter() - began, usage.resident_bytes(program.pid))


def _get(server: Server) -> None:
    request = GetRequest(key="load-0:bytes-1024-0")
    with channel(server.address, server.authority) as connected:
        try:
            stub = StorageBackendStub(connected)  # type: ignore[no-untyped-call]
            stub.Get(request, timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            # An empty store answers too.
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise ServerFailed(f"no answer on {server.address}: {error}") from None

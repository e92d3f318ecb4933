"""What the client costs over its bare generated stub; see ``overhead`` in the README."""

import json
import time
import uuid
from collections.abc import Callable
from statistics import median

import grpc

import pannier
from pannier.v1 import storage_pb2 as pb
from pannier.v1 import storage_pb2_grpc

Calls = Callable[[int], None]

_DATA = b"x" * 1000
_TIMEOUT = 10.0
_WARM_UP_CALLS = 200


def overhead(address: str, *, calls: int, rounds: int) -> str:
    """Measure both, and return the medians as JSON."""
    with pannier.connect(address) as store, grpc.insecure_channel(address) as channel:
        stub = storage_pb2_grpc.StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        key = pannier.key("overhead", uuid.uuid4().hex)
        store.put(key, _DATA)
        pairs = {
            "get": (_stub_gets(stub, key), _client_gets(store, key)),
            "put_if_version": (_stub_puts(stub, key), _client_puts(store, key)),
        }
        found = {name: _compare(*pair, calls=calls, rounds=rounds) for name, pair in pairs.items()}
    return json.dumps(found)


def _compare(stub: Calls, client: Calls, *, calls: int, rounds: int) -> dict[str, float]:
    for contender in (stub, client):
        contender(_WARM_UP_CALLS)
    taken: dict[str, list[float]] = {}
    for number in range(rounds):
        order = [("stub", stub), ("client", client)]
        for name, contender in order if number % 2 else reversed(order):
            wall, cpu = time.perf_counter(), time.process_time()
            contender(calls)
            taken.setdefault(f"{name}_wall", []).append(time.perf_counter() - wall)
            taken.setdefault(f"{name}_cpu", []).append(time.process_time() - cpu)
    return {name: round(median(each) / calls * 1e6, 2) for name, each in taken.items()}


def _stub_gets(stub: storage_pb2_grpc.StorageBackendStub, key: str) -> Calls:
    def run(calls: int) -> None:
        for _ in range(calls):
            record = stub.Get(pb.GetRequest(key=key), timeout=_TIMEOUT).record
            assert all((record.data, record.version, record.etag))

    return run


def _client_gets(store: pannier.Store, key: str) -> Calls:
    def run(calls: int) -> None:
        for _ in range(calls):
            record = store.get(key)
            assert all((record.data, record.version, record.etag))

    return run


def _stub_puts(stub: storage_pb2_grpc.StorageBackendStub, key: str) -> Calls:
    def run(calls: int) -> None:
        version = stub.Get(pb.GetRequest(key=key), timeout=_TIMEOUT).record.version
        for _ in range(calls):
            request = pb.PutIfVersionRequest(
                key=key, data=_DATA, request_id=str(uuid.uuid4()), expected_version=version
            )
            answer = stub.PutIfVersion(request, timeout=_TIMEOUT)
            version = answer.version
            assert answer.etag

    return run


def _client_puts(store: pannier.Store, key: str) -> Calls:
    def run(calls: int) -> None:
        version = store.get(key).version
        for _ in range(calls):
            version = store.put_if_version(key, _DATA, expected_version=version).version

    return run

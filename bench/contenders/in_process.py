"""What calls cost a Python program that makes them itself: with boto3, Pannier's client or none.

After a first call, and more for the warm-up, it prints ``ready`` and waits for a line. Then
it runs one kind of call from so many threads for a while and prints one line of JSON: the
seconds it took, each call's latency in seconds, the process's CPU time meanwhile and its
largest memory, and the errors with how often they came.

Run as ``python -m bench.contenders.in_process boto3 Get --place http://HOST:PORT --table TABLE``.
"""

import argparse
import json
import os
import socket
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPResponse
from threading import Barrier, Thread
from typing import Any

from bench import usage

OneCall = Callable[[int], object]
"""Makes the call with this number; numbers of a caller follow on each other."""


def boto3_calls(arguments: argparse.Namespace) -> Callable[[], OneCall]:
    """Return what makes a caller's calls with boto3, over one client that all share."""
    import boto3
    from botocore.config import Config

    from bench.contenders.boto3_servicer import row_key, update_over

    config = Config(max_pool_connections=max(10, arguments.callers))
    dynamodb = boto3.client("dynamodb", endpoint_url=arguments.place, config=config)
    table = arguments.table
    data = "0" * arguments.record_bytes

    def get(number: int) -> object:
        key = row_key(seeded_key(number, arguments.record_bytes))
        return dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]

    def updating() -> OneCall:
        key = row_key(f"load-0:bytes-{arguments.record_bytes}-{uuid.uuid4()}")
        dynamodb.put_item(TableName=table, Item={**key, "version": {"N": "1"}, "data": {"S": data}})
        return lambda number: dynamodb.update_item(
            TableName=table, Key=key, **update_over(number + 1, data)
        )

    return updating if arguments.call == "PutIfVersion" else lambda: get


def pannier_calls(arguments: argparse.Namespace) -> Callable[[], OneCall]:
    """Return what makes a caller's Gets through a sidecar."""
    import pannier

    store = pannier.connect(arguments.place)
    return lambda: lambda number: store.get(seeded_key(number, arguments.record_bytes))


def http_calls(arguments: argparse.Namespace) -> Callable[[], OneCall]:
    """Return what sends the engine Gets that were made before, and reads no more than it must.

    It is what the others cannot go below. DynamoDB Local does not check signatures.
    """
    from urllib.parse import urlsplit

    from bench.contenders.boto3_servicer import row_key

    place = urlsplit(arguments.place)

    def request(number: int) -> bytes:
        key = row_key(seeded_key(number, arguments.record_bytes))
        body = json.dumps({"TableName": arguments.table, "Key": key, "ConsistentRead": True})
        head = (
            f"POST / HTTP/1.1\r\nHost: {place.netloc}\r\n"
            "X-Amz-Target: DynamoDB_20120810.GetItem\r\n"
            "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20300101T000000Z\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={_scope()}, "
            "SignedHeaders=host, Signature=0\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return f"{head}{body}".encode()

    requests = [request(number) for number in range(1000)]

    def connect() -> OneCall:
        connected = socket.create_connection((place.hostname, place.port))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def call(number: int) -> object:
            connected.sendall(requests[number % 1000])
            return _answer(connected)

        return call

    return connect


def _scope() -> str:
    region = os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]
    return f"{os.environ['AWS_ACCESS_KEY_ID']}/20300101/{region}/dynamodb/aws4_request"


def _answer(connected: socket.socket) -> bytes:
    """Return the body of one answer.

    Raises:
        HTTPException: There was none.
        ConnectionError: It is an error.
    """
    with HTTPResponse(connected) as answer:
        answer.begin()
        body = answer.read()
    if answer.status != 200:
        raise ConnectionError(body.decode(errors="replace"))
    return body


def seeded_key(number: int, record_bytes: int) -> str:
    """Return one of the keys that the benchmark has written."""
    number %= 1000
    return f"load-{number % 10}:bytes-{record_bytes}-{number}"


@dataclass
class Caller:
    """One thread's calls, and what came of them."""

    call: OneCall
    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    calls: int = 0

    def run(self, seconds: float) -> None:
        """Make one call after another until the time is up, at least one."""
        end = time.perf_counter() + seconds
        while True:
            began = time.perf_counter()
            try:
                self.call(self.calls)
            except Exception as problem:  # noqa: BLE001 - whatever it is, it is counted
                self.errors[f"{type(problem).__name__}: {problem}"] += 1
            ended = time.perf_counter()
            self.latencies.append(ended - began)
            self.calls += 1
            if ended >= end:
                return


def measure(callers: list[Caller], seconds: float) -> dict[str, Any]:
    """Let all callers run at the same time, and return what is to be printed."""
    ready = Barrier(len(callers) + 1)

    def run(caller: Caller) -> None:
        ready.wait()
        caller.run(seconds)

    for caller in callers:
        caller.latencies.clear()
        caller.errors.clear()
    threads = [Thread(target=run, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    usage.forget_peak(os.getpid())
    ready.wait()
    cpu, wall = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.join()
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_bytes": usage.peak_bytes(os.getpid()),
        "latencies": [latency for caller in callers for latency in caller.latencies],
        "errors": sum((caller.errors for caller in callers), Counter()),
    }


CLIENTS = {"boto3": boto3_calls, "pannier": pannier_calls, "http": http_calls}


def main() -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("client", choices=("boto3", "pannier", "http"))
    parser.add_argument("call", choices=("Get", "PutIfVersion"))
    parser.add_argument("--place", required=True, help="the engine's URL, or the sidecar's address")
    parser.add_argument("--table", default="bench")
    parser.add_argument("--callers", type=int, default=1, help="threads (default: %(default)s)")
    parser.add_argument("--record-bytes", type=int, default=1024)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--warm-up", type=float, default=0.2, help="seconds before, not measured")
    arguments = parser.parse_args()
    make_caller = CLIENTS[arguments.client](arguments)
    callers = [Caller(make_caller()) for _ in range(arguments.callers)]
    measure(callers, arguments.warm_up)
    print("ready", flush=True)
    if sys.stdin.readline():
        print(json.dumps(measure(callers, arguments.seconds)), flush=True)


if __name__ == "__main__":
    main()

"""Each call is a span in the trace of whoever makes it."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import grpc
import pytest

from pannier.v1 import storage_pb2 as pb
from pannier_server import __version__
from pannier_server.app import running_sidecar
from pannier_server.backends import errors
from pannier_server.backends.contract import Call, Page, PageRequest
from pannier_server.backends.errors import WriteOutcome
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings
from tests.failing_backends import FailingBackend, WaitingBackend
from tests.sidecars import LOOPBACK, channel_to, sidecar_stub
from tests.traces.receiver import CLIENT, ERROR, SERVER, UNSET, Receiver

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def caller(trace: str = TRACE, parent: str = PARENT, flags: str = "01") -> tuple[str, str]:
    return ("traceparent", f"00-{trace}-{parent}-{flags}")


async def test_a_call_is_a_span_with_the_stores_below_it(
    transport: str, receiver: Receiver
) -> None:
    async with sidecar_stub(MemoryBackend(), transport=transport, traces=True) as stub:
        await stub.Put(pb.PutRequest(key="o:n"))

    put, call = receiver.spans
    assert (call.name, call.kind) == ("pannier.v1.StorageBackend/Put", SERVER)
    assert call.attributes == {
        "rpc.system": "grpc",
        "rpc.service": "pannier.v1.StorageBackend",
        "rpc.method": "Put",
        "rpc.grpc.status_code": 0,
        "rpc.response.status_code": "OK",
        "network.transport": "tcp",
    }
    assert (call.parent, call.status) == ("", UNSET)
    assert call.resource["service.name"] == "pannier"
    assert call.resource["service.version"] == __version__
    assert (put.name, put.kind) == ("memory.put", CLIENT)
    assert (put.trace, put.parent) == (call.trace, call.id)
    assert put.attributes == {
        "db.system": "memory",
        "db.system.name": "memory",
        "db.operation.name": "put",
    }
    assert call.start <= put.start <= put.end <= call.end


async def test_it_is_in_the_trace_of_its_caller(transport: str, receiver: Receiver) -> None:
    async with sidecar_stub(MemoryBackend(), transport=transport, traces=True) as stub:
        metadata = (caller(), ("tracestate", "vendor=value"))
        await stub.Put(pb.PutRequest(key="o:n"), metadata=metadata)

    put, call = receiver.spans
    assert (call.trace, call.parent, call.state) == (TRACE, PARENT, "vendor=value")
    assert (put.trace, put.parent, put.state) == (TRACE, call.id, "vendor=value")


async def test_a_call_that_its_caller_does_not_sample_is_none(
    transport: str, receiver: Receiver
) -> None:
    async with sidecar_stub(MemoryBackend(), transport=transport, traces=True) as stub:
        await stub.Put(pb.PutRequest(key="o:n"), metadata=(caller(flags="00"),))
        await stub.Get(pb.GetRequest(key="o:n"), metadata=(caller(),))

    assert [span.name for span in receiver.calls] == ["pannier.v1.StorageBackend/Get"]


@pytest.mark.parametrize(
    "sent", ["", "garbage", f"00-{TRACE}-{PARENT}", f"00-{'0' * 32}-{PARENT}-01", "ff" * 500]
)
async def test_a_wrong_traceparent_is_as_none(
    transport: str, sent: str, receiver: Receiver
) -> None:
    async with sidecar_stub(MemoryBackend(), transport=transport, traces=True) as stub:
        await stub.Put(pb.PutRequest(key="o:n"), metadata=(("traceparent", sent),))

    (call,) = receiver.calls
    assert call.parent == ""
    assert call.trace != TRACE


async def test_the_environment_chooses_the_sampler(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    async with sidecar_stub(MemoryBackend(), traces=True) as stub:
        await stub.Put(pb.PutRequest(key="o:n"))
        await stub.Put(pb.PutRequest(key="o:n"), metadata=(caller(),))

    (call,) = receiver.calls
    assert call.trace == TRACE


async def test_a_failure_has_its_code_and_reason(transport: str, receiver: Receiver) -> None:
    error = errors.StoreUnavailable("no answer", write_outcome=WriteOutcome.UNKNOWN)
    async with sidecar_stub(FailingBackend(error), transport=transport, traces=True) as stub:
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Put(pb.PutRequest(key="o:n"))

    put, call = receiver.spans
    assert call.attributes["rpc.grpc.status_code"] == 14
    assert call.attributes["rpc.response.status_code"] == "UNAVAILABLE"
    assert call.attributes["pannier.error_reason"] == "STORE_UNAVAILABLE"
    assert call.attributes["pannier.write_outcome"] == "unknown"
    assert call.attributes["error.type"] == "STORE_UNAVAILABLE"
    assert (call.status, call.problem) == (ERROR, "no answer")
    assert put.attributes["error.type"] == "StoreUnavailable"
    assert put.status == ERROR


async def test_what_a_caller_handles_is_no_error(transport: str, receiver: Receiver) -> None:
    async with sidecar_stub(MemoryBackend(), transport=transport, traces=True) as stub:
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Get(pb.GetRequest(key="o:n"))

    get, call = receiver.spans
    assert call.attributes["rpc.grpc.status_code"] == 5
    assert call.attributes["pannier.error_reason"] == "RECORD_NOT_FOUND"
    assert call.status == get.status == UNSET
    assert "error.type" not in call.attributes


async def test_a_request_that_cannot_be_read_is_a_span(transport: str, receiver: Receiver) -> None:
    settings = Settings(
        store="memory:", listen=LOOPBACK, grace=1.0, transport=transport, traces=True
    )
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        put: Any = channel.unary_unary("/pannier.v1.StorageBackend/Put")
        with pytest.raises(grpc.aio.AioRpcError):
            await put(b"\xff")

    (call,) = receiver.spans
    assert call.attributes["pannier.error_reason"] == "MESSAGE_INVALID"


async def test_a_call_that_its_caller_gives_up_ends_too(transport: str, receiver: Receiver) -> None:
    backend = WaitingBackend()
    async with sidecar_stub(backend, transport=transport, traces=True) as stub:
        call = stub.Put(pb.PutRequest(key="o:n"))
        await backend.asked.wait()
        call.cancel()

    (span,) = receiver.calls
    assert span.attributes["rpc.response.status_code"] == "CANCELLED"
    assert span.attributes["pannier.write_outcome"] == "unknown"


async def test_a_list_is_one_span_with_its_pages_below_it(
    transport: str, receiver: Receiver
) -> None:
    async with sidecar_stub(MemoryBackend(), transport=transport, traces=True) as stub:
        for number in range(5):
            await stub.Put(pb.PutRequest(key=f"o:{number}"))
        request = pb.ListByPrefixRequest(prefix="o:", page_size=2)
        pages = [page async for page in stub.ListByPrefix(request, metadata=(caller(),))]

    assert len(pages) == 3
    call = next(span for span in receiver.calls if span.trace == TRACE)
    assert call.name == "pannier.v1.StorageBackend/ListByPrefix"
    assert call.attributes["rpc.grpc.status_code"] == 0
    assert [span.name for span in receiver.below(call)] == ["memory.list_page"] * 3


async def test_a_list_that_its_reader_leaves_ends_too(transport: str, receiver: Receiver) -> None:
    class EndlessBackend(MemoryBackend):
        async def list_page(self, request: PageRequest, call: Call) -> Page:
            page = await super().list_page(replace(request, after=None), call)
            return Page(page.rows, page.rows[-1].key.name)

    async with sidecar_stub(EndlessBackend(), transport=transport, traces=True) as stub:
        await stub.Put(pb.PutRequest(key="o:n", data=bytes(300_000)))
        pages = stub.ListByPrefix(pb.ListByPrefixRequest(prefix="o:"), metadata=(caller(),))
        await pages.read()
        pages.cancel()

    (call,) = [span for span in receiver.calls if span.trace == TRACE]
    assert call.attributes["rpc.response.status_code"] == "CANCELLED"


async def test_no_span_tells_whose_records_there_are_nor_what_is_in_them(
    transport: str, receiver: Receiver
) -> None:
    owner, name, data = f"owner-{uuid4()}", f"name-{uuid4()}", f"data-{uuid4()}"
    async with sidecar_stub(MemoryBackend(), transport=transport, traces=True) as stub:
        await stub.Put(pb.PutRequest(key=f"{owner}:{name}", data=data.encode()))
        await stub.Get(pb.GetRequest(key=f"{owner}:{name}"))
        request = pb.PutIfVersionRequest(key=f"{owner}:{name}", expected_version=9)
        for method, wrong in ((stub.PutIfVersion, request), (stub.Get, pb.GetRequest(key=owner))):
            with pytest.raises(grpc.aio.AioRpcError):
                await method(wrong)
        assert [
            page async for page in stub.ListByPrefix(pb.ListByPrefixRequest(prefix=f"{owner}:"))
        ]
        await stub.Delete(pb.DeleteRequest(key=f"{owner}:{name}"))

    exported = b"".join(receiver.bodies)
    assert len(receiver.calls) == 6
    for secret in (owner, name, data):
        assert secret.encode() not in exported

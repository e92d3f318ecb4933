"""Each attempt at DynamoDB is a span below the call that waits for it."""

import asyncio
from collections import deque

import grpc
import pytest

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.app import running_sidecar
from pannier_server.config import Settings
from tests.dynamodb.wire.http_server import (
    Request,
    Step,
    answer,
    hang_up,
    refuse,
    serving,
)
from tests.sidecars import LOOPBACK, channel_to
from tests.traces.receiver import CLIENT, ERROR, UNSET, Receiver

ROW = b'{"Item":{"PK":{"S":"OWNER#o"},"SK":{"S":"TASK#n"},"version":{"N":"1"},"data":{"S":""}}}'


class Script:
    """Does with calls what a test says, and with checks of the store nothing of interest."""

    def __init__(self, *steps: Step) -> None:
        self.steps = deque(steps)

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        is_check = request.operation.startswith("Describe")
        step = answer() if is_check else self.steps.popleft()
        await step(request, writer)


async def make_call(
    monkeypatch: pytest.MonkeyPatch,
    transport: str,
    request: pb.GetRequest | pb.PutRequest,
    *steps: Step,
) -> grpc.StatusCode:
    """Make a call of a sidecar whose store does what the steps say; return how it ended."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    async with serving() as store:
        store.otherwise = Script(*steps)
        settings = Settings(
            store=f"dynamodb://t_t?region=us-east-1&endpoint={store.url}",
            listen=LOOPBACK,
            grace=1.0,
            transport=transport,
            traces=True,
        )
        async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
            stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
            method = stub.Get if isinstance(request, pb.GetRequest) else stub.Put
            code: grpc.StatusCode = await method(request).code()
            return code


async def test_attempts_are_numbered_and_say_how_they_ended(
    transport: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await make_call(
        monkeypatch,
        transport,
        pb.GetRequest(key="o:n"),
        hang_up(),
        refuse("ProvisionedThroughputExceededException", "slow down"),
        answer(ROW),
    )

    assert code is grpc.StatusCode.OK
    (call,) = receiver.calls
    lost, throttled, answered = receiver.below(call)
    assert len(receiver.spans) == 4
    for number, attempt in enumerate((lost, throttled, answered), 1):
        assert (attempt.name, attempt.kind) == ("DynamoDB.GetItem", CLIENT)
        assert attempt.attributes["pannier.attempt"] == number
        assert attempt.attributes["db.system"] == "dynamodb"
        assert attempt.attributes["db.system.name"] == "aws.dynamodb"
        assert attempt.attributes["db.operation.name"] == "GetItem"
        assert attempt.attributes["server.address"] == "127.0.0.1"
        assert attempt.attributes["cloud.region"] == "us-east-1"
    assert (lost.status, lost.attributes["error.type"]) == (ERROR, "AttemptFailed")
    assert lost.problem == "the connection was closed before an answer came"
    assert throttled.status == ERROR
    assert throttled.attributes["error.type"] == "ProvisionedThroughputExceededException"
    assert throttled.attributes["http.response.status_code"] == 400
    assert throttled.attributes["aws.request_id"] == "REQUEST1"
    assert answered.status == UNSET
    assert answered.attributes["http.response.status_code"] == 200
    assert "error.type" not in answered.attributes


async def test_a_condition_that_does_not_hold_is_no_error(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition = refuse("ConditionalCheckFailedException", "no", Item={"PK": {"S": "a"}})
    code = await make_call(monkeypatch, "h2", pb.PutRequest(key="o:n"), condition)

    assert code is grpc.StatusCode.DATA_LOSS
    (attempt,) = receiver.below(receiver.calls[0])
    assert attempt.name == "DynamoDB.UpdateItem"
    assert attempt.attributes["error.type"] == "ConditionalCheckFailedException"
    assert attempt.status == UNSET


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"__type":7}'])
async def test_an_answer_that_is_not_dynamodbs_is_named_by_its_status(
    body: bytes, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await make_call(monkeypatch, "h2", pb.GetRequest(key="o:n"), answer(body, 403))

    assert code is not grpc.StatusCode.OK
    (attempt,) = receiver.below(receiver.calls[0])
    assert attempt.attributes["error.type"] == "403"


async def test_a_call_that_is_not_sampled_makes_no_spans_of_attempts(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")

    code = await make_call(monkeypatch, "h2", pb.GetRequest(key="o:n"), answer(ROW))

    assert code is grpc.StatusCode.OK
    assert receiver.spans == []

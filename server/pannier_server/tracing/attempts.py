"""A span for each attempt at DynamoDB: what a call waited for, and how often."""

from collections.abc import Mapping

import msgspec
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, get_current_span
from opentelemetry.util.types import AttributeValue

from pannier_server.backends.dynamodb.wire.client import Attempt
from pannier_server.backends.dynamodb.wire.connection import Answer
from pannier_server.backends.dynamodb.wire.endpoint import Endpoint
from pannier_server.backends.dynamodb.wire.errors import AttemptFailed
from pannier_server.backends.errors import StorageError
from pannier_server.tracing import attributes as names

# What a condition that does not hold is answered with, which is no fault of anybody's.
_CONDITION_FAILED = "ConditionalCheckFailedException"


class _Refusal(msgspec.Struct):
    type: str = msgspec.field(default="", name="__type")


_decode_refusal = msgspec.json.Decoder(_Refusal).decode


class AttemptSpans:
    """Puts a span around each attempt that is part of a call whose span is recorded.

    The checks of the store's health, which nobody has asked for, make none.
    """

    def __init__(self, tracer: Tracer, endpoint: Endpoint) -> None:
        """Take what makes spans, and where attempts go."""
        self._tracer = tracer
        self._attributes: Mapping[str, AttributeValue] = {
            names.DB_SYSTEM: "dynamodb",
            names.DB_SYSTEM_NAME: "aws.dynamodb",
            names.SERVER_ADDRESS: endpoint.host,
            names.SERVER_PORT: endpoint.port,
            names.CLOUD_REGION: endpoint.region,
        }

    async def around(self, operation: str, number: int, attempt: Attempt) -> Answer:
        """Run an attempt, and return its answer.

        Args:
            operation: DynamoDB's name of it, such as ``GetItem``.
            number: Which attempt at the request it is, from 1.
            attempt: The attempt.
        """
        if not get_current_span().is_recording():
            return await attempt
        more: dict[str, AttributeValue] = {
            names.DB_OPERATION_NAME: operation,
            names.ATTEMPT: number,
        }
        span = self._tracer.start_span(
            f"DynamoDB.{operation}", kind=SpanKind.CLIENT, attributes={**self._attributes, **more}
        )
        try:
            answer = await attempt
            _describe(span, answer)
        except BaseException as error:
            _describe_failure(span, error)
            raise
        else:
            return answer
        finally:
            span.end()


def _describe(span: Span, answer: Answer) -> None:
    span.set_attribute(names.HTTP_RESPONSE_STATUS_CODE, answer.status)
    request_id = answer.header("x-amzn-requestid")
    if request_id:
        span.set_attribute(names.AWS_REQUEST_ID, request_id)
    if answer.status != 200:
        kind = _refusal(answer)
        span.set_attribute(names.ERROR_TYPE, kind)
        if kind != _CONDITION_FAILED:
            span.set_status(Status(StatusCode.ERROR))


def _describe_failure(span: Span, error: BaseException) -> None:
    """Say how an attempt ended that brought no answer."""
    problem = None
    if isinstance(error, AttemptFailed):
        problem = error.problem
    elif isinstance(error, StorageError):
        problem = error.message
    span.set_attribute(names.ERROR_TYPE, type(error).__name__)
    span.set_status(Status(StatusCode.ERROR, problem))


def _refusal(answer: Answer) -> str:
    """Return DynamoDB's name of a refusal, or the status where it has none."""
    try:
        text = _decode_refusal(answer.body).type
    except msgspec.DecodeError:
        text = ""
    return text.rpartition("#")[2].partition(":")[0] or str(answer.status)

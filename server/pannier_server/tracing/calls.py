"""A span for each call of the service, in the trace of whoever makes it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final

from opentelemetry.context import Context, attach
from opentelemetry.propagate import extract
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import (
    Span,
    SpanKind,
    Status,
    Tracer,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace import StatusCode as SpanStatusCode
from opentelemetry.util.types import AttributeValue

from pannier_server.rpc import MethodHandler, ServicerContext, StatusCode
from pannier_server.service.failed_calls import FailedCall
from pannier_server.service.servicer import SERVICE_NAME
from pannier_server.tracing import attributes as names

Metadata = Sequence[tuple[str, str | bytes]]

# The codes that are a server's fault; the others are part of the conversation:
# https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
_FAULTS: Final = frozenset(
    {
        StatusCode.UNKNOWN,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.UNIMPLEMENTED,
        StatusCode.INTERNAL,
        StatusCode.UNAVAILABLE,
        StatusCode.DATA_LOSS,
    }
)
_OK: Final[Mapping[str, AttributeValue]] = {
    names.RPC_GRPC_STATUS_CODE: 0,
    names.RPC_RESPONSE_STATUS_CODE: "OK",
}


class CallSpans:
    """Puts a span around each call.

    The span is current in the call's own context variables, where its attempts at the
    store find it. Both transports give each call variables of its own, so nothing is put
    back in the end.
    """

    def __init__(self, tracer: Tracer) -> None:
        """Take what makes spans."""
        self._tracer = tracer

    def around(self, rpc: str, handler: MethodHandler) -> MethodHandler:
        """Return a method's handler with spans around it.

        Args:
            rpc: The method's name, such as ``Get``.
            handler: One that takes and answers bytes.
        """
        if handler.response_streaming:
            return self._around_stream(rpc, handler.unary_stream)
        return self._around_unary(rpc, handler.unary_unary)

    def note(self, failed: FailedCall) -> None:
        """Say in the current span how its call has failed."""
        span = get_current_span()
        if not span.is_recording():
            return
        status = failed.status
        attributes: dict[str, AttributeValue] = {
            names.RPC_GRPC_STATUS_CODE: status.code.number,
            names.RPC_RESPONSE_STATUS_CODE: status.code.name,
            names.ERROR_REASON: status.reason,
        }
        if status.write_outcome:
            attributes[names.WRITE_OUTCOME] = status.write_outcome
        if status.code in _FAULTS:
            attributes[names.ERROR_TYPE] = status.reason
            span.set_status(Status(SpanStatusCode.ERROR, status.message))
        span.set_attributes(attributes)

    def _around_unary(self, rpc: str, method: Any) -> MethodHandler:
        async def traced(request: bytes, context: ServicerContext) -> bytes:
            span = self._start(rpc, context)
            attach(set_span_in_context(span))
            try:
                answer: bytes = await method(request, context)
                span.set_attributes(_OK)
                return answer
            finally:
                span.end()

        return MethodHandler(unary_unary=traced)

    def _around_stream(self, rpc: str, method: Any) -> MethodHandler:
        async def traced(request: bytes, context: ServicerContext) -> AsyncGenerator[bytes, None]:
            span = self._start(rpc, context)
            attach(set_span_in_context(span))
            pages = method(request, context)
            try:
                async for page in pages:
                    yield page
                span.set_attributes(_OK)
            finally:
                await pages.aclose()
                span.end()

        return MethodHandler(unary_stream=traced)

    def _start(self, rpc: str, context: ServicerContext) -> Span:
        metadata: Any = context.invocation_metadata()
        return self._tracer.start_span(
            f"{SERVICE_NAME}/{rpc}",
            # Not the context variables' own: no call is part of another.
            extract(metadata, context=Context(), getter=_MetadataGetter()),
            kind=SpanKind.SERVER,
            attributes={
                names.RPC_SYSTEM: "grpc",
                names.RPC_SERVICE: SERVICE_NAME,
                names.RPC_METHOD: rpc,
                names.NETWORK_TRANSPORT: _network_transport(context),
            },
        )


class _MetadataGetter(Getter[Metadata]):
    """Reads a call's metadata for propagators."""

    def get(self, carrier: Metadata, key: str) -> list[str] | None:
        """Return the values of a key, which has lower case; None without any."""
        wanted = key.lower()
        found = [value for name, value in carrier if name == wanted and isinstance(value, str)]
        return found or None

    def keys(self, carrier: Metadata) -> list[str]:
        """Return all keys."""
        return [name for name, _ in carrier]


def _network_transport(context: ServicerContext) -> str:
    return "unix" if context.peer().startswith("unix") else "tcp"

"""A collector on loopback: what comes by OTLP over HTTP, as spans to look at."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

SERVER = trace_pb2.Span.SPAN_KIND_SERVER
CLIENT = trace_pb2.Span.SPAN_KIND_CLIENT
UNSET = trace_pb2.Status.STATUS_CODE_UNSET
ERROR = trace_pb2.Status.STATUS_CODE_ERROR


@dataclass(frozen=True)
class Span:
    """A span as it came; ids are in hex, and ``parent`` is empty for a root."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    state: str
    attributes: Mapping[str, Any]
    status: int
    problem: str
    resource: Mapping[str, Any]
    start: int
    end: int


@dataclass
class Receiver:
    """A running collector.

    Attributes:
        endpoint: What OTEL_EXPORTER_OTLP_ENDPOINT has to be.
        bodies: What came, as bytes.
        answering: Whether it answers; else each request waits for the receiver's end.
    """

    endpoint: str
    bodies: list[bytes] = field(default_factory=list)
    answering: bool = True
    ended: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def spans(self) -> list[Span]:
        """All spans so far, in the order in which they ended."""
        return sorted(
            (span for body in list(self.bodies) for span in _spans(body)), key=lambda one: one.end
        )

    @property
    def calls(self) -> list[Span]:
        """Those of calls."""
        return [span for span in self.spans if span.kind == SERVER]

    def below(self, call: Span) -> list[Span]:
        """Return the spans whose parent is the call's."""
        return [span for span in self.spans if span.parent == call.id]


@contextmanager
def running_receiver(*, answering: bool = True) -> Iterator[Receiver]:
    """Run a collector on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.bodies.append(body)
            receiver.arrived.set()
            if not receiver.answering:
                receiver.ended.wait()
                return
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}", answering=answering)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.ended.set()
            server.shutdown()
            thread.join()


def _spans(body: bytes) -> Iterator[Span]:
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield Span(
                    name=span.name,
                    kind=span.kind,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    state=span.trace_state,
                    attributes=_attributes(span.attributes),
                    status=span.status.code,
                    problem=span.status.message,
                    resource=resource,
                    start=span.start_time_unix_nano,
                    end=span.end_time_unix_nano,
                )


def _attributes(pairs: "Any") -> dict[str, Any]:
    return {pair.key: _value(pair) for pair in pairs}


def _value(pair: KeyValue) -> Any:
    kind = pair.value.WhichOneof("value")
    return getattr(pair.value, kind) if kind else None

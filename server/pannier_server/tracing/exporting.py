"""Where spans go, and what says whose they are, from the environment.

OpenTelemetry's SDK reads most of its variables itself: those of the sampler, of the queue,
and the exporter's address, headers and certificates. See
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
"""

import os
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SpanExporter,
)

from pannier_server import __version__

_EXPORTER: Final = "OTEL_TRACES_EXPORTER"
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL: Final = "http/protobuf"


def new_provider(environ: Mapping[str, str]) -> TracerProvider:
    """Return what makes spans for this process.

    Spans wait in a bounded queue, and a thread exports them: no call waits for that, and
    where they are more than leave, the oldest are dropped.

    Raises:
        ValueError: A variable has a value that cannot be used.
    """
    # Our own shutdown has a time limit, the SDK's at the end of the process has none.
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    exporter = _exporter(environ)
    if exporter:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _resource() -> Resource:
    """Return what the spans of this process have in common; the environment's words win."""
    own: dict[str, str | int] = {
        "service.name": "pannier",
        "service.version": __version__,
        # Several workers, and one worker's successor, are told apart by it.
        "service.instance.id": str(uuid4()),
        "process.pid": os.getpid(),
    }
    return Resource.create({**own, **OTELResourceDetector().detect().attributes})


def _exporter(environ: Mapping[str, str]) -> SpanExporter | None:
    name = environ.get(_EXPORTER, "").strip() or "otlp"
    if name == "none":
        return None
    if name == "console":
        return ConsoleSpanExporter()
    if name != "otlp":
        raise ValueError(f"{_EXPORTER} is {name!r}; choose otlp, console or none")
    for variable in _PROTOCOLS:
        protocol = environ.get(variable, "").strip() or _PROTOCOL
        if protocol != _PROTOCOL:
            raise ValueError(
                f"{variable} is {protocol!r}, and only {_PROTOCOL} is there; collectors take it "
                "on port 4318"
            )
    return OTLPSpanExporter()

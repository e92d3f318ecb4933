"""Meters around the RPCs, where both transports' requests come and statuses go.

They are around the bytes of a call, so that calls count too which are refused before their
handler: for who calls, for a message that cannot be read, while the sidecar drains.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from time import perf_counter
from typing import Any, Final

from pannier_server.metrics.catalogue import DURATIONS
from pannier_server.metrics.samples import Sample, sample
from pannier_server.metrics.tally import Tally
from pannier_server.rpc import CODE_NAMES, MethodHandler, ServicerContext, StatusCode
from pannier_server.service.status import stopped_code

_ALARMING: Final = (StatusCode.INTERNAL.name, StatusCode.UNKNOWN.name)

Unary = Callable[[bytes, ServicerContext], Awaitable[bytes]]
# Both transports take async generators only for streams of answers.
Stream = Callable[[bytes, ServicerContext], Any]


class RpcMeters:
    """Counts the calls of each RPC.

    Attributes:
        tallies: What was counted, by the RPC.
    """

    def __init__(self) -> None:
        """Begin without RPCs."""
        self.tallies: dict[str, Tally] = {}

    def around(self, rpc: str, handler: MethodHandler) -> MethodHandler:
        """Return a method's handler with meters around it.

        Args:
            rpc: The method's name, such as ``Get``.
            handler: One that takes and answers bytes.
        """
        tally = self.tallies[rpc] = Tally(DURATIONS, _ALARMING)
        if handler.response_streaming:
            stream: Any = handler.unary_stream
            return MethodHandler(unary_stream=_measured_stream(stream, tally))
        unary: Any = handler.unary_unary
        return MethodHandler(unary_unary=_measured_unary(unary, tally))

    def ended_with(self, code: StatusCode) -> int:
        """Return how many calls ended with a status."""
        return sum(tally.failures.get(code.name, 0) for tally in self.tallies.values())

    def samples(self) -> Iterator[Sample]:
        """Return what was counted so far."""
        for rpc, tally in self.tallies.items():
            for code, count in tally.ends():
                yield sample("pannier_rpc_calls_total", count, rpc, code)
            yield tally.sample("pannier_rpc_duration_seconds", rpc)
            yield sample("pannier_rpc_in_flight", tally.started - tally.ended, rpc)
            yield sample("pannier_rpc_request_bytes_total", tally.received, rpc)
            yield sample("pannier_rpc_response_bytes_total", tally.sent, rpc)


def _measured_unary(method: Unary, tally: Tally) -> Unary:
    observe = tally.observe

    async def measured(request: bytes, context: ServicerContext) -> bytes:
        started = perf_counter()
        tally.started += 1
        tally.received += len(request)
        try:
            response = await method(request, context)
        except BaseException as error:
            tally.failed(_code(error, context), perf_counter() - started)
            raise
        tally.sent += len(response)
        observe(perf_counter() - started)
        return response

    return measured


def _measured_stream(method: Stream, tally: Tally) -> Stream:
    async def measured(request: bytes, context: ServicerContext) -> AsyncIterator[bytes]:
        started = perf_counter()
        tally.started += 1
        tally.received += len(request)
        try:
            async with aclosing(method(request, context)) as responses:
                async for response in responses:
                    tally.sent += len(response)
                    yield response
        except BaseException as error:
            tally.failed(_code(error, context), perf_counter() - started)
            raise
        tally.observe(perf_counter() - started)

    return measured


def _code(error: BaseException, context: Any) -> str:
    """Return the name of the status that a call ends with whose handler raised an error."""
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        # Transports cancel a handler at its deadline, and when its client has gone.
        return stopped_code(context.time_remaining()).name
    # One transport answers the code as it was given, the other its number.
    code: Any = context.code()
    name = CODE_NAMES.get(code) if isinstance(code, int) else getattr(code, "name", None)
    return name or StatusCode.UNKNOWN.name

"""One log line for each call that fails, and no more than a few of one kind in a second."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from pannier_server.rpc import StatusCode
from pannier_server.service.failed_calls import FailedCall
from pannier_server.service.line_limit import LineLimit

_log = logging.getLogger(__name__)

# What callers do in the usual course of things, what they do wrong, what strangers, the store
# or its settings do, and what somebody has to look at.
_LEVELS: Final = {
    StatusCode.NOT_FOUND: logging.DEBUG,
    StatusCode.ABORTED: logging.DEBUG,
    StatusCode.ALREADY_EXISTS: logging.DEBUG,
    StatusCode.CANCELLED: logging.DEBUG,
    StatusCode.INVALID_ARGUMENT: logging.INFO,
    StatusCode.PERMISSION_DENIED: logging.INFO,
    StatusCode.UNAUTHENTICATED: logging.WARNING,
    StatusCode.RESOURCE_EXHAUSTED: logging.WARNING,
    StatusCode.FAILED_PRECONDITION: logging.WARNING,
    StatusCode.UNAVAILABLE: logging.WARNING,
    StatusCode.DEADLINE_EXCEEDED: logging.WARNING,
    StatusCode.DATA_LOSS: logging.ERROR,
    StatusCode.INTERNAL: logging.ERROR,
}


class _Kind(NamedTuple):
    """Failures that share a limit."""

    rpc: str
    reason: str
    code: StatusCode


class FailureLog:
    """Logs failed calls.

    A line says how a call ended, and names its request by its id alone: neither whose
    record it was about nor what was in it.
    """

    def __init__(
        self, per_second: int, more_fields: Callable[[], Mapping[str, str]] | None = None
    ) -> None:
        """Begin, on the running loop.

        Args:
            per_second: The most lines in a second for each RPC and reason.
            more_fields: Gives more fields of the call that is under way.
        """
        call_later = asyncio.get_running_loop().call_later
        self._limit = LineLimit(per_second, _tell_left_out, call_later)
        self._more_fields = more_fields

    def __call__(self, failed: FailedCall) -> None:
        """Log a failed call, where a line is due."""
        status = failed.status
        level = _LEVELS.get(status.code, logging.ERROR)
        if not _log.isEnabledFor(level):
            return
        if not self._limit.admits(_Kind(failed.rpc, status.reason, status.code)):
            return
        fields = _fields(failed)
        if self._more_fields:
            fields.update(self._more_fields())
        _log.log(
            level,
            "%s failed after %.3f s with %s (%s): %s",
            failed.rpc,
            failed.seconds,
            status.code.name,
            _shown(fields),
            fields["problem"],
            extra={"fields": fields},
            exc_info=failed.error if status.is_bug else None,
        )

    def close(self) -> None:
        """Tell of failures that were not logged."""
        self._limit.close()


def _fields(failed: FailedCall) -> dict[str, str | float]:
    """Return a line's own fields, in JSON; those that a call has not are left out."""
    status = failed.status
    fields: dict[str, str | float] = {
        "event": "call_failed",
        "rpc_method": failed.rpc,
        "rpc_response_status_code": status.code.name,
        "error_type": status.reason,
        "duration_seconds": round(failed.seconds, 6),
        "network_transport": failed.network_transport,
        # In one line, whatever the store has said.
        "problem": " ".join(status.message.split()),
    }
    identity = failed.identity.name if failed.identity else ""
    is_stranger = status.code is StatusCode.UNAUTHENTICATED
    found = {
        "write_outcome": status.write_outcome,
        "request_id": failed.request_id,
        "identity": identity,
        "peer": failed.peer if is_stranger else "",
    }
    fields.update({name: value for name, value in found.items() if value})
    return fields


_SHOWN: Final = ("write_outcome", "request_id", "identity", "peer", "trace_id")


def _shown(fields: Mapping[str, str | float]) -> str:
    """Return what stands in the text for people beside the code and the problem."""
    more = [f"{name}={fields[name]}" for name in _SHOWN if name in fields]
    return ", ".join([str(fields["error_type"]), *more])


def _tell_left_out(kind: _Kind, count: int) -> None:
    _log.log(
        _LEVELS.get(kind.code, logging.ERROR),
        "%d more calls of %s failed with %s (%s) within a second",
        count,
        kind.rpc,
        kind.code.name,
        kind.reason,
        extra={
            "fields": {
                "event": "failed_calls_left_out",
                "rpc_method": kind.rpc,
                "rpc_response_status_code": kind.code.name,
                "error_type": kind.reason,
                "left_out_count": count,
            }
        },
    )

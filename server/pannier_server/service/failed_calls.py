"""What is known of a call that failed, for whoever keeps an account of failures."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from google.protobuf.message import DecodeError, Message

from pannier_server.rpc import ServicerContext
from pannier_server.service.errors import InvalidRequest
from pannier_server.service.interface import Identity
from pannier_server.service.requests import parse_request_id
from pannier_server.service.status import CallStatus


class FailedCall(msgspec.Struct, frozen=True):
    """A call that ended with a status other than OK.

    Attributes:
        rpc: The method's name, such as ``Get``.
        status: How it ended.
        error: What was raised.
        seconds: How long it took.
        identity: Who made it; None where nobody had to say so, or could not.
        context: The call as its transport shows it.
        message: The type of its request.
        request: Its request, as it came.
    """

    rpc: str
    status: CallStatus
    error: BaseException
    seconds: float
    identity: Identity | None
    context: ServicerContext
    message: type[Message]
    request: bytes

    @property
    def request_id(self) -> str:
        """The request's id, or empty where it has none that is one.

        The request is read once more for it, so that calls which succeed pay nothing.
        """
        try:
            sent: Any = self.message.FromString(self.request)
            text: str = getattr(sent, "request_id", "")
            return parse_request_id(text) if text else ""
        except (DecodeError, InvalidRequest):
            return ""

    @property
    def network_transport(self) -> str:
        """What it came over: ``unix`` or ``tcp``."""
        return "unix" if self.peer.startswith("unix") else "tcp"

    @property
    def peer(self) -> str:
        """The other end of its connection, as gRPC names it: ``ipv4:127.0.0.1:40112``."""
        return self.context.peer()


FailureListener: TypeAlias = Callable[[FailedCall], None]
"""Is told of each call that failed, before the caller is. It must not raise."""

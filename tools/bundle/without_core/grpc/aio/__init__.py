"""What annotations name of ``grpc.aio``."""

from typing import Any


class ServicerContext:
    """One call as its handler sees it; the transport has its own."""

    def __class_getitem__(cls, _: Any) -> "type[ServicerContext]":
        """Return itself: types of messages mean nothing here."""
        return cls


class Server:
    """Where services are registered; the transport has its own."""

"""Where the reflection service looks for ``grpc.aio``."""

from grpc import aio

__all__ = ["aio"]

"""How a call is refused. No message tells of owners, records or what was shown as proof."""

from pannier.v1 import storage_pb2 as pb
from pannier_server.service.errors import CallError


class Unauthenticated(CallError):
    """It is not known who calls."""

    def __init__(self, message: str) -> None:
        """Keep what is wrong and what to do."""
        super().__init__(pb.ERROR_REASON_UNAUTHENTICATED, message)


class PermissionDenied(CallError):
    """The caller is known, and has no rule for this."""

    def __init__(self, message: str) -> None:
        """Keep what is wrong and what to do."""
        super().__init__(pb.ERROR_REASON_PERMISSION_DENIED, message)

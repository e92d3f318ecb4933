"""What can go wrong before a backend is asked."""

from pannier.v1.storage_pb2 import ErrorReason


class CallError(Exception):
    """A call that the service refuses. Nothing was written.

    Attributes:
        reason: Why, as the contract names it.
        message: What is wrong and how to put it right, for people.
    """

    def __init__(self, reason: "ErrorReason", message: str) -> None:
        """Keep the reason and the message."""
        super().__init__(message)
        self.reason = reason
        self.message = message


class InvalidRequest(CallError):
    """A field of the request breaks a rule; the message names the field and the rule."""


class Draining(CallError):
    """The sidecar is shutting down."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(ErrorReason.ERROR_REASON_DRAINING, "the sidecar is shutting down")

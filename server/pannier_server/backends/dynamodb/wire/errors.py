"""Failures that only the wire knows, and outcomes that the backend has to interpret.

A call ends with a body or with a `StorageError`. Three of them are DynamoDB's verdict
on a request and mean something only to the one who wrote it; those are here.
`AttemptFailed` never leaves this package.
"""

from pannier_server.backends.errors import StorageError, WriteOutcome


class Verdict(StorageError):
    """DynamoDB refused a request for what it says; the backend knows what that means."""

    @property
    def earlier_attempt_unknown(self) -> bool:
        """Whether an attempt before this one may have been applied.

        The refusal itself was not applied, but then the row may show the work of this
        very call.
        """
        return self.write_outcome is WriteOutcome.UNKNOWN


class ConditionFailed(Verdict):
    """The request's condition did not hold.

    Attributes:
        item: The item that the condition was checked against, as JSON
            (``{"PK":{"S":"…"},…}``); None where there was none, or where the request
            did not ask for it with ``ReturnValuesOnConditionCheckFailure``.
    """

    def __init__(self, item: bytes | None) -> None:
        """Keep the item that the check saw."""
        super().__init__("the condition of the request did not hold")
        self.item = item


class ValidationFailed(Verdict):
    """DynamoDB finds the request invalid; ``message`` is its own text.

    That text may quote the request: it is to be matched, not to be passed on.
    """


class ItemTooLarge(Verdict):
    """The item would be larger than the 400 KB that DynamoDB takes."""


class AttemptFailed(Exception):
    """An attempt that brought no whole answer.

    Attributes:
        problem: What went wrong, for people; it follows the store's address.
        maybe_applied: Whether the request may have reached DynamoDB.
        hopeless: Whether another attempt would end the same way.
        reused: Whether it went out on a connection that had served others before.
        answer_started: Whether any byte of an answer came.
        timed_out: Whether it ended because its time was up.
    """

    def __init__(
        self,
        problem: str,
        *,
        maybe_applied: bool = False,
        hopeless: bool = False,
        reused: bool = False,
        answer_started: bool = False,
        timed_out: bool = False,
    ) -> None:
        """Keep what is known of the attempt."""
        super().__init__(problem)
        self.problem = problem
        self.maybe_applied = maybe_applied
        self.hopeless = hopeless
        self.reused = reused
        self.answer_started = answer_started
        self.timed_out = timed_out

    @property
    def stale_connection(self) -> bool:
        """Whether the server most likely closed an idle connection just then."""
        return self.reused and not self.answer_started and not self.timed_out

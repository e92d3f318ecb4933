"""Where a list stands: what to ask for next, also after a break. No I/O."""

from pannier._attempts import Attempts, Safety
from pannier._messages import Consistency, Order, read_page, wire_consistency, wire_order
from pannier.errors import PannierError, Unavailable, UnreadableRecords
from pannier.records import Page, Unreadable
from pannier.retries import RetryPolicy
from pannier.v1 import storage_pb2 as pb

_MAX_UNREADABLE_KEPT = 1_000


class Listing:
    """One list over as many streams as it takes.

    A page counts when it was received whole. After a break the list goes on behind the
    last such page, so no record comes twice and none is left out.
    """

    def __init__(
        self,
        prefix: str,
        *,
        page_size: int,
        page_token: str,
        limit: int,
        keys_only: bool,
        order: Order,
        consistency: Consistency,
    ) -> None:
        """Start before the first page.

        Raises:
            ValueError: An argument is out of the contract's range.
        """
        self._limit = limit
        self._listed = 0
        self._ended = False
        self._breaking: Attempts | None = None
        self._request = pb.ListByPrefixRequest(
            prefix=prefix,
            page_size=page_size,
            page_token=page_token,
            limit=limit,
            keys_only=keys_only,
            order=wire_order(order),
            consistency=wire_consistency(consistency),
        )

    @property
    def ended(self) -> bool:
        """Whether the last page came, or the limit is reached."""
        return self._ended

    def request(self) -> pb.ListByPrefixRequest:
        """Return the request that goes on from here."""
        return self._request

    def accept(self, answer: pb.ListByPrefixResponse) -> Page:
        """Take a page that was received, and return it."""
        self._breaking = None
        self._listed += len(answer.records)
        self._request.page_token = answer.next_page_token
        # A limit of 0 would ask for all, so a list that has its records must end here.
        at_limit = bool(self._limit) and self._listed >= self._limit
        self._ended = at_limit or not answer.next_page_token
        if self._limit and not self._ended:
            self._request.limit = self._limit - self._listed
        return read_page(answer)

    def after_failure(
        self, error: PannierError, policy: RetryPolicy, *, give_up: float, now: float
    ) -> float | None:
        """Return the pause in seconds before the next stream, or None for no more.

        A break lasts from the first failure after a page until the next page; ``give_up``
        as passed at its start ends it. Both times are on the caller's clock, in seconds.
        """
        if self._breaking is None:
            self._breaking = Attempts(policy, Safety.READ, give_up)
        return self._breaking.after_failure(error, now)


def cut_short() -> Unavailable:
    """Return the error for a stream that ended well, but before the list's end."""
    return Unavailable("the stream ended before the last page of the list")


class UnreadableRows:
    """The unreadable rows that a list met, to be named at its end."""

    def __init__(self) -> None:
        """Start without any."""
        self._kept: list[Unreadable] = []
        self._count = 0

    def add(self, row: Unreadable) -> None:
        """Remember a row; memory stays bounded however many there are."""
        self._count += 1
        if self._count <= _MAX_UNREADABLE_KEPT:
            self._kept.append(row)

    def raise_if_any(self) -> None:
        """Raise `UnreadableRecords` where there was one."""
        if self._count:
            raise UnreadableRecords(
                f"{self._count:,} stored rows of the list cannot be read as records; "
                "their keys are in the error's unreadable: repair or delete them",
                unreadable=self._kept,
                count=self._count,
                reason="RECORD_CORRUPT",
            )

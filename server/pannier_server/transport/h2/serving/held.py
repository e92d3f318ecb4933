"""Bytes that calls keep waiting: incomplete requests, and answers that cannot leave.

They are bounded for each connection and for the server. What a call holds longest goes
first: a peer that hoards is older than the calls of those that do not, which last
milliseconds.
"""

from typing import Protocol

from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters


class Share:
    """What one connection holds."""

    __slots__ = ("held_bytes",)

    def __init__(self) -> None:
        """Start with nothing."""
        self.held_bytes = 0


class Holder(Protocol):
    """A call that holds bytes."""

    @property
    def share(self) -> Share:
        """What its connection holds."""
        ...

    def evict(self) -> None:
        """End the call; it must release what it holds."""


class HeldBytes:
    """Counts what is held, and ends the calls that hold too much."""

    def __init__(self, limits: Limits, meters: Meters) -> None:
        """Take the limits, and the meters whose ``held_bytes`` this keeps."""
        self._limits = limits
        self._meters = meters
        # In the order in which they began to hold something.
        self._holders: dict[Holder, int] = {}

    def hold(self, holder: Holder, count: int) -> None:
        """Set what a call holds now; it, or older ones, may be ended for it.

        A call that holds nothing is forgotten: a long one that holds something now and then
        is no older than what it holds.
        """
        if not count:
            self.release(holder)
            return
        change = count - self._holders.get(holder, 0)
        self._holders[holder] = count
        holder.share.held_bytes += change
        self._meters.held_bytes += change
        if change <= 0:
            return
        if holder.share.held_bytes > self._limits.max_held_bytes_per_connection:
            self._evict(holder)
        while self._meters.held_bytes > self._limits.max_held_bytes:
            self._evict(next(iter(self._holders)))

    def release(self, holder: Holder) -> None:
        """Forget a call."""
        count = self._holders.pop(holder, 0)
        holder.share.held_bytes -= count
        self._meters.held_bytes -= count

    def _evict(self, holder: Holder) -> None:
        self._meters.held_bytes_ended += 1
        holder.evict()
        self.release(holder)

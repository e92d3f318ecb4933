"""Who is next: turns that are shared between owners, however much one of them asks.

This is start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996): each call gets a
start on a virtual clock, one after the start of its owner's call before, and the smallest
start is next. An owner that asks for less than its share is always behind the clock, and
so goes before those that ask for more.
"""

from bisect import bisect_right
from operator import attrgetter
from typing import Final, Generic, NamedTuple, TypeVar

CREDIT: Final = 4.0
"""Turns that an owner can save up by asking for little, to spend them in a row."""

MOST_OWNERS: Final = 1024
"""Owners whose last start is remembered; the one that was seen longest ago goes first."""

T = TypeVar("T")


class Entry(NamedTuple, Generic[T]):
    """One call that waits.

    Attributes:
        start: Its start on the virtual clock.
        latest: The time by which it has to have its turn.
        owner: Whose it is.
        waiter: What waits.
    """

    start: float
    latest: float
    owner: str
    waiter: T


_start_of_entry = attrgetter("start")


class FairQueue(Generic[T]):
    """The calls that wait, in the order of their turns."""

    def __init__(self) -> None:
        """Start empty."""
        self._line: list[Entry[T]] = []
        self._clock = 0.0
        # The start of each owner's next call, the owner that was seen last at the end.
        self._next: dict[str, float] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._line)

    @property
    def owners(self) -> int:
        """How many owners are remembered."""
        return len(self._next)

    @property
    def last(self) -> Entry[T]:
        """The one that would wait longest."""
        return self._line[-1]

    def start_of(self, owner: str) -> float:
        """Return the start that an owner's next call has."""
        oldest = self._clock - CREDIT
        return max(oldest, self._next.get(owner, oldest))

    def is_below_share(self, start: float) -> bool:
        """Say whether an owner whose call has this start had less than its share so far."""
        return start <= self._clock

    def place_of(self, start: float) -> int:
        """Return how many turns come before that of a call with this start."""
        return bisect_right(self._line, start, key=_start_of_entry)

    def serve(self, owner: str) -> None:
        """Give an owner a turn at once; only where nobody waits."""
        start = self.start_of(owner)
        self._remember(owner, start + 1)
        self._clock = max(self._clock, start)

    def join(self, owner: str, latest: float, waiter: T) -> None:
        """Put a call in its place."""
        start = self.start_of(owner)
        self._remember(owner, start + 1)
        self._line.insert(self.place_of(start), Entry(start, latest, owner, waiter))

    def take(self) -> Entry[T]:
        """Take out the next one: it has its turn."""
        entry = self._line.pop(0)
        self._clock = max(self._clock, entry.start)
        return entry

    def drop_last(self) -> Entry[T]:
        """Take out the last one without a turn."""
        entry = self._line.pop()
        self._give_back(entry.owner)
        return entry

    def leave(self, waiter: T) -> bool:
        """Take out one that waits no more; return False where it is not there."""
        for place, entry in enumerate(self._line):
            if entry.waiter is waiter:
                del self._line[place]
                self._give_back(entry.owner)
                return True
        return False

    def _remember(self, owner: str, start: float) -> None:
        self._next.pop(owner, None)
        self._next[owner] = start
        if len(self._next) > MOST_OWNERS:
            del self._next[next(iter(self._next))]

    def _give_back(self, owner: str) -> None:
        if owner in self._next:
            self._next[owner] -= 1

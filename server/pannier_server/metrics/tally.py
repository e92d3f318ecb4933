"""What one kind of calls did: how many, how long, how they ended."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from pannier_server.metrics.samples import Sample

OK = "OK"
"""How most calls end; it is not counted by itself but follows from the others."""


class Histogram:
    """Counts observations by their size.

    `observe` only puts a value aside; `settle` finds the buckets of all that came since. A
    call of a quiet sidecar finds cold caches, where each place in memory that it touches
    costs: this halves what metrics cost there.

    Attributes:
        observe: Counts a value.
        aside: Those whose bucket is not found yet.
    """

    __slots__ = ("_bounds", "_counts", "_sum", "aside", "observe")

    def __init__(self, bounds: Sequence[float]) -> None:
        """Take the largest value that each bucket takes."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self.aside: list[float] = []
        self.observe: Callable[[float], None] = self.aside.append

    @property
    def counts(self) -> Sequence[int]:
        """How many values fell into each bucket; the last one has no bound."""
        self.settle()
        return self._counts

    def settle(self) -> None:
        """Find the buckets of what came since; else it is kept, value by value."""
        counts, bounds = self._counts, self._bounds
        for value in self.aside:
            counts[bisect_left(bounds, value)] += 1
        self._sum += sum(self.aside)
        self.aside.clear()

    def sample(self, name: str, *labels: str) -> Sample:
        """Return the histogram as the sample of a metric."""
        return Sample(name, labels, (*self.counts, self._sum))


class Tally(Histogram):
    """Counts calls of one kind. It is on the way of every call, so it does little.

    Attributes:
        started: Calls that have begun.
        failures: How many ended how, but for those that ended well.
        received: Bytes of their requests.
        sent: Bytes of their answers.
    """

    __slots__ = ("failures", "received", "sent", "started")

    def __init__(self, bounds: Sequence[float], alarming: Sequence[str] = ()) -> None:
        """Begin without calls.

        Args:
            bounds: The buckets of their durations, in seconds.
            alarming: Failures of which a single one matters. They are counted from 0, because
                Prometheus sees no increase where a series begins with 1.
        """
        super().__init__(bounds)
        self.started = 0
        self.failures = dict.fromkeys(alarming, 0)
        self.received = 0
        self.sent = 0

    @property
    def ended(self) -> int:
        """Calls that have ended."""
        return sum(self.counts)

    def failed(self, how: str, seconds: float) -> None:
        """Note the end of a call that did not end well."""
        self.observe(seconds)
        self.failures[how] = self.failures.get(how, 0) + 1

    def ends(self) -> Iterator[tuple[str, int]]:
        """Return how many calls ended how, those that ended well first."""
        yield OK, self.ended - sum(self.failures.values())
        yield from self.failures.items()

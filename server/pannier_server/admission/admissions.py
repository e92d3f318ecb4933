"""What overload control did so far, for those who watch it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Admissions:
    """Counters of one place where calls may be held back; two of them are gauges.

    Attributes:
        limit: What is let through now: requests a second before a store, calls at once
            before the sidecar's own work. 0 where nothing is held back.
        waiting: How many wait for their turn now.
        admitted: Those that were let through. Before a store they are counted only
            while there is a limit.
        refused_full: Those that were refused because others take what there is.
        refused_late: Those that were refused because their deadline would have come first.
    """

    limit: float = 0.0
    waiting: int = 0
    admitted: int = 0
    refused_full: int = 0
    refused_late: int = 0

"""What the proxy saw and did, request by request."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.kinds import Fault


@dataclass(slots=True)
class Entry:
    """One request. Times are those of ``time.monotonic_ns``.

    Attributes:
        operation: DynamoDB's name of it.
        write_id: The write id that it carries, or None.
        fault: What went wrong with it, or None.
        asked_at: When it was passed on to the engine; None where it never was.
        answered_at: When the engine had answered; None where it has not.
        status: The engine's status, 0 where there is none.
    """

    operation: str
    write_id: str | None = None
    fault: Fault | None = None
    asked_at: int | None = None
    answered_at: int | None = None
    status: int = 0

    def asked(self) -> None:
        self.asked_at = time.monotonic_ns()

    def answered(self, status: int) -> None:
        self.answered_at = time.monotonic_ns()
        self.status = status


@dataclass(slots=True)
class Journal:
    """All requests in the order in which they came, and the faults by kind."""

    entries: list[Entry] = field(default_factory=list)
    injected: Counter[Fault] = field(default_factory=Counter)

    def open(self, operation: str, write_id: str | None) -> Entry:
        """Begin the entry of a request."""
        entry = Entry(operation, write_id)
        self.entries.append(entry)
        return entry

    def inject(self, fault: Fault, entry: Entry | None = None) -> None:
        """Count a fault, and note it for the request that meets it."""
        self.injected[fault] += 1
        if entry is not None:
            entry.fault = fault

    def operations(self) -> list[str]:
        """Return the operations that were asked for."""
        return [entry.operation for entry in self.entries]

    def attempts(self) -> Iterator[Entry]:
        """Yield the requests of writes that were passed on to the engine."""
        return (entry for entry in self.entries if entry.write_id and entry.asked_at)

"""Many increments of few counters by several writers; see ``count`` in the README."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pannier

Open = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """One writer of a key.

    Attributes:
        key: The counter's.
        place: Which of the numbers in the record is its own, from 0.
        increments: How many it makes.
    """

    key: str
    place: int
    increments: int


class Tally:
    """What became of the updates; threads share it."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()

    def add(self, what: str) -> None:
        """Count an update."""
        with self._lock:
            self._counts[what] += 1

    def add_failed(self, error: pannier.PannierError) -> None:
        """Count an update that failed for certain."""
        with self._lock:
            self._failed[type(error).__name__] += 1

    def as_json(self) -> str:
        """Write all counts."""
        names = ("succeeded", "unknown", "settled_applied", "settled_not_applied")
        counts = {name: self._counts[name] for name in names}
        return json.dumps({**counts, "failed": self._failed})


def count(
    open_store: Open, address: str, *, owner: str, keys: int, writers: int, total: int
) -> str:
    """Increment counters, and return what became of it as JSON."""
    tally = Tally()
    everyone = [
        Writer(pannier.key(owner, f"counter:{number}"), place, 0)
        for number in range(keys)
        for place in range(writers)
    ]
    shares = [total // len(everyone) + (i < total % len(everyone)) for i in range(len(everyone))]
    store = open_store(address)
    for number in range(keys):
        store.put(pannier.key(owner, f"counter:{number}"), b" ".join([b"0"] * writers))
    store.close()
    with ThreadPoolExecutor(len(everyone)) as threads:
        running = [
            threads.submit(_write, open_store, address, Writer(w.key, w.place, share), tally)
            for w, share in zip(everyone, shares, strict=True)
        ]
        for each in running:
            each.result()
    return tally.as_json()


def _write(open_store: Open, address: str, writer: Writer, tally: Tally) -> None:
    store = open_store(address)
    done = 0
    while done < writer.increments:
        done += _increment(store, writer, done + 1, tally)
    store.close()


def _increment(store: Any, writer: Writer, wanted: int, tally: Tally) -> bool:
    """Make one increment; return whether it was made."""
    try:
        store.update(writer.key, lambda data: _raised(data, writer.place))
    except pannier.OutcomeUnknown:
        tally.add("unknown")
        applied = _own_number(store, writer) >= wanted
        tally.add("settled_applied" if applied else "settled_not_applied")
        return applied
    except pannier.PannierError as error:
        if error.write_outcome is pannier.WriteOutcome.UNKNOWN:
            raise
        tally.add_failed(error)
        return False
    tally.add("succeeded")
    return True


def _raised(data: bytes, place: int) -> bytes:
    numbers = [int(number) for number in data.split()]
    numbers[place] += 1
    return b" ".join(b"%d" % number for number in numbers)


def _own_number(store: Any, writer: Writer) -> int:
    while True:
        try:
            return int(store.get(writer.key).data.split()[writer.place])
        except (pannier.Unavailable, pannier.DeadlineExceeded):
            continue

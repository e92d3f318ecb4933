"""Callers of a sidecar that is killed, and what they then know about its records."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pannier
from pannier_server.backends.contract import Write, Written
from pannier_server.backends.errors import (
    RecordExists,
    RecordNotFound,
    StorageError,
    StoreUnavailable,
    VersionMismatch,
    WriteOutcome,
)
from tests.sqlite.model import NOW, Answer, Delete, Model, Put, Step, Stored

OWNER = "crash"
RECORDS = 4


class Caller:
    """Calls a sidecar about records of its own until the sidecar is gone.

    Attributes:
        answers: How many calls were answered, over all sidecars.
    """

    def __init__(self, number: int, seed: int) -> None:
        self.answers = 0
        self._prefix = f"{number}-"
        self._random = Random(f"{seed} {number}")
        self._model = Model()
        self._unanswered: Step | None = None

    def find(self, found: Mapping[str, Stored]) -> None:
        """Check the records that a new sidecar shows.

        Raises:
            AssertionError: An answered write is gone, or a refused one is there.
        """
        own = {name: state for name, state in found.items() if name.startswith(self._prefix)}
        self._model.settle(own)

    def call(self, address: str, killed: threading.Event) -> None:
        """Make calls, first again the one that the last sidecar left without an answer.

        Raises:
            AssertionError: An answer cannot be right.
        """
        with pannier.connect(address, timeout=0.5, retries=pannier.NO_RETRIES) as store:
            while not killed.is_set():
                step, self._unanswered = self._unanswered or self._choose(), None
                self._note(step, send(store, step))

    def _note(self, step: Step, answer: Answer) -> None:
        self._model.answered(step, answer)
        if not isinstance(answer, StoreUnavailable):
            self.answers += 1
        elif answer.write_outcome is WriteOutcome.UNKNOWN:
            self._unanswered = step

    def _choose(self) -> Step:
        name = f"{self._prefix}{self._random.randrange(RECORDS)}"
        known = min(state.version if state else 1 for state in self._model.states(name))
        version = known + self._random.choice((0, 0, 1))
        if self._random.random() < 0.3:
            return Delete(name, self._random.choice((None, version)))
        expected = self._random.choice((None, None, version, 0))
        return Put(name, self._make_write(), expected)

    def _make_write(self) -> Write:
        data = self._random.randbytes(self._random.choice((0, 50, 500, 5_000)))
        write_id = UUID(int=self._random.getrandbits(128), version=4)
        return Write(data, self._random.choice((None, NOW + 1_000)), str(write_id))


def send(store: pannier.Store, step: Step) -> Answer:
    """Make a call; return its answer, or its error as the store's own."""
    try:
        match step:
            case Put(name, write, expected):
                return _put(store, pannier.key(OWNER, name), write, expected)
            case Delete(name, expected):
                return store.delete(pannier.key(OWNER, name), expected_version=expected)
    except pannier.PannierError as error:
        return _as_storage_error(error)
    raise AssertionError(f"no caller makes {step}")


def stored(address: str) -> dict[str, Stored]:
    """Return all records that a sidecar shows."""
    with pannier.connect(address) as store:
        return {
            record.key.partition(":")[2]: Stored(
                record.version,
                record.etag,
                int(record.expire_time.timestamp()) if record.expire_time else None,
                record.data,
            )
            for record in store.list(f"{OWNER}:")
        }


def _put(store: pannier.Store, key: str, write: Write, expected: int | None) -> Written:
    expiry: dict[str, Any] = (
        {"never_expires": True}
        if write.expires_at is None
        else {"expire_time": datetime.fromtimestamp(write.expires_at, UTC)}
    )
    if expected is None:
        done = store.put(key, write.data, request_id=write.write_id, **expiry)
    else:
        done = store.put_if_version(
            key, write.data, expected_version=expected, request_id=write.write_id, **expiry
        )
    return Written(done.version, done.etag)


def _as_storage_error(error: pannier.PannierError) -> StorageError:
    certain = error.write_outcome is pannier.WriteOutcome.NOT_APPLIED
    outcome = WriteOutcome.NOT_APPLIED if certain else WriteOutcome.UNKNOWN
    match error:
        case pannier.VersionConflict():
            return VersionMismatch(
                expected_version=error.expected_version,
                actual_version=error.actual_version,
                actual_etag=error.actual_etag,
                write_outcome=outcome,
            )
        case pannier.NotFound():
            return RecordNotFound(error.message, write_outcome=outcome)
        case pannier.AlreadyExists():
            return RecordExists(error.message, write_outcome=outcome)
        case pannier.Unavailable() | pannier.DeadlineExceeded() | pannier.Overloaded():
            return StoreUnavailable(error.message, write_outcome=outcome)
    raise AssertionError(f"nothing should have answered {error!r}")

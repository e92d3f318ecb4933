"""Records that one writer each increments, and always knows the value of."""

from pannier import (
    DeadlineExceeded,
    OutcomeUnknown,
    PannierError,
    Throttled,
    Unavailable,
    VersionConflict,
)
from pannier.aio import Store

_MAY_PASS = (Unavailable, Throttled, DeadlineExceeded, VersionConflict)


class WrongCount(AssertionError):
    """A record has a value that its writer has not given it."""


class Counter:
    """A record that holds a number, and the only one who writes it.

    Attributes:
        key: The record's.
        value: What it certainly holds.
        unknown: How many increments had an unknown outcome, and were settled.
        failed: How many were certainly not applied.
    """

    def __init__(self, key: str) -> None:
        """Take a key; `begin` writes the record."""
        self.key = key
        self.value = 0
        self.unknown = 0
        self.failed = 0

    async def begin(self, store: Store) -> None:
        """Write the record, at 0."""
        await store.put(self.key, b"0")

    async def increment(self, store: Store) -> None:
        """Add one; where that fails, find out whether it was added.

        Raises:
            WrongCount: The record held something else.
        """
        try:
            written = await store.update(self.key, _plus_one)
        except OutcomeUnknown:
            self.unknown += 1
            await self._settle(store)
        except PannierError:
            self.failed += 1
            await self._settle(store, lost=0)
        else:
            self._expect(int(written.data), self.value + 1)
            self.value += 1

    async def check(self, store: Store) -> None:
        """Read the record.

        Raises:
            WrongCount: It holds something else than it should.
            PannierError: It could not be read.
        """
        record = await store.get(self.key)
        self._expect(int(record.data), self.value)

    async def _settle(self, store: Store, lost: int = 1) -> None:
        """Find out what the record holds, once nothing that is on its way can change it.

        A write that was given up may still be done later. It holds for the version that it
        was made for only: so another write, of the value that is there, shuts it out.
        """
        while True:
            try:
                record = await store.get(self.key)
                await store.put_if_version(
                    self.key, record.data, expected_version=record.version, etag=record.etag
                )
            except _MAY_PASS:
                continue
            value = int(record.data)
            if not self.value <= value <= self.value + lost:
                self._expect(value, self.value + lost)
            self.value = value
            return

    def _expect(self, found: int, expected: int) -> None:
        if found != expected:
            raise WrongCount(f"{self.key} holds {found}, not {expected}")


def _plus_one(data: bytes) -> bytes:
    return b"%d" % (int(data) + 1)

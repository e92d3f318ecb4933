"""What a subclass of the contract suite gives, and what its tests share."""

from typing import ClassVar, Protocol

import pytest

from pannier_server.backends.contract import Key, StorageBackend
from pannier_server.testing.records import Records, new_owner


class Plant(Protocol):
    """Stores a row as it could never have come through the backend."""

    async def __call__(self, key: Key, **attributes: object) -> None:
        """Replace the row at ``key`` as a whole.

        Args:
            key: Where the row is to be.
            attributes: Among ``version``, ``data``, ``expires_at``, ``write_id`` and
                ``previous_write_id``; one that is not given is absent from the row.
                In a healthy row they are int, bytes, int, str and str; in a corrupt
                one they can be anything. Where the store cannot hold such a row, call
                `pytest.skip` with the reason.
        """
        ...


class ContractBase:
    """The fixtures and settings that a subclass of the suite can replace.

    Attributes:
        callers: How many tasks write at once in the tests of concurrency.
        puts_per_caller: How many puts each of them makes on one key.
        never_waits: Set it where no method ever awaits anything, so that neither a
            deadline can pass nor a caller go away in the middle of one.
        honours_max_bytes: Clear it where `PageRequest.max_bytes` cannot be passed on.
        expires_rows_by_itself: Set it where `cleanup_expired` without a prefix
            answers 0, because the store removes expired rows by itself.
    """

    callers: ClassVar[int] = 32
    puts_per_caller: ClassVar[int] = 10
    never_waits: ClassVar[bool] = False
    honours_max_bytes: ClassVar[bool] = True
    expires_rows_by_itself: ClassVar[bool] = False

    @pytest.fixture
    def backend(self) -> StorageBackend:
        """Return an opened backend. A subclass must define it."""
        pytest.fail("define a fixture `backend` that answers an opened backend")

    @pytest.fixture
    def second_backend(self) -> StorageBackend:
        """Return another opened backend on the same store, best over another connection."""
        pytest.skip("no fixture `second_backend`: one instance cannot race with another")

    @pytest.fixture
    def plant(self) -> Plant:
        """Return what stores rows behind the backend's back."""
        pytest.skip("no fixture `plant`: rows that others wrote cannot be shown")

    @pytest.fixture
    def owner(self) -> str:
        """Return the owner whose records the test writes."""
        return new_owner()

    @pytest.fixture
    def records(self, backend: StorageBackend, owner: str) -> Records:
        """Return the owner's records in the backend."""
        return Records(backend, owner)

    @pytest.fixture
    def second_records(self, second_backend: StorageBackend, records: Records) -> Records:
        """Return the same records, over the second instance."""
        return records.on(second_backend)

    @pytest.fixture(params=["one instance", "two instances"])
    def instances(self, request: pytest.FixtureRequest, records: Records) -> list[Records]:
        """Return the records over each instance that takes part in a race."""
        if request.param == "one instance":
            return [records]
        return [records, request.getfixturevalue("second_records")]

    def spread(self, instances: list[Records]) -> list[Records]:
        """Return one entry for each concurrent caller, spread over the instances."""
        return [instances[caller % len(instances)] for caller in range(self.callers)]

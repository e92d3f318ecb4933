"""The contract suite: every obligation of `pannier_server.backends.contract` as a test.

Subclass `StorageBackendContract`, give it a fixture ``backend``, and, where the store
allows, the others of `ContractBase`. In pytest-asyncio's strict mode put
``@pytest.mark.asyncio`` on the subclass (with a ``loop_scope``, if its fixtures have
one); in auto mode nothing is needed.
"""

from pannier_server.testing.contract.base import ContractBase, Plant
from pannier_server.testing.contract.cleanup import CleanupContract
from pannier_server.testing.contract.concurrency import ConcurrencyContract
from pannier_server.testing.contract.conditional_puts import ConditionalPutContract
from pannier_server.testing.contract.corrupt_rows import CorruptRowContract
from pannier_server.testing.contract.data import DataContract
from pannier_server.testing.contract.deadlines import DeadlineContract
from pannier_server.testing.contract.deletes import DeleteContract
from pannier_server.testing.contract.errors import ErrorContract
from pannier_server.testing.contract.expiry import ExpiryContract
from pannier_server.testing.contract.foreign_rows import ForeignRowContract
from pannier_server.testing.contract.instances import InstanceContract
from pannier_server.testing.contract.keys import KeyContract
from pannier_server.testing.contract.lists import ListContract
from pannier_server.testing.contract.pages import PageContract
from pannier_server.testing.contract.puts import PutContract
from pannier_server.testing.contract.request_ids import RequestIdContract
from pannier_server.testing.contract.retries import RetryContract

__all__ = ["ContractBase", "Plant", "StorageBackendContract"]


class StorageBackendContract(
    PutContract,
    ConditionalPutContract,
    DeleteContract,
    RetryContract,
    RequestIdContract,
    ExpiryContract,
    DataContract,
    KeyContract,
    ListContract,
    PageContract,
    CleanupContract,
    ForeignRowContract,
    CorruptRowContract,
    ErrorContract,
    DeadlineContract,
    ConcurrencyContract,
    InstanceContract,
):
    """Every test of the contract. See `ContractBase` for what a subclass gives."""

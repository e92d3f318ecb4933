"""What a function does in one invocation: a few calls, each of which has to succeed."""

from uuid import uuid4

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub


class Function:
    """A function with records of its own; every kind of call is made in turn.

    Attributes:
        invocations: How many there were.
    """

    def __init__(self, stub: StorageBackendStub) -> None:
        self.invocations = 0
        self._stub = stub
        self._owner = uuid4().hex

    async def invoke(self) -> None:
        """Run once; whichever call comes first has to get over the thaw."""
        calls = [self._write_and_delete, self._count, self._write, self._list]
        await calls[self.invocations % len(calls)]()
        self.invocations += 1

    async def counted(self) -> int:
        """Return how often the counter was raised, by the record's version."""
        answer = await self._stub.Get(pb.GetRequest(key=f"{self._owner}:counter"))
        return int(answer.record.version)

    async def _count(self) -> None:
        key = f"{self._owner}:counter"
        listed = [page async for page in self._stub.ListByPrefix(self._prefix("counter"))]
        versions = [record.version for page in listed for record in page.records]
        expected = versions[0] if versions else 0
        written = await self._stub.PutIfVersion(
            pb.PutIfVersionRequest(key=key, data=b"n", expected_version=expected)
        )
        assert written.version == expected + 1

    async def _write(self) -> None:
        await self._stub.Put(pb.PutRequest(key=f"{self._owner}:other", data=b"x"))

    async def _list(self) -> None:
        async for _ in self._stub.ListByPrefix(self._prefix("")):
            pass

    async def _write_and_delete(self) -> None:
        # The one call that is never sent twice comes first: it cannot get over a dead connection.
        deleted = await self._stub.Delete(pb.DeleteRequest(key=f"{self._owner}:gone"))
        assert deleted.deleted == (self.invocations > 0)
        await self._stub.Put(pb.PutRequest(key=f"{self._owner}:gone", data=b"x"))

    def _prefix(self, name: str) -> pb.ListByPrefixRequest:
        return pb.ListByPrefixRequest(prefix=f"{self._owner}:{name}", keys_only=True)
